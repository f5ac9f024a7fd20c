"""CSV text as rows of cells that know where they start. Pure.

A quote opens a cell only as its first character; within, it is written twice. Anything else in
an unquoted cell is text as it stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.errors import Location, Problem

_QUOTED = re.compile(r'"([^"]*(?:""[^"]*)*)"')
LONGEST = 1_000


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line, its cells without quotes, and where they start if any is quoted."""

    line: int
    cells: tuple[str, ...]
    starts: tuple[tuple[int, int], ...] | None = None

    def place(self, index: int) -> tuple[int, int]:
        """Line and column, 1-based, where a cell starts."""
        if self.starts is not None:
            return self.starts[index]
        return self.line, sum(map(len, self.cells[:index])) + index + 1


def split_rows(text: str, delimiter: str, name: str) -> tuple[list[Row], list[Problem]]:
    """Every row that is not blank, and what is wrong with quotes; lines end in LF.

    After a quote that is never closed nothing can be read.
    """
    rows: list[Row] = []
    problems: list[Problem] = []
    at, line = 0, 1
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        if text.find('"', at, end) < 0:
            cells = text[at:end].split(delimiter)
            row, at, line_after = Row(line, tuple(cells)), end + 1, line + 1
        else:
            row, at, line_after, found = _quoted_row(text, at, line, delimiter, name)
            problems += found
        if any(cell.strip() for cell in row.cells):
            rows.append(row)
        line = line_after
    return rows or [Row(1, ("",))], problems


def _quoted_row(
    text: str, at: int, line: int, delimiter: str, name: str
) -> tuple[Row, int, int, list[Problem]]:
    """One row with quotes in it; where and in which line the next one starts."""
    cells: list[str] = []
    starts: list[tuple[int, int]] = []
    problems: list[Problem] = []
    first, line_start = line, at
    while True:
        starts.append((line, at - line_start + 1))
        quoted = _QUOTED.match(text, at) if text.startswith('"', at) else None
        if quoted is None and text.startswith('"', at):
            problems.append(_problem(name, starts[-1], "a quote that is opened here is not closed"))
            return Row(first, (*cells, ""), tuple(starts)), len(text), line, problems
        after = quoted.end() if quoted else at
        stop = _stop(text, after, delimiter)
        if quoted is not None:
            if text[after:stop].strip():
                message = "text stands after a closing quote; a quote in a cell is written twice"
                problems.append(_problem(name, starts[-1], message))
            breaks = quoted.group().count("\n")
            line_start = text.rfind("\n", at, after) + 1 if breaks else line_start
            line += breaks
        cells.append(quoted.group(1).replace('""', '"') if quoted else text[at:stop])
        at = stop + 1
        if stop >= len(text) or text[stop] == "\n":
            return Row(first, tuple(cells), tuple(starts)), at, line + 1, problems


def _stop(text: str, start: int, delimiter: str) -> int:
    """Where a cell ends: at the next separator or line end."""
    line_end = text.find("\n", start)
    line_end = len(text) if line_end < 0 else line_end
    found = text.find(delimiter, start, line_end)
    return found if found >= 0 else line_end


def _problem(name: str, start: tuple[int, int], message: str) -> Problem:
    return Problem(Location(name, *start), "", message, "mend the quotes of this cell")


def usable(cell: str) -> str:
    """What keeps a cell from being the name of somebody; empty where nothing does."""
    if not cell:
        return "this cell is empty"
    if "\n" in cell or "\t" in cell:
        return "this cell holds a line break or a tab"
    return f"this cell has over {LONGEST} characters" if len(cell) > LONGEST else ""
