"""CSV files as tables whose every cell knows its place."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from engine.checking import near
from engine.errors import Location, Problem
from engine.files import read_text
from engine.nodes import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_BYTES = 64_000_000
LONGEST_CELL = 10_000


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line, its cells as written, and for each the column where it starts."""

    line: int
    cells: tuple[str, ...]
    columns: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One CSV file below a header of distinct names."""

    name: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]

    def place(self, row: Row, index: int, through: Location | None = None) -> Location:
        return Location(self.name, row.line, row.columns[index], through)

    def index(self, column: str) -> int | None:
        return self.header.index(column) if column in self.header else None

    def missing(self, column: str, where: Location, field: str) -> Problem:
        hint = near(column, self.header)
        return Problem(where, field, f"{self.name} has no column {shown(column)}", hint)


@dataclass(frozen=True, slots=True)
class Folders:
    """Where CSV files may lie: the manifests folder of a repository, and named sources."""

    root: Path
    manifests: Path
    sources: Mapping[str, Path]


def read_csv(text: str, where: Location, field: str, folders: Folders) -> Sheet | list[Problem]:
    """The sheet that a manifest names, or everything wrong with it."""
    located = _locate(text, where, field, folders)
    if isinstance(located, Problem):
        return [located]
    path, name, inside = located
    content = read_text(path, name, inside, MAX_BYTES)
    if isinstance(content, Problem):
        if content.message == "there is no such file":
            hint = _nearest_file(path)
            return [Problem(where, field, f"there is no file {shown(text)}", hint)]
        return [content]
    return _parse(content, name)


def _locate(
    text: str, where: Location, field: str, folders: Folders
) -> tuple[Path, str, Path] | Problem:
    source, colon, rest = text.partition(":")
    base, inside, name = folders.manifests, folders.root, text
    if colon:
        if source not in folders.sources:
            hint = near(source, folders.sources) or "name it under sources in wisectl.yaml"
            return Problem(where, field, f"unknown source {shown(source)}", hint)
        base = inside = folders.sources[source]
        name = rest
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or not name:
        message = f"{shown(text)} leads out of the manifests folder"
        return Problem(where, field, message, "write a path below it, with /")
    found = base.joinpath(*path.parts)
    label = text if colon else _label(found, folders.root)
    return found, label, inside


def _label(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def _nearest_file(path: Path) -> str:
    try:
        names = [one.name for one in path.parent.iterdir() if one.is_file()]
    except OSError:
        return "CSV paths start at the manifests folder"
    return near(path.name, names) if names else "CSV paths start at the manifests folder"


def _parse(text: str, name: str) -> Sheet | list[Problem]:
    start = Location(name, 1, 1)
    if not text.strip():
        return [Problem(start, "", "the file is empty", "Its first line names the columns.")]
    first = text.splitlines()[0]
    if "\t" in first and "," not in first and ";" not in first:
        hint = 'Save it as "CSV UTF-8", separated by commas or semicolons.'
        return [Problem(start, "", "the columns are separated by tabs", hint)]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    records = _records(text, delimiter, name)
    if isinstance(records, Problem):
        return [records]
    header, *rows = records
    problems = _header_problems(header, name)
    problems += [p for row in rows for p in _row_problems(row, header, name)]
    if not rows:
        hint = "A set of people that is meant to be empty is written as [] in the manifest."
        problems.append(Problem(start, "", "there are no rows below the header", hint))
    names = tuple(cell.strip() for cell in header.cells)
    return problems or Sheet(name, names, tuple(rows))


def _records(text: str, delimiter: str, name: str) -> list[Row] | Problem:
    """Every record that is not blank. `csv` reads the cells; the places are counted beside it."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    rows: list[Row] = []
    before = 0
    csv.field_size_limit(1_000_000)
    try:
        for cells in reader:
            line, before = before + 1, reader.line_num
            if any(cell.strip() for cell in cells):
                rows.append(Row(line, tuple(cells), _starts(lines[line - 1], cells, delimiter)))
    except csv.Error as error:
        said = str(error)
        what = "a quote that is opened here is not closed"
        if "expected after" in said:
            what = "text follows a closing quote: a quote inside a cell is written twice"
        elif "larger than" in said:
            what = "a cell is too long"
        return Problem(Location(name, before + 1, 1), "", what, "Mend the quotes of this line.")
    return rows


def _starts(line: str, cells: list[str], delimiter: str) -> tuple[int, ...]:
    """The 1-based column of each cell; those after a line break in a cell get the row's start."""
    starts, at, quoted = [1], 0, False
    while at < len(line) and len(starts) < len(cells):
        character = line[at]
        if character == '"':
            quoted = not quoted
        elif character == delimiter and not quoted:
            starts.append(at + 2)
        at += 1
    return tuple(starts + [1] * (len(cells) - len(starts)))


def _header_problems(header: Row, name: str) -> list[Problem]:
    problems, seen = [], set()
    for cell, column in zip(header.cells, header.columns, strict=True):
        where = Location(name, header.line, column)
        if not cell.strip():
            problems.append(Problem(where, "", "a column has no name", "Name it, or remove it."))
        elif cell.strip() in seen:
            message = f"the column {shown(cell.strip())} stands twice"
            problems.append(Problem(where, "", message, "Remove or rename one of them."))
        seen.add(cell.strip())
    return problems


def _row_problems(row: Row, header: Row, name: str) -> list[Problem]:
    where = Location(name, row.line, 1)
    if len(row.cells) != len(header.cells):
        message = f"{len(row.cells)} cells where the header has {len(header.cells)}"
        return [Problem(where, "", message, "Put cells that hold a separator in quotes.")]
    return [
        Problem(Location(name, row.line, column), "", "a cell is too long or holds line breaks")
        for cell, column in zip(row.cells, row.columns, strict=True)
        if len(cell) > LONGEST_CELL or "\n" in cell or "\r" in cell
    ]
