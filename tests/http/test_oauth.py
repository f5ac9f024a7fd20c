"""One token for everybody: fetched once, renewed in time, renewed once where it is refused."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from pydantic import SecretStr

from engine.errors import ApiError, AuthenticationError
from engine.wiseflow.client import Connection, WiseflowApi, open_wiseflow
from tests.http.virtual import SECRET, envelope, here, run


class Licence:
    """Gives out tokens that live an hour, and knows which one is valid."""

    def __init__(self, lifetime: Any = 3599) -> None:
        self.lifetime = lifetime
        self.fetched: list[httpx.Request] = []
        self.refused = self.served = 0
        self.revoked = False
        self.wrong: httpx.Response | None = None

    @property
    def valid(self) -> str:
        return f"tok-{len(self.fetched)}"

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.1)
        if request.url.path == "/v1/oauth2/token":
            self.fetched.append(request)
            self.revoked = False
            if self.wrong is not None:
                return self.wrong
            token = {"access_token": self.valid, "expires_in": self.lifetime}
            return httpx.Response(200, json={**token, "token_type": "bearer", "scope": ""})
        if self.revoked or request.headers.get("Authorization") != f"Bearer {self.valid}":
            self.refused += 1
            return httpx.Response(401, json="Unauthorized")
        self.served += 1
        return httpx.Response(200, json=envelope([]))


def opened(server: Licence) -> WiseflowApi:
    connection = Connection("https://licence.example/v1", "client", SecretStr(SECRET))
    return open_wiseflow(connection, read_only=True, here=here(server))


async def calls(api: WiseflowApi, number: int) -> list[Any]:
    found = (api.call("GET", "/license/assessor-types") for _ in range(number))
    return await asyncio.gather(*found, return_exceptions=True)


def test_eight_callers_send_one_token_request() -> None:
    server = Licence()

    async def go() -> None:
        async with opened(server) as api:
            assert await calls(api, 8) == [[]] * 8

    run(go())
    assert len(server.fetched) == 1
    form = parse_qs(server.fetched[0].content.decode())
    assert form == {
        "grant_type": ["client_credentials"],
        "client_id": ["client"],
        "client_secret": [SECRET],
    }
    assert server.fetched[0].headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_a_token_is_renewed_a_minute_before_its_end() -> None:
    server = Licence()

    async def go() -> None:
        async with opened(server) as api:
            await calls(api, 1)
            await asyncio.sleep(3530)
            await calls(api, 1)
            assert len(server.fetched) == 1
            await asyncio.sleep(20)
            await calls(api, 8)
            assert len(server.fetched) == 2

    run(go())
    assert server.refused == 0


def test_a_short_lived_token_is_still_used_for_half_its_life() -> None:
    server = Licence(lifetime=30)

    async def go() -> None:
        async with opened(server) as api:
            for _ in range(5):
                await calls(api, 1)
            assert len(server.fetched) == 1

    run(go())


def test_a_revoked_token_is_renewed_once_for_all_who_met_it() -> None:
    server = Licence()

    async def go() -> None:
        async with opened(server) as api:
            await calls(api, 1)
            server.revoked = True
            assert await calls(api, 8) == [[]] * 8

    run(go())
    assert len(server.fetched) == 2


def test_a_licence_that_refuses_every_token_is_asked_twice_and_then_left() -> None:
    server = Licence()

    async def refuse(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/oauth2/token":
            return await server(request)
        server.refused += 1
        return httpx.Response(401, text="Unauthorized")

    async def go() -> None:
        connection = Connection("https://licence.example/v1", "client", SecretStr(SECRET))
        async with open_wiseflow(connection, read_only=True, here=here(refuse)) as api:
            with pytest.raises(AuthenticationError) as caught:
                await api.call("GET", "/license/assessor-types")
            assert caught.value.exit_code == 4

    run(go())
    assert (len(server.fetched), server.refused) == (2, 2)


REFUSALS = [
    httpx.Response(400, json={"error": "invalid_client", "error_description": f"no {SECRET}"}),
    httpx.Response(401, text="Unauthorized"),
    httpx.Response(403, json=None),
    httpx.Response(200, json={"error": "invalid_grant"}),
]


@pytest.mark.parametrize("answer", REFUSALS, ids=lambda a: str(a.status_code))
def test_wrong_credentials_end_with_exit_code_4_and_are_tried_once(answer: httpx.Response) -> None:
    server = Licence()
    server.wrong = answer

    async def go() -> None:
        async with opened(server) as api:
            for error in await calls(api, 8):
                assert isinstance(error, AuthenticationError)
                assert error.exit_code == 4
                assert "environment variables" in str(error)
                assert SECRET not in repr(error)

    run(go())
    assert len(server.fetched) == 1


STRANGE = [
    httpx.Response(200, json=[]),
    httpx.Response(200, json={"access_token": 7}),
    httpx.Response(200, json={"access_token": "two\r\nlines", "expires_in": 3599}),
    httpx.Response(200, text="<html>"),
    httpx.Response(404, text=""),
    httpx.Response(500, text="oops"),
]


@pytest.mark.parametrize("answer", STRANGE, ids=range(len(STRANGE)))
def test_an_answer_without_token_is_an_error_but_not_of_the_credentials(
    answer: httpx.Response,
) -> None:
    server = Licence()
    server.wrong = answer

    async def go() -> None:
        async with opened(server) as api:
            (error,) = await calls(api, 1)
            assert type(error) is ApiError

    run(go())


@pytest.mark.parametrize("lifetime", [None, "soon", -5, 0, "60", [1]])
def test_a_strange_lifetime_still_gives_a_token(lifetime: Any) -> None:
    server = Licence(lifetime)

    async def go() -> None:
        async with opened(server) as api:
            assert await calls(api, 2) == [[], []]

    run(go())


def test_one_who_is_cancelled_while_fetching_leaves_the_others_a_token() -> None:
    server = Licence()

    async def go() -> None:
        async with opened(server) as api:
            first = asyncio.ensure_future(api.call("GET", "/license/assessor-types"))
            second = asyncio.ensure_future(api.call("GET", "/license/assessor-types"))
            await asyncio.sleep(0.05)
            first.cancel()
            assert await second == []

    run(go())


def test_an_api_key_is_sent_as_it_is_and_fetches_no_token() -> None:
    def serve(request: httpx.Request) -> httpx.Response:
        assert request.headers["x-api-key"] == SECRET
        assert "Authorization" not in request.headers
        return httpx.Response(200, json=envelope([]))

    async def go() -> None:
        connection = Connection("https://licence.example/v1", api_key=SecretStr(SECRET))
        async with open_wiseflow(connection, read_only=True, here=here(serve)) as api:
            await api.call("GET", "/license/assessor-types")
            assert api.sent == {"GET /license/assessor-types": 1}

    run(go())


def test_a_refused_api_key_is_not_tried_twice() -> None:
    asked = 0

    def serve(_: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        return httpx.Response(401, text="Unauthorized")

    async def go() -> None:
        connection = Connection("https://licence.example/v1", api_key=SecretStr(SECRET))
        async with open_wiseflow(connection, read_only=True, here=here(serve)) as api:
            with pytest.raises(AuthenticationError):
                await api.call("GET", "/license/assessor-types")

    run(go())
    assert asked == 1


@pytest.mark.parametrize("key", ["two\nlines", "käse", "with space", ""])
def test_a_key_that_no_header_can_hold_is_an_error_for_people(key: str) -> None:
    connection = Connection("https://licence.example/v1", api_key=SecretStr(key))
    with pytest.raises(AuthenticationError) as caught:
        open_wiseflow(connection, read_only=True)
    assert not key or key not in str(caught.value)
