"""Guards cannot be diluted: what is held stays held, whatever harmless is added to the plan."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.guards import taken
from engine.model import Address, Allowance, Desired
from engine.plan import Plan, Status
from engine.planner import Options, make_plan
from tests.core.worlds import KINDS, WINDOWS, Licensed, flow, role, user

ROLES = ["managers", "authors", "assessors", "participants"]
PEOPLE = 40
LIVE = {"title": "Mathematics", "subtitle": "Written", **WINDOWS}
SMALL = {"max_removed": 3, "max_updates": 2, "updates_share": 30}
"""Limits that small worlds reach."""


@dataclass
class Term:
    """What is live, what is stated of it, and what of that takes something away."""

    live: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    stay: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    come: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    new_users: int = 0
    new_flows: int = 0
    idle_flows: int = 0
    """Live flows that are stated as they are."""


people = st.lists(st.integers(1, PEOPLE), unique=True, max_size=8)


@st.composite
def terms(draw: st.DrawFn) -> Term:
    """Live flows; people leave some of their sets, and some titles are replaced."""
    term = Term()
    for number in range(draw(st.integers(1, 6))):
        key = f"f{number}"
        term.live[key] = {name: draw(people) for name in draw(st.sets(st.sampled_from(ROLES)))}
        term.stay[key] = {
            name: [one for one in there if draw(st.booleans())]
            for name, there in term.live[key].items()
        }
        if draw(st.booleans()):
            term.titles[key] = "Maths"
    return term


@st.composite
def harmless(draw: st.DrawFn, term: Term) -> Term:
    """The same term with people who come, new flows, new users, idle flows: nothing is taken."""
    added = Term(term.live, term.stay, titles=term.titles)
    for key, roles in term.live.items():
        for name in ROLES:
            # A set of one or two may be replaced, so to come there is not always harmless.
            if name not in roles or len(roles[name]) >= 3:
                added.come.setdefault(key, {})[name] = draw(people)
    added.new_users = draw(st.integers(0, 30))
    added.new_flows = draw(st.integers(0, 30))
    added.idle_flows = draw(st.integers(0, 30))
    return added


def keys(numbers: list[int]) -> list[str]:
    return [f"p{number}" for number in numbers]


def world_of(term: Term) -> Licensed:
    world = Licensed()
    for number in range(1, PEOPLE + 1):
        world.person(number, f"p{number}")
    for number, (key, live) in enumerate(term.live.items(), 100):
        whole = {name: live.get(name, []) for name in ROLES}
        world.live_flow(key, number, 0, whole, **LIVE)
        world.desired.append(stated(term, key))
    everyone = list(range(1, PEOPLE + 1))
    for number in range(term.idle_flows):
        idle = f"idle{number}"
        world.live_flow(idle, 1000 + number, 0, {"participants": everyone}, **LIVE)
        seats = role("participants", *keys(everyone), membership="exact")
        world.desired.append(flow(idle, seats, **LIVE))
    for number in range(term.new_users):
        world.desired.append(user(f"n{number}", first_name="New", last_name="Person"))
    for number in range(term.new_flows):
        seats = role("participants", *keys(everyone), membership="exact")
        world.desired.append(flow(f"new{number}", role("managers", "p1"), seats, **LIVE))
    return world


def stated(term: Term, key: str) -> Desired:
    """One flow: exact where people may leave; where people only come, nobody else is touched."""
    roles = []
    for name in ROLES:
        stay, come = term.stay[key].get(name), term.come.get(key, {}).get(name, [])
        if stay is not None:
            # Whoever was there and comes again would not leave: that were another plan.
            fresh = [one for one in come if one not in term.live[key][name]]
            roles.append(role(name, *keys(stay), *keys(fresh), membership="exact"))
        elif come:
            roles.append(role(name, *keys(come)))
    return flow(key, *roles, **{**LIVE, "title": term.titles.get(key, LIVE["title"])})


def plan_of(term: Term, *allowances: Allowance, base: Term | None = None) -> Plan:
    known = frozenset(Address("flow", key) for key in (base or term).live)
    options = Options(allowances=allowances, base=known, **SMALL)  # type: ignore[arg-type]
    return make_plan("test", world_of(term).world(), KINDS, options)


def held(plan: Plan) -> dict[str, tuple[Any, ...]]:
    return {
        change.id: (change.seats.remove if change.seats else change.fields)
        for change in plan.changes
        if change.status is Status.HELD
    }


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Term, Term]:
    term = draw(terms())
    return term, draw(harmless(term))


@given(pairs())
@settings(max_examples=150, deadline=None)
def test_what_is_held_stays_held_whatever_harmless_is_added(drawn: tuple[Term, Term]) -> None:
    term, added = drawn
    before, after = held(plan_of(term)), held(plan_of(added, base=term))
    assert {name: after.get(name) for name in before} == before


@given(pairs())
@settings(max_examples=100, deadline=None)
def test_without_a_base_only_live_objects_count(drawn: tuple[Term, Term]) -> None:
    term, added = drawn
    added = replace(added, idle_flows=0)
    options = Options(**SMALL)  # type: ignore[arg-type]
    before = held(make_plan("test", world_of(term).world(), KINDS, options))
    after = held(make_plan("test", world_of(added).world(), KINDS, options))
    assert {name: after.get(name) for name in before} == before


@given(terms(), st.sampled_from(ROLES))
@settings(max_examples=150, deadline=None)
def test_an_allowance_that_is_one_too_small_lets_nobody_go(term: Term, name: str) -> None:
    plan = plan_of(term)
    gone = [change for change in plan.changes if change.seats and change.seats.role == name]
    total = sum(taken(change) for change in gone)
    among = frozenset(Address("flow", key) for key in term.live)
    small = Allowance("remove", "", total - 1, among, name)
    assert held(plan_of(term, small, small)) == held(plan)
    fits = replace(small, up_to=total)
    left = held(plan_of(term, fits))
    others = ("no-manager",) if name == "managers" else ()
    refused = {guard.name for guard in plan_of(term, fits).guards if guard.refused}
    for change in gone:
        if taken(change) and change.id in left:
            assert others
            assert refused & set(others)


@given(terms())
@settings(max_examples=100, deadline=None)
def test_an_allowance_lets_through_what_it_names_and_nothing_else(term: Term) -> None:
    before = held(plan_of(term))
    for key in term.live:
        among = frozenset({Address("flow", key)})
        one = Allowance("remove", "", None, among, "participants")
        assert set(before) - set(held(plan_of(term, one))) <= {f"flow/{key}:participants.leave"}


@given(pairs())
@settings(max_examples=100, deadline=None)
def test_every_refused_guard_holds_something_and_names_the_flag_that_allows_it(
    drawn: tuple[Term, Term],
) -> None:
    for term in drawn:
        plan = plan_of(term)
        assert any(guard.refused for guard in plan.guards) == bool(held(plan))
        for guard in plan.guards:
            assert bool(guard.allow) == guard.refused
