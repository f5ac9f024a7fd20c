"""A process whose only task is to fork: an order a line comes in as JSON, an answer goes out.

It has no threads, so that forking is safe, and has imported everything before it forks. A child is
ended without what Python does at its end: nothing gets a chance to put things right.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from tests.laws.server import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True, slots=True)
class Forker:
    """The running process."""

    _orders: TextIO
    _answers: TextIO

    def ask(self, order: object) -> Any:
        """What it answers; it takes one order after the other."""
        self._orders.write(json.dumps(order) + "\n")
        self._orders.flush()
        return json.loads(self._answers.readline())


@contextmanager
def forker(module: str) -> Iterator[Forker]:
    """The process while the block lasts; the module's main calls `serve`."""
    with subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", module],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Forker(process.stdin, process.stdout)
        process.stdin.close()


def serve(answer: Callable[[Any], object]) -> None:
    """Answers orders until there are no more."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(line))) + "\n")
        sys.stdout.flush()


def fork(work: Callable[[], int], said: str = os.devnull) -> int:
    """The number of a child that works, and ends with the code that it comes to."""
    child = os.fork()
    if child:
        return child
    code = 99
    try:
        there = os.open(said, os.O_RDWR | os.O_CREAT)
        os.dup2(there, 1)
        os.dup2(there, 2)
        code = work()
    finally:
        sys.stdout.flush()
        os._exit(code)


def end_of(child: int) -> int:
    """The exit code of a child; of one that was killed the signal's number, negative."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
