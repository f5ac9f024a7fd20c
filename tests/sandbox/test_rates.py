"""The sliding windows of the rate limit."""

from __future__ import annotations

from engine.sandbox.rates import PER_MINUTE, PER_SECOND, RateLimit


def test_the_201st_request_of_a_second_is_refused_and_told_when_to_come_back() -> None:
    now = [1000.0]
    limit = RateLimit(clock=lambda: now[0])

    assert all(limit.admit("key")[0] for _ in range(PER_SECOND))
    allowed, headers = limit.admit("key")

    assert not allowed
    assert dict(headers)["Retry-After"] == "1"
    assert dict(headers)["RateLimit-Remaining"] == "0"
    assert limit.admit("other")[0]
    now[0] += 1.0
    assert limit.admit("key")[0]


def test_any_second_holds_the_limit_not_only_whole_ones() -> None:
    now = [1000.9]
    limit = RateLimit(clock=lambda: now[0])
    for _ in range(PER_SECOND):
        limit.admit("key")

    now[0] = 1001.1

    assert not limit.admit("key")[0]


def test_the_5001st_request_of_a_minute_waits_for_the_first_to_leave() -> None:
    now = [1000.0]
    limit = RateLimit(clock=lambda: now[0])
    for number in range(PER_MINUTE):
        now[0] = 1000.0 + number // PER_SECOND
        assert limit.admit("key")[0]

    now[0] = 1040.0
    allowed, headers = limit.admit("key")

    assert not allowed
    assert dict(headers)["Retry-After"] == "20"
    assert dict(headers)["RateLimit-Limit"] == str(PER_MINUTE)
    now[0] = 1060.0
    assert limit.admit("key")[0]
