"""One flow as single participants are planned on it, and what is to become of one of them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.individual import General, general_after, general_live
from engine.kinds._individual_people import Sitters, sitters
from engine.model import INDIVIDUAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.model import Desired, Live, LiveSeat
    from engine.plan import Change, Hazard, Seat
    from engine.world import Findings, World

NEW, FREED, TAKING, BLOCKED, BACK, CLEARED = (
    *("new", "freed", "taking"),
    *("blocked", "back", "cleared"),
)
"""How the parts end that come apart from what is simply given.

Somebody comes first; somebody goes first; it takes something away; it is not possible; it comes
before somebody may sit the exam again, or before the exam has no timebox any more.
"""


SOON = "the exam has started or starts within 48 hours"


@dataclass(frozen=True, slots=True)
class Row:
    """What is to become of one person."""

    seat: Seat
    verb: str = "change"
    group: str = ""
    hazards: tuple[Hazard, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Exam:
    """One flow with its other changes: what holds for everybody, now and then, and who sits it."""

    desired: Desired
    live: Live | None
    changes: list[Change]
    world: World
    findings: Findings
    now: General
    then: General
    who: Sitters
    parts: frozenset[str]
    """Of its other changes."""
    seats: Mapping[str, Mapping[int, LiveSeat]]
    """What participants have of their own now, by role and user."""

    def live_seat(self, role: str, number: int | None) -> LiveSeat | None:
        return self.seats.get(role, {}).get(number or 0)


def exam_of(
    desired: Desired, live: Live | None, changes: list[Change], world: World, findings: Findings
) -> Exam:
    """The flow with the changes that come before those of single participants."""
    roles = live.roles if live else {}
    return Exam(
        desired,
        live,
        changes,
        world,
        findings,
        general_live(live),
        general_after(desired, live, changes, world),
        sitters(desired, live, changes, world),
        frozenset(change.part for change in changes),
        {name: {seat.user_id: seat for seat in roles.get(name, ())} for name in INDIVIDUAL},
    )
