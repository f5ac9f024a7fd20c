"""Grades as files: each holds every grade once, and is put in the place of the last one whole.

The ledger stands beside them. What is new goes into the ledger as a batch on its way; then the
files are made from the ledger and moved into place, and the batch is settled. A run that is cut off
in between leaves the batch: the next one makes the files again, which is the same as once.
"""

from __future__ import annotations

import csv
import json
import os
import zipfile
from contextlib import contextmanager, suppress
from io import StringIO
from typing import TYPE_CHECKING, Protocol

from engine.errors import EngineError
from engine.grades.columns import cells
from engine.grades.ledger_file import make_folder
from engine.grades.receiver import NOBODY_ELSE, OpenedFlow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from engine.grades.ledger import Ledger, Line
    from engine.grades.ledger_file import LedgerFile
    from engine.grades.model import Delivered
    from engine.grades.receiver import Refused, Stamp

BATCH = "files"


class Format(Protocol):
    """From lines of the ledger to the content of files, by name, in the order of writing."""

    names: tuple[str, ...]
    shape: str
    """What their rows look like: with another one all rows are others."""

    def files(self, ledger: Ledger) -> Iterator[tuple[str, Iterable[str]]]: ...


class CsvFile:
    """One CSV file with a header: UTF-8, comma, CRLF. Source: RFC 4180."""

    def __init__(self, name: str, columns: tuple[tuple[str, str], ...]) -> None:
        self._name, self._columns = name, columns
        self.names: tuple[str, ...] = (name,)
        self.shape = f"csv {json.dumps(columns)}"

    def files(self, ledger: Ledger) -> Iterator[tuple[str, Iterable[str]]]:
        yield self._name, self._rows(ledger.lines())

    def _rows(self, lines: Iterable[Line]) -> Iterator[str]:
        yield csv_row(name for name, _ in self._columns)
        for line in lines:
            yield csv_row(cells(line, self._columns).values())


class JsonLines:
    """One JSON object a line."""

    def __init__(self, name: str, columns: tuple[tuple[str, str], ...]) -> None:
        self._name, self._columns = name, columns
        self.names: tuple[str, ...] = (name,)
        self.shape = f"jsonl {json.dumps(columns)}"

    def files(self, ledger: Ledger) -> Iterator[tuple[str, Iterable[str]]]:
        yield self._name, self._rows(ledger.lines())

    def _rows(self, lines: Iterable[Line]) -> Iterator[str]:
        for line in lines:
            yield json.dumps(cells(line, self._columns), ensure_ascii=False) + "\n"


def csv_row(values: Iterable[object]) -> str:
    """One row, quoted where it must be; nothing for None."""
    text = StringIO()
    csv.writer(text).writerow("" if value is None else value for value in values)
    return text.getvalue()


class Folder:
    """Files of one export below a folder, or in one archive there, with the ledger beside them."""

    def __init__(self, folder: Path, how: Format, ledger: LedgerFile, archive: str = "") -> None:
        self._folder, self._format, self._file = folder, how, ledger
        self._archive = archive
        self._names = (archive,) if archive else how.names
        self._moved = 0

    async def recover(self) -> int:
        found = self.unfinished()
        if found:
            self._put_in_place()
        return found

    def unfinished(self) -> int:
        """Raises: EngineError, where a file is in the place of ours that we have not written."""
        self._refuse_strangers()
        return self._file.unfinished()

    def stamp(self, flow: str) -> Stamp:
        """Always the same: a run has the ledger to itself."""
        return NOBODY_ELSE

    @contextmanager
    def open(self, flow: str) -> Iterator[OpenedFlow]:
        yield OpenedFlow(self._file.delivered(flow), self.put_down)

    def put_down(self, lines: list[Line], known: Mapping[str, Delivered]) -> None:
        """Writes down what is on its way to the files."""
        with self._file.writing() as ledger:
            ledger.write(lines, known, BATCH)
        self._moved += len(lines)

    async def send(self) -> list[Refused]:
        return []

    async def finish(self) -> tuple[str, ...]:
        return self._put_in_place() if self._moved or self._lacks_files() else ()

    # ---- places ----------------------------------------------------------------------------------

    def _written(self) -> dict[str, str]:
        """By name the shape of each file that this export has written, or was about to."""
        if not self._file.path.exists():
            return {}
        with self._file.transaction() as ledger:
            return ledger.places()

    def _refuse_strangers(self) -> None:
        """A roster, a manifest, somebody's letter: what we have not written is not written over."""
        known = self._written()
        for name in self._names:
            if (self._folder / name).exists() and name not in known:
                message = (
                    f"{self._folder / name} is there already, and this export did not write it"
                )
                raise EngineError(f"{message}: name another file, or move it away")

    def _lacks_files(self) -> bool:
        """Whether a file is gone that holds what was delivered, or is of another name or shape."""
        if not self._file.path.exists():
            return False
        known = self._written()
        right = all(
            known.get(name) == self._format.shape and (self._folder / name).exists()
            for name in self._names
        )
        if right:
            return False
        with self._file.transaction() as ledger:
            return ledger.has_grades()

    def _remember(self) -> None:
        """Before the files are put in place: a run that is cut off then has written them."""
        with self._file.writing() as ledger:
            ledger.remember(self._names, self._format.shape)

    def _put_in_place(self) -> tuple[str, ...]:
        """Makes all files from the ledger; only then is what was on its way delivered."""
        make_folder(self._folder)
        if any(self._written().get(name) != self._format.shape for name in self._names):
            self._remember()
        with self._file.transaction() as ledger:
            ledger.take_turn()
            names = self._write(ledger)
        with self._file.transaction() as ledger:
            ledger.settle(BATCH)
        self._moved = 0
        return names

    def _write(self, ledger: Ledger) -> tuple[str, ...]:
        files = self._format.files(ledger)
        if self._archive:
            self._write_archive(self._folder / self._archive, files)
            return (str(self._folder / self._archive),)
        written = []
        for name, rows in files:
            path = self._folder / name
            with replaced(path) as there, there.open("w", encoding="utf-8", newline="") as file:
                file.writelines(rows)
                _to_disk(file.fileno())
            written.append(str(path))
        return tuple(written)

    def _write_archive(self, path: Path, files: Iterator[tuple[str, Iterable[str]]]) -> None:
        with replaced(path) as there:
            with zipfile.ZipFile(there, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, rows in files:
                    # The same grades make the same archive, byte by byte.
                    member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                    member.compress_type = zipfile.ZIP_DEFLATED
                    with archive.open(member, "w") as file:
                        for row in rows:
                            file.write(row.encode())
            with there.open("rb") as file:
                _to_disk(file.fileno())


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A file beside the path to write to, which then takes its place whole, or not at all.

    A run that was killed leaves the file beside, and the next one writes over it. Raises:
    EngineError, where the place does not let itself be written.
    """
    beside = path.with_name(f".{path.name}.new")
    try:
        yield beside
        beside.replace(path)
        _folder_to_disk(path.parent)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise EngineError(f"{path} cannot be written: {why}") from None
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def _to_disk(descriptor: int) -> None:
    os.fsync(descriptor)


def _folder_to_disk(folder: Path) -> None:
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
