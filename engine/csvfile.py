"""CSV files as tables whose every cell knows its place. Pure but for reading the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from engine.csvcells import Row, split_rows
from engine.errors import Location, Problem
from engine.files import Unreadable, decode, read_bytes, shown_path
from engine.nodes import shown
from engine.words import near

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

MAX_BYTES = 64_000_000


@dataclass(frozen=True, slots=True)
class Sheet:
    """One CSV file below a header of distinct names."""

    name: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]

    def place(self, row: Row, index: int, through: Location | None = None) -> Location:
        """Where a cell starts, with the entry that led there."""
        line, column = row.place(index)
        return Location(self.name, line, column, through)

    def index(self, column: str) -> int | None:
        return self.header.index(column) if column in self.header else None

    def missing(self, column: str, where: Location, name: str) -> Problem:
        hint = near(column, self.header)
        return Problem(where, name, f"{self.name} has no column {shown(column)}", hint)


@dataclass(slots=True)
class Sheets:
    """CSV files of the manifests folder of a repository and of named sources, read once each."""

    root: Path
    manifests: Path
    sources: Mapping[str, Path]
    rows: int = 0
    unread: dict[str, Problem] = field(default_factory=dict)
    """Files of sources that were not read to their end, by label, with the first reason."""
    flow_files: set[str] = field(default_factory=set)
    """Files whose rows are flows, by label."""
    _read: dict[str, Sheet | list[Problem]] = field(default_factory=dict)
    _from_sources: set[str] = field(default_factory=set)

    def sheet(self, text: str, where: Location, name: str, problems: list[Problem]) -> Sheet | None:
        """The file that a manifest names; None where it is wrong, which each mention says.

        What is wrong with a file of a source makes it unread, and is no problem of the manifests.
        """
        located = self._locate(text, where, name)
        if isinstance(located, Problem):
            problems.append(located)
            return None
        path, label, inside = located
        if label not in self._read:
            content = read_bytes(path, inside, MAX_BYTES)
            if isinstance(content, Unreadable):
                found = [_unreadable(content, path, text, where, name)]
                problems += found if content.outside else self.blame(label, found)
                return None
            self._read[label] = parsed = self._parsed(content, label)
            self.rows += len(parsed.rows) if isinstance(parsed, Sheet) else 0
        read = self._read[label]
        if isinstance(read, Sheet):
            return read
        problems += self.blame(label, read)
        return None

    def blame(self, label: str, problems: Sequence[Problem]) -> Sequence[Problem]:
        """The problems that stay ones of the manifests: none, where the file is of a source.

        Such a file counts as unread from now on, as a whole: what a nightly export leaves out or
        spoils must neither stop everything nor be taken for what is meant.
        """
        if label not in self._from_sources:
            return problems
        if problems:
            self.unread.setdefault(label, problems[0])
        return ()

    def spoil(self, problems: Sequence[Problem]) -> bool:
        """Makes files of sources unread whose rows are flows with something wrong; whether any is.

        What a row means shows late, where its flow meets others: hence not `blame`.
        """
        known = len(self.unread)
        for problem in problems:
            if problem.location.file in self.flow_files:
                self.blame(problem.location.file, [problem])
        return len(self.unread) > known

    def lost(self, text: str) -> str:
        """The label of a source's file that was not read; empty where it was, or is none."""
        source, colon, rest = text.partition(":")
        label = f"{source}:{PurePosixPath(rest.strip())}" if colon else ""
        return label if label in self.unread else ""

    def _parsed(self, content: bytes, label: str) -> Sheet | list[Problem]:
        if label in self._from_sources and content.strip() and content[-1:] not in b"\r\n":
            end = Location(label, content.count(b"\n") + 1, 1)
            hint = "it may be cut off; a whole file ends with a line break"
            return [Problem(end, "", "the last line has no end", hint)]
        return parse_csv(content, label)

    def _locate(self, text: str, where: Location, name: str) -> tuple[Path, str, Path] | Problem:
        """The path, how messages call it, and the folder it must not leave."""
        source, colon, rest = text.partition(":")
        base, inside, below = self.manifests, self.root, text
        if colon and source not in self.sources:
            hint = near(source, self.sources) or "name it under sources in wisectl.yaml"
            return Problem(where, name, f"unknown source {shown(source)}", hint)
        if colon:
            base = inside = self.sources[source]
            below = rest.strip()
        path = PurePosixPath(below)
        if path.is_absolute() or ".." in path.parts or "\\" in below or not below:
            folder = f"the source {source}" if colon else "the manifests folder"
            message = f"{shown(text)} leads out of {folder}"
            return Problem(where, name, message, "write a path below it, with /")
        found = base.joinpath(*path.parts)
        if not colon:
            return found, shown_path(found, self.root), inside
        self._from_sources.add(f"{source}:{path}")
        return found, f"{source}:{path}", inside


def _unreadable(reason: Unreadable, path: Path, text: str, where: Location, name: str) -> Problem:
    if not reason.missing:
        return Problem(where, name, f"{shown(text)} {reason.message}", reason.hint)
    start = "CSV paths start at the manifests folder"
    try:
        names = [one.name for one in path.parent.iterdir() if one.suffix.casefold() == ".csv"]
    except OSError:
        names = []
    hint = near(path.name, names) if names else start
    return Problem(where, name, f"there is no file {shown(text)}", hint)


# ---- content -------------------------------------------------------------------------------------


def parse_csv(content: bytes, name: str) -> Sheet | list[Problem]:
    """The sheet in a file's content, or everything wrong with it.

    UTF-8 with or without byte order mark, cells separated by `,` or `;`: whichever the header
    has more of.
    """
    text = decode(content, name)
    if isinstance(text, Problem):
        return [text]
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    start = Location(name, 1, 1)
    if not text.strip():
        return [Problem(start, "", "the file is empty", "its first line names the columns")]
    first = text.lstrip("\n").split("\n", 1)[0]
    if "\t" in first and "," not in first and ";" not in first:
        hint = 'save it as "CSV UTF-8", separated by commas or semicolons'
        return [Problem(start, "", "the columns are separated by tabs", hint)]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    (header, *rows), problems = split_rows(text, delimiter, name)
    problems += _header_problems(header, name)
    problems += [_wrong_count(r, header, name) for r in rows if len(r.cells) != len(header.cells)]
    if not rows and not problems:
        hint = "a set of people that is meant to be empty is written as [] in the manifest"
        problems.append(Problem(start, "", "there are no rows below the header", hint))
    names = tuple(cell.strip() for cell in header.cells)
    return problems or Sheet(name, names, tuple(rows))


def _header_problems(header: Row, name: str) -> list[Problem]:
    problems: list[Problem] = []
    seen: set[str] = set()
    for index, cell in enumerate(header.cells):
        where, column = Location(name, *header.place(index)), cell.strip()
        if not column:
            problems.append(Problem(where, "", "a column has no name", "name it, or remove it"))
        elif column in seen:
            message = f"the column {shown(column)} stands twice"
            problems.append(Problem(where, "", message, "remove or rename one of them"))
        seen.add(column)
    return problems


def _wrong_count(row: Row, header: Row, name: str) -> Problem:
    count = len(row.cells)
    message = f"{count} cell{'s' * (count != 1)} where the header has {len(header.cells)}"
    hint = "put cells that hold a separator in quotes"
    return Problem(Location(name, row.line, 1), "", message, hint)
