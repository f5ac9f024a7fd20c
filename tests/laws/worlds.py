"""Worlds: where an institution stands, and the term that its manifests state next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tests.laws import deeds
from tests.laws.scene import BEGIN, Scene
from tests.laws.terms import Term, terms

if TYPE_CHECKING:
    from tests.laws.stage import Stage

DAYS = (0, 0, 100, 100, 100)
"""How long after the first term the second comes: after a hundred days exams are in all states."""

Deeds = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class World:
    """What was there and done before, how long ago, and what the manifests say now."""

    early: Deeds
    first: Term
    late: Deeds
    days: int
    second: Term
    chance: int
    """A number for laws to choose by."""

    @property
    def now(self) -> datetime:
        return BEGIN + timedelta(days=self.days)

    def begin(self, stage: Stage) -> None:
        """Brings the sandbox to where the second term finds it, and writes that term."""
        stage.reset()
        for deed in self.early:
            deeds.do(stage, deed)
        stage.write_term(self.first)
        stage.apply()
        stage.control("POST", "clock", {"now": self.now.timestamp()})
        for deed in self.late:
            deeds.do(stage, deed)
        stage.write_term(self.second)


def _deeds(names: tuple[str, ...], most: int) -> st.SearchStrategy[Deeds]:
    one = st.tuples(st.sampled_from(names), st.integers(0, 30))
    return st.lists(one, max_size=most).map(tuple)


_EARLY = _deeds(tuple(deeds.EARLY), 2)
_LATE = _deeds((*deeds.LATE, *deeds.PLAYED), 4)
_DAYS = st.sampled_from(DAYS)
_CHANCE = st.integers(0, 2**20)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    days = draw(_DAYS)
    now = BEGIN + timedelta(days=days)
    early, late = draw(_EARLY), draw(_LATE)
    first = draw(terms(Scene("first", now)))
    second = draw(terms(Scene("second", now), first))
    return World(early, first, late, days, second, draw(_CHANCE))
