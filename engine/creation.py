"""Creating one object so that no fault, crash or second apply leaves two of them for one key.

WISEflow knows neither keys of ours nor a safe way to repeat a request. So an object is made
under a marker that is made from its key, and whoever comes later, after a crash or from another
machine that shares nothing with this one, finds it by that marker and finishes it:

    look for the marker, then for the key     found: finish that one
    make, under the marker                    answer lost: wait beyond the timeout, look
    look for the marker, then for the key     another has precedence: give up our own, look again
    finish                                    it is gone meanwhile: look again
    look until a search shows it finished     then for the marker: give up what is beside it

It is marker before key, because a finished object gets its key before it loses its marker: looked
for in this order it cannot slip through between the two searches. Precedence has what is settled
(it left its marker behind, or people may be on it), then the lowest number. Only an unsettled
object is ever given up, and no finished one is written to.

What it stands on: numbers are given in the order of creation; a search may lag, but shows writes
in the order in which they were done; a request is done within its timeout, or never. All of it is
held, call by call, against a model that is explored exhaustively: tests/model.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol

from engine.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

LEFTOVERS = "leftovers"
"""The part of a change that gives up what a crash left beside a finished object."""

ROUNDS = 8
"""How often a creation looks again before it gives up: each round is one look and one try."""


class Stage(Enum):
    """How far an object is, read from itself: a search may lag behind."""

    GONE = auto()
    """Not there any more, or it carries neither marker nor key any more."""
    MARKED = auto()
    FINISHED = auto()


@dataclass(frozen=True, slots=True)
class Candidate:
    """An object that a search shows under the marker or the key.

    `settled` means that it is never given up: its marker is gone, or people may be on it.
    """

    id: int
    settled: bool

    @property
    def rank(self) -> tuple[bool, int]:
        """The lowest has precedence."""
        return (not self.settled, self.id)


class Traces(Protocol):
    """What a kind must be able to do with the objects of one key, made by whomever."""

    @property
    def operation(self) -> tuple[str, str]:
        """Method and path of the call that makes one, for messages."""

    async def find_marked(self) -> Iterable[Candidate]: ...

    async def find_keyed(self) -> Iterable[Candidate]: ...

    async def stage(self, number: int) -> Stage: ...

    async def give_up(self, number: int) -> None:
        """Deletes the object if it is a draft under the marker; else leaves it alone."""


class Creation(Traces, Protocol):
    """What a kind supplies besides, so that `create_once` can make its objects."""

    async def make(self) -> int | None:
        """Makes one under the marker; None after a lost answer, when it may be there or not."""

    async def finish(self, number: int) -> bool:
        """Brings a marked object to its end; any step may have been done, the marker goes last.

        False where somebody else has taken the marker away meanwhile.
        """


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: after a lost answer, between two looks, and for an object to become visible."""

    lost_answer: float = 35.0
    between_looks: float = 0.5
    until_visible: float = 60.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


PATIENCE = Patience()


async def create_once(creation: Creation, patience: Patience) -> int:
    """The number of the one object that carries the key, made or found, and finished.

    Raises: ApiError, when a call is refused or the object cannot be told from its rivals.
    """
    run = _Run(creation, patience)
    for _ in range(ROUNDS):
        number = await run.found_or_made()
        if number is not None and await run.is_finished(number):
            await run.settle(number)
            return number
    raise _refusal(creation, "it could not be told from its rivals; run apply again")


async def give_up_leftovers(traces: Traces) -> list[int]:
    """Gives up the unsettled objects beside a finished one; their numbers.

    Raises: ApiError, when several objects are settled: which of them is meant, only people know.
    """
    found = await _look(traces)
    first = _first(traces, found)
    if first is None or not first.settled:
        return []
    return await _sweep(traces, first.id, found)


def first_and_leftovers(found: Iterable[Candidate]) -> tuple[list[int], list[int]]:
    """Who has precedence (several, if several are settled), and who is given up beside them."""
    ranked = sorted(found, key=lambda one: one.rank)
    settled = [one.id for one in ranked if one.settled]
    kept = settled or [one.id for one in ranked[:1]]
    return kept, [one.id for one in ranked if one.id not in kept]


async def _look(traces: Traces, gone: Iterable[int] = ()) -> dict[int, Candidate]:
    """All candidates by number; the search for the key is the later one, and knows better."""
    found = {one.id: one for one in await traces.find_marked()}
    found |= {one.id: one for one in await traces.find_keyed()}
    return {number: one for number, one in found.items() if number not in set(gone)}


def _first(traces: Traces, found: dict[int, Candidate]) -> Candidate | None:
    kept, _ = first_and_leftovers(found.values())
    if len(kept) > 1:
        shown = " and ".join(f"#{number}" for number in kept)
        raise _refusal(traces, f"several carry this key: {shown}; take it away from all but one")
    return found[kept[0]] if kept else None


async def _sweep(traces: Traces, kept: int, found: dict[int, Candidate]) -> list[int]:
    """Gives up what a search shows beside the finished one, once that is known to be there."""
    leftovers = sorted(number for number in found if number != kept)
    if not leftovers or await traces.stage(kept) is not Stage.FINISHED:
        return []
    for number in leftovers:
        await traces.give_up(number)
    return leftovers


def _refusal(traces: Traces, message: str) -> ApiError:
    return ApiError(*traces.operation, 0, message)


@dataclass(slots=True)
class _Run:
    """One run of the protocol; `gone` are numbers that a lagging search may go on showing."""

    creation: Creation
    patience: Patience
    gone: set[int] = field(default_factory=set)
    lost: bool = False
    """An answer was lost, and its request is still on its way, or done and not yet shown."""

    async def found_or_made(self) -> int | None:
        """The object to finish; None where the next round has to look again."""
        if self.lost:
            # The lost request may still be on its way: only after its time is up is it gone.
            await self.patience.sleep(self.patience.lost_answer)
        first = _first(self.creation, await self._look())
        if first is not None:
            return first.id
        number = await self.creation.make()
        self.lost = number is None
        if number is None or await self._is_kept(number):
            return number
        return None

    async def is_finished(self, number: int) -> bool:
        """Whether it is finished now; False where it is gone, for example given up by its maker."""
        try:
            stage = await self.creation.stage(number)
            if stage is Stage.MARKED and await self.creation.finish(number):
                self.lost = False  # Once this write is shown, so is what was lost before it.
        except ApiError as error:
            if error.exit_code != ApiError.exit_code or error.unknown:
                raise
            stage = await self.creation.stage(number)
            if stage is not Stage.GONE:
                raise
        if stage is Stage.GONE:
            self.gone.add(number)
        return stage is not Stage.GONE

    async def settle(self, number: int) -> None:
        """Waits until a search shows it finished, and gives up what it shows beside it.

        Else a plan made just after this apply would read it unfinished, and finish it again.
        """
        if self.lost:
            await self.patience.sleep(self.patience.until_visible)
        waited = 0.0
        while waited <= self.patience.until_visible:
            keyed = {one.id: one for one in await self.creation.find_keyed()}
            if number in keyed and keyed[number].settled:
                # Only a search for the marker after this one shows all that was made before.
                marked = {one.id: one for one in await self.creation.find_marked()}
                _first(self.creation, marked | keyed)
                await _sweep(self.creation, number, marked)
                return
            await self.patience.sleep(self.patience.between_looks)
            waited += self.patience.between_looks

    async def _look(self) -> dict[int, Candidate]:
        return await _look(self.creation, self.gone)

    async def _is_kept(self, number: int) -> bool:
        """Whether what we made has precedence over all that a search shows, once it shows ours."""
        waited = 0.0
        while True:
            found = await self._look()
            rival = _first(self.creation, {number: Candidate(number, False)} | found)
            if rival is not None and rival.id != number:
                if await self.creation.stage(rival.id) is not Stage.GONE:
                    await self.creation.give_up(number)
                    return False
                self.gone.add(rival.id)
            elif number in found:
                return True
            elif waited > self.patience.until_visible:
                message = f"#{number} was made but no search shows it; run apply again"
                raise _refusal(self.creation, message)
            else:
                await self.patience.sleep(self.patience.between_looks)
                waited += self.patience.between_looks
