"""Whom assessors, reviewers and assessor groups are allocated to -> a set of people for each.

While role assignments are read, whom somebody marks stands in a flag of the seat. Once all entries
have united, each such flag becomes a set of its own beside the roles, and so do groups.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.documents import twice
from engine.model import DesiredProfileMembers, DesiredRole, DesiredSeat, Owner, Stated

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from engine.documents import Documents, Entry
    from engine.errors import Location
    from engine.people import Flags, Members, PeopleReader

PARTICIPANTS = "participants"
GROUPS, MEMBERS = "assessor_groups", ("assessors", PARTICIPANTS)
MOST_GROUPS = 50
"""On one flow. Source: WISEflow OpenAPI, POST /flows/{flowId}/assessor-groups."""

Steps = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Circle:
    """The participants of one assessor or reviewer: all, or these."""

    is_all: bool
    seats: tuple[DesiredSeat, ...] = ()
    profiles: tuple[DesiredProfileMembers, ...] = ()

    def __or__(self, other: Circle) -> Circle:
        if self.is_all or other.is_all:
            return Circle(True)
        seats, profiles = (*self.seats, *other.seats), (*self.profiles, *other.profiles)
        return Circle(False, _once(seats), profiles)


def _once(seats: Iterable[DesiredSeat]) -> tuple[DesiredSeat, ...]:
    found: dict[tuple[str, str], DesiredSeat] = {}
    for seat in seats:
        found.setdefault(seat.person.identity, seat)
    return tuple(found.values())


# ---- one mention ---------------------------------------------------------------------------------


def with_participants(
    entry: Entry, steps: Steps, flags: Flags, documents: Documents, people: PeopleReader
) -> Flags:
    """The flags of a mention with whom the people in it are allocated to, where it says so.

    A reviewer who is allocated to all is so by a flag that WISEflow has.
    """
    shape = entry.value
    for step in steps:
        shape = shape[step] if isinstance(step, int) else getattr(shape, step)
    stated, where = getattr(shape, PARTICIPANTS, None), entry.at(*steps, PARTICIPANTS)
    if stated is None:
        return flags
    circle = Circle(True)
    if stated != "all":
        members = people.people(entry, (*steps, PARTICIPANTS), stated, {})
        circle = Circle(False, _once(members.seats), members.profiles)
    if steps[0] == "reviewers":
        said = flags.get("allocated_to_all")
        if said is not None and said.value != circle.is_all:
            name = entry.name(*steps, "allocated_to_all")
            message = f"contradicts participants at {where}"
            documents.wrong(said.location, name, message, "keep one of them")
        flags = {"allocated_to_all": Stated(circle.is_all, where), **flags}
        if circle.is_all:
            return flags
    return {**flags, PARTICIPANTS: Stated(circle, where)}


def united_participants(one: DesiredSeat, other: DesiredSeat) -> Flags:
    """Whom somebody is allocated to who stands in two mentions: people unite."""
    stated = [seat.flags[PARTICIPANTS] for seat in (one, other) if PARTICIPANTS in seat.flags]
    if len(stated) < 2:
        return {}
    return {PARTICIPANTS: Stated(stated[0].value | stated[1].value, stated[0].location)}


# ---- groups --------------------------------------------------------------------------------------


def groups_of(entry: Entry, documents: Documents, people: PeopleReader) -> Iterator[DesiredRole]:
    """A set for the assessors and one for the participants of each group that an entry states.

    The list itself is an empty set: without groups it says that there must be none.
    """
    if entry.value.assessor_groups is None or GROUPS not in entry.node.entries:
        return
    yield DesiredRole(GROUPS, (), entry.value.membership, entry.at(GROUPS))
    titles = []
    for index, group in enumerate(entry.value.assessor_groups):
        steps: Steps = (GROUPS, index)
        titles.append((group.title, entry.at(*steps, "title"), entry.name(*steps, "title")))
        for name in MEMBERS:
            shape = getattr(group, name)
            if shape is None:
                continue
            members = people.people(entry, (*steps, name), shape, {})
            if name == "assessors":
                _refuse_nobody(entry, (*steps, name), members, documents)
            yield DesiredRole(
                f"{GROUPS}.{group.title.casefold()}.{name}",
                _once(members.seats),
                entry.value.membership,
                entry.at(*steps, name),
                members.profiles,
                owner=Owner(GROUPS, group=group.title),
            )
    documents.problems += twice(titles, "this list")


def _refuse_nobody(entry: Entry, steps: Steps, members: Members, documents: Documents) -> None:
    if not members.seats and not members.profiles:
        hint = "name one, or remove the group"
        documents.wrong(entry.at(*steps), entry.name(*steps), "a group needs an assessor", hint)


def refuse_too_many_groups(
    flows: Mapping[str, Mapping[str, DesiredRole]], documents: Documents
) -> None:
    """A problem at the first group of each flow that it has no place for."""
    for key, roles in flows.items():
        groups: dict[str, Location] = {}
        for role in roles.values():
            if role.owner is not None and role.owner.role == GROUPS:
                groups.setdefault(role.owner.group.casefold(), role.location)
        if len(groups) > MOST_GROUPS:
            where = [*groups.values()][MOST_GROUPS]
            message = f"a flow takes {MOST_GROUPS} groups, and {len(groups)} are stated for {key}"
            documents.wrong(where, GROUPS, message, "take some out")


# ---- once all has united -------------------------------------------------------------------------


def with_allocations(roles: Mapping[str, DesiredRole]) -> dict[str, DesiredRole]:
    """The roles, and each allocation as a set of its own: `assessors.1.participants`.

    Such names hold no person, so that they can stand anywhere; owners are numbered by identity.
    """
    found: dict[str, DesiredRole] = {}
    sets: list[DesiredRole] = []
    for name, role in roles.items():
        if role.owner is not None:
            sets.append(role)
            continue
        mine = [_set_of(role, seat) for seat in role.seats if PARTICIPANTS in seat.flags]
        found[name] = replace(role, seats=tuple(map(_plain, role.seats))) if mine else role
        sets += mine
    owners = sorted({one.owner.identity for one in sets if one.owner})
    numbers: dict[tuple[str, ...], int] = {}
    for identity in owners:
        numbers[identity] = 1 + sum(known[0] == identity[0] for known in numbers)
    for one in sorted(sets, key=lambda one: (one.owner.identity if one.owner else (), one.role)):
        if one.owner is not None:
            members = one.role.rpartition(".")[2]
            name = f"{one.owner.role}.{numbers[one.owner.identity]}.{members}"
            found[name] = replace(one, role=name)
    return found


def _set_of(role: DesiredRole, seat: DesiredSeat) -> DesiredRole:
    stated = seat.flags[PARTICIPANTS]
    circle: Circle = stated.value
    return DesiredRole(
        f"{role.role}.0.{PARTICIPANTS}",
        circle.seats,
        role.membership,
        stated.location,
        circle.profiles,
        owner=Owner(role.role, seat.person),
        is_all=circle.is_all,
    )


def _plain(seat: DesiredSeat) -> DesiredSeat:
    if PARTICIPANTS not in seat.flags:
        return seat
    flags = {name: stated for name, stated in seat.flags.items() if name != PARTICIPANTS}
    return replace(seat, flags=flags)
