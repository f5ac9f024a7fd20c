"""The values that come out of the pipeline: changes, the plan, and what came of it. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from engine.model import IN_ROOMS, IN_SLOTS, INDIVIDUAL, Address, Value

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from engine.errors import Location, Problem


NOT_VERIFIED = "cannot be verified"
"""Before of a field that WISEflow does not answer: it is written where git says that it moved."""


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    REMOVE = "remove"


class Status(StrEnum):
    PLANNED = "planned"
    HELD = "held"
    BLOCKED = "blocked"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field: before, after, and where the after value is written."""

    path: str
    before: Value
    after: Value
    written: str
    is_loose: bool = False
    """Whether the plan is bound to the value after alone: nobody can know the one before."""


@dataclass(frozen=True, slots=True)
class Seat:
    """One seat in a plan: the person by key (`#1234` where no key is known) and stated flags."""

    person: str
    flags: tuple[tuple[str, Value], ...] = ()
    written: str = ""
    before: tuple[tuple[str, Value], ...] = ()
    """The flags as they were, where the seat is changed."""
    user_id: int | None = None
    """WISEflow's number of somebody who leaves: names of strangers are not always known."""


VERBS = ("add", "remove", "deactivate", "reactivate", "change")
"""What can become of people in a role; each has a list of its own."""


@dataclass(frozen=True, slots=True)
class SeatsChange:
    """One role of one flow: who comes, who goes, and the number of seats before and after."""

    role: str
    before: int
    after: int
    add: tuple[Seat, ...] = ()
    remove: tuple[Seat, ...] = ()
    deactivate: tuple[Seat, ...] = ()
    reactivate: tuple[Seat, ...] = ()
    change: tuple[Seat, ...] = ()
    live: int | None = None
    """The seats as they are live, where adds of another change come before this one."""
    of: str = ""
    """Whose set it is, where these are no seats but an allocation: a person, or a group's title."""

    @property
    def is_within(self) -> bool:
        """Whether these are no seats of the flow but what its participants get: whoever marks
        them, a room, or a slot.
        """
        return bool(self.of) or self.role in (IN_ROOMS, IN_SLOTS)

    @property
    def people(self) -> str:
        """The role whose people these are: what holds for one of them is no role itself."""
        return "participants" if self.role in INDIVIDUAL else self.role


@dataclass(frozen=True, slots=True)
class Hazard:
    """What makes a change dangerous; `holds` ones wait for an allowance.

    `name` is the word of `--allow NAME:ADDRESS`.
    """

    name: str
    message: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One step. `part` tells steps of one address apart: "", "dates", "participants", ..."""

    address: Address
    part: str
    action: Action
    location: Location
    fields: tuple[FieldChange, ...] = ()
    seats: SeatsChange | None = None
    hazards: tuple[Hazard, ...] = ()
    needs: tuple[str, ...] = ()
    """Ids of the changes that must be done first."""
    after: tuple[str, ...] = ()
    """Ids that come first where they can; a failure there costs only its own seat here."""
    status: Status = Status.PLANNED
    reasons: tuple[str, ...] = ()
    """Why it is held, blocked or waiting, each with what to do."""
    origin: str | None = None

    @property
    def id(self) -> str:
        return f"{self.address}:{self.part}" if self.part else str(self.address)


@dataclass(frozen=True, slots=True)
class Guard:
    """A limit over a whole plan, with what the plan would do."""

    name: str
    scope: str
    limit: str
    value: str
    refused: bool
    allow: str = ""
    """The exact flag that would let it through."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something a reviewer should know that changes nothing: strangers, SIS differences."""

    address: Address
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """All steps, in a stable order, with what a reviewer needs."""

    environment: str
    now: datetime
    changes: tuple[Change, ...]
    guards: tuple[Guard, ...] = ()
    let_through: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By change what guards refused of it and an allowance let through, in short."""
    problems: tuple[Problem, ...] = ()
    notes: tuple[Note, ...] = ()
    unchanged: int = 0
    reads: Mapping[str, int] = field(default_factory=dict)
    starts: Mapping[str, datetime] = field(default_factory=dict)
    """From flow key to the start of its exam, live or desired, for `starts in 10 h`."""
    complete: bool = True
    """False with --target or --exclude."""
    incomplete: bool = False
    """Something could not be read to its end: what it fills is left alone, and exit is not 0."""
    base: str | None = None
    """The commit whose manifests it was compared with."""
    no_base: str = ""
    """Why the base that was asked for is not known: nothing is removed by absence."""


# ---- outcomes ----------------------------------------------------------------------------------


class Result(StrEnum):
    DONE = "done"
    ALREADY_DONE = "already done"
    FAILED = "failed"
    BLOCKED = "blocked by"
    NOT_TRIED = "not tried"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one change; `message` names the failure, or the change that blocked it."""

    change: Change
    result: Result
    message: str = ""
    exit_code: int = 0
    """Of the error that stopped it: 4 authentication, 5 budget, 1 any other; 0 without one."""
