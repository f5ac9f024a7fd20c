"""A process that forks exports, some of which kill themselves while they write to a database.

A moment is `before` or `after`, and what is done: `insert` or `update` with the table, such as
`before insert wisectl_deliveries`, or `commit`, of a transaction that has written grades. The child
dies by SIGKILL when that happens for the given time: nothing gets a chance to put things right.
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
import sqlalchemy as sa

import engine.commands.grades
from engine.main import run
from tests.forking import Forker, end_of, fork, forker, serve

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LOADED = (psycopg, engine.commands.grades)
"""What a child would else import itself, each time."""


class Moment(NamedTuple):
    """When a child kills itself: at the `number`th time; an empty one lets it live.

    With a folder it does not die: it waits there for another child that comes as far, or a second.
    """

    what: str = ""
    number: int = 1
    folder: str = ""


class Ended(NamedTuple):
    """How a child ended: its exit code, negative for a signal, and all that it said."""

    code: int
    said: str


@dataclass(frozen=True, slots=True)
class Exports:
    """The running process."""

    _forker: Forker

    def run(self, arguments: Sequence[str], *moments: Moment) -> list[Ended]:
        """An export for each moment, all at once; what became of them."""
        order = {"arguments": arguments, "moments": moments, "environment": dict(os.environ)}
        return [Ended(*one) for one in self._forker.ask(order)]


@contextmanager
def exports() -> Iterator[Exports]:
    """A process that forks exports, until the block ends."""
    with forker("tests.e2e.cut_off") as process:
        yield Exports(process)


class Watch:
    """Counts one sort of moment, and kills at the one that is chosen."""

    def __init__(self, moment: Moment) -> None:
        self._moment, self._left, self._folder = moment
        self._written = False
        """Whether the open transaction has written a grade: others are not worth a commit."""

    def see(self, when: str, what: str) -> None:
        self._written = self._written or what.endswith("wisectl_grades")
        if f"{when} {what}" == self._moment:
            self._left -= 1
            if self._left == 0 and self._folder:
                _meet(Path(self._folder))
            elif self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def commit(self, commit: Any) -> Any:
        """Around the method that commits."""

        def watched(connection: sa.Connection) -> None:
            if self._written:
                self.see("before", "commit")
            commit(connection)
            if self._written:
                self.see("after", "commit")
            self._written = False

        return watched


def _meet(folder: Path) -> None:
    (folder / str(os.getpid())).touch()
    until = time.monotonic() + 1
    while len(list(folder.iterdir())) < 2 and time.monotonic() < until:
        time.sleep(0.01)


def what(statement: str) -> str:
    """Such as `insert wisectl_grades`."""
    words = statement.replace('"', "").split()
    if words[0] in ("INSERT", "UPDATE"):
        return f"{words[0].lower()} {words[2 if words[0] == 'INSERT' else 1]}"
    return words[0].lower()


def watch(moment: Moment) -> None:
    seen = Watch(moment)

    def before(_: Any, __: Any, statement: str, *___: Any) -> None:
        seen.see("before", what(statement))

    def after(_: Any, __: Any, statement: str, *___: Any) -> None:
        seen.see("after", what(statement))

    sa.event.listen(sa.Engine, "before_cursor_execute", before)
    sa.event.listen(sa.Engine, "after_cursor_execute", after)
    private = sa.Connection
    private._commit_impl = seen.commit(private._commit_impl)  # type: ignore[method-assign]


def _ended(order: dict[str, Any]) -> list[Ended]:
    with tempfile.TemporaryDirectory() as folder:
        places = [Path(folder) / str(at) for at in range(len(order["moments"]))]
        both = zip(places, order["moments"], strict=True)
        children = [
            fork(partial(_export, order, Moment(*moment)), str(place)) for place, moment in both
        ]
        codes = [end_of(child) for child in children]
        said = [place.read_text(encoding="utf-8") for place in places]
        return [Ended(*one) for one in zip(codes, said, strict=True)]


def _export(order: dict[str, Any], moment: Moment) -> int:
    os.environ.update(order["environment"])
    if moment.what:
        watch(moment)
    return run(order["arguments"])


if __name__ == "__main__":
    serve(_ended)
