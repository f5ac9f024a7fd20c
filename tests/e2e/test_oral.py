"""Oral exams: when their periods are, and who is examined when, one after the other."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from engine.plan import Status
from engine.sandbox.serve import Options, running
from tests.e2e.meddling import meddling
from tests.e2e.rehearsal import Rehearsal

if TYPE_CHECKING:
    from pathlib import Path

    from engine.plan import Plan
    from tests.e2e.office import Office

KIM, SAM, TED, UMA, VIC = (f"{name}@example.org" for name in ("kim", "sam", "ted", "uma", "vic"))
STUDENTS = [SAM, TED, UMA]
MONDAY, TUESDAY = "2027-05-10 07:00Z", "2027-05-11 07:00Z"
EXACT = {"membership": "exact"}


def period(start: str, **more: Any) -> dict[str, Any]:
    return {"start": start, "examination": 25} | more


def slots(start: str, *people: str) -> dict[str, Any]:
    return {"period": start, "participants": [*people]}


def term(
    periods: list[dict[str, Any]] | None,
    *examined: dict[str, Any],
    flow: dict[str, Any] | None = None,
    **roles: Any,
) -> str:
    """One oral exam with three participants, its periods, and who is examined in them."""
    users = [
        {"key": key, "first_name": "Kim", "last_name": "Larsen"} for key in (KIM, *STUDENTS, VIC)
    ]
    entry = {"key": "law", "type": "FLOWoral", "title": "Law", "content": "none"}
    entry |= {} if periods is None else {"periods": periods}
    role = {"flows": ["law"], "managers": [KIM], "participants": STUDENTS, "slots": [*examined]}
    entries = {"users": users, "flows": [entry | (flow or {})], "role_assignments": [role | roles]}
    return json.dumps(entries)


def apply(stage: Rehearsal, text: str, *allow: str) -> None:
    """Applies, and nothing is left to do."""
    stage.write(text)
    stage.apply(*allow)
    assert stage.failures() == []
    assert stage.plan(*allow).changes == ()


def _flow(stage: Rehearsal) -> dict[str, Any]:
    flows = stage.control("GET", "state")["flows"]
    (flow,) = [f for f in flows if "wisectl-law" in json.dumps(f["externalSources"])]
    return dict(flow)


def _by_seat(stage: Rehearsal) -> dict[int, str]:
    keys = {
        user["id"]: data["value"]
        for user in stage.control("GET", "state")["users"]
        for data in user["data"]
        if "@" in data["value"]
    }
    return {one["participantId"]: keys[one["userId"]] for one in _flow(stage)["participants"]}


def found(stage: Rehearsal) -> dict[str, list[str]]:
    """As the sandbox holds it: by start of the period, who is examined; breaks by their title."""
    names, periods = _by_seat(stage), _flow(stage)["periods"]
    assert len({one["startDate"] for one in periods}) == len(periods)
    return {
        one["startDate"].replace("T", " ").replace(":00Z", "Z"): [
            names.get(slot["participantId"], slot["title"]) for slot in one["slots"]
        ]
        for one in periods
    }


def by_hand(stage: Rehearsal, start: str, *titles: str) -> None:
    """A manager sets the slots of a period: keys are people, all else is a break."""
    seats = {name: number for number, name in _by_seat(stage).items()}
    flow = _flow(stage)
    (there,) = [one["id"] for one in flow["periods"] if start[:10] in one["startDate"]]
    rows = [
        {"type": "PARTICIPANT", "participantId": seats[one], "description": f"for {one}"}
        if one in seats
        else {"type": "BREAK", "title": one, "examinationMinutes": 30}
        for one in titles
    ]
    stage.by_hand("PUT", f"/flows/{flow['id']}/periods/{there}/slots", {"slots": rows})


def statuses(plan: Plan) -> dict[str, Status]:
    return {change.part: change.status for change in plan.changes}


def test_a_new_oral_exam_gets_its_periods_and_people_their_slots(rehearsal: Rehearsal) -> None:
    days = [
        period(TUESDAY, preparation=20, voting=5, location="Room 4", preparation_in_same_room=True),
        period(MONDAY),
    ]

    apply(rehearsal, term(days, slots(MONDAY, UMA, SAM), slots(TUESDAY, TED)))

    assert found(rehearsal) == {MONDAY: [UMA, SAM], TUESDAY: [TED]}
    monday, tuesday = _flow(rehearsal)["periods"]
    assert (monday["preparationMinutes"], monday["votingMinutes"]) == (0, 0)
    assert tuesday["examinationMinutes"] == 25
    assert (tuesday["preparationMinutes"], tuesday["votingMinutes"]) == (20, 5)
    assert (tuesday["location"], tuesday["preparationInSameRoom"]) == ("Room 4", True)


ONE, BOTH = [period(MONDAY)], [period(MONDAY), period(TUESDAY)]
STATES: dict[str, tuple[str, dict[str, list[str]]]] = {
    "nothing": (term([], **EXACT), {}),
    "empty": (term(BOTH, **EXACT), {MONDAY: [], TUESDAY: []}),
    "in order": (term(ONE, slots(MONDAY, *STUDENTS), **EXACT), {MONDAY: STUDENTS}),
    "backwards": (
        term([period(MONDAY, location="Room 4")], slots(MONDAY, UMA, TED, SAM), **EXACT),
        {MONDAY: [UMA, TED, SAM]},
    ),
    "apart": (
        term(BOTH, slots(MONDAY, TED), slots(TUESDAY, UMA, SAM), **EXACT),
        {MONDAY: [TED], TUESDAY: [UMA, SAM]},
    ),
    "the other way round": (
        term(BOTH, slots(MONDAY, SAM, UMA), slots(TUESDAY, TED), **EXACT),
        {MONDAY: [SAM, UMA], TUESDAY: [TED]},
    ),
    "on Tuesday": (
        term([period(TUESDAY, voting=5)], slots(TUESDAY, SAM, TED), **EXACT),
        {TUESDAY: [SAM, TED]},
    ),
}
WAYS = [(start, end) for start in STATES for end in STATES if start != end]
ALLOW = ("--allow", "empty:*", "--allow", "replaced:*", "--allow", "period:*")


@pytest.mark.parametrize(("start", "end"), WAYS, ids=[f"{a} to {b}" for a, b in WAYS])
def test_any_slots_are_reached_from_any_others(office: Office, start: str, end: str) -> None:
    """Which periods go is known from base alone."""
    for name in (start, end):
        text, wanted = STATES[name]
        office.write(text)
        code, said = office.call("apply", "--auto-approve", *ALLOW)
        assert code == 0, said
        assert found(office.stage) == wanted, said
        assert "No changes." in office.call("plan")[1]
        office.commit()
        office.scope = ("--base", "HEAD")


# ---- who comes before whom -----------------------------------------------------------------------


def test_somebody_who_comes_first_changes_nobody_elses_place(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(ONE, slots(MONDAY, TED, UMA)))
    rehearsal.write(term(ONE, slots(MONDAY, SAM, TED, UMA)))

    (change,) = rehearsal.plan().changes

    assert change.seats is not None
    assert [one.person for one in change.seats.add] == [SAM]
    assert change.seats.change == ()
    rehearsal.apply()
    assert found(rehearsal) == {MONDAY: STUDENTS}


def test_breaks_and_strangers_keep_their_place_and_slots_what_they_have(
    rehearsal: Rehearsal,
) -> None:
    apply(rehearsal, term(BOTH, slots(MONDAY, SAM, TED)))
    by_hand(rehearsal, MONDAY, SAM, "Lunch", UMA, TED)

    apply(rehearsal, term(BOTH, slots(MONDAY, TED), slots(TUESDAY, SAM)))

    assert found(rehearsal) == {MONDAY: ["Lunch", UMA, TED], TUESDAY: [SAM]}
    said = [slot["description"] for day in _flow(rehearsal)["periods"] for slot in day["slots"]]
    assert said == [None, f"for {UMA}", f"for {TED}", f"for {SAM}"]
    apply(rehearsal, term(BOTH, slots(MONDAY, SAM, TED)))
    assert found(rehearsal) == {MONDAY: ["Lunch", UMA, SAM, TED], TUESDAY: []}


def test_another_order_in_wiseflow_is_put_right(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(ONE, slots(MONDAY, *STUDENTS)))
    by_hand(rehearsal, MONDAY, UMA, SAM, TED)

    apply(rehearsal, term(ONE, slots(MONDAY, *STUDENTS)))

    assert found(rehearsal) == {MONDAY: STUDENTS}


def test_strangers_are_told_and_stay(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(BOTH, slots(MONDAY, SAM), slots(TUESDAY, TED)))
    rehearsal.write(term(ONE, slots(MONDAY, SAM)))

    plan = rehearsal.plan()

    assert plan.changes == ()
    assert [note.message for note in plan.notes] == [
        "periods: in WISEflow but not stated: Tue 11 May 2027 07:00",
        f"slots: in WISEflow but not in the manifests: {TED}",
    ]


def test_what_nobody_states_any_more_is_let_go(office: Office) -> None:
    office.write(term(ONE, slots(MONDAY, SAM)))
    office.commit()
    office.apply()
    entries = json.loads(term(None))
    del entries["role_assignments"][0]["slots"]
    office.write(json.dumps(entries))
    office.scope = ("--base", "HEAD")

    code, said = office.call("plan", "--detailed-exitcode")

    assert code == 0
    assert "periods: stood at base and is stated no more" in said
    assert "slots: stood at base and is stated no more" in said


# ---- what cannot be ------------------------------------------------------------------------------


def test_only_an_oral_exam_has_periods_and_the_plan_says_so(rehearsal: Rehearsal) -> None:
    written = {"type": "FLOWassign"}
    for _ in range(2):
        rehearsal.write(term(ONE, slots(MONDAY, SAM), flow=written))
        plan = rehearsal.plan()
        reason = "only a FLOWoral has periods; flow/law is FLOWassign"
        assert statuses(plan)["periods.blocked"] is Status.BLOCKED
        assert [problem.message for problem in plan.problems] == [reason]
        rehearsal.apply()


def test_a_copy_of_an_oral_exam_is_one(rehearsal: Rehearsal) -> None:
    entries = json.loads(term(ONE, slots(MONDAY, SAM)))
    del entries["flows"][0]["type"]
    entries["flows"][0]["copy_from"] = {"flow": "viva"}
    entries["flows"].append({"key": "viva", "type": "FLOWoral", "title": "Viva"})
    entries["role_assignments"].append({"flows": ["viva"], "managers": [KIM]})

    apply(rehearsal, json.dumps(entries))

    assert found(rehearsal) == {MONDAY: [SAM]}


def test_a_period_in_the_past_is_not_made_and_nobody_is_put_into_it(rehearsal: Rehearsal) -> None:
    rehearsal.control("POST", "clock", {"now": datetime(2027, 5, 10, 12, tzinfo=UTC).timestamp()})
    rehearsal.write(term(BOTH, slots(MONDAY, SAM), slots(TUESDAY, TED)))

    rehearsal.apply()

    assert rehearsal.failures() == []
    assert found(rehearsal) == {TUESDAY: [TED]}
    plan = rehearsal.plan()
    assert statuses(plan) == {"periods.blocked": Status.BLOCKED}
    assert plan.changes[0].reasons == (
        "the period of Mon 10 May 2027 07:00 would start in the past",
    )
    assert [one.message for one in plan.problems] == [
        "flow/law has no period on Mon 10 May 2027 07:00: see its periods"
    ]


def test_of_two_periods_at_one_start_nobody_knows_which_is_meant(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(BOTH, slots(MONDAY, SAM), slots(TUESDAY, TED)))
    body = {"startDate": "2027-05-10T07:00:00Z", "location": "By hand"}
    body |= dict.fromkeys(("preparationMinutes", "examinationMinutes", "votingMinutes"), 5)
    rehearsal.by_hand("POST", f"/flows/{_flow(rehearsal)['id']}/periods", {"periods": [body]})
    moved = [period(MONDAY, location="Room 4"), period(TUESDAY, location="Room 4")]
    rehearsal.write(term(moved, slots(MONDAY, UMA), slots(TUESDAY, SAM, TED)))

    plan = rehearsal.plan()

    reason = "2 periods start on Mon 10 May 2027 07:00: delete all but one in WISEflow"
    assert statuses(plan) == {"periods.blocked": Status.BLOCKED, "periods": Status.PLANNED}
    blocked = next(one for one in plan.changes if one.part == "periods.blocked")
    assert blocked.reasons == (reason,)
    assert {one.message for one in plan.problems} == {reason}
    rehearsal.apply()
    assert rehearsal.failures() == []


def test_who_is_not_on_the_flow_gets_no_slot_and_nobody_loses_one_meanwhile(
    rehearsal: Rehearsal,
) -> None:
    apply(rehearsal, term(ONE, slots(MONDAY, SAM, TED), **EXACT))
    rehearsal.write(term(ONE, slots(MONDAY, SAM, VIC), **EXACT))

    plan = rehearsal.plan()

    assert plan.changes == ()
    assert [one.message for one in plan.problems] == [f"{VIC} is no participant of flow/law"]


def test_dates_of_an_oral_exam_point_to_its_periods(rehearsal: Rehearsal) -> None:
    dates = {
        "participation": {"start": "2027-05-03 09:00Z", "length": "4h"},
        "marking": {"start": "2027-05-05 12:00Z", "end": "2027-05-24 12:00Z"},
    }
    rehearsal.write(term(ONE, flow=dates))

    creation = next(one for one in rehearsal.plan().changes if not one.part)

    reasons = ("a FLOWoral has no dates: state periods instead",)
    assert creation.reasons == reasons
    apply(rehearsal, term(ONE))
    rehearsal.write(term(ONE, flow=dates))
    assert [one.reasons for one in rehearsal.plan().changes] == [reasons]


def test_periods_of_a_fed_exam_are_left_alone_and_nobody_loses_a_slot(
    rehearsal: Rehearsal,
) -> None:
    fed = {"sis_sources": [{"code": "A||B||C", "integration": "Northfield STADS"}]}
    apply(rehearsal, term(ONE, slots(MONDAY, SAM, TED), flow=fed), "sis-attach:*")
    days = [period(MONDAY, examination=40), period(TUESDAY)]
    rehearsal.write(term(days, slots(MONDAY, UMA), flow=fed, **EXACT))

    plan = rehearsal.plan()

    assert statuses(plan) == {"slots": Status.PLANNED}
    assert any(one.message.startswith("differs and is left alone: periods.") for one in plan.notes)
    rehearsal.apply()
    assert rehearsal.failures() == []
    assert found(rehearsal) == {MONDAY: [SAM, TED, UMA]}


def test_a_fed_exam_keeps_periods_that_the_manifests_want_away(rehearsal: Rehearsal) -> None:
    fed = {"sis_sources": [{"code": "A||B||C", "integration": "Northfield STADS"}]}
    apply(rehearsal, term(ONE, slots(MONDAY, SAM, TED), flow=fed), "sis-attach:*")
    rehearsal.write(term([], flow=fed))

    plan = rehearsal.plan()

    assert plan.changes == ()
    assert any(one.message.startswith("differs and is left alone: periods") for one in plan.notes)


# ---- activation ----------------------------------------------------------------------------------


def test_an_oral_exam_is_activated_once_it_has_periods(rehearsal: Rehearsal) -> None:
    active = {"lifecycle": "active"}
    rehearsal.write(term([], flow=active))
    blocked = next(one for one in rehearsal.plan().changes if one.part == "activation")
    assert "state participation and marking, or periods" in blocked.reasons[0]

    apply(rehearsal, term(BOTH, slots(MONDAY, SAM), flow=active))

    assert _flow(rehearsal)["state"] == "PARTICIPATION_NOT_STARTED"


def test_an_oral_exam_whose_first_period_is_over_is_not_activated(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(BOTH))
    rehearsal.control("POST", "clock", {"now": datetime(2027, 5, 10, 12, tzinfo=UTC).timestamp()})
    rehearsal.write(term(BOTH, flow={"lifecycle": "active"}))

    (change,) = rehearsal.plan().changes

    assert (change.part, change.status) == ("activation", Status.BLOCKED)
    assert change.reasons == ("its participation start is in the past",)


# ---- what is held --------------------------------------------------------------------------------


def _near(stage: Rehearsal) -> None:
    stage.control("POST", "clock", {"now": datetime(2027, 5, 9, 9, tzinfo=UTC).timestamp()})


HELD: dict[str, tuple[str, str, set[str]]] = {
    "shorter": (term([period(MONDAY, examination=20)]), "periods", {"shorter"}),
    "shorter to prepare": (term([period(MONDAY, preparation=5)]), "periods", {"shorter"}),
    "shorter in another period": (
        term([period(MONDAY), period(TUESDAY, examination=5)], slots(TUESDAY, SAM, TED)),
        "slots",
        {"shorter"},
    ),
    "without preparation in another period": (
        term([period(MONDAY), period(TUESDAY)], slots(TUESDAY, SAM, TED)),
        "slots",
        {"shorter"},
    ),
    "longer and near": (
        term([period(MONDAY, examination=40, preparation=20)]),
        "periods",
        {"starts-soon"},
    ),
    "another order, near": (term(ONE, slots(MONDAY, TED, SAM)), "slots", {"starts-soon"}),
    "out of it, near": (term(ONE, slots(MONDAY, SAM), **EXACT), "slots.leave", {"starts-soon"}),
    "away with people in it": (term([]), "periods.leave", {"period"}),
    "away with people in it, near": (term([]), "periods.leave", {"period", "starts-soon"}),
}


@pytest.mark.parametrize("name", HELD)
def test_what_takes_something_away_is_held(rehearsal: Rehearsal, name: str) -> None:
    text, part, hazards = HELD[name]
    apply(rehearsal, term([period(MONDAY, preparation=20)], slots(MONDAY, SAM, TED)))
    if "near" in name:
        _near(rehearsal)
    entries = json.loads(text)
    if not json.loads(text)["role_assignments"][0]["slots"]:
        del entries["role_assignments"][0]["slots"]
    rehearsal.write(json.dumps(entries))

    change = next(one for one in rehearsal.plan().changes if one.part == part)

    assert change.status is Status.HELD
    assert {one.name for one in change.hazards} == hazards


def test_giving_is_never_held(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term([period(MONDAY, preparation=20)], slots(MONDAY, SAM)))
    _near(rehearsal)
    more = [period(MONDAY, location="Room 4"), period("2027-05-10 12:00Z")]

    apply(rehearsal, term(more, slots(MONDAY, SAM, TED), slots("2027-05-10 12:00Z", UMA)))


# ---- what goes wrong on the way ------------------------------------------------------------------

WRITES = [
    "POST /flows/{flowId}/periods",
    "PATCH /flows/{flowId}/periods/{periodId}",
    "PUT /flows/{flowId}/periods/{periodId}/slots",
    "DELETE /flows/{flowId}/periods/{periodId}",
]
LATER = term(
    [period(MONDAY, location="Room 4"), period("2027-05-12 07:00Z")],
    slots(MONDAY, TED),
    slots("2027-05-12 07:00Z", UMA, SAM),
)


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
@pytest.mark.parametrize("operation", WRITES)
def test_a_lost_answer_leaves_one_period_with_its_people(
    office: Office, operation: str, kind: str
) -> None:
    office.write(term(BOTH, slots(MONDAY, SAM), slots(TUESDAY, TED, UMA)))
    office.commit()
    office.apply()
    office.write(LATER)
    office.scope = ("--base", "HEAD")
    method, path = operation.split()
    fault = {"method": method, "path": path, "kind": kind, "times": 1}
    office.stage.control("POST", "faults", [fault])

    office.call("apply", "--auto-approve")
    code, said = office.call("apply", "--auto-approve")

    assert code == 0, said
    assert found(office.stage) == {MONDAY: [TED], "2027-05-12 07:00Z": [UMA, SAM]}
    if kind == "drop_after":
        # What was done is looked for, and not done once more.
        made = office.stage.control("GET", "requests")["POST /flows/{flowId}/periods"]
        assert made == 2


def test_a_period_in_which_somebody_got_a_slot_meanwhile_is_not_taken_away(
    rehearsal: Rehearsal,
) -> None:
    apply(rehearsal, term(ONE, slots(MONDAY, SAM)))
    entries = json.loads(term([]))
    del entries["role_assignments"][0]["slots"]
    rehearsal.write(json.dumps(entries))

    reads = iter((False, True))

    def deed() -> None:
        # Not once it is planned, but once it was read again just before it is written.
        if next(reads):
            by_hand(rehearsal, MONDAY, SAM, TED)

    with meddling("/periods$", 1, deed):
        rehearsal.apply("period:*")

    (failure,) = rehearsal.failures()
    assert "1 more have a slot in it by now" in failure
    assert found(rehearsal) == {MONDAY: [SAM, TED]}


def test_a_period_that_somebody_makes_at_the_same_moment_is_there_once(
    rehearsal: Rehearsal,
) -> None:
    apply(rehearsal, term([]))
    body = {"startDate": "2027-05-10T07:00:00Z", "examinationMinutes": 25}
    body |= {"preparationMinutes": 0, "votingMinutes": 0}
    path = f"/flows/{_flow(rehearsal)['id']}/periods"
    rehearsal.write(term([period(MONDAY, location="Room 4")], slots(MONDAY, SAM)))

    # Once it was read again, and once it was looked for just before it is made.
    with meddling("/periods$", 2, lambda: rehearsal.by_hand("POST", path, {"periods": [body]})):
        rehearsal.apply()

    assert rehearsal.failures() == []
    assert found(rehearsal) == {MONDAY: [SAM]}
    assert rehearsal.plan().changes == ()
    assert _flow(rehearsal)["periods"][0]["location"] == "Room 4"


def test_a_period_with_slots_is_emptied_before_it_is_deleted_whatever_wiseflow_allows(
    tmp_path: Path,
) -> None:
    for quirk in ("refuse", "delete"):
        with running(Options(rate_limit=False, quirks={"period_with_slots": quirk})) as server:
            stage = Rehearsal(server.url, tmp_path)
            apply(stage, term(ONE, slots(MONDAY, SAM)))
            by_hand(stage, MONDAY, SAM, "Lunch")
            apply(stage, term([]), "period:*", "empty:*")
            assert found(stage) == {}


def test_periods_that_could_not_be_read_are_left_alone(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(ONE, slots(MONDAY, SAM)))
    rehearsal.checked = False
    rehearsal.write(term([period(TUESDAY)], slots(TUESDAY, SAM)))
    path = "/flows/{flowId}/periods"
    fault = {"method": "GET", "path": path, "kind": "status", "status": 500, "times": 9}
    rehearsal.control("POST", "faults", [fault])

    plan = rehearsal.plan()

    assert plan.changes == ()
    assert [problem.hint for problem in plan.problems] == ["its periods and slots are left alone"]


def test_a_run_is_undone(office: Office) -> None:
    office.write(
        term([period(MONDAY, location="Room 4"), period(TUESDAY)], slots(MONDAY, SAM, TED))
    )
    office.apply()
    office.write(term([period(MONDAY, voting=9)], slots(MONDAY, TED, UMA, SAM)))
    office.apply()
    office.write(term([period("2027-05-13 07:00Z")], slots("2027-05-13 07:00Z", SAM), **EXACT))
    office.scope = ("--allow", "replaced:*")
    office.apply()
    office.scope = ()
    assert found(office.stage)["2027-05-13 07:00Z"] == [SAM]

    code, said = office.call("undo", "--out", str(office.root / "back.plan"), "--allow", "empty:*")

    assert code == 0, said
    code, said = office.call("apply", str(office.root / "back.plan"))
    assert code == 0, said
    assert found(office.stage) == {MONDAY: [TED, UMA, SAM], TUESDAY: []}


def test_a_period_that_went_with_people_comes_back_without_them_and_undo_says_so(
    office: Office,
) -> None:
    office.write(term([period(MONDAY, location="Room 4", voting=5)], slots(MONDAY, SAM)))
    office.apply()
    there = _flow(office.stage)["periods"][0]
    entries = json.loads(term([]))
    del entries["role_assignments"][0]["slots"]
    office.write(json.dumps(entries))
    assert office.call("apply", "--auto-approve", "--allow", "period:*")[0] == 0

    code, said = office.call("undo", "--out", str(office.root / "back.plan"))

    assert code == 0, said
    assert "who had a slot in the period is in no journal" in said
    assert office.call("apply", str(office.root / "back.plan"))[0] == 0
    assert found(office.stage) == {MONDAY: []}
    given = ("id", "order", "slots")
    back = _flow(office.stage)["periods"][0]
    assert {n: v for n, v in back.items() if n not in given} == {
        n: v for n, v in there.items() if n not in given
    }
