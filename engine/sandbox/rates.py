"""The vendor's rate limits: 5,000 requests in any minute and 200 in any second.

Measured in real time per credential set. Source: WISEflow help, "API rate limits".
"""

from __future__ import annotations

import math
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PER_MINUTE = 5000
PER_SECOND = 200


class _Window:
    """The moments of the requests of one sliding window."""

    def __init__(self, limit: int, seconds: float) -> None:
        self.limit = limit
        self._seconds = seconds
        self._moments: deque[float] = deque()

    def look(self, now: float) -> None:
        while self._moments and now - self._moments[0] >= self._seconds:
            self._moments.popleft()

    def take(self, now: float) -> None:
        self._moments.append(now)

    @property
    def remaining(self) -> int:
        return self.limit - len(self._moments)

    def reset(self, now: float) -> int:
        """Whole seconds until a request leaves the window."""
        if not self._moments:
            return math.ceil(self._seconds)
        return max(1, math.ceil(self._moments[0] + self._seconds - now))


class RateLimit:
    """The budget of each credential set."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._windows: dict[str, tuple[_Window, _Window]] = {}

    def admit(self, principal: str) -> tuple[bool, list[tuple[str, str]]]:
        """Whether one more request is within the limits, and the headers that say so."""
        now = self._clock()
        windows = self._windows.setdefault(
            principal, (_Window(PER_MINUTE, 60), _Window(PER_SECOND, 1))
        )
        for window in windows:
            window.look(now)
        allowed = all(window.remaining > 0 for window in windows)
        if allowed:
            for window in windows:
                window.take(now)
        return allowed, _headers(*windows, now=now, allowed=allowed)

    def forget(self) -> None:
        """Give everybody a full budget."""
        self._windows.clear()


def _headers(
    minute: _Window, second: _Window, *, now: float, allowed: bool
) -> list[tuple[str, str]]:
    tightest = min(minute, second, key=lambda window: window.remaining)
    headers = []
    for prefix, window in (
        ("RateLimit", tightest),
        ("X-RateLimit-Minute", minute),
        ("X-RateLimit-Second", second),
    ):
        headers += [
            (f"{prefix}-Limit", str(window.limit)),
            (f"{prefix}-Remaining", str(window.remaining)),
            (f"{prefix}-Reset", str(window.reset(now))),
        ]
    if not allowed:
        spent = [window for window in (minute, second) if window.remaining <= 0]
        headers.append(("Retry-After", str(max(window.reset(now) for window in spent))))
    return headers
