"""A process that forks exports, some of which kill themselves while they write to a database.

    python -m tests.e2e.cut_off      reads one order a line as JSON, answers how its children ended

A moment is `before` or `after`, and what is done: `insert` or `update` with the table, such as
`before insert wisectl_deliveries`, or `commit`, of a transaction that has written grades. The child
dies by SIGKILL when that happens for the given time: nothing gets a chance to put things right.

The process has no threads, so that forking is safe, and has imported everything before it forks.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
import sqlalchemy as sa

import engine.commands.grades
from engine.main import run

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

    _process: subprocess.Popen[str]

    def run(self, arguments: Sequence[str], *moments: Moment) -> list[Ended]:
        """An export for each moment, all at once; what became of them."""
        orders, answers = self._process.stdin, self._process.stdout
        if orders is None or answers is None:
            raise RuntimeError("the process has no pipes")
        order = {"arguments": arguments, "moments": moments, "environment": dict(os.environ)}
        orders.write(json.dumps(order) + "\n")
        orders.flush()
        return [Ended(*one) for one in json.loads(answers.readline())]


@contextmanager
def exports() -> Iterator[Exports]:
    """A process that forks exports, until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.cut_off"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    try:
        yield Exports(process)
    finally:
        process.communicate(timeout=60)


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


def main() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        with tempfile.TemporaryDirectory() as folder:
            places = [Path(folder) / str(at) for at in range(len(order["moments"]))]
            children = []
            for place, moment in zip(places, order["moments"], strict=True):
                child = os.fork()
                if child == 0:
                    _export(order, Moment(*moment), place)
                children.append(child)
            codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
            said = [place.read_text(encoding="utf-8") for place in places]
        sys.stdout.write(json.dumps(list(zip(codes, said, strict=True))) + "\n")
        sys.stdout.flush()


def _export(order: dict[str, Any], moment: Moment, place: Path) -> None:
    """Never returns."""
    code = 1
    try:
        said = os.open(place, os.O_WRONLY | os.O_CREAT)
        os.dup2(said, 1)
        os.dup2(said, 2)
        os.environ.update(order["environment"])
        if moment.what:
            watch(moment)
        code = run(order["arguments"])
    finally:
        sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
