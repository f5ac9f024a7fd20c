"""A process that forks children which run wisectl and kill themselves on the way.

A child dies where what it does can be torn apart: before or after the n-th of its steps, which are
commits of a ledger, files that are moved into place, posts, and folders that are made.
"""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultDialect

import engine.commands.grades
import engine.main
from engine.grades.posting import Poster
from tests.forking import Forker, end_of, fork, forker, serve

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
    serve(_ended)


def _ended(order: dict[str, Any]) -> str:
    code = end_of(fork(lambda: _run(order)))
    return KILLED if code == -signal.SIGKILL else str(code)


def _run(order: dict[str, Any]) -> int:
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
    return engine.main.run(order["arguments"])


@dataclass(frozen=True, slots=True)
class Victims:
    """The running process."""

    _forker: Forker

    def die(self, arguments: list[str], environment: dict[str, str], number: int) -> str:
        """How a child ended: killed, or with its exit code before its time came."""
        order = {"arguments": arguments, "environment": environment, "number": number}
        return str(self._forker.ask(order))


@contextmanager
def ready() -> Iterator[Victims]:
    """The process while the block lasts."""
    with forker("tests.e2e.killed") as process:
        yield Victims(process)


if __name__ == "__main__":
    main()
