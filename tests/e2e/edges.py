"""How the rehearsals reach the two servers, and read manifests: one place to change."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

import httpx
from pydantic import SecretStr

from engine.desired import Conventions, load_desired
from engine.retrying import RetryPolicy, Surroundings
from engine.secret_fill import with_secrets
from engine.uniweb.client import Connection as UniwebConnection
from engine.uniweb.client import open_uniweb
from engine.wiseflow.client import Connection, WiseflowApi
from engine.wiseflow.client import open_wiseflow as open_licence
from tests.contract import CheckedTransport

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from engine.fill import MemberReader
    from engine.model import DesiredState

    Between = Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport]

SECRET = SecretStr("sandbox")
VARIABLES = {"SIS_SECRET": "kept between us and the SIS", "NEW_SECRET": "kept anew between us"}
"""The environment in which manifests are read."""
HASTE = RetryPolicy(first_wait=0.001, longest_wait=0.002)

_BETWEEN: ContextVar[Between | None] = ContextVar("between", default=None)


@contextmanager
def between(wrap: Between) -> Iterator[None]:
    """While the block lasts, every new connection goes through what `wrap` makes of its network."""
    before = _BETWEEN.set(wrap)
    try:
        yield
    finally:
        _BETWEEN.reset(before)


def load(root: Path, user_key: str) -> DesiredState:
    sources = {"sis": root / "export"}
    conventions = Conventions(user_key, "Europe/Copenhagen", sources)
    return with_secrets(load_desired(root, root / "manifests", conventions), VARIABLES)


def open_wiseflow(
    url: str, *, read_only: bool, checked: bool, timeout: float = 30.0
) -> WiseflowApi:
    """A connection whose every exchange is held against the document, where it is there."""
    network: httpx.AsyncBaseTransport = _network()
    here = Surroundings(network=_wrapped(CheckedTransport(network) if checked else network))
    connection = Connection(f"{url}/v1", "sandbox", SECRET)
    return open_licence(connection, read_only=read_only, timeout=timeout, policy=HASTE, here=here)


@asynccontextmanager
async def open_members(url: str) -> AsyncIterator[MemberReader]:
    here = Surroundings(network=_wrapped(_network()))
    connection = UniwebConnection(f"{url}/uniweb", "sandbox", SECRET)
    async with open_uniweb(connection, policy=HASTE, here=here) as uniweb:
        yield uniweb.read_members


def _network() -> httpx.AsyncHTTPTransport:
    return httpx.AsyncHTTPTransport(verify=False, limits=httpx.Limits(max_connections=16))


def _wrapped(network: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
    wrap = _BETWEEN.get()
    return network if wrap is None else wrap(network)
