"""What participants of a flow get there, a room or a slot: who can get it, and who leaves. Pure.

Each has one: it is a flag of a set of people, which are no seats of the flow.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.plan import Hazard
from engine.seats import Wanted, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from engine.model import Desired, DesiredRole, Live, LiveSeat
    from engine.plan import Change, Seat, SeatsChange
    from engine.world import Findings, World

People = dict[int | str, Wanted]

PEOPLE = "participants"
SOON = Hazard("starts-soon", "the exam has started or starts within 48 hours", True)


@dataclass(frozen=True, slots=True)
class Within:
    """A set of people who get something of a flow whose other roles are planned already."""

    desired: Desired
    role: DesiredRole
    live: Live | None
    changes: Sequence[Change]
    world: World
    findings: Findings
    flag: str
    """What they get, as their flag and as a word."""

    def people(self, is_blocked: Callable[[int | str, Wanted], bool]) -> tuple[People, bool]:
        """Everyone who is on the flow, or comes to it, and can get what is said."""
        address = self.desired.address
        wanted, complete = resolve(address, self.role, self.world, self.findings)
        twice = self._in_two()
        numbers, names = self._on_flow()
        found: People = {}
        for slot, one in wanted.items():
            if slot in twice or is_blocked(slot, one):
                continue
            if one.user_id in numbers or one.name.casefold() in names:
                found[slot] = one
                continue
            message = f"{one.name} is no participant of {address}"
            hint = "name them under participants of the flow too"
            self.findings.problem(one.location, PEOPLE, message, hint)
        return found, complete and len(found) == len(wanted)

    def _in_two(self) -> set[int | str]:
        """People who are named in two ways, each with another one: nobody knows which."""
        found: dict[int, dict[str, object]] = {}
        for seat in self.role.seats:
            number = self.world.people.user_id(seat.person)
            if number is not None:
                value = str(seat.flags[self.flag].value)
                found.setdefault(number, {}).setdefault(value, seat.location)
        twice = {number for number, values in found.items() if len(values) > 1}
        for seat in self.role.seats:
            if self.world.people.user_id(seat.person) in twice:
                name = self.world.people.name(seat.person, self.world.licence)
                message = f"{name} is named in two ways, each in a {self.flag} of its own"
                self.findings.problem(seat.location, PEOPLE, message, "keep one of them")
        return {*twice}

    def _on_flow(self) -> tuple[set[int], set[str]]:
        """Who has a live seat and keeps it, and who comes by this plan, by folded name."""
        there = self.live.roles.get(PEOPLE, ()) if self.live else ()
        seats = [c.seats for c in self.changes if c.seats and c.seats.role == PEOPLE]
        gone = {s.user_id for one in seats for s in (*one.remove, *one.deactivate)}
        coming = {s.person.casefold() for one in seats for s in (*one.add, *one.reactivate)}
        return {seat.user_id for seat in there} - gone, coming

    def staying(self, wanted: People, is_going: Callable[[LiveSeat], bool]) -> Live | None:
        """The flow without those whose place goes anyway: with the flow's seat, or as a whole."""
        if self.live is None:
            return None
        removed = set(removed_users(self.changes))
        kept = tuple(
            seat
            for seat in self.live.roles.get(self.role.role, ())
            if seat.user_id not in removed and (seat.user_id in wanted or not is_going(seat))
        )
        return replace(self.live, roles={**self.live.roles, self.role.role: kept})

    def with_left(self, seats: SeatsChange | None) -> SeatsChange | None:
        """Who leaves, with what they had: it is the way back."""
        if seats is None or not seats.remove or self.live is None:
            return seats
        flags = {seat.user_id: seat.flags for seat in self.live.roles[self.role.role]}
        left = tuple(
            replace(one, before=tuple(sorted(flags[one.user_id].items())))
            for one in seats.remove
            if one.user_id is not None
        )
        return replace(seats, remove=left)


def removed_users(changes: Sequence[Change]) -> Iterator[int | None]:
    """Who goes from the flow, and with it from whatever they got there."""
    for change in changes:
        if change.seats is not None and change.seats.role == PEOPLE:
            yield from (seat.user_id for seat in change.seats.remove)


def left_behind(
    sit: set[int], changes: Sequence[Change], seated: Sequence[Change], live: Live, world: World
) -> int:
    """How many of these seats would be without what goes, and are put nowhere else."""
    names = {s.person.casefold() for c in seated if c.seats for s in c.seats.change}
    numbers = world.numbers_by_name()
    moving = {numbers.get(name) for name in names} | set(removed_users(changes))
    gone = {s.seat_id for s in live.roles.get(PEOPLE, ()) if s.user_id in moving}
    return len(sit - gone)


def comers(change: Change) -> tuple[Seat, ...]:
    """Those to whom a change gives something."""
    return (*change.seats.add, *change.seats.change) if change.seats else ()
