"""What every destination is to the export: opened for a flow at a time, and finished at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from engine.errors import EngineError
from engine.grades.columns import facts_of
from engine.grades.ledger import Line
from engine.grades.model import Difference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from engine.grades.model import Delivered, FlowFacts, Item


class FlowError(EngineError):
    """One flow that a destination does not take; others may go there."""


Stamp = tuple[int, int]
"""Another one for each delivery of a flow."""

NOBODY_ELSE: Stamp = (0, 0)
"""Where one run delivers at a time."""


class Opened(Protocol):
    """One flow at a destination, which nobody else delivers meanwhile."""

    @property
    def known(self) -> Mapping[str, Delivered]:
        """By person what was delivered of the flow."""

    @property
    def stamp(self) -> Stamp:
        """Another one than before the flow was read, where somebody has delivered it since."""

    def write(self, lines: list[Line]) -> None:
        """Delivers grades, or writes down that they are on their way.

        Raises: FlowError, where the destination cannot tell the flow from another.
        """

    def check(self, lines: list[Line]) -> list[Refused]:
        """What would be refused, as far as that is known without writing. Raises: FlowError."""


@dataclass(frozen=True, slots=True)
class OpenedFlow:
    """One flow where what is written is on its way first, and arrives afterwards."""

    known: Mapping[str, Delivered]
    put_down: Callable[[list[Line], Mapping[str, Delivered]], None]
    stamp: Stamp = NOBODY_ELSE

    def write(self, lines: list[Line]) -> None:
        self.put_down(lines, self.known)

    def check(self, lines: list[Line]) -> list[Refused]:
        """Nothing: who takes it says so when it comes."""
        return []


class Receiver(Protocol):
    """A destination; the ledger goes with it."""

    async def recover(self) -> int:
        """Brings to its end what a run that was cut off left; how many grades that was."""

    def unfinished(self) -> int:
        """How many grades a run that was cut off left on their way; changes nothing."""

    def stamp(self, flow: str) -> Stamp:
        """What the flow is opened with, unless somebody delivers it meanwhile."""

    def open(self, flow: str) -> AbstractContextManager[Opened]:
        """One flow, in a transaction. Raises: EngineError."""

    async def send(self) -> Sent:
        """Sends what was written down of the last flow. Raises: EngineError."""

    async def finish(self) -> tuple[str, ...]:
        """After the last flow: what was written, for people; nothing where nothing was new."""


IN_A_ROW = 20
"""Grades that are refused alone, after which the others are not tried one by one any more."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Grades of a flow that a destination does not take."""

    people: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of what was written down of a flow."""

    refused: Sequence[Refused] = ()
    left: frozenset[tuple[str, str]] = frozenset()
    """By flow and person what is still on its way."""
    error: EngineError | None = None
    """Why nothing more can be sent."""


MOVES = (Difference.NEW, Difference.CHANGED, Difference.TAKEN_BACK)
"""What is written."""


def lines_of(flow: str, facts: FlowFacts, items: Iterable[Item]) -> list[Line]:
    """What is written of a flow: grades, and nothing in the place of those taken back."""
    return [_line(flow, facts, item) for item in items if item.difference in MOVES]


def _line(flow: str, facts: FlowFacts, item: Item) -> Line:
    if item.grade is None:
        user = item.before.user if item.before else 0
        return Line(flow, item.person, user, item.version, {}, {})
    content, more = item.grade.content, facts_of(facts, item.grade)
    return Line(flow, item.person, item.grade.user, item.version, content, more)
