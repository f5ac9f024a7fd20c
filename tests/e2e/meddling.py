"""Somebody else who does something in the middle of an apply."""

from __future__ import annotations

import asyncio
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

from tests.e2e.edges import between

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class _Meddler(httpx.AsyncBaseTransport):
    def __init__(
        self, network: httpx.AsyncBaseTransport, seen: str, reads: int, deed: Callable[[], object]
    ) -> None:
        self._network, self._seen, self._reads, self._deed = network, seen, reads, deed

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._network.handle_async_request(request)
        if request.method == "GET" and re.search(self._seen, request.url.path):
            await answer.aread()
            self._reads -= 1
            if self._reads == 0:
                await asyncio.to_thread(self._deed)
        return answer

    async def aclose(self) -> None:
        await self._network.aclose()


@contextmanager
def meddling(seen: str, reads: int, deed: Callable[[], object]) -> Iterator[None]:
    """While the block lasts the deed is done once a path has been read that many times."""
    with between(lambda network: _Meddler(network, seen, reads, deed)):
        yield


class _Overtaker(httpx.AsyncBaseTransport):
    def __init__(
        self, network: httpx.AsyncBaseTransport, written: str, deed: Callable[[], object]
    ) -> None:
        self._network, self._written, self._deed = network, written, deed
        self._is_done = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        is_it = request.method != "GET" and re.search(self._written, request.url.path)
        if is_it and not self._is_done:
            self._is_done = True
            await asyncio.to_thread(self._deed)
        return await self._network.handle_async_request(request)

    async def aclose(self) -> None:
        await self._network.aclose()


@contextmanager
def overtaking(written: str, deed: Callable[[], object]) -> Iterator[None]:
    """While the block lasts the deed is done just before the first write to a path."""
    with between(lambda network: _Overtaker(network, written, deed)):
        yield
