"""A loop whose time passes only when nothing else can happen, and a WISEflow made of a function."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import httpx
from pydantic import SecretStr

from engine.pacing import Rate
from engine.retrying import POLICY, RetryPolicy, Surroundings
from engine.wiseflow.client import Connection, WiseflowApi, open_wiseflow

SECRET = "s3cr3t/with+signs"
TOKEN = "tok-0123456789"

Handler = Callable[[httpx.Request], httpx.Response | Awaitable[httpx.Response]]


class _Selector(selectors.SelectSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "everybody waits for something that never comes"
            # Never quite still: a timer may come a hair early, and set itself again for that hair.
            self.now += max(timeout, 2e-9)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """Sleeping takes no time, but is counted."""

    def __init__(self) -> None:
        self._time = _Selector()
        super().__init__(self._time)

    def time(self) -> float:
        return self._time.now


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(coroutine)


def now() -> float:
    return asyncio.get_running_loop().time()


def here(handler: Handler, chance: float = 1.0) -> Surroundings:
    """Virtual time, fixed chance, and a network that is the function."""
    return Surroundings(now, asyncio.sleep, lambda: chance, httpx.MockTransport(handler))  # type: ignore[arg-type]


def envelope(data: Any, **more: Any) -> dict[str, Any]:
    return {"success": True, "data": data, "error": None, **more}


def with_token(handler: Handler) -> Handler:
    """Answers token requests itself, and leaves everything else to the function."""

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/oauth2/token"):
            token = {"access_token": TOKEN, "expires_in": 3599, "token_type": "bearer", "scope": ""}
            return httpx.Response(200, json=token)
        response = handler(request)
        return response if isinstance(response, httpx.Response) else await response

    return answer


def licence(
    handler: Handler,
    *,
    read_only: bool = False,
    policy: RetryPolicy = POLICY,
    parallelism: int = 16,
    rate: Rate = Rate(5000, 200),  # noqa: B008 - a value
    url: str = "https://licence.example/v1",
) -> WiseflowApi:
    """A connection to the function; token requests are answered for it."""
    connection = Connection(url, "client", SecretStr(SECRET), rate=rate, parallelism=parallelism)
    return open_wiseflow(
        connection, read_only=read_only, policy=policy, here=here(with_token(handler))
    )
