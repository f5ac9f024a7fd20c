"""When a flow has a room, as text that manifests, plans and answers have in common. Pure."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from engine.model import AS_EXAM, BOOKINGS, IN_ROOMS, ROOM_OF, Value
from engine.plan import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.model import Desired
    from engine.plan import Change
    from engine.world import World

BETWEEN = " - "
START, END = "participation.start", "participation.end"


def books_rooms(desired: Desired) -> bool:
    """Whether anything is said of a flow's rooms."""
    is_of_rooms = (path.startswith(ROOM_OF) for path in desired.fields)
    return bool({BOOKINGS, IN_ROOMS} & set(desired.roles)) or any(is_of_rooms)


def window(start: datetime, end: datetime) -> str:
    """A time from one moment to another as text, in UTC."""
    return BETWEEN.join(f"{one.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}" for one in (start, end))


def edges(text: str) -> tuple[datetime, datetime]:
    """The moments of a window."""
    start, end = (datetime.fromisoformat(one) for one in text.split(BETWEEN))
    return start, end


def counted(bookings: Iterable[str]) -> tuple[str, ...]:
    """The windows of a room's bookings; what is booked once more for the same time says so."""
    counts = Counter(bookings)
    more = (f"{time} ({number} times)" for time, number in counts.items() if number > 1)
    return tuple(sorted((*counts, *more)))


def windows(stated: Value, fields: Mapping[str, Value]) -> tuple[str, ...]:
    """What is stated as windows; of the exam itself with the exam's `fields`, none without."""
    if stated != AS_EXAM:
        return tuple(one for one in stated or () if not one.endswith(")"))
    start, end = fields.get(START), fields.get(END)
    return (window(start, end),) if start and end else ()


def vacated(changes: Iterable[Change], world: World) -> dict[str, dict[int, str]]:
    """By folded key of a room the flows whose bookings of it go, and the changes that do it."""
    found: dict[str, dict[int, str]] = {}
    for change in changes:
        live = world.live.get(change.address)
        for one in change.fields if live and change.status is Status.PLANNED else ():
            if live and one.path.startswith(ROOM_OF) and one.after is None:
                key = one.path.removeprefix(ROOM_OF).casefold()
                found.setdefault(key, {})[live.server_id] = change.id
    return found
