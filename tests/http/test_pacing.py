"""Never faster than the settings or the server allow."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.pacing import Pace, Rate, Slots, http_date, retry_after
from tests.http.virtual import envelope, licence, now, run


def sent_at(rate: Rate, requests: int) -> list[float]:
    """When each of that many requests goes out, if all want to go at once."""

    async def send() -> list[float]:
        pace = Pace(rate, 10**6, now, asyncio.sleep)

        async def one() -> float:
            async with pace.turn(1000) as started:
                return started

        return sorted(await asyncio.gather(*(one() for _ in range(requests))))

    found: list[float] = run(send())
    return found


def most_in(window: float, times: list[float]) -> int:
    # A hair less than the window: its end belongs to the next one.
    return max(bisect_left(times, t + window - 1e-6) - i for i, t in enumerate(times))


@given(st.integers(1, 60), st.integers(1, 30), st.integers(1, 150))
def test_no_minute_and_no_second_has_more_than_the_settings_allow(
    per_minute: int, per_second: int, requests: int
) -> None:
    times = sent_at(Rate(per_minute, per_second), requests)
    assert most_in(60.0, times) <= per_minute
    assert most_in(1.0, times) <= per_second


def test_the_documented_rate_is_used_nearly_to_its_full() -> None:
    times = sent_at(Rate(5000, 200), 6000)
    assert 60 < times[-1] < 80
    assert times[19] < 0.001


NOW = "Mon, 11 Jan 2027 08:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After": "Mon, 11 Jan 2027 08:00:09 GMT", "Date": NOW}, 9),
        ({"Retry-After": "Mon, 11 Jan 2027 09:00:09 +0100", "Date": NOW}, 9),
        ({"Retry-After": "Mon, 11 Jan 2027 07:00:00 GMT", "Date": NOW}, 0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "1e9"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(httpx.Headers(headers)) == seconds


def test_a_date_is_aware_and_utc() -> None:
    assert http_date("Mon, 11 Jan 2027 09:00:00 +0100") == datetime(2027, 1, 11, 8, tzinfo=UTC)
    assert http_date("Mon, 99 Jan 2027") is None


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "7", "RateLimit-Reset": "30"}, 7),
        ({"RateLimit-Reset": "30", "X-RateLimit-Second-Remaining": "0"}, 30),
        ({"X-RateLimit-Minute-Remaining": "0", "X-RateLimit-Minute-Reset": "12"}, 12),
        ({"X-RateLimit-Second-Remaining": "0", "X-RateLimit-Second-Reset": "1"}, 1),
        ({}, 0),
    ],
)
def test_a_429_is_waited_out_as_its_headers_say(headers: dict[str, str], wait: float) -> None:
    times: list[float] = []

    def serve(_: httpx.Request) -> httpx.Response:
        times.append(now())
        if len(times) == 1:
            return httpx.Response(429, headers=headers)
        return httpx.Response(200, json=envelope([]))

    async def send() -> None:
        async with licence(serve) as api:
            await api.call("GET", "/license/assessor-types")

    run(send())
    # Jitter of up to half a second is added, so that not everybody comes back at once.
    assert times[1] == pytest.approx(wait + 0.5, abs=0.05)


@pytest.mark.parametrize("budget", ["RateLimit", "X-RateLimit-Minute", "X-RateLimit-Second"])
def test_a_spent_budget_holds_everybody_until_its_reset(budget: str) -> None:
    times: list[float] = []

    def serve(_: httpx.Request) -> httpx.Response:
        times.append(now())
        spent = {f"{budget}-Remaining": "0", f"{budget}-Reset": "10"} if len(times) == 1 else {}
        return httpx.Response(200, json=envelope([]), headers=spent)

    async def send() -> None:
        async with licence(serve) as api:
            await api.call("GET", "/license/assessor-types")
            await asyncio.gather(*(api.call("GET", "/license/assessor-types") for _ in range(5)))

    run(send())
    assert min(times[1:]) == pytest.approx(10, abs=0.05)


def test_refusals_halve_what_is_on_its_way_and_answers_bring_it_back_slowly() -> None:
    flying, most, start = 0, 0, 100.0

    async def serve(_: httpx.Request) -> httpx.Response:
        nonlocal flying, most
        flying += 1
        if now() >= start:
            most = max(most, flying)
        await asyncio.sleep(1)
        flying -= 1
        if now() < 2:
            return httpx.Response(429, headers={"Retry-After": "100"})
        return httpx.Response(200, json=envelope([]))

    async def send() -> None:
        async with licence(serve, parallelism=16) as api:
            pace = api._transport.pace
            await asyncio.gather(*(api.call("GET", "/license/assessor-types") for _ in range(16)))
            # Sixteen were on their way together: they are one sign of trouble, not sixteen.
            assert (pace.width, most) == (8, 8)
            await asyncio.gather(*(api.call("GET", "/license/assessor-types") for _ in range(90)))
            assert pace.width == 9
            await asyncio.gather(*(api.call("GET", "/license/assessor-types") for _ in range(2000)))
            assert pace.width == 16

    run(send())


class Door:
    """Slots, who is inside, and who waits."""

    def __init__(self, width: int) -> None:
        self.slots, self.held = Slots(width), 0
        self.waiting: list[asyncio.Task[None]] = []

    async def take(self) -> None:
        self.waiting.append(asyncio.ensure_future(self.slots.__aenter__()))

    async def leave(self) -> None:
        if self.held:
            await self.slots.__aexit__()
            self.held -= 1

    async def cancel(self) -> None:
        if self.waiting:
            self.waiting.pop().cancel()

    async def narrow(self) -> None:
        self.slots.narrow()

    async def widen(self) -> None:
        self.slots.widen()

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)
        self.held += sum(task.done() for task in self.waiting)
        self.waiting = [task for task in self.waiting if not task.done()]


@given(
    st.integers(1, 9),
    st.lists(st.sampled_from(["narrow", "widen", "take", "take", "leave", "cancel"]), max_size=60),
)
def test_slots_never_let_more_in_than_their_width_and_lose_none(
    width: int, steps: list[str]
) -> None:
    async def play() -> None:
        door = Door(width)
        for step in steps:
            before = door.held
            await getattr(door, step)()
            await door.settle()
            assert door.held <= max(door.slots.width, before)
        while door.held or door.waiting:
            await (door.cancel() if door.waiting else door.leave())
            await door.settle()
        for _ in range(door.slots.width + 1):
            await door.take()
        await door.settle()
        assert (door.held, len(door.waiting)) == (door.slots.width, 1)
        await door.cancel()

    run(play())
