"""How much longer somebody has, and what counts as a time of their own. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.individual import General, extra_minutes, is_extra_time, own, wanted
from engine.model import DATES_OF, OFF, TIMEBOX_OF

NINE = datetime(2027, 5, 3, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
EXAM = General(NINE, NINE + 4 * HOUR, OFF)
BOXED = General(NINE, NINE + 4 * HOUR, 90)

TEXTS = st.sampled_from(["25%", "12.5%", "300%", "1m", "30m", "1h30m", "24h"])
LENGTHS = st.integers(1, 100_000).map(lambda seconds: timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("text", "exam", "minutes"),
    [
        ("25%", EXAM, 60),
        ("25%", BOXED, 23),  # 22.5, rounded up
        ("12.5%", EXAM, 30),
        ("30m", EXAM, 30),
        ("1h30m", BOXED, 90),
        ("50%", General(NINE, NINE + timedelta(seconds=61), OFF), 1),
        ("25%", General(), 0),
    ],
)
def test_a_share_is_of_the_timebox_else_of_the_participation(
    text: str, exam: General, minutes: int
) -> None:
    assert extra_minutes([text], exam) == minutes


@pytest.mark.parametrize("text", ["25%", "0.5%", "300%", "30m", "1h", "1h30m", "24h", "1440m"])
def test_what_is_extra_time(text: str) -> None:
    assert is_extra_time(text)


@pytest.mark.parametrize("text", ["", "25", "0%", "301%", "0m", "25h", "1d", "-5m", "%", "٣%", "m"])
def test_what_is_none(text: str) -> None:
    assert not is_extra_time(text)


@given(st.lists(TEXTS, min_size=1), LENGTHS, st.integers(1, 600) | st.just(OFF))
def test_nobody_has_less_than_the_longest_of_their_extra_times(
    texts: list[str], length: timedelta, timebox: int | str
) -> None:
    exam = General(NINE, NINE + length, timebox)
    alone = [extra_minutes([text], exam) for text in texts]
    assert extra_minutes(texts, exam) == max(alone) > 0
    (end,) = wanted(DATES_OF, {"extra_time": texts}, exam).values()
    assert end - exam.end == timedelta(minutes=max(alone))
    boxed = wanted(TIMEBOX_OF, {"extra_time": texts}, exam)
    assert boxed == ({} if timebox == OFF else {"timebox": timebox + max(alone)})  # type: ignore[operator]


@given(st.integers(-300, 600), st.integers(0, 300))
def test_a_start_of_ones_own_takes_nothing_of_the_extra_time(offset: int, later: int) -> None:
    start, end = NINE + timedelta(minutes=offset), EXAM.window()[1] + timedelta(minutes=later)  # type: ignore[index]
    found = wanted(DATES_OF, {"extra_time": ("1h",), "start": start, "end": end}, EXAM)
    assert found["start"] == start
    assert found["end"] >= end
    assert found["end"] - start >= 5 * HOUR


def test_what_the_exam_has_or_will_have_is_nobodys_own() -> None:
    then = General(NINE + HOUR, NINE + 5 * HOUR, OFF)
    mine = {"start": NINE, "end": NINE + 5 * HOUR, "timebox": 90, "active": False}
    assert own(mine, EXAM, then) == {"timebox": 90, "active": False}
    assert own(mine, then) == {"start": NINE, "timebox": 90, "active": False}


def test_the_longest_timebox_is_none_at_all() -> None:
    assert wanted(TIMEBOX_OF, {"timebox": OFF, "extra_time": ("30m",)}, BOXED) == {"timebox": OFF}
    assert wanted(TIMEBOX_OF, {"timebox": 100, "extra_time": ("30m",)}, BOXED) == {"timebox": 120}
