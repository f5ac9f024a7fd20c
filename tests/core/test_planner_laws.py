"""Laws of the pure planner, over worlds that Hypothesis draws."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.plan import Action, Plan, Status
from tests.core.worlds import WINDOWS, Licensed, days, flow, role, user

KEYS = [f"p{n}@example.org" for n in range(12)]
ROLES = ["managers", "authors", "assessors", "reviewers", "invigilators", "participants"]

titles = st.text("abcDEF æø", min_size=1, max_size=6).map(str.strip).filter(bool)
subtitles = st.none() | titles
people = st.lists(st.integers(1, 12), unique=True, max_size=6)
memberships = st.sampled_from(["managed", "exact", "add_only"])


@st.composite
def fields(draw: st.DrawFn) -> dict[str, Any]:
    start = draw(st.integers(-5, 90))
    return {
        "title": draw(titles),
        "subtitle": draw(subtitles),
        "type": draw(st.sampled_from(["FLOWassign", "FLOWlock"])),
        "purpose": draw(st.sampled_from(["EXAMINATION", "COURSE_WORK"])),
        **WINDOWS,
        "participation__start": days(start),
        "participation__end": days(start + draw(st.integers(1, 4))),
        "marking__start": days(start + 5),
        "marking__end": days(start + 30),
    }


@st.composite
def live_flows(draw: st.DrawFn) -> dict[str, Any]:
    roles = {name: draw(people) for name in ROLES}
    return {"state": draw(st.integers(0, 4)), "roles": roles, "fields": draw(fields())}


def world_of(flows: list[dict[str, Any]]) -> Licensed:
    world = Licensed()
    for number, key in enumerate(KEYS, 1):
        world.person(number, key)
    for number, one in enumerate(flows, 100):
        world.live_flow(f"f{number}", number, one["state"], one["roles"], **one["fields"])
    return world


def keys_of(numbers: list[int]) -> list[str]:
    return [KEYS[number - 1] for number in numbers]


@given(st.lists(live_flows(), max_size=4), memberships)
@settings(max_examples=150, deadline=None)
def test_a_plan_of_equal_states_is_empty(flows: list[dict[str, Any]], membership: str) -> None:
    world = world_of(flows)
    world.desired = [
        flow(
            f"f{number}",
            *(role(n, *keys_of(p), membership=membership) for n, p in one["roles"].items()),
            **one["fields"],
        )
        for number, one in enumerate(flows, 100)
    ]
    world.desired += [user(key, first_name="Ada", last_name="Lovelace") for key in KEYS]
    plan = world.plan()
    assert plan.changes == ()
    assert plan.problems == ()


@st.composite
def wishes(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Some live flows, and for each what a manifest states of it."""
    flows = draw(st.lists(live_flows(), min_size=1, max_size=3))
    stated = []
    for _ in range(len(flows) + draw(st.integers(0, 1))):
        every = draw(fields())
        names = draw(st.sets(st.sampled_from(["title", "subtitle", "purpose"])))
        dates = {name: value for name, value in every.items() if "__" in name}
        chosen = {name: every[name] for name in names} | (dates if draw(st.booleans()) else {})
        roles = {
            name: (draw(people), draw(memberships))
            for name in draw(st.sets(st.sampled_from(ROLES)))
        }
        stated.append({"fields": chosen, "roles": roles})
    return flows, stated


def plan_of(drawn: tuple[list[dict[str, Any]], list[dict[str, Any]]], shuffle: int = 0) -> Plan:
    flows, stated = drawn
    world = world_of(flows)
    world.desired = [
        flow(
            f"f{number}",
            *(role(n, *keys_of(p), membership=m) for n, (p, m) in one["roles"].items()),
            **one["fields"],
        )
        for number, one in enumerate(stated, 100)
    ]
    if shuffle:
        mixed = random.Random(shuffle)  # noqa: S311 - shuffles a test
        mixed.shuffle(world.desired)
        mixed.shuffle(world.flows)
        rows = list(world.rows.items())
        mixed.shuffle(rows)
        world.rows = dict(rows)
    return world.plan()


@given(wishes(), st.integers(1, 1000))
@settings(max_examples=150, deadline=None)
def test_the_order_of_the_input_does_not_matter(drawn: Any, shuffle: int) -> None:
    assert plan_of(drawn) == plan_of(drawn, shuffle)


@given(wishes())
@settings(max_examples=150, deadline=None)
def test_nothing_that_is_not_stated_is_touched(drawn: Any) -> None:
    _, stated = drawn
    for change in plan_of(drawn).changes:
        one = stated[int(change.address.key[1:]) - 100]
        allowed = {name.replace("__", ".") for name in one["fields"]}
        assert {field.path for field in change.fields} <= allowed | {"lifecycle"}
        if change.seats:
            assert change.seats.role in one["roles"]


@given(wishes())
@settings(max_examples=150, deadline=None)
def test_only_an_exact_set_loses_anyone_and_never_a_guarded_one_unasked(drawn: Any) -> None:
    _, stated = drawn
    for change in plan_of(drawn).changes:
        seats = change.seats
        gone = len(seats.remove) + len(seats.deactivate) if seats else 0
        if not seats or not gone:
            continue
        one = stated[int(change.address.key[1:]) - 100]
        assert one["roles"][seats.role][1] == "exact"
        if seats.after == 0 or (seats.live and seats.live >= 3 and gone * 2 > seats.live):
            assert change.status is not Status.PLANNED


@given(wishes())
@settings(max_examples=100, deadline=None)
def test_no_change_is_planned_whose_need_is_not(drawn: Any) -> None:
    plan = plan_of(drawn)
    by_id = {change.id: change for change in plan.changes}
    for change in plan.changes:
        if change.status is Status.PLANNED:
            needed = [by_id[name] for name in change.needs if name in by_id]
            assert all(one.status is Status.PLANNED for one in needed)
        assert change.action is not Action.UPDATE or change.fields or change.seats
