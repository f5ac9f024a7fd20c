"""How fast requests go out: the settings' rate, what the server's headers ask, how many at once."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from aiolimiter import AsyncLimiter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

BURST = 10
"""A tenth of a window's requests may go out at once; the rest follow evenly."""

BUDGETS = ("RateLimit", "X-RateLimit-Minute", "X-RateLimit-Second")
"""Prefixes of `-Remaining` and `-Reset` (seconds left). Source: help page "API rate limits"."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How many requests may go out in any minute, and in any second."""

    per_minute: int
    per_second: int


class LongPauseError(Exception):
    """The server takes no requests for longer than anybody wants to wait."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"{seconds:.0f} s")


class Pace:
    """Gives turns to send: at most `parallelism` at once, never more than the rate allows."""

    def __init__(
        self,
        rate: Rate,
        parallelism: int,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._limiters = (_limiter(rate.per_minute, 60.0), _limiter(rate.per_second, 1.0))
        self._slots = Slots(parallelism)
        self._clock, self._sleep = clock, sleep
        self._resume_at = self._narrowed_at = float("-inf")

    @property
    def pause(self) -> float:
        """Seconds until the server takes requests again."""
        return max(0.0, self._resume_at - self._clock())

    @property
    def width(self) -> int:
        """How many requests may be on their way at once now."""
        return self._slots.width

    @asynccontextmanager
    async def turn(self, longest_pause: float) -> AsyncIterator[float]:
        """Waits until one request may go out; gives the time at which it starts.

        Raises: LongPauseError, when the server wants a longer pause than that.
        """
        async with self._slots:
            while (pause := self.pause) > 0:
                if pause > longest_pause:
                    raise LongPauseError(pause)
                await self._sleep(pause)
            for limiter in self._limiters:
                await limiter.acquire()
            yield self._clock()

    def heed(self, status: int, headers: Mapping[str, str], started: float) -> float | None:
        """Obeys one answer; the seconds that a refusal asks to wait, or None if it names none."""
        if status == 429:
            asked = retry_after(headers)
            asked = _reset(headers) if asked is None else asked
            self._narrow(started)
            self._hold(asked or 0.0)
            return asked
        self._hold(_spent_until(headers) or 0.0)
        if status < 400:
            self._slots.widen()
        return retry_after(headers) if status == 503 else None

    def _hold(self, seconds: float) -> None:
        self._resume_at = max(self._resume_at, self._clock() + seconds)

    def _narrow(self, started: float) -> None:
        """Once for all requests that were on their way together, else sixteen refusals give 1."""
        if started >= self._narrowed_at:
            self._narrowed_at = self._clock()
            self._slots.narrow()


class Slots:
    """A semaphore whose width halves at once and grows again by one per round of answers."""

    def __init__(self, width: int) -> None:
        self._full = self.width = max(1, width)
        self._free = asyncio.Semaphore(self.width)
        self._owed = 0
        self._answers = 0

    async def __aenter__(self) -> None:
        await self._free.acquire()
        while self._owed:
            self._owed -= 1
            await self._free.acquire()

    async def __aexit__(self, *_: object) -> None:
        self._give_back()

    def narrow(self) -> None:
        narrower = max(1, self.width // 2)
        self._owed += self.width - narrower
        self.width, self._answers = narrower, 0

    def widen(self) -> None:
        """One more slot after as many good answers as there are slots, ten times over."""
        self._answers += 1
        if self.width < self._full and self._answers >= 10 * self.width:
            self.width, self._answers = self.width + 1, 0
            self._give_back()

    def _give_back(self) -> None:
        if self._owed:
            self._owed -= 1
        else:
            self._free.release()


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from `Retry-After`, which is a number or a date (against the answer's own `Date`)."""
    text = headers.get("Retry-After", "").strip()
    seconds = _seconds(text)
    if seconds is not None or not text:
        return seconds
    until = http_date(text)
    now = http_date(headers.get("Date", "")) or datetime.now(UTC)
    return max(0.0, (until - now).total_seconds()) if until else None


def http_date(text: str) -> datetime | None:
    """An aware UTC time, or None where the header is missing or is not a date."""
    try:
        time = parsedate_to_datetime(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def _limiter(most: int, window: float) -> AsyncLimiter:
    """Never more than `most` in any window: a bucket of `burst` that leaks the rest meanwhile."""
    burst = max(1, most // BURST)
    return AsyncLimiter(burst, window * burst / (most - burst + 1))


def _reset(headers: Mapping[str, str]) -> float | None:
    general = _seconds(headers.get("RateLimit-Reset", ""))
    return _spent_until(headers) if general is None else general


def _spent_until(headers: Mapping[str, str]) -> float | None:
    """The longest reset among the budgets that have nothing left."""
    resets = [
        _seconds(headers.get(f"{budget}-Reset", ""))
        for budget in BUDGETS
        if _seconds(headers.get(f"{budget}-Remaining", "")) == 0
    ]
    return max((seconds for seconds in resets if seconds is not None), default=None)


def _seconds(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text.strip(), re.ASCII) else None
