"""Rooms of exams, drawn so that most of them can be booked: nobody is named in two of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests.laws.allocating import on_flow
from tests.laws.scene import ROOMS, When, in_minutes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.laws.scene import Scene

Entry = dict[str, Any]

_half = st.booleans()
_often = st.sampled_from([True] * 3 + [False])
_rooms = st.lists(st.sampled_from((*ROOMS * 4, "attic")), unique=True, max_size=2)
_starts = st.integers(1, 300)


def book(draw: st.DrawFn, scene: Scene, entry: Entry, table: Callable[[], Entry]) -> None:
    """Adds rooms to what is stated of one flow, mostly for as long as its exam takes."""
    if not draw(_half):
        return
    rooms = draw(_rooms)
    free = on_flow(draw, entry, "participants")
    entry["room_bookings"] = []
    for room in rooms:
        booking: Entry = {"room": room}
        if not draw(_often):
            booking |= _times(draw, scene)
        if len(rooms) == 1 and draw(_half):
            booking["participants"] = table()
        elif draw(_often):
            half = len(free) // 2 if room is rooms[0] else len(free)
            booking["participants"], free = free[:half], free[half:]
        entry["room_bookings"].append(booking)


def _times(draw: st.DrawFn, scene: Scene) -> Entry:
    start = in_minutes(scene.now, draw(_starts) * 60 + 1)
    if draw(_half):
        return {"start": When(start, draw(_half)), "length": "1h30m"}
    return {"start": When(start, local=False), "end": When(in_minutes(start, 90), local=False)}
