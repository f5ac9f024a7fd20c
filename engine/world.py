"""What a plan is made from: the licence, its people and its resources, read and resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Any

from engine.errors import Location, Problem
from engine.model import BY_NUMBER, INDIVIDUAL, Address, Desired, DesiredRole, Live, Person
from engine.plan import Change, Note

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime, tzinfo

    from engine.model import Value
    from engine.wiseflow.flows import FlowKeys
    from engine.wiseflow.licence import Licence
    from engine.wiseflow.users import UserRow

Identity = tuple[str, str]
Grants = Mapping[Address, Mapping[str, "Location"]]
"""By user licence roles by name, and the place of a seat that needs each."""


@dataclass(frozen=True, slots=True)
class EmailRow:
    """One e-mail of a user; one from an external source is never removed."""

    id: int
    email: str
    primary: bool
    external: bool
    activated: bool


@dataclass(slots=True)
class People:
    """Who is who: every person that the manifests mention, by identity.

    `rows` holds everyone found, by WISEflow's number; `found` the numbers for each mention (more
    than one is a problem, never a choice); `manifest` maps identities to keys of `users` entries.
    """

    user_key: str
    rows: dict[int, UserRow] = field(default_factory=dict)
    found: dict[Identity, tuple[int, ...]] = field(default_factory=dict)
    manifest: dict[Identity, str] = field(default_factory=dict)
    claims: dict[Identity, list[Desired]] = field(default_factory=dict)
    """The users of all manifests by each identifier that only one person can have."""
    names: dict[int, str] = field(default_factory=dict)
    """Keys of people who are only met on seats, read one by one."""

    def user_id(self, person: Person) -> int | None:
        """The one live user of this mention, else None."""
        numbers = self.found.get(person.identity, ())
        return numbers[0] if len(numbers) == 1 else None

    def name(self, person: Person, licence: Licence) -> str:
        """The key as people write it; for someone mentioned otherwise, the key if it is known."""
        if person.data_type == BY_NUMBER:
            return self.name_of(int(person.value), licence)
        if person.data_type == self.user_key:
            return self.manifest.get(person.identity, person.value)
        number = self.user_id(person)
        row = self.rows.get(number) if number else None
        key = row.key(licence, self.user_key) if row else None
        return key or f"{person.value} ({person.data_type})"

    def name_of(self, user_id: int, licence: Licence, fallback: str = "") -> str:
        """The key of a live user; `#1234` where none is known."""
        row = self.rows.get(user_id)
        key = row.key(licence, self.user_key) if row else None
        key = key or self.names.get(user_id) or fallback
        identity = (self.user_key, key.casefold())
        return self.manifest.get(identity, key) if key else f"#{user_id}"


@dataclass(slots=True)
class World:
    """All that is known when a plan is made; nothing here reads or writes anything."""

    licence: Licence
    now: datetime
    people: People
    desired: Mapping[Address, Desired]
    keys: FlowKeys
    live: dict[Address, Live] = field(default_factory=dict)
    emails: dict[int, tuple[EmailRow, ...]] = field(default_factory=dict)
    """E-mails read one by one, by user number: where the bulk search does not decide."""
    zone: tzinfo = UTC
    """The settings' time zone, for dates in sentences."""
    several: dict[Address, tuple[int, ...]] = field(default_factory=dict)
    """Addresses that more than one live object carries, with their numbers."""
    rooms: list[dict[str, Any]] | None = None
    """The rooms of the licence, as WISEflow answers them; None where they are not known."""
    totals: dict[str, int] = field(default_factory=dict)
    """How many objects of a kind the licence has, where it takes no more than so many."""
    unread: dict[tuple[Address, str], str] = field(default_factory=dict)
    """What could not be read to its end, with the reason: (address, part or role, or "")."""
    sources: dict[str, int] = field(default_factory=dict)
    """Live flows by key that are only copied from: their numbers."""
    sequences: dict[str, tuple[int, ...] | None] = field(default_factory=dict)
    """By key of its main flow the parts of a sequence in order; None where that is no main flow."""
    source_types: dict[str, str] = field(default_factory=dict)
    """The types of those flows, by key."""
    source_states: dict[str, int] = field(default_factory=dict)
    """The states of those flows, by key."""
    source_timeboxes: dict[str, Value] = field(default_factory=dict)
    """By key the timeboxes of flows that others, which need to know it, are copied from."""
    source_content: dict[int, bool] = field(default_factory=dict)
    """Whether a flow that is copied from has an assignment, by its number."""
    incomplete_profiles: dict[str, str] = field(default_factory=dict)
    """Profiles whose UNIWeb read failed, with the reason."""
    member_counts: dict[str, int] = field(default_factory=dict)
    """For each profile that was read to its end, how many members UNIWeb answered."""
    needed: Grants = field(default_factory=dict)
    """The licence roles that the seats of all manifests need."""
    twins: set[Address] = field(default_factory=set)
    """Entries that come to one live object with another entry: never planned."""
    vacated: dict[str, dict[int, str]] = field(default_factory=dict)
    """By folded key of a room the numbers of flows whose bookings go, with the changes that do."""
    absent: set[Address] = field(default_factory=set)
    """Users who are not live and will not be created by this plan."""
    problems: list[Problem] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    """What lists show beside all that is desired."""
    _seated: frozenset[int] | None = None
    kept: dict[int, tuple[object, Any]] = field(default_factory=dict)
    """What was found out of sets of people that many flows share, by the set itself."""

    def seated(self) -> frozenset[int]:
        """The numbers of all whom the manifests name on a seat; found out once."""
        if self._seated is None:
            named = {
                seat.person.identity
                for one in self.desired.values()
                for role in one.roles.values()
                if role.role not in INDIVIDUAL
                for seat in role.seats
            }
            found = (self.people.found.get(identity, ()) for identity in named)
            self._seated = frozenset(number for numbers in found for number in numbers)
        return self._seated

    def mentions(self) -> dict[Identity, Person]:
        """Everyone on a desired seat, or named as leaving one, by identity."""
        return {person.identity: person for person in mentioned(self.desired.values())}

    def numbers_by_name(self) -> dict[str, int]:
        """From the names that a plan shows, folded, to the numbers of live users."""
        people, licence = self.people, self.licence
        numbers = {people.name_of(number, licence).casefold(): number for number in people.rows}
        for person in self.mentions().values():
            number = people.user_id(person)
            if number is not None:
                numbers[people.name(person, licence).casefold()] = number
        for (kind, value), found in people.found.items():
            if kind == people.user_key and len(found) == 1:
                numbers[value] = found[0]
        return numbers


def mentioned(resources: Iterable[Desired]) -> Iterator[Person]:
    """Each mention of somebody on a seat, or as leaving one, as it is written."""
    for one in resources:
        for role in one.roles.values():
            yield from (*(seat.person for seat in role.seats), *role.leaving, *_owner(role))


@dataclass(slots=True)
class Findings:
    """What planning one resource comes to; the planner collects them and sorts once."""

    changes: list[Change] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def problem(self, location: Location, name: str, message: str, hint: str = "") -> None:
        self.problems.append(Problem(location, name, message, hint))

    def note(self, address: Address, message: str, hint: str = "") -> None:
        self.notes.append(Note(address, message, hint))


def _owner(role: DesiredRole) -> tuple[Person, ...]:
    """Whose allocation a set is, where it is a person's."""
    return (role.owner.person,) if role.owner is not None and role.owner.person else ()


def known(names: Iterable[str]) -> str:
    """The hint that lists what a licence has."""
    return "this licence has: " + (", ".join(sorted(names)) or "none")
