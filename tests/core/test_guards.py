"""Each guard at its limit and one beyond it, allowed and not, and what is protected."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.errors import Location
from engine.guards import parse_allowance
from engine.model import Address, Allowance, DesiredProfileMembers, DesiredRole, Stated
from engine.plan import Change, Guard, Plan, Status
from engine.planner import Options, make_plan
from engine.world import EmailRow
from tests.core.worlds import HERE, KINDS, WINDOWS, Licensed, days, flow, role, user

LIVE = {"title": "Mathematics", "type": "FLOWassign", **WINDOWS}


def crowd(size: int) -> Licensed:
    world = Licensed()
    for number in range(1, size + 1):
        world.person(number, f"s{number}")
    return world


def keys(first: int, last: int) -> list[str]:
    return [f"s{number}" for number in range(first, last + 1)]


def guard(plan: Plan, name: str) -> Guard:
    return next(one for one in plan.guards if one.name == name)


def by_id(plan: Plan) -> dict[str, Change]:
    return {change.id: change for change in plan.changes}


def held(plan: Plan) -> set[str]:
    return {change.id for change in plan.changes if change.status is Status.HELD}


def allowed(*flags: str, **more: Any) -> Options:
    return Options(allowances=tuple(parse_allowance(flag) for flag in flags), **more)


def entry(name: str, up_to: int | None, *among: str, until: float = 5, role: str = "") -> Allowance:
    places = frozenset(Address(*one.split("/")) for one in among)
    return Allowance(name, "", up_to, places, role, days(until), Location("allow.yaml", 3, 5))


# ---- removals ------------------------------------------------------------------------------------


def leaving(world: Licensed, key: str, number: int, people: range, gone: int) -> None:
    """A draft with these people, of whom so many leave."""
    world.live_flow(key, number, 0, {"participants": list(people)}, **LIVE)
    stay = [f"s{one}" for one in people][gone:]
    world.desired.append(flow(key, role("participants", *stay, membership="exact")))


def test_as_many_as_the_limit_may_leave_and_the_guard_says_how_near_it_was() -> None:
    world = crowd(60)
    leaving(world, "math", 7, range(1, 61), 25)
    plan = world.plan()
    assert held(plan) == set()
    assert (guard(plan, "removals").limit, guard(plan, "removals").value) == ("at most 25", "25")
    assert guard(plan, "replaced").value == "25 of 60"


def test_one_per_cent_counts_only_in_the_sets_that_people_leave() -> None:
    world = crowd(3200)
    leaving(world, "large", 7, range(1, 3001), 30)
    assert held(world.plan()) == set()
    leaving(world, "small", 8, range(3001, 3101), 2)
    assert held(world.plan()) == {"flow/large:participants.leave", "flow/small:participants.leave"}


def test_a_large_set_that_nobody_leaves_does_not_lift_the_limit() -> None:
    world = crowd(6000)
    leaving(world, "small", 7, range(1, 61), 26)
    assert held(world.plan()) == {"flow/small:participants.leave"}
    leaving(world, "large", 8, range(61, 6001), 0)
    assert held(world.plan()) == {"flow/small:participants.leave"}


def test_no_removals_at_all_may_be_the_limit() -> None:
    world = crowd(3000)
    leaving(world, "math", 7, range(1, 3001), 1)
    assert held(world.plan()) == set()
    assert held(world.plan(Options(max_removed=0))) == {"flow/math:participants.leave"}


def test_an_entry_for_a_role_lets_its_people_go_and_no_others() -> None:
    world = crowd(120)
    leaving(world, "a", 7, range(1, 41), 14)
    leaving(world, "b", 8, range(41, 81), 14)
    names = {"flow/a:participants.leave", "flow/b:participants.leave"}
    assert held(world.plan()) == names
    one = Options(allowances=(entry("remove", 14, "flow/a", role="participants"),))
    assert held(world.plan(one)) == {"flow/b:participants.leave"}
    both = Options(allowances=(entry("remove", 28, "flow/a", "flow/b", role="participants"),))
    assert held(world.plan(both)) == set()
    other = Options(allowances=(entry("remove", 28, "flow/a", "flow/b", role="assessors"),))
    assert held(world.plan(other)) == names


def test_an_allowance_counts_all_that_it_covers_and_two_do_not_add_up() -> None:
    world = crowd(120)
    leaving(world, "a", 7, range(1, 41), 14)
    leaving(world, "b", 8, range(41, 81), 14)
    short = entry("remove", 27, "flow/a", "flow/b", role="participants")
    assert len(held(world.plan(Options(allowances=(short, short))))) == 2
    assert len(held(world.plan(allowed("removals:*:27")))) == 2
    assert held(world.plan(allowed("removals:*:28"))) == set()
    assert held(world.plan(allowed("removals:flow/a:14"))) == {"flow/b:participants.leave"}


def test_an_entry_counts_all_who_leave_its_role_refused_or_not() -> None:
    world = crowd(60)
    leaving(world, "a", 7, range(1, 5), 4)
    leaving(world, "b", 8, range(11, 51), 3)
    empty = {"flow/a:participants.leave"}
    assert held(world.plan()) == empty
    for up_to, left in ((6, empty), (7, set())):
        one = entry("remove", up_to, "flow/a", "flow/b", role="participants")
        assert held(world.plan(Options(allowances=(one,)))) == left


# ---- sets of people ------------------------------------------------------------------------------


def test_a_flow_that_ends_without_a_manager_needs_its_own_allowance() -> None:
    world = crowd(2)
    world.live_flow("math", 7, 0, {"managers": [1]}, **LIVE)
    world.desired = [flow("math", role("managers", membership="exact"))]
    plan = world.plan()
    assert held(plan) == {"flow/math:managers.leave"}
    assert {one.name for one in plan.guards if one.refused} == {"empty", "no-manager"}
    by_role = entry("remove", 1, "flow/math", role="managers")
    after = world.plan(Options(allowances=(by_role,)))
    assert held(after) == {"flow/math:managers.leave"}
    assert {one.name for one in after.guards if one.refused} == {"no-manager"}
    floor = entry("no-manager", 1, "flow/math")
    assert held(world.plan(Options(allowances=(by_role, floor)))) == set()


def test_the_last_manager_goes_only_when_the_new_one_is_there() -> None:
    world = crowd(2)
    world.live_flow("math", 7, 0, {"managers": [1]}, **LIVE)
    world.desired = [flow("math", role("managers", "s2", membership="exact"))]
    plan = world.plan()
    assert held(plan) == set()
    assert by_id(plan)["flow/math:managers.leave"].needs == ("flow/math:managers",)


def test_a_new_flow_whose_managers_are_nowhere_is_blocked_and_nothing_allows_it() -> None:
    world = crowd(1)
    world.desired = [flow("math", role("managers", "nobody"), **LIVE)]
    plan = world.plan(allowed("no-manager:*", "empty:*"))
    assert by_id(plan)["flow/math"].status is Status.BLOCKED


@pytest.mark.parametrize(
    ("before", "gone", "refused"), [(3, 2, 1), (4, 2, 0), (2, 1, 0), (5, 3, 1)]
)
def test_more_than_half_of_those_who_were_there(before: int, gone: int, refused: int) -> None:
    world = crowd(20)
    world.live_flow("math", 7, 0, {"authors": list(range(1, before + 1))}, **LIVE)
    stay = [*keys(gone + 1, before), *keys(10, 20)]
    world.desired = [flow("math", role("authors", *stay, membership="exact"))]
    assert len(held(world.plan())) == refused


# ---- updates -------------------------------------------------------------------------------------


def titled(live: int, replaced: int, **fields: Any) -> Licensed:
    """So many live flows, of which some get other values."""
    world = Licensed()
    for number in range(live):
        world.live_flow(f"f{number:03}", number + 1, 0, {}, **LIVE)
        changed = fields or {"title": "Maths"}
        world.desired.append(flow(f"f{number:03}", **(changed if number < replaced else {})))
    return world


@pytest.mark.parametrize(
    ("live", "replaced", "refused"),
    [(10, 10, False), (11, 11, True), (36, 11, True), (37, 11, False), (100, 31, True)],
)
def test_more_than_ten_and_than_thirty_per_cent(live: int, replaced: int, refused: bool) -> None:
    plan = titled(live, replaced).plan()
    assert len(held(plan)) == (replaced if refused else 0)
    assert guard(plan, "updates").refused == refused
    assert guard(plan, "updates").value == f"{replaced} of {live}"


def test_updates_are_allowed_for_a_kind_up_to_a_number() -> None:
    world = titled(20, 12)
    assert held(world.plan(allowed("updates:flow/*:12"))) == set()
    assert len(held(world.plan(allowed("updates:flow/*:11")))) == 12
    assert len(held(world.plan(allowed("updates:user/*:12")))) == 12
    assert held(world.plan(Options(max_updates=12))) == set()
    assert held(world.plan(Options(updates_share=60))) == set()
    assert len(held(titled(40, 1).plan(Options(max_updates=0)))) == 1


def test_new_objects_are_not_among_those_that_are_there() -> None:
    world = titled(20, 12)
    before = held(world.plan())
    world.person(1, "kim")
    world.desired += [flow(f"new{n}", role("managers", "kim"), **LIVE) for n in range(100)]
    assert held(world.plan()) == before
    world.desired += [flow(f"g{n}") for n in range(100)]
    for n in range(100):
        world.live_flow(f"g{n}", 500 + n, 0, {}, **LIVE)
    base = frozenset(Address("flow", f"f{number:03}") for number in range(20))
    assert held(world.plan(Options(base=base))) == before


def test_what_only_gives_is_no_update() -> None:
    longer = {**WINDOWS, "marking__end": days(90), "participation__start": days(59)}
    assert titled(20, 20, **longer).plan().guards == ()
    assert titled(20, 20, subtitle="Written").plan().guards == ()
    later = {**WINDOWS, "participation__end": days(61), "participation__start": days(60.5)}
    assert guard(titled(20, 20, **later).plan(), "updates").refused


@pytest.mark.parametrize(
    ("row", "fields", "exact", "refused"),
    [
        ({"roles": ("Manager",)}, {"roles": ("Assessor",)}, (), False),
        ({"roles": ("Manager",)}, {"roles": ("Assessor",)}, ("roles",), True),
        ({"data": {1: ("{key}",)}}, {"data.Department": "Law"}, (), False),
        ({"data": {1: ("{key}",), 2: ("Law",)}}, {"data.Department": "Nursing"}, (), True),
        ({"data": {1: ("{key}",), 3: ("1",)}}, {"data.Student Number": ("2",)}, (), False),
        ({"phone": None}, {"phone": "1"}, (), False),
        ({"phone": "1"}, {"phone": None}, (), True),
        ({}, {"login": "disabled"}, (), True),
        ({"deactivated": True}, {"login": "enabled"}, (), False),
        ({}, {"emails": ("{key}@old", "{key}@new")}, (), False),
        ({}, {"emails": ("{key}@new", "{key}@old")}, (), True),
    ],
)
def test_lists_that_grow_and_blanks_that_are_filled_replace_nothing(
    row: dict[str, Any], fields: dict[str, Any], exact: tuple[str, ...], refused: bool
) -> None:
    def filled(value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {name: filled(one, key) for name, one in value.items()}
        if isinstance(value, tuple):
            return tuple(filled(one, key) for one in value)
        return value.format(key=key) if isinstance(value, str) else value

    world = Licensed()
    for number in range(1, 13):
        key = f"s{number}"
        world.person(number, key, **{"emails": (f"{key}@old",), **filled(row, key)})
        world.desired.append(user(key, *exact, **filled(fields, key)))
    plan = world.plan()
    assert len(plan.changes) == 12
    assert len(held(plan)) == (12 if refused else 0)


def test_flags_that_are_taken_are_updates_and_flags_that_are_given_are_not() -> None:
    for before, after, refused in ((True, False, 12), (False, True, 0)):
        world = crowd(1)
        for number in range(12):
            world.live_flow(f"f{number}", 100 + number, 0, {"invigilators": [1]}, **LIVE)
            seats = world.flows[-1].roles["invigilators"]
            world.flows[-1].roles["invigilators"] = tuple(
                replace(seat, flags={"head": before}) for seat in seats
            )
            world.desired.append(flow(f"f{number}", role("invigilators", "s1", head=after)))
        assert len(held(world.plan())) == refused


# ---- UNIWeb --------------------------------------------------------------------------------------

PROFILE = Location("uniweb:members/7 profile/information.first_name")
ROSTER = Location("rosters.yaml", 4, 5)


def from_uniweb() -> Licensed:
    """A user whose name UNIWeb says, and two roles, of which one comes from a profile."""
    world = crowd(5)
    filled = user("s1", phone="2")
    fields = {**filled.fields, "first_name": Stated("Grace", PROFILE)}
    world.desired = [replace(filled, fields=fields, profile="staff"), user("s2", phone="2")]
    other = user("s3", phone="2")
    fields = {**other.fields, "last_name": Stated("Hopper", PROFILE)}
    world.desired.append(replace(other, fields=fields, profile="guests"))
    world.live_flow("math", 7, 0, {"assessors": [1, 2, 3], "authors": [4]}, **LIVE)
    panel = role("assessors", "s1", "s2", "s5", membership="exact")
    seats = tuple(replace(seat, location=ROSTER) for seat in panel.seats)
    named = (DesiredProfileMembers("staff", ROSTER),)
    assessors = DesiredRole("assessors", seats, "exact", HERE, named)
    world.desired.append(flow("math", assessors, role("authors", "s4", "s5")))
    return world


def plan_with(world: Licensed, now: int, options: Options) -> Plan:
    whole = world.world()
    whole.member_counts = {"staff": now}
    return make_plan("test", whole, KINDS, options)


def test_a_short_uniweb_read_holds_what_comes_from_it_and_nothing_else() -> None:
    plan = plan_with(from_uniweb(), 89, Options(last_counts={"staff": 100}))
    from_it = {"user/s1:attributes", "flow/math:assessors", "flow/math:assessors.leave"}
    assert held(plan) == from_it
    assert set(by_id(plan)) - from_it == {
        "user/s2:attributes",
        "user/s3:attributes",
        "flow/math:authors",
    }
    one = guard(plan, "uniweb")
    assert (one.scope, one.value, one.allow) == ("profile/staff", "89", "uniweb:profile/staff:11")


@pytest.mark.parametrize(
    ("now", "last", "flags", "refused"),
    [
        (90, 100, (), False),
        (89, 100, ("uniweb:profile/staff:11",), False),
        (89, 100, ("uniweb:profile/staff:10",), True),
        (9, 11, (), True),
        (10, 11, (), False),
        (0, 1, (), True),
        (200, 100, (), False),
    ],
)
def test_ninety_per_cent_of_the_members_of_the_last_time(
    now: int, last: int, flags: tuple[str, ...], refused: bool
) -> None:
    plan = plan_with(from_uniweb(), now, allowed(*flags, last_counts={"staff": last}))
    assert bool(held(plan)) == refused
    assert [one.name for one in plan.guards if one.refused] == (["uniweb"] if refused else [])


def test_a_profile_that_was_not_read_is_not_taken_for_a_short_one() -> None:
    world = from_uniweb()
    assert held(make_plan("test", world.world(), KINDS, Options(last_counts={"staff": 9}))) == set()


def test_where_nobody_knows_how_many_there_were_it_is_told_that_people_leave() -> None:
    plan = plan_with(from_uniweb(), 2, Options())
    (note,) = [one for one in plan.notes if one.address == Address("profile", "staff")]
    assert note.message == "UNIWeb answered 2 members, and people leave by its word"
    told = plan_with(from_uniweb(), 89, Options(last_counts={"staff": 100})).notes
    assert note.address not in {one.address for one in told}


# ---- allowances ----------------------------------------------------------------------------------


def test_an_allowance_has_no_effect_after_its_end_and_the_plan_says_so_with_its_place() -> None:
    world = crowd(3)
    leaving(world, "math", 7, range(1, 4), 3)
    name = {"flow/math:participants.leave"}
    lasting = Options(allowances=(entry("remove", 3, "flow/math", role="participants"),))
    assert held(world.plan(lasting)) == set()
    for until in (0, -1):
        ended = entry("remove", 3, "flow/math", role="participants", until=until)
        plan = world.plan(Options(allowances=(ended,)))
        assert held(plan) == name
        (note,) = plan.notes
        assert "allow.yaml:3:5" in note.message
        assert str(days(until))[:10] in note.message


def test_one_hazard_that_is_allowed_does_not_allow_another() -> None:
    soon = {**LIVE, "participation__start": days(1), "participation__end": days(1.2)}
    world = Licensed().live_flow("math", 7, 1, {}, **soon)
    world.desired = [flow("math", **{**soon, "participation__end": days(1.1)})]
    both = ("shorter:flow/math", "starts-soon:flow/math")
    assert held(world.plan(allowed(both[0]))) == {"flow/math:dates"}
    assert held(world.plan(allowed(both[1]))) == {"flow/math:dates"}
    assert held(world.plan(allowed(*both))) == set()


# ---- protected -----------------------------------------------------------------------------------

FIRM = Location("protect.yaml", 9, 5)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"title": "Maths"}, Status.PLANNED),
        ({"title": None}, Status.BLOCKED),
        ({**WINDOWS, "marking__end": days(70)}, Status.BLOCKED),
        ({**WINDOWS, "marking__end": days(90)}, Status.PLANNED),
    ],
)
def test_what_endangers_or_blanks_a_protected_flow_is_blocked_whatever_is_allowed(
    fields: dict[str, Any], status: Status
) -> None:
    world = Licensed().live_flow("math", 7, 0, {}, **LIVE)
    world.desired = [flow("math", **fields)]
    every = ("shorter:*", "updates:*", "empty:*")
    plan = world.plan(allowed(*every, protected={Address("flow", "math"): FIRM}))
    (change,) = plan.changes
    assert change.status is status
    if status is Status.BLOCKED:
        assert change.reasons == ("protected at protect.yaml:9",)


def test_nobody_leaves_a_protected_flow_and_others_may_come() -> None:
    world = crowd(12)
    world.live_flow("math", 7, 0, {"participants": list(range(1, 11))}, **LIVE)
    world.desired = [flow("math", role("participants", *keys(2, 12), membership="exact"))]
    options = allowed("removals:*", protected={Address("flow", "math"): FIRM})
    plan = by_id(world.plan(options))
    assert plan["flow/math:participants.leave"].status is Status.BLOCKED
    assert plan["flow/math:participants"].status is Status.PLANNED


def test_a_protected_user_loses_no_seat_and_others_do() -> None:
    world = crowd(12)
    world.live_flow("math", 7, 0, {"participants": list(range(1, 11))}, **LIVE)
    world.desired = [flow("math", role("participants", *keys(2, 10), membership="exact"))]
    (first,) = keys(1, 1)
    for person, status in ((first, Status.BLOCKED), ("stranger", Status.PLANNED)):
        protected = {Address("user", person): FIRM}
        plan = by_id(world.plan(allowed("removals:*", protected=protected)))
        assert plan["flow/math:participants.leave"].status is status


def test_what_is_protected_is_blocked_and_never_held_and_no_guard_waits_for_it() -> None:
    world = crowd(40)
    leaving(world, "math", 7, range(1, 41), 40)
    plan = world.plan(Options(protected={Address("flow", "math"): FIRM}))
    assert [change.status for change in plan.changes] == [Status.BLOCKED]
    assert [one.name for one in plan.guards if one.refused] == []


def test_a_protected_user_keeps_login_roles_and_values() -> None:
    world = Licensed().person(1, "kim", roles=("Manager",), phone="1")
    world.desired = [
        user("kim", "roles", roles=("Assessor",), phone=None, first_name="Kim", login="disabled")
    ]
    plan = by_id(world.plan(Options(protected={Address("user", "kim"): FIRM})))
    assert {change.status for change in plan.values()} == {Status.BLOCKED}
    world.desired = [user("kim", roles=("Assessor",), first_name="Kim")]
    plan = by_id(world.plan(Options(protected={Address("user", "kim"): FIRM})))
    assert {change.status for change in plan.values()} == {Status.PLANNED}


# ---- hazards, each in the state named ------------------------------------------------------------


@pytest.mark.parametrize(
    ("role_name", "marking", "names"),
    [
        ("assessors", -1, {"starts-soon", "marking-started"}),
        ("assessors", 1, {"starts-soon"}),
        ("reviewers", -1, {"starts-soon", "marking-started"}),
        ("managers", -1, {"starts-soon"}),
        ("participants", -1, {"starts-soon", "deactivation"}),
    ],
)
def test_who_leaves_an_exam_that_is_marked(role_name: str, marking: float, names: set[str]) -> None:
    world = crowd(4)
    times = {"participation__start": days(-9), "participation__end": days(-8)}
    times |= {"marking__start": days(marking), "marking__end": days(20)}
    world.live_flow("math", 7, 3, {role_name: [1, 2, 3, 4]}, **{**LIVE, **times})
    world.desired = [flow("math", role(role_name, *keys(1, 3), membership="exact"))]
    (leave,) = world.plan().changes
    assert {hazard.name for hazard in leave.hazards if hazard.holds} == names
    assert leave.status is Status.HELD


def test_a_new_primary_e_mail_is_held_only_where_it_is_deactivated() -> None:
    for activated, refused in ((False, 1), (True, 0)):
        world = Licensed().person(1, "kim", emails=("a@x.org", "b@x.org"))
        world.desired = [user("kim", emails=("b@x.org", "a@x.org"))]
        whole = world.world()
        whole.emails[1] = (
            EmailRow(1, "a@x.org", True, False, True),
            EmailRow(2, "b@x.org", False, False, activated),
        )
        assert len(held(make_plan("test", whole, KINDS))) == refused


@pytest.mark.parametrize(
    ("hours", "participants", "names"),
    [(0.5, 1, {"last-hour"}), (1.5, 1, set()), (100, 0, {"no-participants"})],
)
def test_an_activation_is_held_in_the_last_hour_or_without_participants(
    hours: float, participants: int, names: set[str]
) -> None:
    world = crowd(2)
    start = days(hours / 24)
    times = {**LIVE, "participation__start": start, "participation__end": days(hours / 24 + 0.1)}
    there = {"managers": [1], "participants": [2][:participants]}
    world.live_flow("math", 7, 0, there, **times)
    people = role("participants", *["s2"][:participants])
    stated = {**times, "lifecycle": "active"}
    world.desired = [flow("math", role("managers", "s1"), people, **stated)]
    (activation,) = world.plan().changes
    assert {hazard.name for hazard in activation.hazards if hazard.holds} == names
    assert (activation.status is Status.HELD) == bool(names)
