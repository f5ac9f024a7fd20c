"""A process that forks children which apply a plan and kill themselves on the way."""

from __future__ import annotations

import os
import signal
import sys
from base64 import b64decode, b64encode
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.forking import Forker, end_of, fork, forker, serve
from tests.laws.server import Server
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


def _ended(order: dict[str, str]) -> str:
    code = end_of(fork(lambda: _apply(order)))
    return KILLED if code == -signal.SIGKILL else ENDED if code == 0 else f"failed {code}"


def _apply(order: dict[str, str]) -> int:
    tap = Kill(int(order["number"]), order["moment"])
    stage = Stage(Server(order["url"], sys.stdin, sys.stdout), Path(order["root"]), tap)
    stage.apply_saved(b64decode(order["plan"]))
    return 0


@dataclass(frozen=True, slots=True)
class Victims:
    """The running process."""

    _forker: Forker

    def die(self, stage: Stage, plan: bytes, number: int, moment: str) -> str:
        """How a child that applied the plan ended: killed, or ended before its time came."""
        order = {
            "url": stage.server.url,
            "root": str(stage.root),
            "plan": b64encode(plan).decode(),
            "number": str(number),
            "moment": moment,
        }
        return str(self._forker.ask(order))


@contextmanager
def ready() -> Iterator[Victims]:
    """The process while the block lasts."""
    with forker("tests.laws.victim") as process:
        yield Victims(process)


if __name__ == "__main__":
    serve(_ended)
