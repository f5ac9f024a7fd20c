"""`role_assignments` entries -> who has which role on each flow; people of several unite."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from engine.allocation_entries import (
    PARTICIPANTS,
    groups_of,
    refuse_too_many_groups,
    united_participants,
    with_allocations,
    with_participants,
)
from engine.booking_entries import BookingReader
from engine.flow_selection import selected_flows
from engine.model import BOOKINGS, IN_ROOMS, IN_SLOTS, DesiredRole, DesiredSeat, Stated
from engine.nodes import shown
from engine.slot_entries import SlotReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from engine.documents import Documents, Entry
    from engine.errors import Location
    from engine.model import Desired
    from engine.people import Flags, Members, PeopleReader

FLAGS = {
    "managers": (),
    "authors": (),
    "participants": ("active",),
    "assessors": ("type",),
    "reviewers": ("allocated_to_all", "sees_assessments", "decides_final_grade"),
    "invigilators": ("head",),
}
"""The six roles, and the flags that their seats can have."""

GROUPS = "assessor_groups"
SETS = (*FLAGS, GROUPS, BOOKINGS, IN_SLOTS)

UNITED = (PARTICIPANTS, "place")
"""What is no contradiction where it differs."""

Roles = dict[str, DesiredRole]


@dataclass(slots=True)
class RoleReader:
    """Reads every role assignment; what is wrong goes to the documents' problems."""

    documents: Documents
    people: PeopleReader
    flows: Mapping[str, Desired]
    time_zone: str | None = None
    bookings: dict[str, dict[str, Stated]] = field(default_factory=dict)
    """By flow key, the rooms that are booked and when, as fields of the flow."""
    _memberships: dict[tuple[str, str], tuple[str, Location]] = field(default_factory=dict)
    """By flow and role: the membership that an entry stated, and where."""

    def read(self) -> dict[str, Roles]:
        """By flow key, the roles that any entry states for it."""
        united: dict[str, Roles] = {}
        rooms = BookingReader(self.documents, self.people, self.time_zone, self.bookings)
        slots = SlotReader(self.documents, self.people, self.time_zone)
        for entry in self.documents.of("role_assignments"):
            keys = selected_flows(self.documents, self.flows, entry)
            if not entry.node.faulty and not any(entry.states(one) for one in SETS):
                hint = f"state one of: {', '.join(SETS)}"
                self.documents.wrong(entry.location, entry.name(), "names no role", hint)
            found = [*self._roles(entry), *groups_of(entry, self.documents, self.people)]
            for role in (
                *found,
                *self._within(rooms, entry, keys),
                *self._within(slots, entry, keys),
            ):
                for key in keys:
                    self._unite(entry, key, united.setdefault(key, {}), role)
        refuse_too_many_groups(united, self.documents)
        return {key: with_allocations(roles) for key, roles in united.items()}

    # ---- who -------------------------------------------------------------------------------------

    def _roles(self, entry: Entry) -> Iterator[DesiredRole]:
        membership = entry.value.membership
        for role, flags in FLAGS.items():
            shape = getattr(entry.value, role)
            if shape is None or role not in entry.node.entries:
                continue
            if isinstance(shape, list) and flags:
                members = self._listed(entry, role, shape)
            else:
                members = self.people.people(entry, (role,), shape, _flags(entry, shape, (role,)))
            seats = members.seats if members.distinct else self._once(members.seats, role)
            yield DesiredRole(role, seats, membership, entry.at(role), members.profiles)

    def _within(
        self, reader: BookingReader | SlotReader, entry: Entry, keys: Iterable[str]
    ) -> Iterator[DesiredRole]:
        """The rooms of an entry and who sits in them, or slots and who has them: nobody in two."""
        for role in reader.read(entry, keys):
            yield replace(role, seats=self._once(role.seats, role.role))

    def _listed(self, entry: Entry, role: str, shapes: list[Any]) -> Members:
        """A list of user keys and of people with flags."""
        found = self.people.by_keys(entry, (role,), shapes, {})
        for index, shape in enumerate(shapes):
            if not isinstance(shape, str):
                flags = _flags(entry, shape, (role, index))
                flags = with_participants(entry, (role, index), flags, self.documents, self.people)
                found += self.people.people(entry, (role, index, "people"), shape.people, flags)
        return found

    def _once(self, seats: Iterable[DesiredSeat], role: str) -> tuple[DesiredSeat, ...]:
        """Each person once; flags that contradict each other are a problem with both places."""
        found: dict[tuple[str, str], DesiredSeat] = {}
        for seat in seats:
            known = found.setdefault(seat.person.identity, seat)
            if known is not seat and seat.flags:
                found[seat.person.identity] = self._joined(role, known, seat)
        return tuple(found.values())

    def _joined(self, role: str, one: DesiredSeat, other: DesiredSeat) -> DesiredSeat:
        flags = {**other.flags, **one.flags, **united_participants(one, other)}
        for name, stated in other.flags.items():
            known = one.flags.get(name)
            if name not in UNITED and known is not None and known.value != stated.value:
                # Rooms and periods are said of many at once: wrong is where the person stands.
                within = {IN_ROOMS: BOOKINGS, IN_SLOTS: IN_SLOTS}.get(role, "")
                there, here = (one, other) if within else (known, stated)
                message = (
                    f"contradicts {there.location}: the same person has "
                    f"{name} {_said(known.value)} there and {_said(stated.value)} here"
                )
                field_name = within or f"{role}.{name}"
                self.documents.wrong(here.location, field_name, message, "state one")
        return DesiredSeat(one.person, one.location, flags)

    # ---- several entries for one flow ------------------------------------------------------------

    def _unite(self, entry: Entry, key: str, roles: Roles, role: DesiredRole) -> None:
        membership = self._membership(entry, key, role)
        before = roles.get(role.role)
        seats, profiles, where = role.seats, role.profiles, role.location
        if before is not None:
            seats = self._once((*before.seats, *seats), role.role)
            profiles, where = (*before.profiles, *profiles), before.location
        roles[role.role] = replace(
            role, seats=seats, membership=membership, location=where, profiles=profiles
        )

    def _membership(self, entry: Entry, key: str, role: DesiredRole) -> str:
        """What any entry states for this set; two that differ are a problem with both places."""
        name = role.owner.role if role.owner else role.role
        slot, where = (key, name), entry.at("membership")
        known = self._memberships.get(slot)
        if "membership" not in entry.node.entries:
            return known[0] if known else role.membership
        if known is None:
            self._memberships[slot] = role.membership, where
        elif known[0] != role.membership:
            message = f"contradicts {known[1]}: the {name} of {key} are {known[0]} there"
            hint = "state one membership for each set of people"
            self.documents.wrong(where, entry.name("membership"), message, hint)
        return known[0] if known else role.membership


def _flags(entry: Entry, shape: Any, steps: tuple[str | int, ...]) -> Flags:
    """The flags that stand beside people, by name."""
    return {
        name: Stated(value, entry.at(*steps, name))
        for name in FLAGS[str(steps[0])]
        if (value := getattr(shape, name, None)) is not None
    }


def _said(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else shown(str(value))
