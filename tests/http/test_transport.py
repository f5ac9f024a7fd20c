"""What is repeated, what never is, what is refused unsent, and when patience ends."""

from __future__ import annotations

import asyncio
import json
import ssl
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from engine.errors import (
    ApiError,
    BudgetError,
    EngineError,
    ReadOnlyError,
    UnknownOutcomeError,
)
from engine.retrying import RetryPolicy
from engine.wiseflow.client import Connection, open_wiseflow
from engine.wiseflow.reads import READS, is_read
from tests.http.virtual import envelope, here, licence, now, run, with_token

if TYPE_CHECKING:
    from collections.abc import Callable

Fault = httpx.Response | Exception
GOOD = envelope({"flowId": 5, "title": "Mathematics"})
ROW = {"id": 1, "title": "Internal"}


class Server:
    """Gives the faults one after the other, then good answers; remembers when it was asked."""

    def __init__(self, *faults: Fault, answer: Any = None) -> None:
        self.faults, self.asked = list(faults), list[float]()
        self.answer = GOOD if answer is None else answer

    def __call__(self, _: httpx.Request) -> httpx.Response:
        self.asked.append(now())
        fault = self.faults.pop(0) if self.faults else httpx.Response(200, json=self.answer)
        if isinstance(fault, Exception):
            raise fault
        return fault


class Cut(httpx.AsyncByteStream):
    """A body whose connection breaks in the middle."""

    async def __aiter__(self) -> Any:
        yield b'{"success": true, "da'
        raise httpx.RemoteProtocolError("peer closed connection without sending complete body")


class Flood(httpx.AsyncByteStream):
    async def __aiter__(self) -> Any:
        for _ in range(100):
            yield b" " * 2**20


class Drip(httpx.AsyncByteStream):
    async def __aiter__(self) -> Any:
        for _ in range(100):
            await asyncio.sleep(20)
            yield b" "


def response(status: int, **headers: str) -> httpx.Response:
    return httpx.Response(status, headers=headers)


REPEATED: dict[str, Callable[[], Fault]] = {
    "connect error": lambda: httpx.ConnectError("refused"),
    "timeout": lambda: httpx.ReadTimeout("slow"),
    "reset": lambda: httpx.ReadError("reset"),
    "write error": lambda: httpx.WriteError("broken pipe"),
    "429": lambda: response(429),
    "502": lambda: response(502),
    "503": lambda: response(503),
    "504": lambda: response(504),
    "malformed": lambda: httpx.Response(200, text='{"success": tr'),
    "truncated": lambda: httpx.Response(200, stream=Cut()),
    "not a number": lambda: httpx.Response(200, text='{"success": true, "data": NaN}'),
    "twice": lambda: httpx.Response(200, text='{"success":true,"data":{},"data":{"flowId":1}}'),
    "half a character": lambda: httpx.Response(200, text='{"success":true,"data":"\\ud800"}'),
}
NEVER_REPEATED = (400, 403, 404, 409, 418, 500, 501)
NOT_HAPPENED = ("connect error", "429")


async def ask(server: Any, method: str, path: str, **options: Any) -> Any:
    """One call as the engine makes it, with a flow's number for the path."""
    repeatable = options.pop("repeatable", None)
    async with licence(server, **options) as api:
        return await api.call(method, path, ids={"flowId": 5}, repeatable=repeatable)


@pytest.mark.parametrize("fault", REPEATED)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_what_may_be_done_twice_is_done_again(method: str, fault: str) -> None:
    server = Server(REPEATED[fault](), REPEATED[fault]())
    assert run(ask(server, method, "/flows/{flowId}/metadata")) == GOOD["data"]
    assert len(server.asked) == 3


def test_a_read_without_a_body_is_repeated_and_a_write_may_have_none() -> None:
    server = Server(httpx.Response(200))
    assert run(ask(server, "GET", "/flows/{flowId}/metadata")) == GOOD["data"]
    assert len(server.asked) == 2
    assert run(ask(Server(httpx.Response(200)), "PUT", "/flows/{flowId}/metadata")) is None


@pytest.mark.parametrize("status", NEVER_REPEATED)
def test_a_refusal_is_not_repeated(status: int) -> None:
    server = Server(response(status))
    with pytest.raises(ApiError):
        run(ask(server, "PUT", "/flows/{flowId}/metadata"))
    assert len(server.asked) == 1


@pytest.mark.parametrize("fault", [f for f in REPEATED if f not in NOT_HAPPENED])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_create_whose_answer_is_lost_is_never_repeated(method: str, fault: str) -> None:
    server = Server(REPEATED[fault]())
    with pytest.raises(UnknownOutcomeError) as caught:
        run(ask(server, method, "/flows/{flowId}/copy"))
    assert len(server.asked) == 1
    assert caught.value.unknown
    assert caught.value.path == "/flows/5/copy"


@pytest.mark.parametrize("fault", NOT_HAPPENED)
def test_a_create_that_cannot_have_happened_is_repeated(fault: str) -> None:
    server = Server(REPEATED[fault](), REPEATED[fault]())
    assert run(ask(server, "POST", "/flows/{flowId}/copy")) == GOOD["data"]
    assert len(server.asked) == 3


def test_a_create_is_not_repeated_after_a_refusal_and_then_a_lost_answer() -> None:
    server = Server(response(429), httpx.ReadTimeout("slow"))
    with pytest.raises(UnknownOutcomeError):
        run(ask(server, "POST", "/flows/{flowId}/copy"))
    assert len(server.asked) == 2


def test_a_create_that_is_refused_in_a_broken_body_is_refused_and_not_unknown() -> None:
    server = Server(httpx.Response(403, stream=Cut()))
    with pytest.raises(ApiError) as caught:
        run(ask(server, "POST", "/flows/{flowId}/copy"))
    assert type(caught.value) is ApiError
    assert caught.value.status == 403


def test_a_post_that_the_caller_calls_repeatable_is_repeated() -> None:
    server = Server(response(503))
    run(ask(server, "POST", "/flows/{flowId}/participants", repeatable=True))
    assert len(server.asked) == 2


def test_a_search_is_repeated_though_it_is_a_post() -> None:
    server = Server(httpx.ReadTimeout("slow"), answer=envelope([]))
    run(ask(server, "POST", "/flows/search"))
    assert len(server.asked) == 2


def test_waits_double_and_are_jittered_up_to_their_bound() -> None:
    server = Server(*[response(503) for _ in range(6)])
    run(ask(server, "GET", "/flows/{flowId}/metadata"))
    waits = [b - a for a, b in zip(server.asked, server.asked[1:], strict=False)]
    assert waits == pytest.approx([0.5, 1, 2, 4, 8, 16], abs=0.1)


def test_attempts_end_with_the_budget_and_exit_code_5() -> None:
    server = Server(*[response(503) for _ in range(99)])
    with pytest.raises(BudgetError) as caught:
        run(ask(server, "GET", "/flows/{flowId}/metadata"))
    assert (caught.value.exit_code, caught.value.status, caught.value.unknown) == (5, 503, False)
    assert len(server.asked) == 7


def test_a_write_that_gives_up_says_that_it_may_have_happened() -> None:
    faults: list[Fault] = [httpx.ReadTimeout("slow")]
    server = Server(*faults, *[httpx.ConnectError("refused") for _ in range(99)])
    with pytest.raises(BudgetError) as caught:
        run(ask(server, "PUT", "/flows/{flowId}/metadata"))
    assert caught.value.unknown


def test_a_put_answered_by_a_web_page_may_have_happened() -> None:
    page = [httpx.Response(200, text="<html>login</html>") for _ in range(9)]
    server = Server(*page)
    with pytest.raises(UnknownOutcomeError):
        run(ask(server, "PUT", "/flows/{flowId}/metadata"))
    assert len(server.asked) == 3


@pytest.mark.parametrize("headers", [{"Retry-After": "3600"}, {"RateLimit-Reset": "3600"}])
def test_a_pause_beyond_the_budget_fails_at_once_with_the_time(headers: dict[str, str]) -> None:
    server = Server(response(429, **headers))

    async def both() -> None:
        async with licence(server) as api:
            for _ in range(2):
                with pytest.raises(BudgetError, match="60 minutes"):
                    await api.call("GET", "/license/assessor-types")
            assert now() < 1

    run(both())
    assert len(server.asked) == 1


def test_a_call_gives_up_when_it_has_waited_as_long_as_it_may() -> None:
    server = Server(*[response(429, **{"Retry-After": "50"}) for _ in range(99)])
    with pytest.raises(BudgetError, match="50 s"):
        run(ask(server, "GET", "/flows/{flowId}/metadata"))
    assert len(server.asked) == 3


def test_the_run_gives_up_when_its_budget_is_spent_though_each_call_has_one() -> None:
    server = Server(*[response(503) for _ in range(999)])
    policy = RetryPolicy(per_run=20.0)

    async def calls() -> None:
        async with licence(server, policy=policy) as api:
            for _ in range(9):
                with pytest.raises(BudgetError):
                    await api.call("GET", "/license/assessor-types")
            assert now() <= 20.5

    run(calls())


def test_calls_that_wait_together_spend_the_runs_budget_once() -> None:
    def serve(_: httpx.Request) -> httpx.Response:
        return response(503) if now() < 5 else httpx.Response(200, json=envelope([]))

    async def calls() -> None:
        async with licence(serve, policy=RetryPolicy(per_run=20.0)) as api:
            await asyncio.gather(*(api.call("GET", "/license/assessor-types") for _ in range(200)))

    run(calls())


# ---- refused unsent ----------------------------------------------------------------------------

WRITES = [
    ("POST", "/license/user"),
    ("POST", "/flows/search/../create/flow"),
    ("POST", "/flows/search%2f..%2fcopy"),
    ("POST", "/flows/search/"),
    ("POST", "/users/5/access-token"),
    ("PATCH", "/flows/5/activate"),
    ("PUT", "/flows/5/metadata"),
    ("DELETE", "/flows/5"),
    ("GET", "/flows/5/activate"),
    ("GET", "/flows/5/participants/../../6"),
    ("GET", "/user/eduPrincipalName/%2e%2e"),
    ("GET", "/flows/abc/participants"),
    ("GET", "/users/5/voice-detection/recordings"),
    ("get", "/license/assessor-types"),
    ("HEAD", "/license/assessor-types"),
    ("OPTIONS", "/license/assessor-types"),
    ("TRACE", "/license/assessor-types"),
    ("GET\r\n", "/license/assessor-types"),
]


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_a_write_is_refused_whatever_method_it_hides_in(method: str, path: str) -> None:
    sent: list[httpx.Request] = []

    def serve(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json=GOOD)

    async def send() -> None:
        async with licence(serve, read_only=True) as api:
            request = httpx.Request(method, f"https://licence.example/v1{path}")
            with pytest.raises(ReadOnlyError) as caught:
                await api._transport.handle_async_request(request)
            assert caught.value.exit_code == 70

    if path.endswith("assessor-types") and method == "get":
        # httpx writes methods in capitals: then it is the read that it looks like.
        assert is_read("GET", path)
        return
    run(send())
    assert sent == []


def test_the_list_of_reads_has_no_method_that_writes() -> None:
    posts = {read for read in READS if not read.startswith("GET ")}
    searches = {"POST /users/search", "POST /flows/search", "POST /sources/search"}
    assert posts == searches | {"POST /oauth2/token", "POST /participation-events"}


def test_a_read_only_connection_reads() -> None:
    server = Server(answer=envelope([ROW]))
    assert run(ask(server, "GET", "/license/assessor-types", read_only=True)) == [ROW]


def test_a_request_for_another_host_is_not_sent() -> None:
    server = Server()

    async def send() -> None:
        async with licence(server) as api:
            for url in (
                "https://evil.example/v1/license/assessor-types",
                "http://licence.example/v1/x",
            ):
                with pytest.raises(ApiError, match="another server"):
                    await api._transport.handle_async_request(httpx.Request("GET", url))

    run(send())
    assert server.asked == []


@pytest.mark.parametrize("url", ["http://licence.example/v1", "http://10.0.0.1/v1"])
def test_plain_http_is_for_this_machine_only(url: str) -> None:
    server = Server()
    with pytest.raises(ApiError, match="plain http"):
        run(ask(server, "GET", "/license/assessor-types", url=url))
    assert server.asked == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1", "http://localhost/v1", "http://[::1]/v1"])
def test_plain_http_to_this_machine_is_sent(url: str) -> None:
    assert run(ask(Server(answer=envelope([])), "GET", "/license/assessor-types", url=url)) == []


@pytest.mark.parametrize(
    "url", ["", "ftp://x/v1", "https://", "https://u:p@x/v1", "https://x/?k=v"]
)
def test_a_url_that_is_no_server_is_an_error_for_people(url: str) -> None:
    with pytest.raises(EngineError, match="settings"):
        open_wiseflow(Connection(url), read_only=True)


def test_redirects_are_not_followed() -> None:
    server = Server(response(302, Location="https://evil.example/"))
    with pytest.raises(ApiError, match="elsewhere"):
        run(ask(server, "GET", "/license/assessor-types"))
    assert len(server.asked) == 1


def test_an_answer_without_end_is_dropped() -> None:
    server = Server(httpx.Response(200, stream=Flood()))
    with pytest.raises(ApiError, match="too large"):
        run(ask(server, "GET", "/license/assessor-types"))


def test_an_answer_that_drips_is_given_up() -> None:
    server = Server(httpx.Response(200, stream=Drip()), answer=envelope([]))
    assert run(ask(server, "GET", "/license/assessor-types")) == []
    assert server.asked[1] == pytest.approx(300.5, abs=0.2)


def test_a_distrusted_certificate_is_not_tried_again() -> None:
    fault = httpx.ConnectError("certificate verify failed")
    fault.__cause__ = ssl.SSLCertVerificationError("self-signed")
    server = Server(*[fault] * 9)
    with pytest.raises(ApiError, match="certificate"):
        run(ask(server, "GET", "/license/assessor-types"))
    assert len(server.asked) == 1


def test_compressed_answers_are_read() -> None:
    import gzip

    body = gzip.compress(json.dumps({"success": True, "data": [ROW], "error": None}).encode())
    answer = httpx.Response(200, headers={"Content-Encoding": "gzip"}, content=body)
    assert run(ask(Server(answer), "GET", "/license/assessor-types")) == [ROW]


def test_every_attempt_is_counted_by_operation() -> None:
    server = Server(response(503), answer=envelope([]))

    async def count() -> None:
        async with licence(server) as api:
            await api.call("GET", "/flows/{flowId}/authors", ids={"flowId": 5})
            assert api.sent == {"POST /oauth2/token": 1, "GET /flows/{flowId}/authors": 2}

    run(count())


def test_every_request_says_who_sends_it() -> None:
    seen: list[httpx.Headers] = []

    async def serve(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        found = with_token(Server(answer=envelope([])))(request)
        return found if isinstance(found, httpx.Response) else await found

    async def send() -> None:
        connection = Connection("https://licence.example/v1", "client")
        async with open_wiseflow(connection, read_only=True, here=here(serve)) as api:
            await api.call("GET", "/license/assessor-types")

    run(send())
    assert len(seen) == 2
    assert all(h["X-Client-Name"].startswith("wisectl/") for h in seen)
    assert all(h["User-Agent"].startswith("wisectl/") for h in seen)
