"""Grades as files: each holds every grade once, and is put in the place of the last one whole.

The ledger stands beside them. What is new goes into the ledger as a batch on its way; then the
files are made from the ledger and moved into place, and the batch is settled. A run that is cut off
in between leaves the batch: the next one makes the files again, which is the same as once.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import zipfile
from contextlib import contextmanager, suppress
from io import StringIO
from typing import TYPE_CHECKING, BinaryIO, Protocol

from engine.errors import EngineError
from engine.grades.columns import cells
from engine.grades.ledger import Place
from engine.grades.ledger_file import make_folder
from engine.grades.receiver import NOBODY_ELSE, OpenedFlow, Sent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from engine.grades.ledger import Ledger, Line
    from engine.grades.ledger_file import LedgerFile
    from engine.grades.model import Delivered
    from engine.grades.receiver import Stamp

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

    async def send(self) -> Sent:
        return Sent()

    async def finish(self) -> tuple[str, ...]:
        return self._put_in_place() if self._moved or self._lacks_files() else ()

    # ---- places ----------------------------------------------------------------------------------

    def _written(self) -> dict[str, Place]:
        """By name each file that this export has written, or was about to."""
        if not self._file.path.exists():
            return {}
        with self._file.transaction() as ledger:
            return ledger.places()

    def _refuse_strangers(self) -> None:
        """A roster, a manifest, somebody's letter: what we have not written is not written over.

        Nor is what somebody has changed: it may be all that there is of it.
        """
        known = self._written()
        for name in self._names:
            path = self._folder / name
            if not path.exists():
                continue
            if name not in known or path.is_dir():
                message = f"{path} is there already, and this export did not write it"
                raise EngineError(f"{message}: name another file, or move it away")
            with _told(path):
                is_ours = _digest(path) in known[name].digests
            if not is_ours:
                message = f"{path} is not as this export wrote it"
                raise EngineError(f"{message}: move it away, and it is written anew")

    def _lacks_files(self) -> bool:
        """Whether a file is gone that holds what was delivered, or is of another name or shape."""
        if not self._file.path.exists():
            return False
        known = self._written()
        right = all(
            name in known
            and known[name].shape == self._format.shape
            and (self._folder / name).exists()
            for name in self._names
        )
        if right:
            return False
        with self._file.transaction() as ledger:
            return ledger.has_grades()

    def _put_in_place(self) -> tuple[str, ...]:
        """Makes all files from the ledger; only then is what was on its way delivered.

        A run that is cut off leaves a file as it was or as it was to be: the ledger knows both.
        """
        make_folder(self._folder)
        paths = [self._folder / name for name in self._names]
        try:
            with self._file.transaction() as ledger:
                ledger.take_turn()
                self._write(ledger)
            known = self._written()
            new = {path.name: frozenset([_digest(_beside(path))]) for path in paths}
            old = {name: known[name].digests for name in new if name in known}
            self._remember({name: each | old.get(name, frozenset()) for name, each in new.items()})
            for path in paths:
                with _told(path):
                    _beside(path).replace(path)
                    _folder_to_disk(path.parent)
        finally:
            for path in paths:
                with suppress(OSError):
                    _beside(path).unlink(missing_ok=True)
        self._remember(new, settles=True)
        self._moved = 0
        return tuple(str(path) for path in paths)

    def _remember(self, digests: Mapping[str, frozenset[str]], *, settles: bool = False) -> None:
        with self._file.writing() as ledger:
            shape = self._format.shape
            ledger.remember({name: Place(shape, each) for name, each in digests.items()})
            if settles:
                ledger.settle(BATCH)

    def _write(self, ledger: Ledger) -> None:
        """Beside the files, each whole; what a run that was killed left there is written over."""
        files = self._format.files(ledger)
        if self._archive:
            self._write_archive(self._folder / self._archive, files)
            return
        for name, rows in files:
            path = self._folder / name
            with _told(path), _opened(path) as whole:
                whole.writelines(row.encode() for row in rows)
                whole.flush()
                _to_disk(whole.fileno())

    def _write_archive(self, path: Path, files: Iterator[tuple[str, Iterable[str]]]) -> None:
        with _told(path), _opened(path) as whole:
            with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, rows in files:
                    # The same grades make the same archive, byte by byte.
                    member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                    member.compress_type = zipfile.ZIP_DEFLATED
                    member.external_attr = 0o644 << 16
                    with archive.open(member, "w") as file:
                        for row in rows:
                            file.write(row.encode())
            whole.flush()
            _to_disk(whole.fileno())


def _beside(path: Path) -> Path:
    """Where a file is written before it takes its place."""
    return path.with_name(f".{path.name}.new")


def _opened(path: Path) -> BinaryIO:
    """Beside a file, to write to; grades are for their owner and the group."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(_beside(path), flags, 0o640), "wb")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Raises: EngineError, where the place does not let itself be written."""
    try:
        yield
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise EngineError(f"{path} cannot be written: {why}") from None


def _to_disk(descriptor: int) -> None:
    os.fsync(descriptor)


def _folder_to_disk(folder: Path) -> None:
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
