"""What stands between the engine and the network: sees every request, and can do harm to it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from engine.wiseflow.reads import READS
from tests import loopback
from tests.laws.tally import note

if TYPE_CHECKING:
    from collections.abc import Callable

UNIWEB = "/uniweb/"
IN_TIME = 0.7
"""Seconds within which a request is done, or never: what the engine waits for a lost answer."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One attempt of one request: its number in the run, from 0, and what it is."""

    number: int
    operation: str
    path: str
    body: bytes
    is_repeatable: bool = True
    """Whether the engine holds that it may be sent again without looking first."""

    @property
    def writes(self) -> bool:
        return self.operation not in READS and not self.operation.startswith("POST /api/")


class Tap:
    """Sees every exchange of a run; those who do harm override `before` or `after`."""

    def __init__(self) -> None:
        self.log: list[Exchange] = []

    @property
    def operations(self) -> Counter[str]:
        return Counter(one.operation for one in self.log)

    @property
    def written(self) -> list[Exchange]:
        return [one for one in self.log if one.writes]

    def take(self, request: httpx.Request) -> Exchange:
        call = request.extensions.get("call")
        operation = call.operation if call else f"{request.method} {request.url.path}"
        is_repeatable = call is None or call.repeatable
        one = Exchange(len(self.log), operation, request.url.path, request.content, is_repeatable)
        self.log.append(one)
        note("operations", operation)
        return one

    async def before(self, one: Exchange) -> None:
        """Called before the request is sent."""

    async def after(self, one: Exchange, answer: httpx.Response) -> httpx.Response:
        """Called with the whole answer; gives the one that the engine shall see."""
        return answer

    def holds(self, one: Exchange, request: httpx.Request) -> bool:
        """Whether the request stays on its way, and its connection is lost."""
        return False

    def waited(self, seconds: float) -> None:
        """Called when the engine has waited for a while."""


@dataclass(slots=True)
class Wire(httpx.AsyncBaseTransport):
    """A network with a tap on it."""

    tap: Tap
    inner: httpx.AsyncBaseTransport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        one = self.tap.take(request)
        await self.tap.before(one)
        if self.tap.holds(one, request):
            raise httpx.ReadError("the connection was lost")
        answer = await self.inner.handle_async_request(request)
        await answer.aread()
        return await self.tap.after(one, answer)

    async def aclose(self) -> None:
        await self.inner.aclose()


def headers_to_keep(answer: httpx.Response) -> dict[str, str]:
    """What of an answer's headers still holds when its body is another."""
    return {name: value for name, value in answer.headers.items() if name in ("date", "x-trace-id")}


class LoseAnswer(Tap):
    """The answers of some requests are lost after the server did the work."""

    def __init__(self, wanted: Callable[[Exchange], bool]) -> None:
        super().__init__()
        self.wanted = wanted
        self.lost: list[str] = []

    async def after(self, one: Exchange, answer: httpx.Response) -> httpx.Response:
        if self.wanted(one):
            self.lost.append(one.operation)
            raise httpx.ReadError("the answer was lost")
        return answer


class ComeLate(Tap):
    """Some requests arrive as late as they can, after `IN_TIME` seconds or after the run."""

    def __init__(self, wanted: Callable[[Exchange], bool]) -> None:
        super().__init__()
        self.wanted = wanted
        self.held: list[httpx.Request] = []
        self.left = IN_TIME

    def holds(self, one: Exchange, request: httpx.Request) -> bool:
        is_late = self.wanted(one)
        if is_late:
            self.held.append(request)
        return is_late

    def waited(self, seconds: float) -> None:
        self.left -= seconds if self.held else 0
        while self.held and self.left <= 0:
            late = self.held.pop()
            headers = dict(late.headers)
            loopback.request(late.method, str(late.url), content=late.content, headers=headers)
