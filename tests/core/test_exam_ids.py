"""Laws of how unique exam ids pass from one participant to the next."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.exam_ids import steps, stuck

IDS = st.none() | st.sampled_from(["A", "B", "C", "D", "E"])


def _one_each(pairs: dict[int, str | None]) -> bool:
    given_ids = [one for one in pairs.values() if one is not None]
    return len(given_ids) == len(set(given_ids))


STATES = st.dictionaries(st.integers(1, 6), IDS).filter(_one_each)


@given(STATES, STATES)
def test_each_id_is_free_when_it_is_given_and_all_arrive(
    held: dict[int, str | None], asked: dict[int, str | None]
) -> None:
    differ = {one: value for one, value in asked.items() if held.get(one) != value}
    wanted = {one: v for one, v in differ.items() if one not in stuck(differ, held)}
    there = dict(held)
    for number, value in steps(wanted, held):
        others = {v for one, v in there.items() if one != number}
        assert value is None or value not in others
        there[number] = value
    assert there == held | wanted


@given(STATES, STATES)
def test_only_those_are_stuck_whose_way_ends_at_somebody_who_keeps_it(
    held: dict[int, str | None], asked: dict[int, str | None]
) -> None:
    wanted = {one: value for one, value in asked.items() if held.get(one) != value}
    holders = {value: one for one, value in held.items() if value is not None}
    for slot in wanted:
        seen: list[int] = []
        one = slot
        while one in wanted and one not in seen:
            seen.append(one)
            one = holders.get(wanted[one], -1)
        assert (slot in stuck(wanted, held)) == (one not in wanted and one != -1)
