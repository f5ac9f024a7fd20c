"""Tokens, keys, rate limits, and the headers of every answer."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import httpx
import pytest

from tests import loopback
from tests.contract import CheckedTransport
from tests.sandbox.licence import DAY, START, licence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sandbox.licence import Licence

GRANT = {
    "grant_type": "client_credentials",
    "client_id": "sandbox",
    "client_secret": "sandbox",
}


@pytest.fixture
def anonymous(wise: Licence) -> Iterator[httpx.Client]:
    transport = CheckedTransport(requests=False)
    with httpx.Client(base_url=f"{wise.url}/v1", transport=transport) as client:
        yield client


def _status(client: httpx.Client, **headers: str) -> int:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get("/license/roles", headers=names).status_code


def test_client_credentials_give_a_token_that_opens_the_api(anonymous: httpx.Client) -> None:
    answer = anonymous.post("/oauth2/token", data=GRANT)

    body = answer.json()
    assert (answer.status_code, body["expires_in"], body["scope"]) == (200, 3599, "")
    assert body["token_type"].lower() == "bearer"
    assert _status(anonymous, Authorization=f"Bearer {body['access_token']}") == 200


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "wrong"}, "invalid_client"),
        ({"client_id": ""}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_secret": "wröng"}, "invalid_client"),
    ],
)
def test_wrong_credentials_are_answered_in_the_shape_of_oauth(
    anonymous: httpx.Client, change: dict[str, str], error: str
) -> None:
    answer = anonymous.post("/oauth2/token", data=GRANT | change)

    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert answer.json()["error_description"]


def test_a_token_lives_an_hour_by_the_clock_of_the_server(
    wise: Licence, anonymous: httpx.Client
) -> None:
    token = anonymous.post("/oauth2/token", data=GRANT).json()["access_token"]

    wise.set_clock(START + 3500)
    assert _status(anonymous, Authorization=f"Bearer {token}") == 200
    wise.set_clock(START + 3700)

    assert _status(anonymous, Authorization=f"Bearer {token}") == 401


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x_api_key": "wrong"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic c2FuZGJveDpzYW5kYm94"},
        {"Authorization": "sandbox"},
    ],
)
def test_without_valid_credentials_every_answer_is_the_string_unauthorized(
    anonymous: httpx.Client, headers: dict[str, str]
) -> None:
    names = {name.replace("_", "-"): value for name, value in headers.items()}

    for path in ("/license/roles", "/no/such/path"):
        answer = anonymous.get(path, headers=names)
        assert (answer.status_code, answer.text) == (401, '"Unauthorized"')


def test_tokens_survive_a_reset_and_an_api_key_always_works(
    wise: Licence, anonymous: httpx.Client
) -> None:
    token = anonymous.post("/oauth2/token", data=GRANT).json()["access_token"]

    wise.control.post("/reset")

    assert _status(anonymous, Authorization=f"bearer {token}") == 200
    assert _status(anonymous, x_api_key="sandbox") == 200


def test_every_answer_has_the_date_of_the_sandbox_and_a_trace_id(wise: Licence) -> None:
    wise.set_clock(START + 100 * DAY)
    answers = [
        wise.call("GET", "/license/roles"),
        wise.careless.get("/no/such/path"),
        loopback.get(f"{wise.url}/v1/license/roles"),
        wise.control.get("/requests"),
        loopback.post(f"{wise.url}/uniweb/api/token.php"),
    ]

    moments = [parsedate_to_datetime(a.headers["date"]).timestamp() for a in answers]
    assert all(0 <= moment - (START + 100 * DAY) < 30 for moment in moments)
    assert len({answer.headers["x-trace-id"] for answer in answers}) == len(answers)
    assert all(len(answer.headers.get_list("date")) == 1 for answer in answers)


def test_without_rate_limit_there_are_no_rate_headers(wise: Licence) -> None:
    headers = wise.call("GET", "/license/roles").headers

    assert not [name for name in headers if "ratelimit" in name]


def test_all_nine_rate_headers_count_down() -> None:
    with licence(rate_limit=True) as wise:
        first, second = (wise.call("GET", "/license/roles").headers for _ in range(2))

        assert first["ratelimit-limit"] == first["x-ratelimit-second-limit"] == "200"
        assert first["x-ratelimit-minute-limit"] == "5000"
        assert first["x-ratelimit-minute-remaining"] == "4999"
        assert second["x-ratelimit-minute-remaining"] == "4998"
        assert second["ratelimit-remaining"] == second["x-ratelimit-second-remaining"]
        for prefix, longest in (("", 1), ("x-", 60)):
            middle = "-minute" if prefix else ""
            assert 1 <= int(second[f"{prefix}ratelimit{middle}-reset"]) <= longest
        assert "x-ratelimit-second-reset" in second


def test_the_limit_of_a_second_is_kept_for_each_credential_set_alone() -> None:
    with licence(rate_limit=True) as wise:
        token = wise.http.post("/oauth2/token", data=GRANT).json()["access_token"]

        def ask(_: int) -> httpx.Response:
            return wise.http.get("/license/roles")

        # Threads, as one connection alone may be slower than the limit.
        with ThreadPoolExecutor(8) as pool:
            began = time.monotonic()
            answers = list(pool.map(ask, range(600)))
            lasted = time.monotonic() - began
        passed = [answer for answer in answers if answer.status_code == 200]
        refused = [answer for answer in answers if answer.status_code == 429]

        assert len(passed) + len(refused) == 600
        assert len(passed) <= 200 * (1 + lasted)
        other = loopback.get(
            f"{wise.url}/v1/license/roles", headers={"authorization": f"Bearer {token}"}
        )
        assert other.status_code == 200
        for answer in refused:
            assert answer.headers["retry-after"] == "1"
            assert answer.json()["error"]["code"] == 429
            assert answer.headers["ratelimit-remaining"] == "0"
