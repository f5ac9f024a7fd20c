"""The same promises over real HTTP, against the sandbox and its faults."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from engine.errors import (
    ApiError,
    AuthenticationError,
    BudgetError,
    Location,
    ReadOnlyError,
    UnknownOutcomeError,
)
from engine.model import Profile, Stated
from engine.pacing import Rate
from engine.retrying import RetryPolicy
from engine.sandbox.serve import Options, RunningSandbox, running
from engine.uniweb.client import Connection as UniwebConnection
from engine.uniweb.client import open_uniweb
from engine.wiseflow.client import Connection, WiseflowApi, open_wiseflow
from tests import loopback

if TYPE_CHECKING:
    from collections.abc import Iterator

SANDBOX = "sandbox"
HASTE = RetryPolicy(first_wait=0.001, longest_wait=0.002)
FAST = Rate(10**6, 10**5)
PLACE = Location("people.yaml", 1, 1)


@pytest.fixture(scope="module")
def server() -> Iterator[RunningSandbox]:
    with running(Options(rate_limit=False)) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(server: RunningSandbox) -> str:
    control(server.url, "reset")
    return server.url


def control(url: str, what: str, body: Any = None) -> None:
    loopback.post(f"{url}/_sandbox/{what}", json=body).raise_for_status()


def requests(url: str) -> dict[str, int]:
    counts: dict[str, int] = loopback.get(f"{url}/_sandbox/requests").json()
    return counts


def fault(url: str, method: str, path: str, kind: str, **more: Any) -> None:
    control(url, "faults", [{"method": method, "path": path, "kind": kind, "times": 1, **more}])


def licence(url: str, secret: str = SANDBOX, **more: Any) -> WiseflowApi:
    connection = Connection(f"{url}/v1", "sandbox", SecretStr(secret), rate=FAST)
    return open_wiseflow(connection, policy=HASTE, **{"read_only": False, **more})


async def create(api: WiseflowApi) -> int:
    roles = await api.call("GET", "/license/flow-types")
    user = await api.call("POST", "/license/user", body=USER)
    body = {"title": "Optics", "type": roles[0]["id"], "managers": [user["userId"]]}
    return int((await api.call("POST", "/license/create/flow", body=body))["flowId"])


USER = {"firstName": "Ada", "lastName": "Lovelace", "emails": ["ada@x.example"], "roles": []}

KINDS: list[dict[str, Any]] = [
    {"kind": "status", "status": 429},
    {"kind": "status", "status": 502},
    {"kind": "status", "status": 503},
    {"kind": "drop_before"},
    {"kind": "drop_after"},
    {"kind": "truncate"},
    {"kind": "malformed"},
]


def named(kind: dict[str, Any]) -> str:
    return "".join(str(value) for value in kind.values())


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_a_read_comes_through_every_fault(sandbox: str, kind: dict[str, Any]) -> None:
    fault(sandbox, "POST", "/flows/search", **kind)

    async def go() -> None:
        async with licence(sandbox, read_only=True) as api:
            rows = await api.pages("POST", "/flows/search", limit=100, body={})
            assert len(rows) == await api.total("POST", "/flows/search", body={})

    asyncio.run(go())


@pytest.mark.parametrize("kind", [k for k in KINDS if k.get("status") != 429], ids=named)
def test_a_create_that_meets_a_fault_is_sent_once(sandbox: str, kind: dict[str, Any]) -> None:
    fault(sandbox, "POST", "/license/create/flow", **kind)

    async def go() -> None:
        async with licence(sandbox) as api:
            with pytest.raises(UnknownOutcomeError):
                await create(api)
            assert api.sent["POST /license/create/flow"] == 1

    asyncio.run(go())
    assert requests(sandbox).get("POST /license/create/flow", 0) <= 1


def test_a_create_that_was_refused_by_429_is_sent_again_and_happens_once(sandbox: str) -> None:
    fault(sandbox, "POST", "/license/create/flow", "status", status=429)

    async def go() -> None:
        async with licence(sandbox) as api:
            before = await api.total("POST", "/flows/search", body={})
            await create(api)
            assert await api.total("POST", "/flows/search", body={}) == before + 1

    asyncio.run(go())


def test_a_slow_answer_to_a_create_is_not_asked_for_again(sandbox: str) -> None:
    fault(sandbox, "POST", "/license/create/flow", "delay", seconds=1.0)

    async def go() -> None:
        async with licence(sandbox, timeout=0.3) as api:
            with pytest.raises(UnknownOutcomeError):
                await create(api)

    asyncio.run(go())


def test_eight_callers_share_a_token_over_http(sandbox: str) -> None:
    async def go() -> None:
        async with licence(sandbox, read_only=True) as api:
            await asyncio.gather(*(api.call("GET", "/license/roles") for _ in range(8)))

    asyncio.run(go())
    assert requests(sandbox)["POST /oauth2/token"] == 1


def test_a_token_that_ends_on_the_servers_clock_is_renewed(sandbox: str) -> None:
    async def go() -> None:
        async with licence(sandbox, read_only=True) as api:
            await api.call("GET", "/license/roles")
            before = api.server_now
            control(sandbox, "clock", {"now": before.timestamp() + 7200})
            await api.call("GET", "/license/roles")
            assert 7199 <= (api.server_now - before).total_seconds() <= 7210

    asyncio.run(go())


def test_wrong_credentials_are_exit_code_4_and_never_shown(sandbox: str) -> None:
    async def go() -> None:
        async with licence(sandbox, secret="wr0ng-secret") as api:
            with pytest.raises(AuthenticationError) as caught:
                await api.call("GET", "/license/roles")
            assert "wr0ng" not in repr(caught.value)

    asyncio.run(go())


def test_an_api_key_opens_the_licence_too(sandbox: str) -> None:
    async def go() -> None:
        connection = Connection(f"{sandbox}/v1", api_key=SecretStr("sandbox"))
        async with open_wiseflow(connection, read_only=True) as api:
            assert await api.call("GET", "/license/roles")

    asyncio.run(go())


def test_a_read_only_connection_sends_no_write(sandbox: str) -> None:
    async def go() -> None:
        async with licence(sandbox, read_only=True) as api:
            with pytest.raises(ReadOnlyError):
                await api.call("POST", "/license/user", body=USER)

    asyncio.run(go())
    assert "POST /license/user" not in requests(sandbox)


def test_a_server_that_is_not_there_ends_with_exit_code_5() -> None:
    async def go() -> None:
        async with licence("http://127.0.0.1:1", read_only=True) as api:
            with pytest.raises(BudgetError, match="no connection"):
                await api.call("GET", "/license/roles")

    asyncio.run(go())


def test_at_the_documented_rate_hardly_a_request_is_refused() -> None:
    """On a busy machine what was sent evenly may arrive in a heap; exact rates: test_pacing."""

    async def go(url: str) -> None:
        connection = Connection(f"{url}/v1", "sandbox", SecretStr("sandbox"))
        async with open_wiseflow(connection, read_only=True) as api:
            await asyncio.gather(*(api.call("GET", "/license/roles") for _ in range(250)))
            assert 250 <= api.sent["GET /license/roles"] <= 255

    with running(Options()) as limited:
        asyncio.run(go(limited.url))


STAFF = Profile(
    "staff",
    PLACE,
    {"title": "Professor"},
    "en",
    "key",
    "login_name",
    {"first_name": Stated("profile/membership_information.first_name", PLACE)},
)


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_members_come_through_every_fault_complete(sandbox: str, kind: dict[str, Any]) -> None:
    async def go() -> None:
        connection = UniwebConnection(f"{sandbox}/uniweb", "sandbox", SecretStr("sandbox"))
        async with open_uniweb(connection, policy=HASTE) as uniweb:
            whole = await uniweb.read_members(STAFF)
            fault(sandbox, "POST", "/uniweb/api/resource.php", **kind)
            assert await uniweb.read_members(STAFF) == whole
            assert len(whole) > 3

    asyncio.run(go())


def test_an_unknown_resource_is_an_error_of_uniweb(sandbox: str) -> None:
    async def go() -> None:
        connection = UniwebConnection(f"{sandbox}/uniweb", "sandbox", SecretStr("sandbox"))
        profile = Profile(
            "x", PLACE, {}, "en", "key", "login_name", {"first_name": Stated("a/b.c", PLACE)}
        )
        async with open_uniweb(connection, policy=HASTE) as uniweb:
            with pytest.raises(ApiError, match="a/b"):
                await uniweb.read_members(profile)

    asyncio.run(go())
