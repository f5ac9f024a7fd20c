"""The values that come into the pipeline: what is desired, and what is live. No I/O."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from engine.errors import Location, Problem
    from engine.grades.model import GradeExport

Value = Any
"""A stated or read value: text, number, bool, None (must be empty), aware UTC datetime, a tuple."""

OFF = "off"
"""What a setting says that is switched off."""

DATA_OF = "data: "
"""How an anonymisation by user data begins: the name of the user data type follows."""

DATES_OF, TIMEBOX_OF = "individual_dates", "individual_timebox"
EXAM_IDS, ACTIVE_OF = "unique_exam_ids", "individual_active"
INDIVIDUAL = (DATES_OF, TIMEBOX_OF, EXAM_IDS, ACTIVE_OF)
"""What holds for single participants of a flow, each planned as a role of its own.

Flags of their seats: dates `extra_time` (texts, of which the longest holds), `start`, `end`;
timebox `extra_time`, `timebox`; exam ids `unique_exam_id`; active `active`.
"""

BOOKINGS, IN_ROOMS = "room_bookings", "room_seats"
"""Which rooms a flow has booked, and who sits in which: a role whose seats have the flag `room`."""

ROOM_OF = f"{BOOKINGS}."
"""How the path of one room's booking begins: its value is a tuple of windows, each as text."""

AS_EXAM = ("participation",)
"""Instead of windows: the room is booked for as long as the exam takes."""

PERIODS, IN_SLOTS = "periods", "slots"
"""When an oral exam is held, and who is examined when: a role whose seats have the flags `period`,
a period's start as its path says it, and `place`, a number that only says who comes before whom.
"""

PERIOD_OF = f"{PERIODS}."
"""How the path of one period begins; its start follows, then a dot and what it has."""

PARTS, MAIN_OF = "parts", "part_of"
"""Fields of the flows of a sequence: of its main flow the keys of all parts, of a part its key."""

TYPE_OF = "assessor_types."
"""How the path of one assessor type begins: its value is the instruction, True without one."""


class Address(NamedTuple):
    """What people call a resource: `flow/math101-2027s`. Server ids never stand here."""

    kind: str
    key: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.key}"


# ---- desired -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stated:
    """One value that a manifest states, and where."""

    value: Value
    location: Location


BY_NUMBER = "#"
"""Instead of a user data type: the person is named by WISEflow's number, as journals do."""


class Person(NamedTuple):
    """Somebody as manifests name them: the user data type's name and its value, as written."""

    data_type: str
    value: str

    @property
    def identity(self) -> tuple[str, str]:
        """Two mentions with one identity are one person: compared without case."""
        return self.data_type, self.value.casefold()


class Owner(NamedTuple):
    """Whose people a set holds that is no role itself: an assessor's, a reviewer's or a group's."""

    role: str
    """`assessors`, `reviewers` or `assessor_groups`."""
    person: Person | None = None
    group: str = ""

    @property
    def identity(self) -> tuple[str, ...]:
        """Two mentions with one identity are one owner."""
        return self.role, *(self.person.identity if self.person else (self.group.casefold(),))


@dataclass(frozen=True, slots=True)
class DesiredSeat:
    """One person in one role on one flow; flags hold only what is stated.

    Flags by role: participants `active`; assessors `type`; reviewers `allocated_to_all`,
    `sees_assessments`, `decides_final_grade`; invigilators `head`; managers and authors none.
    """

    person: Person
    location: Location
    flags: Mapping[str, Stated] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DesiredRole:
    """Everyone stated for one role of one flow; an empty tuple means "must be empty".

    Members of rosters that UNIWeb fills stand in `profiles` by profile key until they are read.
    """

    role: str
    seats: tuple[DesiredSeat, ...]
    membership: str
    location: Location
    profiles: tuple[DesiredProfileMembers, ...] = ()
    leaving: tuple[Person, ...] = ()
    """Whom an earlier state named: they leave unless they are named again."""
    owner: Owner | None = None
    """Whose set it is, where it is no role but an allocation: `role` is its part of the flow."""
    is_all: bool = False
    """Whether it is everybody who is on the flow; nobody stands in it by name then."""
    was_all: bool = False
    """Whether it was everybody in an earlier state."""

    @property
    def slot(self) -> str:
        """Names the set whatever other sets there are: parts of allocations are only numbered."""
        if self.owner is None:
            return self.role
        return json.dumps([self.role.rpartition(".")[2], *self.owner.identity])

    @property
    def said(self) -> str:
        """The set for people: `participants`, `participants of assessor ada@northfield.example`."""
        if self.owner is None:
            return self.role
        who = self.owner.person.value if self.owner.person else self.owner.group
        return set_of(self.role, who)


def set_of(role: str, who: str = "") -> str:
    """How a role is called; an allocation by its members and whose they are."""
    kind, _, rest = role.partition(".")
    owner = {"assessors": "assessor", "reviewers": "reviewer", "assessor_groups": "group"}
    return f"{rest.rpartition('.')[2]} of {owner[kind]} {who}".strip() if rest else role


@dataclass(frozen=True, slots=True)
class DesiredProfileMembers:
    """Everyone whom the filter of one profile returns, with the flags of the mention."""

    profile: str
    location: Location
    flags: Mapping[str, Stated] = field(default_factory=dict)


class Standing(StrEnum):
    """How an entry stands now beside how it stood in the manifests at base."""

    UNKNOWN = "unknown"
    """There is no base: nobody knows what was there before."""
    NEW = "new"
    STAYS = "stays"
    LEFT = "left"
    """It stood at base, and stands in the manifests no longer."""
    REMOVED = "removed"
    """It is to be taken away, whether or not it ever stood in the manifests."""
    RELEASED = "released"
    """It is to be forgotten, whatever stood at base."""


GONE = frozenset((Standing.LEFT, Standing.REMOVED, Standing.RELEASED))
"""Of what stands in the manifests no longer."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """The one live object that a key is bound to by its number, in this environment."""

    server_id: int
    title: str
    location: Location
    titles: frozenset[str] = frozenset()
    """What it may be called: as when it was adopted, and as the manifests say or said."""


@dataclass(frozen=True, slots=True)
class FlowSequence:
    """The sequence that a flow is made in: its main flow and the parts in order, by key.

    `numbers` are those of flows that are known by their number instead.
    """

    main: str
    parts: tuple[str, ...]
    location: Location
    numbers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Desired:
    """One resource as the manifests state it, templates merged, CSV rows read.

    `fields` by dotted path (`title`, `participation.start`, `data.Student Number`); only what is
    stated stands there. Dates are aware UTC datetimes.
    """

    address: Address
    location: Location
    fields: Mapping[str, Stated]
    exact: frozenset[str] = frozenset()
    profile: str | None = None
    roles: Mapping[str, DesiredRole] = field(default_factory=dict)
    standing: Standing = Standing.UNKNOWN
    base: Desired | None = None
    """The entry as it stood at base."""
    is_made_again: bool = False
    """Whether it is created although it stood at base and has vanished."""
    adopted: Adoption | None = None
    moved_from: Stated | None = None
    """The key that it had, and where that is said."""
    sequence: FlowSequence | None = None
    unarchive: Location | None = None
    """Where people ask that it is brought back from the archive."""
    granted: frozenset[str] = frozenset()
    """Licence roles that no manifest states, but the seats need that this plan gives."""

    @property
    def titles(self) -> frozenset[str]:
        """The title that is stated, if there is one."""
        stated = self.fields.get("title")
        return frozenset({str(stated.value)} if stated else ())

    @property
    def is_stated(self) -> bool:
        """Whether it stands in the manifests now."""
        return self.standing not in GONE


@dataclass(frozen=True, slots=True)
class Profile:
    """How UNIWeb fills user attributes (DESIGN: `profiles`)."""

    key: str
    location: Location
    members: Mapping[str, str]
    language: str
    match_user: str
    """`key`, or the name of a user data type."""
    match_member: str
    """`login_name` or `employee_id`."""
    fill: Mapping[str, Stated]
    """From user field to resource path with field: `profile/affiliations.unit`."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an operator, or an entry of the manifests, lets through, and how much at most.

    An operator writes `address` with globs; an entry selects addresses, which stand in `among`,
    and may name a role: then whoever leaves it may, whatever guard or hazard that touches.
    """

    name: str
    address: str
    up_to: int | None = None
    among: frozenset[Address] | None = None
    role: str = ""
    until: datetime | None = None
    location: Location | None = None

    def names(self, address: Address) -> bool:
        """Whether an address is one of those that this is about."""
        if self.among is not None:
            folded = Address(address.kind, address.key.casefold())
            return address in self.among or folded in self.among
        name, wanted = str(address).casefold(), self.address.casefold()
        return name == wanted or fnmatchcase(name, wanted)

    def covers(self, name: str, address: Address, count: int) -> bool:
        """Whether this allows one thing, by its name, at one address for so many people."""
        return self.name == name and self.names(address) and self.allows(count)

    def allows(self, count: int) -> bool:
        return self.up_to is None or count <= self.up_to


@dataclass(frozen=True, slots=True)
class DesiredState:
    """All that the manifests mean, before anything is read from a server."""

    resources: Mapping[Address, Desired]
    profiles: Mapping[str, Profile]
    counts: Mapping[str, int]
    """For people: files, CSV rows, flows, users, seats."""
    unread: Mapping[str, Problem] = field(default_factory=dict)
    """Files of sources that were not read to their end (`sis:math101.csv`), and why."""
    allowances: tuple[Allowance, ...] = ()
    """What the manifests let through, in their order."""
    protected: Mapping[Address, Location] = field(default_factory=dict)
    """What nothing is taken from, whatever is allowed, and where that is written."""
    grade_exports: Mapping[str, GradeExport] = field(default_factory=dict)
    """Which grades go where, by key."""
    base: str | None = None
    """The commit of the base; with one, `resources` also holds what has left the manifests."""
    no_base: str = ""
    """Why the base that was asked for is not known."""

    @property
    def at_base(self) -> frozenset[Address] | None:
        """What stood in the manifests at base; None where there is none."""
        if self.base is None:
            return None
        return frozenset(a for a, d in self.resources.items() if d.base is not None)

    def of(self, kind: str) -> dict[str, Desired]:
        return {a.key: d for a, d in self.resources.items() if a.kind == kind and d.is_stated}


# ---- live --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LiveSeat:
    """One seat as the server has it; `seat_id` is the id of the relation, scoped to the flow."""

    user_id: int
    seat_id: int
    flags: Mapping[str, Value] = field(default_factory=dict)
    name: str = ""
    """The key where the answer carries it, else empty."""
    assessors: tuple[int, ...] | None = None
    """Of a participant: the seats of the assessors who mark; None where that is not told."""


@dataclass(frozen=True, slots=True)
class Live:
    """One resource as the server has it, fields named as in Desired."""

    address: Address
    server_id: int
    fields: dict[str, Value]
    """What was read: a field that is not here is one that the server does not answer."""
    roles: dict[str, tuple[LiveSeat, ...]] = field(default_factory=dict)
    facts: dict[str, Value] = field(default_factory=dict)
    """What decides verbs but is never written: `state`, `sis`, `marker`, `has_content`."""
