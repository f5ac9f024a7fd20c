"""Who marks and reviews whom: participants of assessors, of reviewers and of assessor groups. Pure.

Each allocation is a set of people beside the roles, planned as they are: who comes, who goes. What
is its own is that its people must be on the flow, and that the flow must be allocated this way.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from engine.kinds._flow_assessor_groups import (
    GROUPS,
    assessors_last,
    group_changes,
    named_alike,
    reasons_of_group,
    type_after_groups,
)
from engine.plan import Change, SeatsChange, Status
from engine.seats import TAKING, TO_ALL, Wanted, is_active, plan_set, resolve
from engine.world import Findings, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.model import Desired, DesiredRole, Live, Owner

ALLOCATION = "allocation"
"""The setting that decides which allocations a flow can have."""
PART = "allocations"
"""The part under which it stands that allocations could not be read."""
GRADED = "graded"
"""The fact of a live flow that holds the numbers of participants who have a grade."""
NEEDED = {"assessors": "single", GROUPS: "grouped"}
PARTICIPANTS = "participants"

People = dict["int | str", Wanted]


def allocations_of(desired: Desired) -> list[DesiredRole]:
    """The allocations that a flow states."""
    return [role for _, role in sorted(desired.roles.items()) if role.owner is not None]


def roles_of_allocations(desired: Desired) -> set[str]:
    """The roles whose people the stated allocations are about."""
    owners = {role.owner.role for role in allocations_of(desired) if role.owner}
    if not owners:
        return set()
    return {PARTICIPANTS, *("assessors" if one == GROUPS else one for one in owners)}


def with_allocations(
    desired: Desired, live: Live | None, changes: list[Change], world: World, findings: Findings
) -> list[Change]:
    """The changes and those of allocations, which come after the roles of their people."""
    sets = allocations_of(desired)
    if not sets and GROUPS not in desired.roles:
        return changes
    if reason := _unread(desired, world):
        where = sets[0].location if sets else desired.roles[GROUPS].location
        findings.problem(where, PART, reason, "nobody is allocated or taken away here")
        return changes
    allocating = _Allocating(desired, live, changes, world, findings)
    made = [change for role in sets for change in allocating.of(role)]
    groups = group_changes(desired, live, made, world, findings)
    changes = type_after_groups([*changes, *made, *groups], live)
    return assessors_last(changes, live)


def _unread(desired: Desired, world: World) -> str:
    """Why nobody knows who is allocated, or who could be: a list that was not read to its end."""
    parts = (PART, ALLOCATION, *sorted(roles_of_allocations(desired)))
    unread = world.unread
    return next(
        (f"{p} {unread[desired.address, p]}" for p in parts if (desired.address, p) in unread), ""
    )


@dataclass(slots=True)
class _Allocating:
    """Plans the allocations of one flow, whose roles are planned already."""

    desired: Desired
    live: Live | None
    changes: list[Change]
    world: World
    findings: Findings
    _coming: set[tuple[str, ...]] = field(default_factory=set)
    """The groups that are made by this plan."""

    def of(self, role: DesiredRole) -> Iterator[Change]:
        """The changes of one allocation; none where its owner is not on the flow."""
        owner = role.owner
        if owner is None or (who := self._who(owner, role)) is None:
            return
        resolved = self._people(role)
        if role.is_all:
            role = replace(role, membership="add_only")
        there = self._without_gone(role)
        for change in plan_set(self.desired, role, resolved, there, self.world, self.findings):
            self._coming |= {owner.identity} if change.part == role.role else set()
            yield self._finished(change, role, owner, who)

    # ---- whose it is -----------------------------------------------------------------------------

    def _who(self, owner: Owner, role: DesiredRole) -> str | None:
        """The owner as a plan shows it, who is on the flow or comes to it."""
        if owner.person is None:
            return self._group(owner, role)
        people, licence = self.world.people, self.world.licence
        name, number = people.name(owner.person, licence), people.user_id(owner.person)
        if number is not None and self._owners()[owner.role, number] > 1:
            message = f"{name} is named in two ways, each with participants of their own"
            self.findings.problem(
                role.location, PARTICIPANTS, message, "name the person in one way"
            )
            return None
        is_there = number in self._numbers(owner.role) or name.casefold() in self._names(owner.role)
        return name if is_there else None

    def _owners(self) -> Counter[tuple[str, int | None]]:
        """How many allocations each person has, by role and number."""
        user_id = self.world.people.user_id
        owners = (role.owner for role in allocations_of(self.desired))
        return Counter((one.role, user_id(one.person)) for one in owners if one and one.person)

    def _group(self, owner: Owner, role: DesiredRole) -> str | None:
        alike = named_alike(owner.group, self.live)
        if len(alike) > 1:
            message = f"{len(alike)} groups in WISEflow are called {owner.group}"
            hint = "delete or rename all but one in WISEflow"
            self.findings.problem(role.location, "title", message, hint)
            return None
        is_made = alike or owner.identity in self._coming or role.role.endswith(".assessors")
        return owner.group if is_made else None

    # ---- who is on the flow ----------------------------------------------------------------------

    def _numbers(self, role: str) -> set[int]:
        """Who has a live seat and keeps it."""
        seats = self.live.roles.get(role, ()) if self.live else ()
        return {seat.user_id for seat in seats} - self._gone(role)

    def _gone(self, role: str, *, asleep: bool = False) -> set[int | None]:
        leaving = [c.seats for c in self.changes if c.seats and c.part == f"{role}.leave"]
        gone = {seat.user_id for seats in leaving for seat in seats.remove}
        return gone | {s.user_id for seats in leaving for s in seats.deactivate if asleep}

    def _names(self, role: str) -> set[str]:
        """Who comes by this plan, or is active again, by folded name."""
        coming = [c.seats for c in self.changes if c.seats and c.seats.role == role]
        return {s.person.casefold() for seats in coming for s in (*seats.add, *seats.reactivate)}

    def _without_gone(self, role: DesiredRole) -> Live | None:
        """The flow without those who leave it: their allocations go with them."""
        gone = self._gone(_members(role))
        if self.live is None or not gone:
            return self.live
        seats = [one for one in self.live.roles.get(role.role, ()) if one.user_id not in gone]
        return replace(self.live, roles={**self.live.roles, role.role: tuple(seats)})

    # ---- who is meant ----------------------------------------------------------------------------

    def _people(self, role: DesiredRole) -> tuple[People, bool]:
        """Everyone wanted who is on the flow or comes to it, and whether that is all."""
        if role.is_all:
            return self._everyone(role), True
        wanted, complete = resolve(self.desired.address, role, self.world, self.findings)
        numbers, names = self._numbers(_members(role)), self._names(_members(role))
        found: People = {}
        for slot, one in wanted.items():
            if one.user_id in numbers or one.name.casefold() in names:
                found[slot] = one
                continue
            members = _members(role)
            message = f"{one.name} is no {members[:-1]} of {self.desired.address}"
            self.findings.problem(one.location, members, message, f"name them under {members} too")
        return found, complete and len(found) == len(wanted)

    def _everyone(self, role: DesiredRole) -> People:
        """Every active participant, as the flow will have them."""
        stated = self.desired.roles.get(PARTICIPANTS)
        named = resolve(self.desired.address, stated, self.world, Findings())[0] if stated else {}
        people, names = self.world.people, self._names(PARTICIPANTS)
        gone = self._gone(PARTICIPANTS, asleep=True)
        found: People = {}
        for seat in self.live.roles.get(PARTICIPANTS, ()) if self.live else ():
            if is_active(seat) and seat.user_id not in gone:
                name = people.name_of(seat.user_id, self.world.licence, seat.name)
                stranger = Wanted(name, seat.user_id, {}, role.location, is_named=False)
                found[seat.user_id] = named.get(seat.user_id, stranger)
        found |= {slot: one for slot, one in named.items() if one.name.casefold() in names}
        return {s: replace(one, flags={}, location=role.location) for s, one in found.items()}

    # ---- what it needs ---------------------------------------------------------------------------

    def _finished(self, change: Change, role: DesiredRole, owner: Owner, who: str) -> Change:
        """The change with whose it is, what comes before it, and why it cannot be done."""
        seats = replace(change.seats, of=who) if change.seats else None
        change = replace(change, seats=seats)
        reasons = tuple(self._reasons(change, role, owner))
        return replace(
            change,
            needs=tuple(sorted({*change.needs, *self._needs(change, role, owner)})),
            after=tuple(sorted({*change.after, *self._first(role, owner)})),
            hazards=() if reasons else change.hazards,
            status=Status.BLOCKED if reasons else Status.PLANNED,
            reasons=reasons,
        )

    def _first(self, role: DesiredRole, owner: Owner) -> Iterator[str]:
        address = self.desired.address
        parts = {_members(role), "assessors" if owner.role == GROUPS else owner.role}
        yield from (f"{address}:{part}" for part in parts)

    def _needs(self, change: Change, role: DesiredRole, owner: Owner) -> Iterator[str]:
        address, live = self.desired.address, self.live
        if live is None or live.facts["marked"]:
            yield str(address)
        if self._comes(change, _members(role)):
            yield f"{address}:{_members(role)}"
        if owner.role in NEEDED and any(one.part == ALLOCATION for one in self.changes):
            yield f"{address}:{ALLOCATION}"
        if owner.person is None:
            if _members(role) == PARTICIPANTS and not named_alike(owner.group, live):
                yield f"{address}:{role.role.rpartition('.')[0]}.assessors"
            return
        number = self.world.people.user_id(owner.person)
        seats = live.roles.get(owner.role, ()) if live else ()
        mine = [seat for seat in seats if seat.user_id == number]
        if not mine or mine[0].flags.get(TO_ALL):
            taking = f"{address}:{owner.role}.{TAKING}"
            is_taken = any(one.id == taking for one in self.changes)
            yield taking if mine and is_taken else f"{address}:{owner.role}"

    def _comes(self, change: Change, members: str) -> bool:
        """Whether somebody whom the change allocates is not on the flow yet."""
        seats = self.live.roles.get(members, ()) if self.live else ()
        name_of, licence = self.world.people.name_of, self.world.licence
        there = {name_of(one.user_id, licence, one.name).casefold() for one in seats}
        coming = change.seats.add if change.seats else ()
        return any(seat.person.casefold() not in there for seat in coming)

    def _reasons(self, change: Change, role: DesiredRole, owner: Owner) -> Iterator[str]:
        """Why WISEflow would refuse it."""
        needed, there = NEEDED.get(owner.role), self._type()
        if needed and there and there != needed:
            how = "by group" if there == "grouped" else "one by one"
            yield f"the flow's participants are allocated {how}: state `allocation: {needed}`"
        elif owner.role == GROUPS and there is None:
            yield "how a new flow is allocated is not known: state `allocation: grouped`"
        seats, live = change.seats, self.live
        if live is None or seats is None:
            return
        graded = self._graded(seats, live)
        if owner.role == GROUPS:
            yield from reasons_of_group(change, role, owner, live, graded)
        elif owner.role == "assessors" and graded:
            yield f"{len(graded)} participants have a grade: WISEflow allocates them no more"

    def _graded(self, seats: SeatsChange, live: Live) -> set[int]:
        """Of those who come, who has a grade."""
        graded: frozenset[int] = live.facts.get(GRADED, frozenset())
        if not graded:
            return set()
        numbers = self.world.numbers_by_name()
        coming = {s.user_id or numbers.get(s.person.casefold()) for s in seats.add}
        return {number for number in coming if number in graded}

    def _type(self) -> str | None:
        """How participants are allocated once the plan is done; None where nobody knows."""
        stated = self.desired.fields.get(ALLOCATION)
        found = stated.value if stated else self.live.fields.get(ALLOCATION) if self.live else None
        return str(found) if found else None


def _members(role: DesiredRole) -> str:
    """The role whose people an allocation holds."""
    return role.role.rpartition(".")[2]
