"""Whoever may sit an exam again returns to its own times, unless a manifest states theirs. Pure.

The exam may have been moved while they could not sit it: what they had of their own is of then.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.individual import TIMES
from engine.kinds._individual_exam import BACK
from engine.kinds._individual_people import ROLE
from engine.model import ACTIVE_OF, INDIVIDUAL, DesiredRole
from engine.plan import Status
from engine.seats import is_active

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.kinds._individual_people import Sitters
    from engine.model import Desired, DesiredSeat, Live
    from engine.plan import Change
    from engine.world import World

UNKNOWN = "it is not known what times of their own they have from before"


def returning(desired: Desired, live: Live | None, world: World) -> dict[int, DesiredSeat]:
    """By user, those who may not sit the exam and are stated to, and where."""
    stated: dict[int, DesiredSeat] = {}
    for name in (ROLE, ACTIVE_OF):
        role = desired.roles.get(name)
        for seat in role.seats if role else ():
            flag, number = seat.flags.get("active"), world.people.user_id(seat.person)
            if flag and flag.value and number:
                stated[number] = seat
    there = live.roles.get(ROLE, ()) if live and stated else ()
    asleep = {seat.user_id for seat in there if not is_active(seat)}
    return {number: seat for number, seat in stated.items() if number in asleep}


def roles_of(desired: Desired, live: Live | None, world: World) -> list[DesiredRole]:
    """The stated roles of single participants; those of times, too, where somebody returns."""
    roles = [desired.roles[name] for name in INDIVIDUAL if name in desired.roles]
    if live is None or live.facts["marked"] or not returning(desired, live, world):
        return roles
    lacking = (name for name in TIMES if name not in desired.roles)
    return [*roles, *(DesiredRole(name, (), "managed", desired.location) for name in lacking)]


def woken(
    desired: Desired, live: Live | None, world: World, who: Sitters
) -> Iterator[tuple[int, str, DesiredSeat]]:
    """Of those who return the ones whom this plan lets in: by number and name, and where."""
    for number, seat in sorted(returning(desired, live, world).items()):
        name = world.people.name(seat.person, world.licence)
        is_said = who.stated_active.get(number, False) and number not in who.taken_out
        if is_said or name.casefold() in who.woken:
            yield number, name, seat


def after_their_times(change: Change, made: list[Change], unknown: set[str]) -> Change:
    """Nobody is let in before they have left their old times: nothing would tell of these then."""
    if not change.seats or not change.seats.reactivate or change.status is not Status.PLANNED:
        return change
    if unknown & set(TIMES):
        return replace(change, status=Status.BLOCKED, reasons=(UNKNOWN,), hazards=())
    first = tuple(one.id for one in made if one.part.endswith(f".{BACK}"))
    return replace(change, needs=(*change.needs, *first))
