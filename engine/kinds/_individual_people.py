"""Who sits an exam once its other changes are done, as far as single participants matter. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.individual import Mentioned, mentioned, slot_of, values
from engine.model import ACTIVE_OF, DesiredRole, LiveSeat
from engine.seats import is_active

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from engine.model import Desired, Live, Value
    from engine.plan import Change
    from engine.world import Findings, World

ROLE = "participants"


@dataclass(frozen=True, slots=True)
class One:
    """Somebody who is stated and sits the exam, or will."""

    slot: int | str
    name: str
    number: int | None
    stated: dict[str, Value]
    mention: Mentioned
    seat: LiveSeat | None
    """As they are on the list of participants; None for who comes with this plan."""
    is_woken: bool = False

    @property
    def waits(self) -> bool:
        """Whether other changes of the plan come first: who comes, or is active again."""
        return self.seat is None or self.is_woken


@dataclass(frozen=True, slots=True)
class Sitters:
    """The participants by user, and what the plan does to them before anything else."""

    there: dict[int, LiveSeat]
    coming: frozenset[str]
    """Folded names of those who are added."""
    woken: frozenset[str]
    leaving: frozenset[int]
    """Users who are deactivated or removed by their role."""
    removed: frozenset[int]
    stated_active: dict[int | str, bool]
    """What is stated of single participants, by number or name."""
    taken_out: frozenset[int | str]
    """Of these, those whom a stated role names no more."""

    @property
    def active(self) -> int:
        """How many may sit the exam once the role's own changes are done."""
        awake = [n for n, seat in self.there.items() if is_active(seat) and n not in self.leaving]
        return len(awake) + len(self.coming) + len(self.woken)


def sitters(
    desired: Desired, live: Live | None, changes: Iterable[Change], world: World
) -> Sitters:
    """Everybody who sits the exam after these changes of its flow."""
    seats = [change.seats for change in changes if change.seats and change.seats.role == ROLE]
    there = {seat.user_id: seat for seat in live.roles.get(ROLE, ())} if live else {}
    gone = [seat for one in seats for seat in (*one.remove, *one.deactivate)]
    stated = mentioned(desired.roles.get(ACTIVE_OF), world)
    role = desired.roles.get(ROLE)
    named = {slot_of(seat.person, world) for seat in role.seats} if stated and role else {*stated}
    return Sitters(
        there,
        frozenset(seat.person.casefold() for one in seats for seat in one.add),
        frozenset(seat.person.casefold() for one in seats for seat in one.reactivate),
        frozenset(seat.user_id for seat in gone if seat.user_id),
        frozenset(s.user_id for one in seats for s in one.remove if s.user_id),
        {slot: bool(one.flags["active"].value) for slot, one in stated.items()},
        frozenset({*stated} - named),
    )


def stated_people(
    role: DesiredRole, who: Sitters, world: World, findings: Findings
) -> Iterator[One]:
    """Of the people of a role those who sit the exam; two that one mention means are a problem."""
    for slot, mention in mentioned(role, world).items():
        number = slot if isinstance(slot, int) else None
        seat = who.there.get(number) if number else None
        if number is None and _means_several(role, mention, world, findings):
            continue
        if seat is None and not who.coming:
            continue
        name = world.people.name(mention.person, world.licence)
        if seat is not None or name.casefold() in who.coming:
            woken = name.casefold() in who.woken or _is_woken(slot, seat, who)
            yield One(slot, name, number, values(mention.flags), mention, seat, woken)


def _means_several(role: DesiredRole, mention: Mentioned, world: World, findings: Findings) -> bool:
    numbers = world.people.found.get(mention.person.identity, ())
    if len(numbers) > 1:
        several = " and ".join(f"#{number}" for number in numbers)
        message = f"{mention.person.value} matches several people in WISEflow: {several}"
        where = next(iter(mention.flags.values())).location
        findings.problem(where, role.role, message, "name one of them by key")
    return len(numbers) > 1


def _is_woken(slot: int | str, seat: LiveSeat | None, who: Sitters) -> bool:
    is_asleep = seat is not None and not is_active(seat)
    return is_asleep and who.stated_active.get(slot, False) and slot not in who.taken_out


def sits(one: One, who: Sitters) -> bool:
    """Whether somebody may sit the exam in the end: else times of their own mean nothing."""
    if who.stated_active.get(one.slot) is False or one.number in who.leaving:
        return False
    return one.seat is None or one.is_woken or is_active(one.seat)


def left_people(role: DesiredRole, who: Sitters, world: World) -> Sequence[tuple[str, LiveSeat]]:
    """Whom the role named at base and names no longer, and who still sit the exam.

    Whoever is named by something else now, a student number for a key, has not gone.
    """
    named = mentioned(role, world)
    numbers = sorted({n for person in role.leaving if (n := world.people.user_id(person))})
    numbers = [number for number in numbers if number not in named]
    return [
        (world.people.name_of(n, world.licence, who.there[n].name), who.there[n])
        for n in numbers
        if n in who.there and n not in who.leaving and is_active(who.there[n])
    ]
