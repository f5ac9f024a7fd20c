"""Every shape of answer and failure, and what people get to see of it."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ApiError, AuthenticationError, IncompleteReadError, PartialError
from engine.redaction import LONGEST_MESSAGE, Redactor
from tests.http.virtual import SECRET, TOKEN, envelope, licence, run

PATH = "/flows/{flowId}/participants/{participantId}/dates"
IDS = {"userId": 9, "flowId": 5, "participantId": 7}


def failed(message: str, *reasons: dict[str, str], data: Any = None, code: int = 400) -> Any:
    error = {"code": code, "message": message, "errors": list(reasons)}
    return {"success": False, "data": data, "error": error}


async def ask(answer: httpx.Response, method: str = "PATCH", path: str = PATH, **more: Any) -> Any:
    async with licence(lambda _: answer) as api:
        return await api.call(method, path, ids=IDS, **more)


def failure(answer: httpx.Response, **more: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        run(ask(answer, **more))
    return caught.value


GOOD = [
    (httpx.Response(200, json=envelope({"a": 1})), {"a": 1}),
    (httpx.Response(200, json=envelope(None)), None),
    (httpx.Response(200, json={"success": True, "data": [1]}), [1]),
    (httpx.Response(201, json={"userId": 5}), {"userId": 5}),
    (httpx.Response(200, json=[{"id": 1}]), [{"id": 1}]),
    (httpx.Response(200, text='{"a": 1}', headers={"Content-Type": "text/plain"}), {"a": 1}),
    (httpx.Response(200, content=b'\xef\xbb\xbf{"a": 1}'), {"a": 1}),
    (httpx.Response(204), None),
    (httpx.Response(200), None),
    (
        httpx.Response(200, json={"success": "yes, that is a name"}),
        {"success": "yes, that is a name"},
    ),
]


@pytest.mark.parametrize(("answer", "payload"), GOOD, ids=range(len(GOOD)))
def test_a_success_gives_its_payload_without_envelope(answer: httpx.Response, payload: Any) -> None:
    assert run(ask(answer)) == payload


@dataclass(frozen=True)
class Case:
    """One answer, and the sentence that people read."""

    answer: httpx.Response
    text: str
    kind: type[ApiError] = ApiError


HTML = {"Content-Type": "text/html"}
WEB_PAGE = "a web page came instead of an answer: check the url, or a proxy on the way"
REASONS = ({"reason": "dates", "message": "are invalid"}, {"reason": "", "message": "twice"})
CASES = {
    "envelope": Case(
        httpx.Response(403, json=failed("Flow is archived", code=403)), "403 Flow is archived"
    ),
    "reasons": Case(
        httpx.Response(400, json=failed("No", *REASONS)), "400 No; dates: are invalid; twice"
    ),
    "bare string": Case(httpx.Response(400, json="Nope"), "400 Nope"),
    "text": Case(httpx.Response(500, text="Boom\r\nat line 1"), "500 Boom at line 1"),
    "text/plain with JSON": Case(
        httpx.Response(404, text=json.dumps(failed("No such flow", code=404))), "404 No such flow"
    ),
    "empty 404": Case(httpx.Response(404), "404 not found"),
    "strange status": Case(httpx.Response(499), "499 no reason is given"),
    "oauth error": Case(
        httpx.Response(400, json={"error": "invalid_request", "error_description": "no type"}),
        "400 invalid_request: no type",
    ),
    "message only": Case(httpx.Response(415, json={"message": "No JSON"}), "415 No JSON"),
    "error is null": Case(
        httpx.Response(409, json={"success": False, "error": None}), "409 conflict"
    ),
    "error is a list": Case(httpx.Response(409, json={"error": [1]}), "409 conflict"),
    "reasons are strange": Case(
        httpx.Response(400, json={"error": {"message": 7, "errors": [3, "x", {"reason": None}]}}),
        "400 x",
    ),
    "401": Case(
        httpx.Response(401, json="Unauthorized"), "401 the credentials are", AuthenticationError
    ),
    "HTML 403": Case(httpx.Response(403, html="<h1>Blocked</h1>"), f"403 {WEB_PAGE}"),
    "HTML 500": Case(httpx.Response(500, content=b"<!DOCTYPE html>"), f"500 {WEB_PAGE}"),
    "partial": Case(
        httpx.Response(200, json=failed("One failed", data=[1])), "200 One failed", PartialError
    ),
    "partial without reason": Case(
        httpx.Response(201, json={"success": False, "data": []}),
        "201 not all was done",
        PartialError,
    ),
    "success is not true": Case(
        httpx.Response(200, json={"success": None, "data": 1}), "200 not all was done", PartialError
    ),
    "redirect": Case(
        httpx.Response(307, headers={"Location": "https://x"}), "307 the server sends us"
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_failure_is_one_error_that_says_what_where_and_why(name: str) -> None:
    case = CASES[name]
    case.answer.headers["X-Trace-Id"] = "trace-1"
    error = failure(case.answer)
    assert type(error) is case.kind
    assert str(error).startswith(f"PATCH /flows/5/participants/7/dates: {case.text}")
    assert str(error).endswith("(trace trace-1)")
    assert (error.status, error.trace) == (case.answer.status_code, "trace-1")


def test_a_partial_success_carries_what_did_succeed() -> None:
    rows = [{"userRoleId": 1}]
    error = failure(httpx.Response(201, json=failed("One role failed", data=rows)))
    assert isinstance(error, PartialError)
    assert error.data == rows


SHAPES = [
    ("GET", "/license/assessor-types", {"id": 1}, "a list"),
    ("GET", "/license/assessor-types", "roles", "a list"),
    ("GET", "/flows/{flowId}/metadata", [{"title": "x"}], "an object"),
    ("GET", "/flows/{flowId}/metadata", None, "an object"),
]


@pytest.mark.parametrize(("method", "path", "data", "due"), SHAPES)
def test_a_read_of_the_wrong_shape_is_an_error(method: str, path: str, data: Any, due: str) -> None:
    error = failure(httpx.Response(200, json=envelope(data)), method=method, path=path)
    assert f"is not {due}" in str(error)


UNREAD = [
    ("GET", "/license/roles", envelope([]), "always has roles"),
    ("GET", "/license/user-data-types", envelope([]), "always has user data types"),
    ("GET", "/license/flow-types", envelope([]), "always has flow types"),
    ("GET", "/flows/{flowId}/managers", envelope([]), "always has a manager"),
    ("GET", "/flows/{flowId}/authors", envelope(None), "is not a list"),
    ("GET", "/flows/{flowId}/authors", [], "lacks its envelope"),
    ("GET", "/flows/{flowId}/authors", envelope([{"authorId": 1}, {"authorId": 1}]), "came twice"),
    ("GET", "/users/{userId}/emails", envelope([{"email": "a@b.example"}]), "a row has no emailId"),
    ("GET", "/flows/{flowId}/metadata", envelope({}), "lacks title"),
    ("GET", "/flows/{flowId}/metadata", {"title": "Bare"}, "lacks its envelope"),
    ("GET", "/users/{userId}", envelope({"phone": "0"}), "lacks firstName"),
]


@pytest.mark.parametrize(("method", "path", "body", "why"), UNREAD)
def test_a_read_that_cannot_be_whole_was_not_read(
    method: str, path: str, body: Any, why: str
) -> None:
    error = failure(httpx.Response(200, json=body), method=method, path=path)
    assert isinstance(error, IncompleteReadError)
    assert why in str(error)


def test_a_list_that_is_null_is_empty_only_where_its_total_says_so() -> None:
    page = {"offset": 0, "limit": 100, "total": 0}
    answer = httpx.Response(200, json=envelope(None, pagination=page))
    assert run(ask(answer, "GET", "/flows/{flowId}/participants")) == []


def test_a_list_that_has_no_envelope_in_the_document_needs_none() -> None:
    answer = httpx.Response(200, json=[])
    assert run(ask(answer, "GET", "/flow/{flowId}/assignments")) == []


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["success", "data", "error", "message", "errors", "reason"])
            | st.text(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from([200, 201, 204, 302, 400, 401, 404, 500]), JSON)
def test_no_answer_is_anything_but_a_payload_or_an_error(status: int, payload: Any) -> None:
    try:
        run(ask(httpx.Response(status, json=payload)))
    except ApiError as error:
        said = str(error)
        assert "\n" not in said
    else:
        assert status < 300


@given(st.binary(max_size=60), st.sampled_from([200, 400]))
def test_no_bytes_are_anything_but_a_payload_or_an_error(body: bytes, status: int) -> None:
    try:
        run(ask(httpx.Response(status, content=body), "GET", "/flows/{flowId}/metadata"))
    except ApiError as error:
        said = str(error)
        assert "\n" not in said
        assert "\x1b" not in said


def test_json_deeper_than_anybody_means_is_not_json() -> None:
    deep = b"[" * 200_000 + b"]" * 200_000
    assert "not JSON" in str(failure(httpx.Response(200, content=deep), method="GET"))


# ---- what nobody may see -----------------------------------------------------------------------

BODY = {
    "firstName": "Ada Augusta",
    "lastName": "Lovelace",
    "phone": "+44 1632 960001",
    "emails": ["ada@northfield.example"],
    "externalIds": [{"userDataTypeId": 3, "value": "E10042"}],
    "title": "Mathematics 101",
}
ECHO = (
    f"refused: {SECRET} s3cr3t%2Fwith%2Bsigns czNjcjN0L3dpdGgrc2lnbnM= Bearer {TOKEN} ADA AUGUSTA "
    "lovelace +44 1632 960001 ada@northfield.example E10042 for Mathematics 101"
)
HIDDEN = (
    *(SECRET, "s3cr3t", "czNjcjN0L3dpdGgrc2lnbnM=", TOKEN, "ADA AUGUSTA", "lovelace"),
    *("960001", "ada@", "E10042"),
)


@pytest.mark.parametrize("status", [200, 400, 500])
def test_an_echoed_secret_or_person_never_reaches_an_error(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = httpx.Response(status, json=failed(ECHO), headers={"X-Trace-Id": TOKEN})
    error = failure(answer, method="POST", path="/license/user", body=BODY)
    for text in (str(error), repr(error), error.message, error.trace, caplog.text):
        assert [secret for secret in HIDDEN if secret in text] == []
    assert "a•••@northfield.example" in str(error)
    assert "for Mathematics 101" in str(error)


def test_text_in_a_path_is_sent_but_never_shown() -> None:
    seen: list[str] = []

    def serve(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.raw_path.decode())
        return httpx.Response(404, json=failed("no user with Stu/dent 1?"))

    async def go() -> None:
        async with licence(serve, read_only=True) as api:
            path = "/user/userDataType/{userDataType}/{value}"
            ids: dict[str, int | str] = {"userDataType": 3, "value": "Stu/dent 1?"}
            with pytest.raises(ApiError) as caught:
                await api.call("GET", path, ids=ids)
            assert str(caught.value) == ("GET /user/userDataType/3/{value}: 404 no user with •••")

    run(go())
    assert seen == ["/v1/user/userDataType/3/Stu%2Fdent%201%3F"]


@pytest.mark.parametrize("ids", [{}, {"flowId": ""}, {"flowId": "."}, {"flowId": ".."}])
def test_an_id_that_would_move_the_path_is_not_sent(ids: dict[str, Any]) -> None:
    async def go() -> None:
        async with licence(lambda _: httpx.Response(200)) as api:
            with pytest.raises(ValueError, match="ids"):
                await api.call("DELETE", "/flows/{flowId}", ids=ids)
            assert not api.sent

    run(go())


@given(st.text(max_size=400), st.text(min_size=4, max_size=30))
def test_no_message_holds_a_secret_a_line_break_or_more_than_it_may(text: str, secret: str) -> None:
    secret = "".join(secret.split()) or "word"
    redactor = Redactor(secret)
    shown = redactor.clean(f"{text[:100]}{secret}{text}")
    assert len(shown) <= LONGEST_MESSAGE
    assert "\n" not in shown
    assert "\x1b" not in shown
    assert secret not in shown or secret in "•••…"


def test_a_secret_at_the_cut_is_hidden_whole() -> None:
    shown = Redactor("s3cr3t-value").clean("x" * (LONGEST_MESSAGE - 6) + "s3cr3t-value")
    assert "s3c" not in shown


# ---- the server's time -------------------------------------------------------------------------


def dated(second: int) -> httpx.Response:
    date = f"Mon, 11 Jan 2027 08:00:{second:02} GMT"
    return httpx.Response(200, json=envelope([]), headers={"Date": date})


def test_now_is_the_newest_date_of_the_server_and_goes_on_between_answers() -> None:
    answers = [dated(10), dated(9), httpx.Response(200, json=envelope([])), dated(50), dated(1)]

    async def go() -> None:
        async with licence(lambda _: answers.pop(0)) as api:

            async def seconds() -> int:
                await api.call("GET", "/license/assessor-types")
                start = datetime(2027, 1, 11, 8, tzinfo=UTC)
                return round((api.server_now - start).total_seconds())

            assert abs((api.server_now - datetime.now(UTC)).total_seconds()) < 60
            assert await seconds() == 10
            # An answer that was overtaken does not turn time back.
            assert await seconds() == 10
            await asyncio.sleep(7)
            # An answer without a date, and seven seconds of our own clock.
            assert await seconds() == 17
            assert await seconds() == 50
            # The server's clock was set back.
            assert await seconds() == 1

    run(go())


# ---- headers -----------------------------------------------------------------------------------


def test_a_header_that_is_no_ascii_is_nothing_to_stumble_over() -> None:
    answer = httpx.Response(200, json=envelope([]), headers=[(b"X-Note", b"caf\xe9")])

    async def go() -> None:
        async with licence(lambda _: answer) as api:
            assert await api.call("GET", "/license/assessor-types") == []

    run(go())


@pytest.mark.parametrize(
    "trace", ["n E5550001 +4529384756", '{"value": "E5550001"}', "a" * 65, "é"]
)
def test_a_trace_that_is_text_of_the_server_is_not_shown(trace: str) -> None:
    headers = [(b"X-Trace-Id", trace.encode())]

    async def go() -> None:
        refusal = httpx.Response(400, json={"error": "no"}, headers=headers)
        async with licence(lambda _: refusal) as api:
            with pytest.raises(ApiError) as caught:
                await api.call("GET", "/license/assessor-types")
            assert "trace" not in str(caught.value)

    run(go())


@pytest.mark.parametrize("total", [10**30, 10_000_001])
def test_a_list_of_more_rows_than_anybody_has_is_not_read(total: int) -> None:
    async def go() -> None:
        body = envelope([]) | {"pagination": {"offset": 0, "limit": 100, "total": total}}
        async with licence(lambda _: httpx.Response(200, json=body)) as api:
            with pytest.raises(IncompleteReadError, match="how many"):
                await api.pages("GET", "/license/rooms", limit=100)
            assert api.sent["GET /license/rooms"] <= 2

    run(go())
