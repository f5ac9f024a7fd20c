"""UNIWeb is read as its reference client reads it: complete, or not at all."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from pydantic import SecretStr

from engine.errors import (
    ApiError,
    AuthenticationError,
    BudgetError,
    IncompleteReadError,
    Location,
    ReadOnlyError,
)
from engine.model import Profile, Stated
from engine.uniweb.client import Connection, UniwebApi, homepage, open_uniweb
from tests.http.virtual import SECRET, here, run

PLACE = Location("people.yaml", 3, 1)
STAFF = Profile(
    key="staff",
    location=PLACE,
    members={"unit": "Civil Engineering", "title": "Professor"},
    language="en",
    match_user="key",
    match_member="login_name",
    fill={
        "first_name": Stated("profile/membership_information.first_name", PLACE),
        "last_name": Stated("profile/Membership Information.Last Name", PLACE),
        "data.Department": Stated("profile/affiliations.unit", PLACE),
    },
)
ADA = {"ada@x.example": {"profile/membership_information": {"first_name": "Ada"}}}


class Uniweb:
    """Gives out tokens; answers resource requests with the answers, the last one for ever."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.answers = list(answers)
        self.tokens, self.asked = list[httpx.Request](), list[httpx.Request]()

    @property
    def valid(self) -> str:
        return f"tok+/{len(self.tokens)}"

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.1)
        if request.url.path.endswith("/api/token.php"):
            self.tokens.append(request)
            token = {"access_token": self.valid, "expires_in": 3600, "token_type": "bearer"}
            return httpx.Response(200, json=token)
        self.asked.append(request)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        # A response is read once: every answer is a fresh one.
        return httpx.Response(found.status_code, headers=found.headers, content=found.content)


def opened(server: Uniweb, url: str = "https://uniweb.example:8443/north") -> UniwebApi:
    return open_uniweb(Connection(url, "Alice", SecretStr(SECRET)), here=here(server))


def read(server: Uniweb, profile: Profile = STAFF) -> Any:
    async def go() -> Any:
        async with opened(server) as uniweb:
            return await uniweb.read_members(profile)

    return run(go())


def ok(payload: Any) -> httpx.Response:
    return httpx.Response(200, json=payload)


def test_one_request_asks_for_just_the_fields_that_the_profile_fills() -> None:
    server = Uniweb(ok(ADA))
    assert read(server) == ADA
    (token,), (asked,) = server.tokens, server.asked
    form = parse_qs(token.content.decode())
    assert form == {"grant_type": ["password"], "username": ["Alice"], "password": [SECRET]}
    assert str(token.url) == "https://uniweb.example:8443/north/api/token.php"
    assert asked.method == "POST"
    assert asked.url.path == "/north/api/resource.php"
    assert dict(asked.url.params) == {"access_token": "tok+/1"}
    assert json.loads(parse_qs(asked.content.decode())["request"][0]) == {
        "action": "read",
        "content": "members",
        "contentType": "members",
        "resources": [
            {"profile/affiliations": ["unit"]},
            {"profile/membership_information": ["first_name", "last_name"]},
        ],
        "filter": {"unit": "Civil Engineering", "title": "Professor"},
        "index_by": "login_name",
        "language": "en",
    }


def test_a_date_without_time_begins_at_midnight() -> None:
    server = Uniweb(ok([]))
    read(server, replace(STAFF, members={"modified_since": "2027-01-31"}))
    sent = json.loads(parse_qs(server.asked[0].content.decode())["request"][0])
    assert sent["filter"] == {"modified_since": "2027-01-31 00:00:00"}


def test_an_empty_answer_is_nobody() -> None:
    assert read(Uniweb(ok([]))) == {}
    assert read(Uniweb(ok({}))) == {}


def test_a_member_without_sections_is_there_and_one_without_index_is_not() -> None:
    assert read(Uniweb(ok({"ada@x.example": [], "": {"profile/x": "y"}}))) == {"ada@x.example": {}}


REFUSED_TOKENS = [
    ok({"error": "invalid_token"}),
    ok({"error": {"message": "Error validating access token.", "type": "OAuthException"}}),
    ok({"error": {"message": "Error.", "code": 98, "error_subcode": 223}}),
    httpx.Response(401, text=""),
    httpx.Response(401, json={"error": "invalid_token"}),
]


@pytest.mark.parametrize("refusal", REFUSED_TOKENS, ids=range(len(REFUSED_TOKENS)))
def test_a_refused_token_is_renewed_once_and_the_request_repeated(refusal: httpx.Response) -> None:
    server = Uniweb(refusal, ok(ADA))
    assert read(server) == ADA
    assert [request.url.params["access_token"] for request in server.asked] == ["tok+/1", "tok+/2"]


@pytest.mark.parametrize("refusal", REFUSED_TOKENS, ids=range(len(REFUSED_TOKENS)))
def test_a_token_that_is_refused_again_ends_with_exit_code_4(refusal: httpx.Response) -> None:
    server = Uniweb(refusal)
    with pytest.raises(AuthenticationError) as caught:
        read(server)
    assert caught.value.exit_code == 4
    assert (len(server.tokens), len(server.asked)) == (2, 2)


ERRORS = [
    (ok({"error": {"message": "No unit.", "type": "X", "code": 404}}), "No unit."),
    (ok({"error": "not_permitted"}), "not_permitted"),
    (httpx.Response(403, json={"error": {"message": "Not yours", "code": 403}}), "Not yours"),
    (httpx.Response(404, text=""), "no reason"),
    (httpx.Response(500, html="<h1>oops</h1>"), "no reason"),
    (ok({"error": {"code": 7}}), "no reason"),
]


@pytest.mark.parametrize(("answer", "said"), ERRORS, ids=range(len(ERRORS)))
def test_an_error_is_one_whatever_its_form_and_status(answer: httpx.Response, said: str) -> None:
    with pytest.raises(ApiError, match=said) as caught:
        read(Uniweb(answer))
    assert type(caught.value) is ApiError


def test_somebody_may_have_the_login_name_error() -> None:
    members = {"error": {"profile/membership_information": {"first_name": "Erika"}}}
    assert read(Uniweb(ok(members))) == members


NOT_WHOLE = [
    httpx.Response(200, text='{"ada@x.example": {"profile/mem'),
    httpx.Response(200, text="<b>Warning</b>: mysqli in /var/www"),
    httpx.Response(200, text=""),
    httpx.Response(200, text='{"a": {}, "a": {"profile/x": "y"}}'),
    ok([{"profile/x": "y"}]),
    ok("members"),
    ok(None),
    ok(False),
    ok({"ada@x.example": "Ada"}),
    ok({"ada@x.example": None}),
    ok({"ada@x.example": {}, "bob@x.example": [1]}),
]


@pytest.mark.parametrize("answer", NOT_WHOLE, ids=range(len(NOT_WHOLE)))
def test_an_answer_that_is_not_whole_gives_nobody_at_all(answer: httpx.Response) -> None:
    with pytest.raises(IncompleteReadError):
        read(Uniweb(answer))


def test_an_answer_that_was_cut_off_once_is_read_again() -> None:
    assert read(Uniweb(NOT_WHOLE[0], httpx.Response(503), ok(ADA))) == ADA


def test_a_server_that_stays_away_ends_with_exit_code_5() -> None:
    with pytest.raises(BudgetError):
        read(Uniweb(httpx.Response(503)))


def test_the_token_is_in_no_error_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    echo = {"error": {"message": f"resource.php?access_token=tok%2B%2F1 {SECRET}", "code": 500}}
    with pytest.raises(ApiError) as caught:
        read(Uniweb(ok(echo)))
    for text in (str(caught.value), repr(caught.value), caplog.text):
        assert "tok" not in text.replace("access_token", "").replace("token.php", "")
        assert SECRET not in text


def test_eight_profiles_share_one_token() -> None:
    server = Uniweb(ok(ADA))

    async def go() -> None:
        async with opened(server) as uniweb:
            await asyncio.gather(*(uniweb.read_members(STAFF) for _ in range(8)))

    run(go())
    assert (len(server.tokens), len(server.asked)) == (1, 8)


FORMS: list[dict[str, str]] = [
    {"request": json.dumps({"action": action, "content": "members"})}
    for action in ("edit", "add", "clear", "updatePicture", "getRoles", "READ", "")
]
FORMS += [{"request": "read"}, {"request": "[]"}, {}, {"request": '{"action": ["read"]}'}]
FORMS += [{"request": '{"action": "read"}', "action": "edit"}]


@pytest.mark.parametrize("form", FORMS, ids=range(len(FORMS)))
def test_a_request_that_does_not_read_is_refused_unsent(form: dict[str, str]) -> None:
    server = Uniweb(ok({}))

    async def go() -> None:
        async with opened(server) as uniweb:
            with pytest.raises(ReadOnlyError):
                await uniweb._http.post(uniweb._url, data=form)

    run(go())
    assert server.asked == []


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", "/api/resource.php?action=read"),
        ("POST", "/api/resource.php?action=edit"),
        ("POST", "/api/picture.php"),
        ("POST", "/api/token.php/x"),
        ("POST", "/other/api/resource.php"),
        ("DELETE", "/api/resource.php"),
    ],
)
def test_no_other_request_is_sent(method: str, url: str) -> None:
    server = Uniweb(ok({}))

    async def go() -> None:
        async with opened(server) as uniweb:
            form = {"request": '{"action": "read"}'}
            address = f"https://uniweb.example:8443/north{url}"
            with pytest.raises(ReadOnlyError):
                await uniweb._http.request(method, address, data=form)

    run(go())
    assert server.asked == []


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("uniweb.example", "https://uniweb.example"),
        ("uniweb.example:8443/north/", "https://uniweb.example:8443/north/"),
        ("//uniweb.example", "https://uniweb.example"),
        ("localhost:8080/uniweb", "http://localhost:8080/uniweb"),
        ("127.0.0.1/uniweb", "http://127.0.0.1/uniweb"),
        ("https://localhost", "https://localhost"),
        ("http://127.0.0.1:1", "http://127.0.0.1:1"),
    ],
)
def test_a_homepage_without_scheme_is_https_but_for_this_machine(written: str, meant: str) -> None:
    assert homepage(written) == meant


def test_plain_http_to_another_machine_is_refused() -> None:
    async def go() -> None:
        async with opened(Uniweb(ok({})), "http://uniweb.example") as uniweb:
            with pytest.raises(ApiError, match="plain http"):
                await uniweb.check()

    run(go())
