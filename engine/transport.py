"""The one way out: every request to a vendor passes here, and is checked, paced and retried.

    refuse      plain http, another host, and in read-only mode all that is not a known read
    pace        engine/pacing.py: the settings' rate, the server's headers, how many at once
    send        one attempt: the whole answer, bounded in size and time
    judge       is this an answer, or a fault that may be repeated
    retry       engine/retrying.py: full jitter, within budgets

What may be repeated is said per call. A call that is not repeatable is sent again only where it
cannot have happened: no connection was made, or the server answered 429.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import ssl
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.request import getproxies, proxy_bypass

import httpx

from engine import __version__
from engine.errors import ApiError, BudgetError, ReadOnlyError, UnknownOutcomeError
from engine.pacing import LongPauseError, Pace, Rate
from engine.retrying import Call, FaultError, Retrier, RetryPolicy, Surroundings
from engine.strict_json import MALFORMED, read_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# httpx logs whole URLs at INFO, and some URLs carry a person's key.
logging.getLogger("httpx").setLevel(logging.WARNING)

IDENTITY = {"User-Agent": f"wisectl/{__version__}", "X-Client-Name": f"wisectl/{__version__}"}
"""Source: WISEflow help page "API best practices"."""

REPEATABLE_METHODS = frozenset({"GET", "HEAD", "PUT", "DELETE"})
GATEWAY_FAULTS = frozenset({502, 503, 504})

NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
HOPELESS = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)

KEEP_ALIVE = 3.0
"""Seconds until we close an idle connection: before servers do (many after 5), because a create
that is sent on a closed connection cannot be told from a lost answer."""


@dataclass(frozen=True, slots=True)
class Server:
    """One server, and what it may be asked to bear.

    `ca_file` names the certificates to trust instead of the usual ones.
    """

    base: httpx.URL
    rate: Rate
    parallelism: int
    ca_file: Path | None = None
    most_bytes: int = 64 * 2**20
    faults: frozenset[int] = GATEWAY_FAULTS
    """Statuses that are no answer, and may be another one at the next attempt."""


class Transport(httpx.AsyncBaseTransport):
    """Checks, paces and retries; answers are read to their end before they are given back.

    `is_read` says of a request whether it only reads; `read_only` refuses all others.
    `sent` counts attempts by operation (`POST /flows/search`).
    """

    def __init__(
        self,
        server: Server,
        is_read: Callable[[httpx.Request], bool],
        *,
        read_only: bool,
        policy: RetryPolicy,
        here: Surroundings,
    ) -> None:
        self.sent: Counter[str] = Counter()
        self.pace = Pace(server.rate, server.parallelism, here.clock, here.sleep)
        self._server, self._policy = server, policy
        self._is_read, self._read_only = is_read, read_only
        self._retrier = Retrier(policy, here)
        self._network: httpx.AsyncBaseTransport = here.network or open_network(server)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, whatever its status; its parsed JSON as `extensions["payload"]`.

        Raises: ReadOnlyError, BudgetError, UnknownOutcomeError, or ApiError.
        """
        call = _call_of(request)
        self._refuse(request, call)
        may_have_happened = False

        async def attempt() -> httpx.Response:
            nonlocal may_have_happened
            try:
                return await self._attempt(request, call)
            except FaultError as fault:
                may_have_happened |= fault.happened and not self._is_read(request)
                raise

        try:
            return await self._retrier.retrying(call)(attempt)
        except FaultError as fault:
            return _last_word(call, fault, may_have_happened)

    async def aclose(self) -> None:
        await self._network.aclose()

    def _refuse(self, request: httpx.Request, call: Call) -> None:
        if self._read_only and not self._is_read(request):
            raise ReadOnlyError(
                f"{call.operation} is not a known read, and this command only reads"
            )
        if _origin(request.url) != _origin(self._server.base):
            raise ApiError(call.method, call.shown, 0, "the request was meant for another server")
        if request.url.scheme != "https" and not is_loopback(request.url.host):
            message = "plain http is only for this machine: write https in the settings"
            raise ApiError(call.method, call.shown, 0, message)

    async def _attempt(self, request: httpx.Request, call: Call) -> httpx.Response:
        try:
            async with self.pace.turn(self._policy.per_call) as started:
                self.sent[call.operation] += 1
                answer = await self._exchange(request)
                asked = self.pace.heed(answer.status_code, answer.headers, started)
        except LongPauseError as error:
            raise FaultError(
                "too many requests", status=429, happened=False, hopeless=True, wait=error.seconds
            ) from None
        return _judged(call, answer, asked, self._server.faults)

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        try:
            async with asyncio.timeout(self._policy.longest_answer):
                return await self._whole(await self._network.handle_async_request(request))
        except NOT_SENT as error:
            distrusted = _is_certificate_error(error)
            why = "the server's certificate is not trusted" if distrusted else "no connection"
            raise FaultError(why, happened=False, hopeless=distrusted) from None
        except HOPELESS:
            why = "the request cannot be sent: check url and credentials in the settings"
            raise FaultError(why, happened=False, hopeless=True) from None
        except (httpx.TimeoutException, TimeoutError):
            raise FaultError("no answer in time") from None
        except (httpx.TransportError, httpx.StreamError):
            raise FaultError("the connection was lost") from None

    async def _whole(self, answer: httpx.Response) -> httpx.Response:
        """The answer with its body in memory; a refusal keeps its status if its body is lost."""
        body = bytearray()
        try:
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > self._server.most_bytes:
                    why = "the answer is too large"
                    raise FaultError(why, status=answer.status_code, hopeless=True)
        except (httpx.TransportError, httpx.DecodingError):
            if not 400 <= answer.status_code < 500:
                raise FaultError("the answer was cut off", status=answer.status_code) from None
            body.clear()
        finally:
            await answer.aclose()
        # The body is decoded: headers that describe it as sent would have it decoded twice.
        gone = {b"content-encoding", b"content-length", b"transfer-encoding"}
        headers = [(k, v) for k, v in answer.headers.raw if k.lower() not in gone]
        return httpx.Response(answer.status_code, headers=headers, content=bytes(body))


def make_client(transport: Transport, auth: httpx.Auth | None, timeout: float) -> httpx.AsyncClient:
    """A client that follows no redirects and says who it is."""
    return httpx.AsyncClient(
        transport=transport,
        auth=auth,
        headers=IDENTITY,
        timeout=timeout,
        follow_redirects=False,
        trust_env=False,
    )


def server_url(url: str) -> httpx.URL:
    """The base of all requests. Raises: ApiError, when it is not a usable http(s) address."""
    try:
        base = httpx.URL(url.rstrip("/"))
    except httpx.InvalidURL:
        base = httpx.URL("")
    if base.scheme not in {"http", "https"} or not base.host or base.userinfo or base.query:
        raise ApiError("GET", "/", 0, "the url in the settings is not the address of a server")
    return base


def is_loopback(host: str) -> bool:
    """Whether the host is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def open_network(server: Server) -> httpx.AsyncHTTPTransport:
    """Connections to one server, through the proxy that the environment names for it."""
    # Loading the certificates takes longer than most requests; plain http needs none.
    verify: ssl.SSLContext | bool = server.base.scheme == "https"
    if server.ca_file is not None:
        verify = ssl.create_default_context(cafile=str(server.ca_file))
    limits = httpx.Limits(max_connections=max(1, server.parallelism), keepalive_expiry=KEEP_ALIVE)
    return httpx.AsyncHTTPTransport(verify=verify, limits=limits, proxy=_proxy(server.base))


def _proxy(base: httpx.URL) -> str | None:
    """The proxy that the environment names for this server (HTTPS_PROXY, NO_PROXY)."""
    if is_loopback(base.host) or proxy_bypass(base.host):
        return None
    proxies = getproxies()
    return proxies.get(base.scheme) or proxies.get("all")


def _call_of(request: httpx.Request) -> Call:
    call = request.extensions.get("call")
    if isinstance(call, Call):
        return call
    return Call(request.method, "?", "?", request.method in REPEATABLE_METHODS, reads_json=False)


def _judged(
    call: Call, answer: httpx.Response, asked: float | None, faults: frozenset[int]
) -> httpx.Response:
    """The answer, if it is one. Raises: FaultError."""
    status = answer.status_code
    if status == 429:
        raise FaultError("too many requests", status=status, happened=False, wait=asked)
    if status in faults:
        raise FaultError("the server is not available", status=status, wait=asked)
    if call.reads_json and 200 <= status < 300 and status != 204:
        payload = read_json(answer.content)
        if payload is MALFORMED or (payload is None and call.method == "GET"):
            raise FaultError("the answer is not JSON", status=status, answer=answer)
        answer.extensions["payload"] = payload
    return answer


def _last_word(call: Call, fault: FaultError, may_have_happened: bool) -> httpx.Response:
    """What the caller gets when nothing is left to try."""
    if may_have_happened and (not call.repeatable or fault.answer is not None):
        message = f"{fault.why}: it may have happened all the same"
        raise UnknownOutcomeError(call.method, call.shown, fault.status, message) from None
    if fault.answer is not None:
        answer: httpx.Response = fault.answer
        return answer
    error: ApiError
    if fault.hopeless and fault.wait is None:
        error = ApiError(call.method, call.shown, fault.status, fault.why)
    else:
        error = BudgetError(call.method, call.shown, fault.status, _patience_lost(fault))
    error.unknown = may_have_happened
    raise error from None


def _patience_lost(fault: FaultError) -> str:
    if not fault.wait:
        return f"{fault.why}, however often it was tried; try again later"
    wait = fault.wait
    later = f"{wait:.0f} s" if wait < 120 else f"{wait / 60:.0f} minutes"
    return f"{fault.why}: the server asks to come back in {later}"


def _is_certificate_error(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
