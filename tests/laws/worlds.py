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
    from hypothesis.vendor.pretty import RepresentationPrinter

    from tests.laws.stage import Stage

DAYS = (0, 0, 100, 100, 100)
"""How long after the first term the second comes: after a hundred days exams are in all states."""

FAMILY = 8
"""Worlds with one start: to bring a sandbox there takes longer than most laws take."""

KEPT = "start"

Deeds = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """What was there and done before the second term, and how long ago."""

    early: Deeds
    first: Term
    late: Deeds
    days: int

    @property
    def now(self) -> datetime:
        return BEGIN + timedelta(days=self.days)

    def build(self, stage: Stage) -> None:
        """Brings a new sandbox there."""
        stage.reset()
        for deed in self.early:
            deeds.do(stage, deed)
        stage.write_base(None)
        stage.write_term(self.first)
        stage.apply()
        # Never on a whole minute: by that what the server sets is told from what is stated.
        stage.control("POST", "clock", {"now": self.now.timestamp() + 1})
        for deed in self.late:
            deeds.do(stage, deed)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class World:
    """A start, and what the manifests say next."""

    start: Start
    second: Term
    chance: int
    """A number for laws to choose by."""

    def _repr_pretty_(self, printer: RepresentationPrinter, _: bool) -> None:
        """Short for Hypothesis; the whole is told where a law is broken."""
        printer.text(f"World({self.chance})")

    def told(self) -> str:
        """All of it, for people who look for what broke a law."""
        start = self.start
        terms = (("FIRST", start.first), ("SECOND", self.second))
        files = [f"-- {w} {n}\n{text}" for w, t in terms for n, text in t.files().items()]
        head = f"World: early {start.early}, late {start.late}, days {start.days}, {self.chance}"
        return "\n".join([head, *files])

    def begin(self, stage: Stage) -> None:
        """Brings the sandbox to where the second term finds it, and writes that term.

        Every other world is planned against its first term.
        """
        if stage.begun is self.start:
            stage.server.restore(KEPT)
        else:
            stage.begun = None
            self.start.build(stage)
            stage.server.keep(KEPT)
            stage.begun = self.start
        stage.write_base(self.start.first if self.chance % 2 else None)
        stage.write_term(self.second)


def _deeds(names: tuple[str, ...], most: int) -> st.SearchStrategy[Deeds]:
    one = st.tuples(st.sampled_from(names), st.integers(0, 30))
    return st.lists(one, max_size=most).map(tuple)


_EARLY = _deeds(tuple(deeds.EARLY), 2)
_LATE = _deeds((*deeds.LATE, *deeds.PLAYED), 4)
_DAYS = st.sampled_from(DAYS)
_CHANCE = st.integers(0, 2**20)


@st.composite
def families(draw: st.DrawFn) -> list[World]:
    """Worlds with one start."""
    days = draw(_DAYS)
    now = BEGIN + timedelta(days=days)
    early, late = draw(_EARLY), draw(_LATE)
    start = Start(early, draw(terms(Scene("first", now))), late, days)
    scene = Scene("second", now)
    return [World(start, draw(terms(scene, start.first)), draw(_CHANCE)) for _ in range(FAMILY)]
