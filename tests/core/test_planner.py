"""What a plan says, from worlds built by hand."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from engine import guards
from engine.activation import LAST_HOUR
from engine.guards import GUARDS, HAZARDS, parse_allowance
from engine.plan import Action, Change, Plan, Status
from engine.planner import Options
from engine.seats import SOON
from tests.core.worlds import NOW, WINDOWS, Licensed, days, flow, role, user

LIVE = {"title": "Mathematics", "subtitle": None, "type": "FLOWassign", **WINDOWS}


def change(plan: Plan, name: str) -> Change:
    return next(one for one in plan.changes if one.id == name)


def people(world: Licensed, *keys: str) -> Licensed:
    for number, key in enumerate(keys, 1):
        world.person(number, key)
    return world


def test_a_world_that_matches_its_manifests_plans_nothing() -> None:
    world = people(Licensed(), "kim", "s1")
    world.live_flow("math", 7, 0, {"managers": [1], "participants": [2]}, **LIVE)
    world.desired = [
        user("kim", first_name="Ada", language="en"),
        flow("math", role("managers", "kim"), role("participants", "S1"), **LIVE),
    ]
    plan = world.plan()
    assert plan.changes == ()
    assert plan.unchanged == 2


def test_what_is_not_stated_is_neither_compared_nor_written() -> None:
    world = people(Licensed(), "kim").live_flow("math", 7, 0, {"managers": [1]}, **LIVE)
    world.desired = [flow("math", title="Mathematics"), user("kim", phone=None)]
    assert world.plan().changes == ()


def test_a_new_flow_shows_its_managers_with_its_creation_and_not_twice() -> None:
    world = people(Licensed(), "kim", "s1")
    world.desired = [
        flow("math", role("managers", "kim"), role("participants", "s1"), **LIVE),
    ]
    plan = world.plan()
    assert [one.id for one in plan.changes] == ["flow/math", "flow/math:participants"]
    creation = change(plan, "flow/math")
    assert creation.seats is not None
    assert [seat.person for seat in creation.seats.add] == ["kim"]
    assert change(plan, "flow/math:participants").needs == ("flow/math",)


def test_a_new_flow_without_a_manager_is_blocked_with_all_that_needs_it() -> None:
    world = people(Licensed(), "s1")
    world.desired = [flow("math", role("participants", "s1"), **LIVE)]
    plan = world.plan()
    assert {one.status for one in plan.changes} == {Status.BLOCKED}


def test_strangers_are_reported_and_nobody_is_removed_without_exact() -> None:
    world = people(Licensed(), "kim", "s1", "s2")
    world.live_flow("math", 7, 0, {"participants": [2, 3]}, **LIVE)
    world.desired = [flow("math", role("participants", "s1"))]
    plan = world.plan()
    assert plan.changes == ()
    assert "s2" in plan.notes[0].message


def test_before_activation_leaving_removes_and_after_it_deactivates_and_is_held() -> None:
    for state, status in ((0, Status.PLANNED), (1, Status.HELD)):
        world = people(Licensed(), "kim", "s1", "s2", "s3", "s4")
        world.live_flow("math", 7, state, {"participants": [2, 3, 4, 5]}, **LIVE)
        world.desired = [flow("math", role("participants", "s1", "s2", "s3", membership="exact"))]
        (leave,) = world.plan().changes
        assert leave.status is status
        assert leave.seats is not None
        assert bool(leave.seats.deactivate) == (state == 1)
        assert bool(leave.seats.remove) == (state == 0)


def test_a_set_that_ends_empty_is_held_until_it_is_allowed_by_the_flag_that_is_shown() -> None:
    world = people(Licensed(), "kim", "s1", "s2")
    world.live_flow("math", 7, 0, {"participants": [2, 3]}, **LIVE)
    world.desired = [flow("math", role("participants", membership="exact"))]
    plan = world.plan()
    (leave,) = plan.changes
    assert leave.status is Status.HELD
    allowed = world.plan(Options(allowances=(parse_allowance("empty:flow/math:2"),)))
    assert allowed.changes[0].status is Status.PLANNED
    fewer = world.plan(Options(allowances=(parse_allowance("empty:flow/math:1"),)))
    assert fewer.changes[0].status is Status.HELD


def test_harmless_additions_never_let_a_refused_replacement_through() -> None:
    keys = [f"s{n}" for n in range(20)]
    world = people(Licensed(), "kim", *keys)
    world.live_flow("math", 7, 0, {"participants": [2, 3, 4]}, **LIVE)
    world.desired = [flow("math", role("participants", "s0", *keys[3:], membership="exact"))]
    leave = change(world.plan(), "flow/math:participants.leave")
    assert leave.status is Status.HELD


def test_more_removals_than_the_limit_hold_every_removal() -> None:
    keys = [f"s{n}" for n in range(60)]
    world = people(Licensed(), *keys)
    world.live_flow("math", 7, 0, {"participants": list(range(1, 61))}, **LIVE)
    world.desired = [flow("math", role("participants", *keys[26:], membership="exact"))]
    assert world.plan().changes[0].status is Status.HELD
    world.desired = [flow("math", role("participants", *keys[25:], membership="exact"))]
    assert world.plan().changes[0].status is Status.PLANNED


def test_while_one_person_is_unresolved_nobody_leaves_the_set() -> None:
    world = people(Licensed(), "kim", "s1", "s2")
    world.live_flow("math", 7, 0, {"participants": [2, 3]}, **LIVE)
    world.desired = [flow("math", role("participants", "s1", "nobody", membership="exact"))]
    plan = world.plan()
    assert plan.changes == ()
    assert "nobody" in plan.problems[0].message


def test_an_exam_within_48_hours_is_moved_only_when_that_is_allowed() -> None:
    soon = {**LIVE, "participation__start": days(1), "participation__end": days(1.2)}
    later = {**LIVE, "participation__start": days(1.5), "participation__end": days(1.7)}
    world = Licensed().live_flow("math", 7, 1, {}, **soon)
    world.desired = [flow("math", **later)]
    (dates,) = world.plan().changes
    assert [hazard.name for hazard in dates.hazards] == ["starts-soon"]
    assert dates.status is Status.HELD


def test_a_shorter_window_is_held_and_a_longer_one_is_not() -> None:
    for end, status in ((days(60.1), Status.HELD), (days(60.3), Status.PLANNED)):
        world = Licensed().live_flow("math", 7, 1, {}, **LIVE)
        world.desired = [flow("math", **{**LIVE, "participation__end": end})]
        assert world.plan().changes[0].status is status


def test_an_activation_waits_for_its_time_and_says_whom_it_messages() -> None:
    world = people(Licensed(), "kim", "s1")
    world.live_flow("math", 7, 0, {"managers": [1], "participants": [2]}, **LIVE)
    seats = (role("managers", "kim"), role("participants", "s1"))
    world.desired = [flow("math", *seats, **LIVE, lifecycle="active", activate_from=days(3))]
    assert world.plan().changes[0].status is Status.WAITING
    world.desired = [flow("math", *seats, **LIVE, lifecycle="active", activate_from=NOW)]
    (activation,) = world.plan().changes
    assert activation.status is Status.PLANNED
    assert "1 participants and 1 staff" in activation.hazards[0].message


PAST = {**LIVE, "participation__start": days(-1)}


@pytest.mark.parametrize(
    ("live", "stated", "word"),
    [
        (PAST, PAST, "past"),
        # Windows that nobody stated may be the licence's default, and no exam's.
        (LIVE, {}, "nobody says when"),
    ],
)
def test_an_activation_is_blocked_with_the_reason(
    live: dict[str, object], stated: dict[str, object], word: str
) -> None:
    world = people(Licensed(), "kim", "s1")
    world.live_flow("math", 7, 0, {"managers": [1], "participants": [2]}, **live)
    world.desired = [flow("math", role("managers", "kim"), **stated, lifecycle="active")]
    (activation,) = world.plan().changes
    assert activation.status is Status.BLOCKED
    assert any(word in reason for reason in activation.reasons)


def test_a_held_change_holds_what_needs_it_and_not_the_rest() -> None:
    world = people(Licensed(), "kim", "s1", "s2")
    world.live_flow("math", 7, 0, {"managers": [1], "participants": [2]}, **LIVE)
    world.desired = [
        flow(
            "math",
            role("managers", "kim"),
            role("participants", "s1", "s2"),
            **{**LIVE, "participation__end": days(60.1)},
            lifecycle="active",
        )
    ]
    plan = world.plan()
    assert change(plan, "flow/math:dates").status is Status.HELD
    assert change(plan, "flow/math:activation").status is Status.HELD
    assert change(plan, "flow/math:participants").status is Status.PLANNED


def test_the_type_of_a_flow_is_never_replaced() -> None:
    world = Licensed().live_flow("math", 7, 0, {}, **LIVE)
    world.desired = [flow("math", type="FLOWlock")]
    (blocked,) = world.plan().changes
    assert blocked.status is Status.BLOCKED


def test_an_archived_flow_is_not_compared() -> None:
    world = Licensed().live_flow("math", 7, 5, {}, **LIVE)
    world.desired = [flow("math", title="Other")]
    assert world.plan().changes == ()


def test_a_flow_that_a_sis_feeds_keeps_its_fields_and_says_what_differs() -> None:
    world = people(Licensed(), "kim", "s1")
    world.live_flow("math", 7, 0, {"participants": [2]}, **LIVE)
    world.flows[0].facts["sis"] = True
    world.desired = [flow("math", role("participants", membership="exact"), title="Other")]
    plan = world.plan()
    assert plan.changes == ()
    assert any("title" in note.message for note in plan.notes)


def test_two_people_with_one_key_are_a_problem_and_never_a_choice() -> None:
    world = Licensed().person(1, "kim").person(2, "KIM")
    world.live_flow("math", 7, 0, {"managers": []}, **LIVE)
    world.desired = [flow("math", role("managers", "kim")), user("kim", first_name="Grace")]
    plan = world.plan()
    assert plan.changes == ()
    assert len(plan.problems) == 2


def test_a_new_user_needs_both_names_and_seats_wait_for_the_user() -> None:
    world = people(Licensed(), "kim").live_flow("math", 7, 0, {"authors": []}, **LIVE)
    new = user("ada", first_name="Ada", last_name="Lovelace")
    world.desired = [new, flow("math", role("authors", "ada"))]
    plan = world.plan()
    assert change(plan, "user/ada").action is Action.CREATE
    assert change(plan, "flow/math:authors").after == ("user/ada",)
    world.desired = [user("ada", first_name="Ada"), flow("math", role("authors", "ada"))]
    plan = world.plan()
    assert change(plan, "user/ada").status is Status.BLOCKED
    assert "flow/math:authors" not in {one.id for one in plan.changes}


def test_roles_and_data_are_added_to_and_exact_takes_away() -> None:
    row = {"roles": ("Assessor",), "data": {1: ("kim",), 2: ("Law",), 3: ("17",)}}
    fields = {"roles": ("Manager",), "data.Department": "Nursing", "data.Student Number": "18"}
    world = Licensed().person(1, "kim", **row)
    world.desired = [user("kim", **fields)]
    after = {f.path: f.after for one in world.plan().changes for f in one.fields}
    assert after["roles"] == ("Assessor", "Manager")
    assert after["data.Department"] == "Nursing"
    assert after["data.Student Number"] == ("17", "18")
    world.desired = [user("kim", "roles", "data", **fields)]
    after = {f.path: f.after for one in world.plan().changes for f in one.fields}
    assert after["roles"] == ("Manager",)
    assert after["data.Student Number"] == "18"


def test_a_value_that_the_pattern_refuses_is_a_problem_and_not_a_change() -> None:
    world = Licensed().person(1, "kim")
    world.desired = [user("kim", **{"data.Student Number": "abc", "first_name": "Grace"})]
    plan = world.plan()
    assert [one.part for one in plan.changes] == ["attributes"]
    assert "Student Number" in plan.problems[0].message


def test_every_name_and_every_number_stands_in_the_docs() -> None:
    page = Path(__file__).parents[2] / "docs" / "allowances.md"
    if not page.is_file():
        pytest.skip("the docs are not part of the wheel")
    text = page.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    told = {tuple(row.split(" | ")[:2]) for row in rows}
    kinds = {"guard": GUARDS, "hazard": HAZARDS}
    assert told == {(f"| `{name}`", kind) for kind, names in kinds.items() for name in names}
    numbers = (
        f"greater of {guards.MAX_REMOVED} (`max_removed`) and {guards.REMOVED_SHARE} %",
        f"greater of {guards.MAX_UPDATES} (`max_updates`) and {guards.UPDATES_SHARE} %",
        f"fewer than {guards.MEMBERS_SHARE} % of the members",
        f"at least {guards.SMALLEST_HALF} leave",
        f"within {SOON // timedelta(hours=1)} hours",
        "within an hour" if timedelta(hours=1) == LAST_HOUR else "?",
    )
    assert [number for number in numbers if number not in text] == []


def test_the_last_e_mail_cannot_be_taken_away() -> None:
    world = Licensed().person(1, "kim@example.org")
    world.desired = [user("kim@example.org", "emails", emails=())]
    (change,) = world.plan().changes
    assert change.status is Status.BLOCKED
