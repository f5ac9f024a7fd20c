"""The ASGI application: what happens to every request around the work it asks for.

Counting, faults, authentication, rate limits, the headers that every answer has. WISEflow is at
/v1, UNIWeb at /uniweb, control at /_sandbox.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from engine.sandbox.control import Control
from engine.sandbox.faults import Fault, Faults
from engine.sandbox.quirks import Quirks
from engine.sandbox.rates import RateLimit
from engine.sandbox.uniweb.app import make_uniweb_app
from engine.sandbox.visibility import note_writes, see_all
from engine.sandbox.wiseflow import OPERATIONS
from engine.sandbox.wiseflow.http import Answer, Call, Refusal, perform, refused
from engine.sandbox.wiseflow.oauth import TOKEN_PATH, principal, unauthorised
from engine.sandbox.wiseflow.routes import Route, Routes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from engine.sandbox.store import Store

_log = logging.getLogger(__name__)

_VERSION = "/v1"
_UNIWEB = "/uniweb"
_CONTROL = "/_sandbox"


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    headers: dict[str, str]
    query: str
    body: bytes


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    headers: list[tuple[str, str]]
    body: bytes


def make_app(
    store: Store, *, rate_limit: bool = True, quirks: Mapping[str, str] | None = None
) -> ASGIApp:
    """The sandbox over a store, as an ASGI application; QuirkError for a wrong quirk."""
    return _Sandbox(store, RateLimit() if rate_limit else None, Quirks(quirks or {}))


class _Sandbox:
    def __init__(self, store: Store, rates: RateLimit | None, quirks: Quirks) -> None:
        self._store = store
        self._rates = rates
        self._quirks = quirks
        self._routes = Routes(OPERATIONS)
        self._counts: Counter[str] = Counter()
        self._faults = Faults()
        self._control = Control(store, self._counts, self._faults)
        self._uniweb = make_uniweb_app(store, store.clock)
        self._start_anew()
        store.on_reset(self._start_anew)

    def _start_anew(self) -> None:
        self._counts.clear()
        self._faults.replace([])
        if self._rates is not None:
            self._rates.forget()
        if self._quirks.visibility_delay:
            see_all(self._store)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        if scope["type"] != "http":
            return
        request = await _read(scope, receive)
        if request.path == _CONTROL or request.path.startswith(_CONTROL + "/"):
            status, body = self._control.answer(
                request.method, request.path.removeprefix(_CONTROL), request.body
            )
            await self._send(send, _Reply(status, [("Content-Type", "application/json")], body))
            return
        route = self._route(request)
        template = self._template(request, route)
        self._counts[f"{request.method} {template}"] += 1
        fault = self._faults.next(request.method, template)
        await self._answer(_Exchange(scope, receive, send, request, route), fault)

    def _route(self, request: _Request) -> Route | None:
        if not request.path.startswith(_VERSION + "/"):
            return None
        return self._routes.find(request.method, request.path.removeprefix(_VERSION))

    def _template(self, request: _Request, route: Route | None) -> str:
        if route is not None:
            return route.template
        return request.path.removeprefix(_VERSION)

    async def _answer(self, exchange: _Exchange, fault: Fault | None) -> None:
        kind = "" if fault is None else fault.kind
        if fault is not None and kind == "delay":
            await asyncio.sleep(fault.seconds)
        if kind == "drop_before":
            await _cut(exchange)
            return
        if fault is not None and kind == "status":
            await self._send(exchange.send, _faulty(fault.status))
            return
        reply = await self._work(exchange)
        if kind == "drop_after" or (kind == "truncate" and not reply.body):
            await _cut(exchange)
        elif kind == "truncate":
            await self._send(exchange.send, reply, whole=False)
            await _close(exchange)
        elif kind == "malformed":
            await self._send(exchange.send, _Reply(reply.status, reply.headers, b'{"success": tru'))
        else:
            await self._send(exchange.send, reply)

    async def _work(self, exchange: _Exchange) -> _Reply:
        request = exchange.request
        if request.path.startswith(_UNIWEB + "/"):
            return await _forward(self._uniweb, exchange)
        if not request.path.startswith(_VERSION + "/"):
            return _reply(refused(Refusal(404, "Not found")))
        headers: list[tuple[str, str]] = []
        if request.path != _VERSION + TOKEN_PATH:
            who = principal(self._store, request.headers, self._store.clock.now())
            if who is None:
                return _reply(unauthorised())
            if self._rates is not None:
                allowed, headers = self._rates.admit(who)
                if not allowed:
                    return _reply(refused(Refusal(429, "Too many requests")), headers)
        return _reply(self._perform(request, exchange.route), headers)

    def _perform(self, request: _Request, route: Route | None) -> Answer:
        if route is None:
            return refused(Refusal(404, "Not found"))
        if route.operation is None:
            return refused(Refusal(405, "Method not allowed"))
        call = Call(
            store=self._store,
            quirks=self._quirks,
            now=self._store.clock.now(),
            query=dict(parse_qsl(request.query, keep_blank_values=True)),
        )
        try:
            answer = perform(route.operation, call, route.ids, request.body)
        except Exception:
            _log.exception("%s %s failed", request.method, route.template)
            return refused(Refusal(500, "Internal error"))
        if call.touched and self._quirks.visibility_delay and answer.status < 300:
            with self._store.transaction():
                note_writes(self._store, call.touched, self._quirks.visibility_delay)
        return answer

    async def _send(self, send: Send, reply: _Reply, *, whole: bool = True) -> None:
        """Send an answer with the headers that every answer has; not whole: half of its body."""
        headers = [
            *reply.headers,
            ("Date", self._store.clock.http_date()),
            ("X-Trace-Id", uuid.uuid4().hex),
        ]
        if reply.status not in {204, 304}:
            headers.append(("Content-Length", str(len(reply.body) + (0 if whole else 1))))
        encoded = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers]
        await send({"type": "http.response.start", "status": reply.status, "headers": encoded})
        body = reply.body if whole else reply.body[: len(reply.body) // 2]
        await send({"type": "http.response.body", "body": body, "more_body": not whole})


@dataclass(frozen=True, slots=True)
class _Exchange:
    scope: Scope
    receive: Receive
    send: Send
    request: _Request
    route: Route | None


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _read(scope: Scope, receive: Receive) -> _Request:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    raw_path = scope.get("raw_path") or scope["path"].encode()
    return _Request(
        method=scope["method"],
        path=raw_path.split(b"?")[0].decode("latin-1"),
        headers={k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]},
        query=scope["query_string"].decode("latin-1"),
        body=bytes(body),
    )


def _reply(answer: Answer, headers: list[tuple[str, str]] | None = None) -> _Reply:
    found = list(headers or ())
    if answer.body is not None:
        found.append(("Content-Type", answer.media_type))
    return _Reply(answer.status, found, answer.body or b"")


def _faulty(status: int) -> _Reply:
    """The answer of a server that has a bad day."""
    if status == 401:
        return _reply(unauthorised())
    headers = [("Retry-After", "1")] if status == 429 else []
    if status in {204, 205, 304}:
        return _Reply(status, headers, b"")
    return _reply(refused(Refusal(status, "The request could not be completed")), headers)


async def _forward(app: ASGIApp, exchange: _Exchange) -> _Reply:
    """The whole answer of an application mounted at /uniweb."""
    scope = dict(exchange.scope)
    scope["root_path"] = scope.get("root_path", "") + _UNIWEB
    sent: list[Any] = []
    unread = [{"type": "http.request", "body": exchange.request.body, "more_body": False}]

    async def receive() -> Any:
        return unread.pop() if unread else await exchange.receive()

    async def keep(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, keep)
    headers = [
        (k.decode("latin-1"), v.decode("latin-1"))
        for k, v in sent[0].get("headers", ())
        if k.lower() != b"content-length"
    ]
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return _Reply(sent[0]["status"], headers, body)


async def _cut(exchange: _Exchange) -> None:
    """Cut the TCP connection without a word."""
    transport = _transport(exchange)
    transport.abort()
    await _until_gone(exchange)


async def _close(exchange: _Exchange) -> None:
    """Send what was written so far, then close the TCP connection."""
    transport = _transport(exchange)
    transport.close()
    await _until_gone(exchange)


def _transport(exchange: _Exchange) -> Any:
    try:
        return exchange.scope["state"]["transport"]
    except KeyError as error:
        raise ConnectionResetError("cut by a fault") from error


async def _until_gone(exchange: _Exchange) -> None:
    while (await exchange.receive())["type"] != "http.disconnect":
        pass
