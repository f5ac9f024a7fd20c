"""What a receiver's columns hold, from a line of the ledger. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from engine.kinds.grade_export import DATA

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.grades.ledger import Line
    from engine.grades.model import FlowFacts, Grade

Cell = str | int | None
_IN_GRADE = {"grade": "code", "entered": "entered", "stored": "stored", "counts_as": "counts_as"}


def facts_of(flow: FlowFacts, grade: Grade) -> dict[str, Cell]:
    """What columns can hold beside the grade itself; kept with it as it was on delivery."""
    return {
        **flow._asdict(),
        "user": grade.user,
        "participant": grade.participant,
        "number": grade.number,
        "submission": grade.submission,
    }


def cell(line: Line, held: str) -> Cell:
    """What one column holds; None where there is nothing of it."""
    if held in _IN_GRADE:
        return str(line.content[_IN_GRADE[held]])
    if held == "graded":
        return moment(line.content["graded"])
    if held.startswith(DATA):
        return str(line.content["data"].get(held.removeprefix(DATA), "")) or None
    plain: dict[str, Cell] = {"flow": line.flow, "person": line.person, "version": line.version}
    return plain[held] if held in plain else line.facts.get(held)


def cells(line: Line, columns: Iterable[tuple[str, str]]) -> dict[str, Cell]:
    """A row by the receiver's names, in their order."""
    return {name: cell(line, held) for name, held in columns}


def moment(seconds: int | None) -> str | None:
    """An ISO time in UTC."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}" if seconds else None
