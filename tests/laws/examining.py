"""Oral exams: periods and slots, drawn so that most of them can be: nobody is named in two of them.

Most starts are the same in every term, so that a period often stays and changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from engine.kinds._flow_periods_shape import Period
from tests.laws.allocating import on_flow
from tests.laws.scene import BEGIN, DAY, HOUR, WORDS, When, in_minutes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.laws.scene import Scene

Entry = dict[str, Any]

EXAMINING = frozenset({"periods"})
"""The fields of flows and templates that are drawn here."""

ORAL = "FLOWoral"
STARTS = tuple(in_minutes(BEGIN, days * DAY + 1) for days in (200, 201, 230))

_half = st.booleans()
_often = st.sampled_from([True] * 3 + [False])
_seldom = st.sampled_from([False] * 9 + [True])
_starts = st.lists(st.sampled_from(STARTS), unique=True, max_size=3)
_near = st.sampled_from([-2 * DAY, 30 * HOUR])


def is_oral(draw: st.DrawFn) -> bool:
    """Whether a flow is an oral exam, whatever else it might have been."""
    return draw(_seldom)


def examine(draw: st.DrawFn, scene: Scene, entry: Entry) -> None:
    """Adds periods to what is stated of a flow or a template: mostly of an oral exam."""
    if draw(_often if entry.get("type") == ORAL else _seldom):
        starts = draw(_starts)
        if draw(_seldom):
            starts = [*starts, in_minutes(scene.now, draw(_near) + 1)]
        rest = WORDS.some(Period, but=frozenset({"start"}))
        entry["periods"] = [{"start": When(one, draw(_half)), **draw(rest)} for one in starts]


def seat(draw: st.DrawFn, flow: Entry, entry: Entry, table: Callable[[], Entry]) -> None:
    """Adds slots to what is stated of one flow: mostly in the periods that it has."""
    periods = flow.get("periods", ())
    if not draw(_often if periods else _seldom):
        return
    starts = [one["start"].moment for one in periods if draw(_often)]
    if draw(_seldom):
        starts = list(dict.fromkeys((*starts, STARTS[0])))
    free = on_flow(draw, entry, "participants")
    entry["slots"] = []
    for number, start in enumerate(starts):
        half = len(free) if number == len(starts) - 1 else len(free) // 2
        people: Any = free[:half]
        free = free[half:]
        if len(starts) == 1 and draw(_often):
            people = table()
        entry["slots"].append({"period": When(start, draw(_half)), "participants": people})
