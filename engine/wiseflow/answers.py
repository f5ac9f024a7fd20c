"""The one place that tells an answer from a failure, whatever shape either of them has.

WISEflow answers in envelopes (`success`, `data`, `error`, `pagination`), bare, or not at all; it
refuses with an envelope, a bare string, an OAuth error, JSON called text/plain, or an empty body;
and proxies before it answer in HTML. Source: WISEflow OpenAPI, `general-api-error-response`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from engine.errors import ApiError, AuthenticationError, IncompleteReadError, PartialError
from engine.oauth import CHECK_CREDENTIALS
from engine.strict_json import MALFORMED, read_json
from engine.wiseflow.lists import envelope_due, lacking
from engine.wiseflow.shapes import misshapen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from engine.retrying import Call


MOST_ROWS = 10_000_000
"""A list that says it has more is not believed: nobody could read it to its end."""
_TRACE = re.compile(r"[0-9A-Za-z._-]{1,64}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call gave: its status, its payload without envelope, and the total of a list."""

    status: int
    payload: Any
    total: int | None = None
    limit: int | None = None
    """The page size that the server used."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Makes the error of one call; `clean` takes secrets and personal values out of messages."""

    call: Call
    status: int
    trace: str
    """As the server sent it."""
    clean: Callable[[str], str]

    def error(self, message: str, kind: type[ApiError] = ApiError) -> ApiError:
        call = self.call
        return kind(
            call.method, call.shown, self.status, self.clean(message), self.clean(self.trace)
        )


def trace_of(response: httpx.Response) -> str:
    """The trace id of an answer; empty where it is no short token but text of the server's."""
    trace: str = response.headers.get("X-Trace-Id", "")
    return trace if _TRACE.fullmatch(trace) else ""


def read_answer(
    call: Call, response: httpx.Response, clean: Callable[[str], str], shape: type | None
) -> Answer:
    """The payload of a success.

    Raises: PartialError on `success: false`, AuthenticationError on 401, IncompleteReadError where
    a read shows that it is not all there is, ApiError on all else.
    """
    trace = trace_of(response)
    failure = Failure(call, response.status_code, trace, clean)
    payload = response.extensions.get("payload", MALFORMED)
    if not 200 <= response.status_code < 300:
        raise _refusal(failure, response)
    if response.status_code == 204:
        return Answer(204, None)
    if payload is MALFORMED:
        raise failure.error(_not_json(response))
    if _is_envelope(payload):
        return _opened(failure, payload, shape)
    shaped = _shaped(failure, payload, shape)
    if envelope_due(call.operation):
        raise failure.error("the answer lacks its envelope", IncompleteReadError)
    return Answer(response.status_code, _whole(failure, shaped))


def _is_envelope(payload: Any) -> bool:
    return (
        isinstance(payload, dict)
        and "success" in payload
        and not {"data", "error"}.isdisjoint(payload)
    )


def _opened(failure: Failure, envelope: dict[str, Any], shape: type | None) -> Answer:
    data = envelope.get("data")
    if envelope["success"] is not True:
        message = _message(envelope) or "not all was done, and no reason is given"
        raise PartialError(failure.error(message), data)
    pagination = envelope.get("pagination")
    pagination = pagination if isinstance(pagination, dict) else {}
    total, limit = _count(pagination.get("total")), _count(pagination.get("limit"))
    if data is None and shape is list and total == 0:
        data = []
    payload = _whole(failure, _shaped(failure, data, shape))
    return Answer(failure.status, payload, total, limit)


def _whole(failure: Failure, payload: Any) -> Any:
    """The payload, if nothing shows that it is a part only."""
    operation = failure.call.operation
    if reason := lacking(operation, payload) or misshapen(operation, payload):
        raise failure.error(reason, IncompleteReadError)
    return payload


def _shaped(failure: Failure, payload: Any, shape: type | None) -> Any:
    """The payload, if it is a list or an object as the document says.

    A list that is null is not an empty one, unless its total says so: it was not read.
    """
    if shape is None or isinstance(payload, shape):
        return payload
    due = "a list" if shape is list else "an object"
    raise failure.error(f"the answer is not {due}, as it should be", IncompleteReadError)


def _refusal(failure: Failure, response: httpx.Response) -> ApiError:
    if failure.status == 401:
        return failure.error(CHECK_CREDENTIALS, AuthenticationError)
    if 300 <= failure.status < 400:
        return failure.error("the server sends us elsewhere: check the url in wisectl.yaml")
    payload = read_json(response.content)
    if payload is MALFORMED:
        return failure.error(_plain_text(response) or _phrase(failure.status))
    return failure.error(_message(payload) or _phrase(failure.status))


def _message(payload: Any) -> str:
    """The server's sentence and the reasons below it, whichever of its shapes it used."""
    if isinstance(payload, str):
        return payload
    if not isinstance(payload, dict):
        return ""
    error = payload.get("error")
    if isinstance(error, dict):
        return "; ".join(_parts(error))
    parts = (error, payload.get("error_description"), payload.get("message"))
    return ": ".join(part for part in parts if isinstance(part, str) and part)


def _parts(error: dict[str, Any]) -> Iterator[str]:
    if isinstance(error.get("message"), str):
        yield error["message"]
    reasons = error.get("errors")
    for reason in reasons if isinstance(reasons, list) else ():
        texts = reason.values() if isinstance(reason, dict) else (reason,)
        if text := ": ".join(text for text in texts if isinstance(text, str) and text):
            yield text


def _plain_text(response: httpx.Response) -> str:
    return _not_json(response) if _is_html(response) else response.text


def _not_json(response: httpx.Response) -> str:
    if _is_html(response):
        return "a web page came instead of an answer: check the url, or a proxy on the way"
    return "the answer is not JSON"


def _is_html(response: httpx.Response) -> bool:
    start = response.content[:200].lstrip().lower()
    return "html" in response.headers.get("Content-Type", "") or start.startswith(b"<")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase.lower()
    except ValueError:
        return "no reason is given"


def _count(number: Any) -> int | None:
    is_number = isinstance(number, int) and not isinstance(number, bool)
    return number if is_number and number <= MOST_ROWS else None
