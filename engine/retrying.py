"""When an attempt is repeated, how long to wait before it, and when to give up.

Source of the rules: docs/decisions. Full jitter on doubling waits; where the server names a time,
that time and a little jitter on top; within a budget for the call and one for the whole run.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

MALFORMED_ATTEMPTS = 3
"""A page of a proxy stays a page of a proxy, so fewer attempts than for other faults."""


@dataclass(frozen=True, slots=True)
class Call:
    """What the transport must know of one request; travels as `extensions["call"]`."""

    method: str
    template: str
    shown: str
    """The path for people: numbers filled in, text (it may be a person's key) left out."""
    repeatable: bool
    """Doing it twice is doing it once."""
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
    """What a test replaces: time, sleep, chance, and the network (an httpx transport) itself."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Callable[[], float] = random.random
    network: Any = None


POLICY = RetryPolicy()
HERE = Surroundings()


class FaultError(Exception):
    """One attempt that gave no usable answer, and what that says about repeating it.

    `happened` is False where the server cannot have done it; `hopeless` where no repetition helps;
    `wait` is what the server asks for; `answer` is the malformed answer itself.
    """

    def __init__(
        self,
        why: str,
        *,
        status: int = 0,
        happened: bool = True,
        hopeless: bool = False,
        wait: float | None = None,
        answer: Any = None,
    ) -> None:
        self.why, self.status, self.wait, self.answer = why, status, wait, answer
        self.happened, self.hopeless = happened, hopeless
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


class Retrier:
    """Repeats attempts of one server's calls; holds the run's budget."""

    def __init__(self, policy: RetryPolicy, here: Surroundings) -> None:
        self._policy, self._here = policy, here
        self._budget = RunBudget(policy.per_run)

    def retrying(self, call: Call) -> AsyncRetrying:
        """Calls a function until it gives an answer. Raises: the last FaultError."""
        return AsyncRetrying(
            retry=retry_if_exception(lambda error: _may_repeat(call, error)),
            wait=self._wait,
            stop=self._stop,
            before_sleep=self._charge,
            sleep=self._here.sleep,
            reraise=True,
        )

    def _wait(self, state: RetryCallState) -> float:
        policy = self._policy
        most = min(policy.longest_wait, policy.first_wait * 2.0 ** (state.attempt_number - 1))
        jitter = self._here.random() * most
        asked = _fault(state).wait
        return jitter if asked is None else asked + jitter

    def _stop(self, state: RetryCallState) -> bool:
        malformed = _fault(state).answer is not None
        attempts = MALFORMED_ATTEMPTS if malformed else self._policy.attempts
        return (
            state.attempt_number >= attempts
            or state.idle_for + state.upcoming_sleep > self._policy.per_call
            or not self._budget.allows(self._here.clock(), state.upcoming_sleep)
        )

    def _charge(self, state: RetryCallState) -> None:
        self._budget.charge(self._here.clock(), state.upcoming_sleep)


def _may_repeat(call: Call, error: BaseException) -> bool:
    if not isinstance(error, FaultError) or error.hopeless:
        return False
    return call.repeatable or not error.happened


def _fault(state: RetryCallState) -> FaultError:
    """The fault of the last attempt: tenacity asks only after one that may be repeated."""
    return cast("FaultError", cast("Any", state.outcome).exception())
