"""How far long work is: a bar on a terminal, a line every ten seconds elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from engine.plan import Outcome, Result

if TYPE_CHECKING:
    from types import TracebackType

    from engine.commands.session import Invocation

EVERY = 10.0
"""Seconds between two lines where no bar can be drawn."""


class Progress:
    """Counts steps as they are done; silent with --json.

    `doing` stands before a bar; of `things` that many are told. A bar is gone at the end; without
    one the end is told where `tells_end` says so.
    """

    def __init__(
        self,
        total: int,
        invocation: Invocation,
        doing: str = "Applying",
        things: str = "changes",
        *,
        tells_end: bool = True,
    ) -> None:
        self._total, self._silent = total, invocation.json
        self._things, self._tells_end = things, tells_end
        self._done = self._failed = 0
        self._said_at = time.monotonic()
        self._bar: Bar | None = None
        if sys.stdout.isatty() and not invocation.json:
            self._bar = Bar(
                TextColumn(doing),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.description}"),
                console=Console(no_color=invocation.no_color),
                transient=True,
            )
            self._task = self._bar.add_task("", total=total)

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar:
            self._bar.stop()
        elif not self._silent and self._tells_end:
            self._say()

    def report(self, outcome: Outcome) -> None:
        """One change was tried."""
        self.step(failed=outcome.result not in (Result.DONE, Result.ALREADY_DONE))

    def step(self, *, failed: bool = False) -> None:
        """One thing is done, or is not to be done."""
        self._done += 1
        self._failed += failed
        if self._bar:
            said = f"{self._failed} not done" if self._failed else ""
            self._bar.update(self._task, completed=self._done, description=said)
        elif not self._silent and time.monotonic() - self._said_at >= EVERY:
            self._say()

    def _say(self) -> None:
        self._said_at = time.monotonic()
        failed = f", {self._failed} not done" if self._failed else ""
        print(f"{self._done} of {self._total} {self._things}{failed}", flush=True)
