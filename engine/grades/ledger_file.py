"""A ledger in a file of its own: read where it is there, and written by one run at a time."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from engine.errors import EngineError, LockedError
from engine.grades.ledger import open_file, transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import sqlalchemy as sa

    from engine.grades.ledger import Ledger
    from engine.grades.model import Delivered


class LedgerFile:
    """The ledger of one export.

    `claim` makes this run the only one that writes there, to its end, and raises LockedError where
    another one does; a run that only looks has one that does nothing.
    """

    def __init__(self, path: Path, export: str, claim: Callable[[], None]) -> None:
        self.path, self.export, self._claim = path, export, claim
        self._opened: sa.Engine | None = None

    def unfinished(self) -> int:
        """How many grades a run that was cut off left on their way.

        Raises: EngineError, also where the ledger could never be written.
        """
        _refuse_no_folder(self.path.parent)
        if not self.path.exists():
            return 0
        with self.transaction() as ledger:
            return sum(ledger.on_their_way().values())

    def delivered(self, flow: str) -> dict[str, Delivered]:
        """By person what was delivered last of a flow."""
        if not self.path.exists():
            return {}
        with self.transaction() as ledger:
            return ledger.delivered(flow)

    @contextmanager
    def transaction(self) -> Iterator[Ledger]:
        """Of a ledger that is there. Raises: EngineError, LockedError."""
        # Before the first look: what another run is about to write would not be seen.
        self._claim()
        if self._opened is None:
            self._opened = open_file(self.path)
        with transaction(self._opened, self.export, f"the ledger {self.path}") as ledger:
            yield ledger

    @contextmanager
    def writing(self) -> Iterator[Ledger]:
        """The same, made where it is not there yet. Raises: EngineError, LockedError."""
        make_folder(self.path.parent)
        self._claim()
        if self._opened is None and self.path.exists():
            message = "another run has just delivered there for the first time"
            raise LockedError(f"{message}: run it again, to see what is left")
        with self.transaction() as ledger:
            ledger.take_turn()
            yield ledger

    def close(self) -> None:
        if self._opened is not None:
            self._opened.dispose()


def _refuse_no_folder(folder: Path) -> None:
    """Says what making the folder would say, without making it."""
    there = next((one for one in (folder, *folder.parents) if one.exists()), folder)
    if not there.is_dir():
        raise EngineError(f"{folder} cannot be written: {there} is a file")
    if not os.access(there, os.W_OK | os.X_OK):
        raise EngineError(f"{folder} cannot be written: nobody may write to {there}")


def make_folder(folder: Path) -> None:
    """The folder keeps grades and people: unless somebody made it, git does not take it.

    Raises: EngineError, where it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # An empty one is one that a run made which was cut off here, as far as anybody can tell.
        if not any(folder.iterdir()):
            (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise EngineError(f"{folder} cannot be written: {why}") from None
