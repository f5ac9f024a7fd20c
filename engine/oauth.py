"""One access token for all callers: fetched once, renewed before it ends, renewed once on 401."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import ApiError, AuthenticationError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

RENEW_BEFORE = 60.0
"""Seconds before its end at which a token is renewed (half its life, if that is less)."""

REFUSALS = frozenset({400, 401, 403})
"""How token endpoints refuse credentials. Source: WISEflow OpenAPI, UNIWeb OpenAPI, RFC 6749."""

CHECK_CREDENTIALS = (
    "the credentials are refused: check them in wisectl.yaml, and the environment variables "
    "named there"
)


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """An access token and the seconds that it lives."""

    value: str
    lifetime: float


class TokenHolder:
    """Shares one token; `fetch` is called by one caller while the others wait for its result."""

    def __init__(self, fetch: Callable[[], Awaitable[Token]], clock: Callable[[], float]) -> None:
        self._fetch, self._clock = fetch, clock
        self._lock = asyncio.Lock()
        self._value = ""
        self._renew_at = float("-inf")
        self._refused: AuthenticationError | None = None

    async def current(self) -> str:
        """A token that is valid for a while. Raises: AuthenticationError, ApiError."""
        async with self._lock:
            if self._clock() >= self._renew_at:
                await self._renew()
            return self._value

    async def renewed(self, refused: str) -> str:
        """A token other than the refused one; who comes late gets what the first one fetched."""
        async with self._lock:
            if self._value == refused:
                await self._renew()
            return self._value

    async def _renew(self) -> None:
        if self._refused is not None:
            raise self._refused
        try:
            token = await self._fetch()
        except AuthenticationError as error:
            # Wrong credentials do not become right within a run, and accounts get locked.
            self._refused = error
            raise
        self._value = token.value
        self._renew_at = self._clock() + token.lifetime - min(RENEW_BEFORE, token.lifetime / 2)


def read_token(path: str, status: int, payload: Any) -> Token:
    """The token in the answer of a token endpoint.

    Raises: AuthenticationError, when the credentials are refused; ApiError on any other answer.
    """
    members = payload if isinstance(payload, dict) else {}
    if status in REFUSALS or (200 <= status < 300 and "error" in members):
        raise AuthenticationError("POST", path, status, CHECK_CREDENTIALS)
    if not 200 <= status < 300:
        raise ApiError("POST", path, status, "no token was given: check the url in wisectl.yaml")
    value, lifetime = members.get("access_token"), members.get("expires_in")
    if not isinstance(value, str) or not re.fullmatch(r"[\x21-\x7e]+", value):
        raise ApiError("POST", path, status, "the answer holds no usable token")
    return Token(value, _lifetime(lifetime))


def _lifetime(seconds: Any) -> float:
    """Seconds; a minute where the server does not say, so that a token is never used for long."""
    try:
        return max(0.0, float(seconds))
    except (TypeError, ValueError):
        return 60.0
