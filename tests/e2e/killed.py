"""A process whose only task is to fork children that run wisectl and kill themselves on the way.

    python -m tests.e2e.killed      reads one order a line as JSON, answers how the child ended

A child dies where what it does can be torn apart: before or after the n-th of its steps, which are
commits of a ledger, files that are moved into place, posts, and folders that are made. The process
has no threads, so that forking is safe, and has imported everything before it forks.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultDialect

import engine.commands.grades
import engine.main
from engine.grades.posting import Poster
from tests.laws.server import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KILLED = "killed"


class Steps:
    """Counts the moments before and after steps, and ends the process at one of them."""

    def __init__(self, number: int) -> None:
        self._left = number

    def moment(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*arguments: Any, **named: Any) -> Any:
            self.moment()
            done = step(*arguments, **named)
            self.moment()
            return done

        return stepped

    def around_post(self, post: Callable[..., Any]) -> Callable[..., Any]:
        async def stepped(*arguments: Any) -> None:
            self.moment()
            await post(*arguments)
            self.moment()

        return stepped

    def around_commit(self, commit: Callable[..., Any]) -> Callable[..., Any]:
        """Of transactions that wrote: the others leave nothing that could be torn apart."""

        def stepped(dialect: Any, connection: Any) -> None:
            writes = connection.in_transaction
            if writes:
                self.moment()
            commit(dialect, connection)
            if writes:
                self.moment()

        return stepped


def main() -> None:
    sa.create_engine("sqlite://").dispose()  # Its driver is loaded once, and not by each child.
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _run(order)
        _, status = os.waitpid(child, 0)
        fell = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print(KILLED if fell else os.waitstatus_to_exitcode(status), flush=True)


def _run(order: dict[str, Any]) -> None:
    """Never returns."""
    code = 99
    try:
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        os.environ.update(order["environment"])
        steps = Steps(order["number"])
        replacing: list[tuple[Any, str, Callable[..., Any]]] = [
            (DefaultDialect, "do_commit", steps.around_commit),
            (Path, "replace", steps.around),
            (Path, "mkdir", steps.around),
            (Poster, "post", steps.around_post),
        ]
        for holder, name, around in replacing:
            setattr(holder, name, around(getattr(holder, name)))
        code = engine.main.run(order["arguments"])
    finally:
        os._exit(code)


@dataclass(frozen=True, slots=True)
class Victims:
    """The running process."""

    _orders: TextIO
    _answers: TextIO

    def die(self, arguments: list[str], environment: dict[str, str], number: int) -> str:
        """How a child ended: killed, or with its exit code before its time came."""
        order = {"arguments": arguments, "environment": environment, "number": number}
        self._orders.write(json.dumps(order) + "\n")
        self._orders.flush()
        return self._answers.readline().strip()


@contextmanager
def ready() -> Iterator[Victims]:
    """The process while the block lasts."""
    command = [sys.executable, "-m", "tests.e2e.killed"]
    with subprocess.Popen(  # noqa: S603 - our own module
        command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Victims(process.stdin, process.stdout)
        process.stdin.close()


if __name__ == "__main__":
    main()
