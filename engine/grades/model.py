"""What a grade export is, what a grade is on its way, and what keeps one from being delivered."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from engine.errors import EngineError, Location

ADMINISTRATIVE, FINAL, ALTERNATIVE = "administrative", "final", "alternative"
COUNTS = (ADMINISTRATIVE, FINAL)
"""Which grades count, where nothing else is said: an administrative one overrules the final one."""

FLOW_KEYS = ("flow", "flow_code", "subtitle")
"""Of these, the first that a column holds tells the flows apart at the receiver."""

PLAIN_COLUMNS = ("flow", "person", "grade", "counts_as", "graded")
"""What a receiver gets, where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where grades go; `kind` is the word in the manifest."""

    kind: str
    value: str
    """A path or a URL, which may hold a `${NAME}`."""
    location: Location
    path: Path | None = None
    """Of files: where they are written."""
    table: str = ""
    secret: str = ""
    """`${NAME}`."""
    batch: int = 100
    ledger: Path | None = None
    """Of an address: where its ledger is."""
    moved_from: str = ""
    """Of a table or an address: where what was delivered was before, and is not any more."""
    school: str = ""
    classes: str = "flow"


@dataclass(frozen=True, slots=True)
class GradeExport:
    """One entry of `grade_exports`, with the flows that it selects."""

    key: str
    location: Location
    flows: tuple[str, ...]
    """Their keys."""
    to: Destination
    known_by: str
    """The user data type that the receiver knows people by."""
    counts: tuple[str, ...] = COUNTS
    before_marking_ends: bool = False
    exported_too: bool = True
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By grading scale from entered grade to code; a scale that is not here has none."""
    codes_at: Location | None = None
    """Where codes stand, or would."""
    alternative_codes: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[tuple[str, str], ...] = tuple((name, name) for name in PLAIN_COLUMNS)
    """The receiver's name of each column, and what it holds."""

    taken_back: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By flow the people whose grades the receiver has taken back."""
    environment: str = ""
    """Whose grades these are: a destination never holds those of two."""

    @property
    def name(self) -> str:
        """How ledgers call it."""
        return f"{self.environment}/{self.key}"

    @property
    def flow_key(self) -> tuple[str, str]:
        """The column that tells flows apart at the receiver, and which of FLOW_KEYS it holds."""
        by_held = {held: name for name, held in reversed(self.columns)}
        return next((by_held[held], held) for held in FLOW_KEYS if held in by_held)

    @property
    def person_column(self) -> str:
        """The column that says whose grade it is."""
        return next(name for name, held in self.columns if held == "person")

    @property
    def data_types(self) -> tuple[str, ...]:
        """The user data types that are asked of people: that by which they are known first."""
        wanted = [held.removeprefix("data.") for _, held in self.columns if held[:5] == "data."]
        return tuple(dict.fromkeys((self.known_by, *wanted)))


class FlowFacts(NamedTuple):
    """What a receiver may want of a flow beside its grades; days as ISO dates, or empty."""

    title: str = ""
    subtitle: str = ""
    flow_code: str = ""
    term: str = ""
    starts: str = ""
    ends: str = ""
    least: str = "0"
    """The least and the greatest grade, where grades are numbers."""
    most: str = "1"
    read: str = ""
    """The day on which its grades were read."""


class Grade(NamedTuple):
    """One grade of one person on one flow, as it is delivered."""

    person: str
    """The value of the user data type that the receiver knows people by."""
    code: str
    entered: str
    stored: str
    counts_as: str
    graded: int | None
    """Seconds since 1970."""
    user: int
    participant: int
    number: int
    """The participant's number on the flow: it names somebody in messages, and is not personal."""
    submission: int | None = None
    data: Mapping[str, str] = {}

    @property
    def content(self) -> dict[str, Any]:
        """What makes another grade of it; titles of the exam and the like do not."""
        return {
            "code": self.code,
            "entered": self.entered,
            "stored": self.stored,
            "counts_as": self.counts_as,
            "graded": self.graded,
            "data": dict(self.data),
        }


class Trouble(NamedTuple):
    """One grade, or all of a flow, that is not delivered: who, why, and what to do."""

    flow: str
    number: int | None
    """The participant's number; None where it is about the flow."""
    person: str
    """Who that is, as far as it is known: personal, and masked where the style says so."""
    message: str
    hint: str = ""


class Difference(StrEnum):
    """What one grade is beside what was delivered before."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    WITHDRAWN = "withdrawn"
    """Delivered before, and not there any more: it is told, and left to people."""
    TAKEN_BACK = "taken back"
    """Withdrawn, and by the manifests not at the receiver any more: never told again."""


class Delivered(NamedTuple):
    """One line of the ledger: what was delivered last of a person on a flow."""

    person: str
    user: int
    version: int
    content: Mapping[str, Any]
    """Nothing where it was taken back."""
    number: int | None = None
    """The participant's number."""


class Item(NamedTuple):
    """One grade with its difference; of a withdrawn one there is only what was delivered."""

    difference: Difference
    grade: Grade | None
    before: Delivered | None

    @property
    def person(self) -> str:
        one = self.grade or self.before
        return one.person if one else ""

    @property
    def number(self) -> int | None:
        """The participant's."""
        one = self.grade or self.before
        return one.number if one else None

    @property
    def version(self) -> int:
        """Counts what was delivered of this person on this flow, this one included."""
        before = self.before.version if self.before else 0
        moved = self.difference in (Difference.NEW, Difference.CHANGED)
        return before + moved


@dataclass(frozen=True, slots=True)
class FlowReport:
    """What became of one flow's grades."""

    flow: str
    items: tuple[Item, ...] = ()
    """What moves, and what is withdrawn; the latter alone once that was told."""
    counts: Mapping[Difference, int] = field(default_factory=dict)
    troubles: tuple[Trouble, ...] = ()
    waiting: str = ""
    """Why nothing is delivered yet."""
    without: int = 0
    """Participants who have no grade."""
    exported: int = 0
    """Grades that WISEflow itself has exported."""
    failed: str = ""
    """Why nothing was delivered although it should have been."""
    error: EngineError | None = None
    """Why nothing more can be delivered, of this flow or any other."""

    def count(self, difference: Difference) -> int:
        return self.counts.get(difference, 0)
