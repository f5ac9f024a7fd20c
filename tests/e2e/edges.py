"""How the rehearsals reach the two servers, and read manifests: one place to change."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
from pydantic import SecretStr

from engine.desired import Conventions, load_desired
from engine.retrying import RetryPolicy, Surroundings
from engine.uniweb.client import Connection as UniwebConnection
from engine.uniweb.client import open_uniweb
from engine.wiseflow.client import Connection, WiseflowApi
from engine.wiseflow.client import open_wiseflow as open_licence
from tests.contract import CheckedTransport

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from engine.fill import MemberReader
    from engine.model import DesiredState

SECRET = SecretStr("sandbox")
HASTE = RetryPolicy(first_wait=0.001, longest_wait=0.002)


def load(root: Path, user_key: str) -> DesiredState:
    return load_desired(root, root / "manifests", Conventions(user_key, "Europe/Copenhagen"))


def open_wiseflow(url: str, *, read_only: bool, checked: bool) -> WiseflowApi:
    """A connection whose every exchange is held against the document, where it is there."""
    network = httpx.AsyncHTTPTransport(verify=False, limits=httpx.Limits(max_connections=16))
    here = Surroundings(network=CheckedTransport(network) if checked else network)
    connection = Connection(f"{url}/v1", "sandbox", SECRET)
    return open_licence(connection, read_only=read_only, policy=HASTE, here=here)


@asynccontextmanager
async def open_members(url: str) -> AsyncIterator[MemberReader]:
    async with open_uniweb(UniwebConnection(f"{url}/uniweb", "sandbox", SECRET)) as uniweb:
        yield uniweb.read_members
