"""When an oral exam is held, as text that manifests, plans and answers have in common. Pure.

A period is known by its start: WISEflow gives it a number and nothing else that people could say.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from engine.model import IN_SLOTS, PERIOD_OF, PERIODS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import tzinfo

    from engine.model import Desired, Live, Value
    from engine.world import World

THERE = "held"
"""The value of a period itself; None where it is to go."""

ORAL = "FLOWoral"

SHORTENING = ("examination", "preparation")
"""Minutes of which fewer take something from whoever is examined."""


def is_oral(desired: Desired) -> bool:
    """Whether anything is said of a flow's periods, or of who is examined in them."""
    is_of_periods = (path.startswith(PERIOD_OF) for path in desired.fields)
    return PERIODS in desired.fields or IN_SLOTS in desired.roles or any(is_of_periods)


def said(start: datetime) -> str:
    """The start of a period as its path and the flags of its slots say it, in UTC."""
    return f"{start.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"


def moment(period: str) -> datetime:
    """The start that a text says."""
    return datetime.fromisoformat(period)


def said_locally(period: str, zone: tzinfo) -> str:
    """The start of a period as people say it in sentences."""
    local = moment(period).astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %Y %H:%M}"


def period_of(path: str) -> str:
    """The period that a path is about."""
    return path.removeprefix(PERIOD_OF).partition(".")[0]


def what_of(path: str) -> str:
    """What of its period a path is about; empty for the period itself."""
    return path.removeprefix(PERIOD_OF).partition(".")[2]


def periods_in(fields: Mapping[str, Value]) -> list[str]:
    """The periods that there are, by their start."""
    return sorted({period_of(path) for path in fields if path.startswith(PERIOD_OF)})


def first_start(fields: Mapping[str, Value]) -> datetime | None:
    """When the first of the periods begins, where any is stated."""
    found = periods_in(fields)
    return moment(found[0]) if found else None


def exam_start(live: Live, world: World) -> datetime | None:
    """When an exam begins; an oral one has no window, and begins with the first of its periods.

    One whose periods could not be read counts as begun: nobody knows better.
    """
    if (live.address, PERIODS) in world.unread:
        return world.now
    there = {path: value for path, value in live.fields.items() if value is not None}
    return live.fields.get("participation.start") or first_start(there)


def in_order(people: Iterable[tuple[int, int]], fixed: Mapping[int, int]) -> list[int]:
    """Numbers by their places, among others that keep theirs: from index to number."""
    found = [number for _, number in sorted(people)]
    for index, number in sorted(fixed.items()):
        found.insert(index, number)
    return found
