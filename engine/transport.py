"""The one way out: every request to a vendor passes here, and is checked, paced and retried.

    refuse      plain http, another host, and in read-only mode all that is not a known read
    pace        engine/pacing.py: the settings' rate, the server's headers, how many at once
    send        one attempt: the whole answer, bounded in size and time
    judge       is this an answer, or a fault that may be repeated
    retry       full jitter, within a budget for the call and one for the run

What may be repeated is said per call. A call that is not repeatable is sent again only where it
cannot have happened: no connection was made, or the server answered 429.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
import random
import ssl
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast
from urllib.request import getproxies, proxy_bypass

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from engine import __version__
from engine.errors import ApiError, BudgetError, ReadOnlyError, UnknownOutcomeError
from engine.pacing import LongPauseError, Pace, Rate

if TYPE_CHECKING:
    from pathlib import Path

    from engine.redaction import Redactor

# httpx logs whole URLs at INFO, and some URLs carry a person's key.
logging.getLogger("httpx").setLevel(logging.WARNING)

IDENTITY = {"User-Agent": f"wisectl/{__version__}", "X-Client-Name": f"wisectl/{__version__}"}
"""Source: WISEflow help page "API best practices"."""

REPEATABLE_METHODS = frozenset({"GET", "HEAD", "PUT", "DELETE"})
GATEWAY_FAULTS = frozenset({502, 503, 504})
MALFORMED_ATTEMPTS = 3
"""A page of a proxy stays a page of a proxy, so fewer attempts than for other faults."""

NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
HOPELESS = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)


@dataclass(frozen=True, slots=True)
class Call:
    """What the transport must know of one request; travels as `extensions["call"]`."""

    method: str
    template: str
    shown: str
    """The path for people: numbers filled in, text (it may be a person's key) left out."""
    repeatable: bool
    reads_json: bool = True

    @property
    def operation(self) -> str:
        return f"{self.method} {self.template}"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long to be patient, in seconds; `per_run` counts waits that overlap once."""

    attempts: int = 7
    first_wait: float = 0.5
    longest_wait: float = 30.0
    per_call: float = 120.0
    per_run: float = 600.0
    longest_answer: float = 300.0
    """From the request's first byte to the answer's last, however slowly they drip."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a test replaces: time, sleep, chance, and the network itself."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Callable[[], float] = random.random
    network: httpx.AsyncBaseTransport | None = None


class Fault(Exception):  # noqa: N818 - never leaves this module
    """One attempt that gave no usable answer, and what that says about repeating it."""

    def __init__(
        self,
        why: str,
        *,
        status: int = 0,
        happened: bool = True,
        hopeless: bool = False,
        wait: float | None = None,
        answer: httpx.Response | None = None,
    ) -> None:
        self.why, self.status, self.wait, self.answer = why, status, wait, answer
        self.happened = happened
        """False where the server cannot have done it."""
        self.hopeless = hopeless
        super().__init__(why)


@dataclass(slots=True)
class RunBudget:
    """Seconds that a run may wait for retries; a thousand calls waiting together count once."""

    seconds: float
    spent: float = 0.0
    _until: float = field(default=float("-inf"))

    def allows(self, now: float, wait: float) -> bool:
        return self.spent + self._new(now, wait) <= self.seconds

    def charge(self, now: float, wait: float) -> None:
        self.spent += self._new(now, wait)
        self._until = max(self._until, now + wait)

    def _new(self, now: float, wait: float) -> float:
        return max(0.0, now + wait - max(now, self._until))


class Transport(httpx.AsyncBaseTransport):
    """Checks, paces and retries; answers are read to their end before they are given back.

    `is_read` says of a request whether it only reads; `read_only` refuses all others.
    `sent` counts attempts by operation (`POST /flows/search`).
    """

    def __init__(
        self,
        base: httpx.URL,
        pace: Pace,
        network: httpx.AsyncBaseTransport,
        is_read: Callable[[httpx.Request], bool],
        *,
        read_only: bool,
        policy: RetryPolicy,
        surroundings: Surroundings,
        most_bytes: int,
    ) -> None:
        self.sent: Counter[str] = Counter()
        self.pace = pace
        self._base, self._network = base, network
        self._is_read, self._read_only = is_read, read_only
        self._policy, self._here = policy, surroundings
        self._most_bytes = most_bytes
        self._budget = RunBudget(policy.per_run)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, whatever its status.

        Raises: ReadOnlyError, BudgetError, UnknownOutcomeError, or ApiError.
        """
        call = _call_of(request)
        self._refuse(request, call)
        reached = False

        async def attempt() -> httpx.Response:
            nonlocal reached
            try:
                return await self._attempt(request, call)
            except Fault as fault:
                reached |= fault.happened
                raise

        try:
            return await self._retrying(call)(attempt)
        except Fault as fault:
            may_have_happened = reached and not self._is_read(request)
            return _last_word(call, fault, may_have_happened)

    async def aclose(self) -> None:
        await self._network.aclose()

    def _refuse(self, request: httpx.Request, call: Call) -> None:
        if self._read_only and not self._is_read(request):
            raise ReadOnlyError(
                f"{call.operation} is not on the list of reads, and this command only reads"
            )
        url = request.url
        if (url.scheme, url.host, url.port) != (
            self._base.scheme,
            self._base.host,
            self._base.port,
        ):
            raise ApiError(call.method, call.shown, 0, "the request was meant for another server")
        if url.scheme != "https" and not is_loopback(url.host):
            message = "plain http is only for this machine: write https in the settings"
            raise ApiError(call.method, call.shown, 0, message)

    def _retrying(self, call: Call) -> AsyncRetrying:
        return AsyncRetrying(
            retry=retry_if_exception(lambda error: _may_repeat(call, error)),
            wait=self._wait,
            stop=self._stop,
            before_sleep=self._charge,
            sleep=self._here.sleep,
            reraise=True,
        )

    def _wait(self, state: RetryCallState) -> float:
        """Full jitter; where the server names a time, that time and a little jitter on top."""
        policy = self._policy
        most = min(policy.longest_wait, policy.first_wait * 2.0 ** (state.attempt_number - 1))
        jitter = self._here.random() * most
        asked = _fault_of(state).wait
        return jitter if asked is None else asked + jitter

    def _stop(self, state: RetryCallState) -> bool:
        malformed = _fault_of(state).answer is not None
        attempts = MALFORMED_ATTEMPTS if malformed else self._policy.attempts
        return (
            state.attempt_number >= attempts
            or state.idle_for + state.upcoming_sleep > self._policy.per_call
            or not self._budget.allows(self._here.clock(), state.upcoming_sleep)
        )

    def _charge(self, state: RetryCallState) -> None:
        self._budget.charge(self._here.clock(), state.upcoming_sleep)

    async def _attempt(self, request: httpx.Request, call: Call) -> httpx.Response:
        try:
            async with self.pace.turn(self._policy.per_call) as started:
                self.sent[call.operation] += 1
                answer = await self._exchange(request)
                asked = self.pace.heed(answer.status_code, answer.headers, started)
        except LongPauseError as error:
            raise Fault("", status=429, happened=False, hopeless=True, wait=error.seconds) from None
        return _judged(call, answer, asked)

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        try:
            async with asyncio.timeout(self._policy.longest_answer):
                answer = await self._network.handle_async_request(request)
                return await self._whole(answer)
        except NOT_SENT as error:
            distrusted = _is_certificate_error(error)
            why = "the server's certificate is not trusted" if distrusted else "no connection"
            raise Fault(why, happened=False, hopeless=distrusted) from None
        except HOPELESS:
            why = "the request cannot be sent: check url and credentials in the settings"
            raise Fault(why, happened=False, hopeless=True) from None
        except (httpx.TimeoutException, TimeoutError):
            raise Fault("no answer in time") from None
        except (httpx.TransportError, httpx.StreamError):
            raise Fault("the connection was lost") from None

    async def _whole(self, answer: httpx.Response) -> httpx.Response:
        """The answer with its body in memory; a refusal keeps its status if its body is lost."""
        body = bytearray()
        try:
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > self._most_bytes:
                    raise Fault("the answer is too large", status=answer.status_code, hopeless=True)
        except (httpx.TransportError, httpx.DecodingError):
            if not 400 <= answer.status_code < 500:
                raise Fault("the answer was cut off", status=answer.status_code) from None
            body.clear()
        finally:
            await answer.aclose()
        # The body is decoded: headers that describe it as sent would have it decoded twice.
        gone = {"content-encoding", "content-length", "transfer-encoding"}
        headers = [(k, v) for k, v in answer.headers.multi_items() if k.lower() not in gone]
        return httpx.Response(answer.status_code, headers=headers, content=bytes(body))


def make_transport(
    base: httpx.URL,
    is_read: Callable[[httpx.Request], bool],
    *,
    read_only: bool,
    rate: Rate,
    parallelism: int,
    ca_file: Path | None = None,
    policy: RetryPolicy = RetryPolicy(),
    surroundings: Surroundings = Surroundings(),
    most_bytes: int = 64 * 2**20,
) -> Transport:
    """The whole stack for one server; `ca_file` adds an institution's own authority."""
    return Transport(
        base,
        Pace(rate, parallelism, surroundings.clock, surroundings.sleep),
        surroundings.network or _network(base, parallelism, ca_file),
        is_read,
        read_only=read_only,
        policy=policy,
        surroundings=surroundings,
        most_bytes=most_bytes,
    )


def make_client(transport: Transport, auth: httpx.Auth, timeout: float) -> httpx.AsyncClient:
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
        raise ApiError("GET", "/", 0, "the url in the settings is not an address of a server")
    return base


def is_loopback(host: str) -> bool:
    """Whether the host is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _network(base: httpx.URL, parallelism: int, ca_file: Path | None) -> httpx.AsyncHTTPTransport:
    verify: ssl.SSLContext | bool = True
    if ca_file is not None:
        verify = ssl.create_default_context(cafile=str(ca_file))
    # Closed before servers close them (many do after 5 s): a create sent on a closed connection
    # could not be told from a lost answer.
    limits = httpx.Limits(max_connections=max(1, parallelism), keepalive_expiry=3.0)
    return httpx.AsyncHTTPTransport(verify=verify, limits=limits, proxy=_proxy(base))


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
    return Call(request.method, "?", "?", request.method in REPEATABLE_METHODS, False)


def _may_repeat(call: Call, error: BaseException) -> bool:
    return (
        isinstance(error, Fault) and not error.hopeless and (call.repeatable or not error.happened)
    )


def _fault_of(state: RetryCallState) -> Fault:
    assert state.outcome is not None  # noqa: S101 - tenacity asks only after an attempt
    return cast("Fault", state.outcome.exception())


def _judged(call: Call, answer: httpx.Response, asked: float | None) -> httpx.Response:
    """The answer, if it is one. Raises: Fault."""
    status = answer.status_code
    if status == 429:
        raise Fault("too many requests", status=status, happened=False, wait=asked)
    if status in GATEWAY_FAULTS:
        raise Fault("the server is not available", status=status, wait=asked)
    if call.reads_json and 200 <= status < 300 and status != 204:
        payload = read_json(answer.content)
        if payload is MALFORMED:
            raise Fault("the answer is not JSON", status=status, answer=answer)
        answer.extensions["payload"] = payload
    return answer


def _last_word(call: Call, fault: Fault, may_have_happened: bool) -> httpx.Response:
    """What the caller gets when nothing is left to try."""
    if may_have_happened and not call.repeatable:
        message = f"{fault.why}: it may have happened all the same"
        raise UnknownOutcomeError(call.method, call.shown, fault.status, message) from None
    if fault.answer is not None:
        return fault.answer
    error: ApiError
    if fault.hopeless and fault.wait is None:
        error = ApiError(call.method, call.shown, fault.status, fault.why)
    else:
        error = BudgetError(call.method, call.shown, fault.status, _patience_lost(fault))
    error.unknown = may_have_happened
    raise error from None


def _patience_lost(fault: Fault) -> str:
    if fault.wait is None:
        return f"{fault.why}, however often it was tried; try again later"
    return f"the server takes no more requests now; try again in {_duration(fault.wait)}"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def _is_certificate_error(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


# ---- JSON --------------------------------------------------------------------------------------

MALFORMED: Any = object()


def read_json(body: bytes) -> Any:
    """The value in a body, None in an empty one, MALFORMED where it is not one valid value.

    Stricter than the standard library: no NaN, no member twice, no text that cannot be encoded.
    """
    if not body.strip():
        return None
    try:
        text = body.decode("utf-8-sig")
        value = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_once)
        if "\\ud" in text or "\\uD" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return MALFORMED
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError
    return members
