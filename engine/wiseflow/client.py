"""Speaks to one WISEflow licence: one call, or one list read to its end. Knows no kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, Self
from urllib.parse import quote

from pydantic import SecretStr

from engine.errors import ApiError, AuthenticationError, IncompleteReadError
from engine.pacing import Rate, http_date
from engine.redaction import Redactor, personal_values
from engine.retrying import HERE, POLICY, Call, RetryPolicy, Surroundings
from engine.transport import REPEATABLE_METHODS, Server, Transport, make_client, server_url
from engine.wiseflow.answers import Answer, read_answer, trace_of
from engine.wiseflow.auth import ApiKey, ClientCredentials
from engine.wiseflow.paging import PAGED_IN_BODY, MovedError, Row, RowKey, read_pages, row_key
from engine.wiseflow.reads import READS, is_read

if TYPE_CHECKING:
    from collections import Counter
    from pathlib import Path
    from types import TracebackType

    import httpx

Ids = Mapping[str, int | str]
NO_IDS: Ids = {}

WISEFLOW_RATE = Rate(per_minute=5000, per_second=200)
"""For each credential set. Source: WISEflow help page "API rate limits"."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Where a licence is and how to log in: client credentials, or an API key."""

    url: str
    client_id: str = ""
    client_secret: SecretStr = field(default=SecretStr(""))
    api_key: SecretStr | None = None
    rate: Rate = WISEFLOW_RATE
    parallelism: int = 16
    ca_file: Path | None = None
    """The certificates to trust, instead of the usual ones."""


class Witness(Protocol):
    """Is told of each writing call before it is sent, and of what came of it."""

    async def calling(self, operation: str, path: str) -> int: ...

    def answered(self, number: int, status: int, trace: str, lost: str = "") -> None: ...


class ServerClock:
    """The server's time: the newest `Date`, carried on by our own clock between answers."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._date: datetime | None = None
        self._read_at = 0.0

    def heed(self, text: str) -> None:
        """Takes a `Date` header; seconds that only rounding and overtaking explain are ignored."""
        date = http_date(text)
        if date is not None and not timedelta(0) <= self.now() - date < timedelta(seconds=2):
            self._date, self._read_at = date, self._clock()

    def now(self) -> datetime:
        if self._date is None:
            return datetime.now(UTC)
        return self._date + timedelta(seconds=self._clock() - self._read_at)


class WiseflowApi:
    """An open connection to one licence; made by `open_wiseflow`, used with `async with`."""

    def __init__(
        self,
        base: httpx.URL,
        http: httpx.AsyncClient,
        transport: Transport,
        redactor: Redactor,
        clock: Callable[[], float],
    ) -> None:
        self._base, self._http, self._transport = base, http, transport
        self._redactor = redactor
        self._time = ServerClock(clock)
        self.witness: Witness | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    @property
    def sent(self) -> Counter[str]:
        """Requests sent so far, by operation: `POST /flows/search`. Attempts count each."""
        return self._transport.sent

    @property
    def server_now(self) -> datetime:
        """The server's time, aware UTC; our own before it has answered at all."""
        return self._time.now()

    async def call(
        self,
        method: str,
        template: str,
        *,
        ids: Ids = NO_IDS,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        repeatable: bool | None = None,
    ) -> Any:
        """The payload without its envelope; None where the answer has no body.

        `repeatable` says that doing it twice is doing it once; by default that holds for GET, PUT
        and DELETE, and for searches. Raises: ApiError and its children.
        """
        answer = await self.request(
            method, template, ids=ids, params=params, body=body, repeatable=repeatable
        )
        return answer.payload

    async def request(
        self,
        method: str,
        template: str,
        *,
        ids: Ids = NO_IDS,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        repeatable: bool | None = None,
    ) -> Answer:
        """As `call`, with the status: POST /license/user tells 200 (updated) from 201 (created)."""
        call = _describe(method, template, ids, repeatable)
        request = self._http.build_request(
            method,
            f"{self._base}{_path(template, ids)}",
            params=params,
            json=body,
            extensions={"call": call},
        )
        response = await self._witnessed(call, request)
        self._time.heed(response.headers.get("Date", ""))
        personal = [*personal_values(body), *(v for v in ids.values() if isinstance(v, str))]

        def clean(text: str) -> str:
            return self._redactor.clean(text, personal)

        return read_answer(call, response, clean, READS.get(call.operation))

    async def _witnessed(self, call: Call, request: httpx.Request) -> httpx.Response:
        """The response; of a call that writes, the witness knows before and after."""
        if self.witness is None or call.operation in READS:
            return await self._http.send(request)
        number = await self.witness.calling(call.operation, call.shown)
        try:
            response = await self._http.send(request)
        except ApiError as error:
            self.witness.answered(number, error.status, error.trace, type(error).__name__)
            raise
        trace = self._redactor.clean(trace_of(response))
        self.witness.answered(number, response.status_code, trace)
        return response

    async def pages(
        self,
        method: str,
        template: str,
        *,
        limit: int,
        ids: Ids = NO_IDS,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        key: RowKey | None = None,
    ) -> list[Row]:
        """All rows of a list that is answered in pages, complete or not at all.

        `limit` is the operation's greatest page; `key` tells rows apart where the operation is not
        in `paging.ROW_IDS`.
        Raises: IncompleteReadError, when the pages do not make one list.
        """

        async def read_page(offset: int, size: int) -> Answer:
            place = {"offset": offset, "limit": size}
            if f"{method} {template}" in PAGED_IN_BODY:
                whole = {**(body or {}), "pagination": place}
                return await self.request(method, template, ids=ids, params=params, body=whole)
            where = {**(params or {}), **place}
            return await self.request(method, template, ids=ids, params=where, body=body)

        try:
            return await read_pages(read_page, limit, key or row_key(f"{method} {template}"))
        except MovedError as error:
            shown = _describe(method, template, ids, None).shown
            raise IncompleteReadError(method, shown, 200, str(error)) from None

    async def total(
        self,
        method: str,
        template: str,
        *,
        ids: Ids = NO_IDS,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
    ) -> int:
        """How many rows a list has: one is asked for, the answer's total is read."""
        place = {**(params or {}), "offset": 0, "limit": 1}
        answer = await self.request(method, template, ids=ids, params=place, body=body)
        if answer.total is None:
            shown = _describe(method, template, ids, None).shown
            raise ApiError(method, shown, answer.status, "the answer does not say how many")
        return answer.total


def open_wiseflow(
    connection: Connection,
    *,
    read_only: bool,
    timeout: float = 30.0,
    policy: RetryPolicy = POLICY,
    here: Surroundings = HERE,
) -> WiseflowApi:
    """A connection that sends nothing yet; with `read_only` it will never send a write.

    Raises: ApiError, when the url or the API key cannot be one.
    """
    base = server_url(connection.url)
    redactor = Redactor(connection.client_secret.get_secret_value())

    def reads_only(request: httpx.Request) -> bool:
        prefix, path = base.path.rstrip("/"), request.url.raw_path.decode("ascii").split("?")[0]
        return path.startswith(prefix) and is_read(request.method, path.removeprefix(prefix))

    server = Server(base, connection.rate, connection.parallelism, connection.ca_file)
    transport = Transport(server, reads_only, read_only=read_only, policy=policy, here=here)
    auth = _auth(connection, base, transport, redactor, timeout, here.clock)
    http = make_client(transport, auth, timeout)
    return WiseflowApi(base, http, transport, redactor, here.clock)


def _auth(
    connection: Connection,
    base: httpx.URL,
    transport: Transport,
    redactor: Redactor,
    timeout: float,
    clock: Callable[[], float],
) -> httpx.Auth:
    if connection.api_key is not None:
        key = connection.api_key.get_secret_value()
        if not re.fullmatch(r"[\x21-\x7e]+", key):
            message = "the API key is empty, or holds a space or line break: check its variable"
            raise AuthenticationError("GET", "/", 0, message)
        redactor.hide(key)
        return ApiKey(connection.api_key)
    return ClientCredentials(
        base,
        connection.client_id,
        connection.client_secret,
        transport=transport,
        redactor=redactor,
        timeout=timeout,
        clock=clock,
    )


def _describe(method: str, template: str, ids: Ids, repeatable: bool | None) -> Call:
    if repeatable is None:
        repeatable = method in REPEATABLE_METHODS or f"{method} {template}" in READS
    # Text in a path may be somebody's key; numbers mean nothing to strangers.
    numbers = {name: value for name, value in ids.items() if isinstance(value, int)}
    return Call(method, template, _filled(template, numbers), repeatable)


def _path(template: str, ids: Ids) -> str:
    """The path with every id in it. Raises: ValueError, when one is missing or would move it."""
    path = _filled(template, {name: quote(str(value), safe="") for name, value in ids.items()})
    steps = path.split("/")[1:]
    if "{" in path or any(step in {"", ".", ".."} for step in steps):
        raise ValueError(f"{template} needs all of its ids, and none of them empty")
    return path


def _filled(template: str, values: Mapping[str, object]) -> str:
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", str(value))
    return template
