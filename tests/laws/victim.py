"""A process whose only task is to fork children that apply a plan and kill themselves on the way.

    python -m tests.laws.victim      reads one order a line as JSON, answers how the child ended

It has no threads, so that forking is safe, and has imported everything before it forks.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from base64 import b64decode, b64encode
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from tests.laws.server import ROOT, Server
from tests.laws.stage import Stage
from tests.laws.wire import Exchange, Tap

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

KILLED, ENDED = "killed", "ended"


class Kill(Tap):
    """SIGKILL at one boundary: before a request is sent, or when its whole answer is there."""

    def __init__(self, number: int, moment: str) -> None:
        super().__init__()
        self._number, self._moment = number, moment

    async def before(self, one: Exchange) -> None:
        self._fall(one, "before")

    async def after(self, one: Exchange, answer: httpx.Response) -> httpx.Response:
        self._fall(one, "after")
        return answer

    def _fall(self, one: Exchange, moment: str) -> None:
        if (one.number, moment) == (self._number, self._moment):
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _apply(order)
        _, status = os.waitpid(child, 0)
        fell = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print(KILLED if fell else ENDED if status == 0 else f"failed {status}", flush=True)


def _apply(order: dict[str, str]) -> None:
    """Never returns."""
    code = 1
    try:
        tap = Kill(int(order["number"]), order["moment"])
        stage = Stage(Server(order["url"], sys.stdin, sys.stdout), Path(order["root"]), tap)
        stage.apply_saved(b64decode(order["plan"]))
        code = 0
    finally:
        os._exit(code)


@dataclass(frozen=True, slots=True)
class Victims:
    """The running process."""

    _orders: TextIO
    _answers: TextIO

    def die(self, stage: Stage, plan: bytes, number: int, moment: str) -> str:
        """How a child that applied the plan ended: killed, or ended before its time came."""
        order = {
            "url": stage.server.url,
            "root": str(stage.root),
            "plan": b64encode(plan).decode(),
            "number": str(number),
            "moment": moment,
        }
        self._orders.write(json.dumps(order) + "\n")
        self._orders.flush()
        return self._answers.readline().strip()


@contextmanager
def ready() -> Iterator[Victims]:
    """The process while the block lasts."""
    command = [sys.executable, "-m", "tests.laws.victim"]
    with subprocess.Popen(  # noqa: S603 - our own module
        command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Victims(process.stdin, process.stdout)
        process.stdin.close()


if __name__ == "__main__":
    main()
