"""Settings of flows: made with the flow, changed where it is there, refused where that destroys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from engine.plan import Plan, Result, Status

if TYPE_CHECKING:
    from tests.e2e.rehearsal import Rehearsal

PEOPLE = [f"p{number}@example.org" for number in range(4)]
KEY = "Personal Organisation Id"
SIS_KEY = "law"

EVERY: dict[str, Any] = {
    "grading_scale": "Pass/fail",
    "timebox": 180,
    "anonymisation": {"data": KEY},
    "ects": "7.5",
    "allocation": "grouped",
    "assessor_types": [{"type": "External", "instruction": "Mark every second one."}],
}
OTHER: dict[str, Any] = {
    "grading_scale": "0-100 points",
    "timebox": "off",
    "anonymisation": "off",
    "ects": "7.5",
    "allocation": "single",
    "assessor_types": [],
}
READS = {
    "GET /license/grading-scales",
    "GET /flows/{flowId}/grading-scale",
    "GET /flows/{flowId}/timebox",
    "GET /flows/{flowId}/anonymisation",
    "GET /flows/{flowId}/marking/assessor-allocation-type",
    "GET /flows/{flowId}/assessor-types",
    "GET /flow/{flowId}/assessments",
    "GET /flows/{flowId}/assessor-groups",
}


def term(flow: dict[str, Any], **roles: Any) -> str:
    """One exam with its manager; fields of the flow, and its other roles."""
    users = [{"key": key, "first_name": "Kim", "last_name": "Larsen"} for key in PEOPLE]
    windows = {
        "participation": {"start": "2027-05-03 09:00", "length": "4h"},
        "marking": {"start": "2027-05-05 12:00", "end": "2027-05-24 12:00"},
    }
    entry = {"key": "law", "type": "FLOWassign", "title": "Law", "content": "none", **windows}
    seats = {"flows": ["law"], "managers": PEOPLE[:1], "membership": "exact", **roles}
    return json.dumps({"users": users, "flows": [entry | flow], "role_assignments": [seats]})


def apply(stage: Rehearsal, text: str, *allow: str) -> None:
    stage.write(text)
    stage.apply(*allow)
    assert stage.failures() == []


def flow_of(stage: Rehearsal) -> dict[str, Any]:
    flows = stage.control("GET", "state")["flows"]
    (found,) = [f for f in flows if "wisectl-law" in json.dumps(f["externalSources"])]
    return dict(found)


def settings_of(stage: Rehearsal) -> dict[str, Any]:
    """The settings as the sandbox holds them, in the words of manifests."""
    flow = flow_of(stage)
    scales = stage.by_hand("GET", "/license/grading-scales")["data"]
    names = {
        row["id"]: row["title"] for row in stage.by_hand("GET", "/license/assessor-types")["data"]
    }
    box, anonymous = flow["timebox"], flow["anonymisation"]
    return {
        "grading_scale": next(s["name"] for s in scales if s["id"] == flow["gradingScaleId"]),
        "timebox": box["durationMinutes"] if box["enabled"] else "off",
        "anonymous": anonymous["enabled"],
        "ects": flow["ects"],
        "allocation": flow["allocationType"],
        "types": {names[t["id"]]: t["instruction"] for t in flow["assessorTypes"]},
    }


def parts(plan: Plan, status: Status = Status.PLANNED) -> set[str]:
    return {change.part for change in plan.changes if change.status is status}


# ---- reached from anywhere, and then nothing is left to do ---------------------------------------


def test_a_new_flow_has_all_its_settings_and_the_next_plan_is_empty(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(EVERY))
    assert settings_of(rehearsal) == {
        "grading_scale": "Pass/fail",
        "timebox": 180,
        "anonymous": True,
        "ects": "7.5",
        "allocation": "GROUPED",
        "types": {"External": "Mark every second one."},
    }
    assert rehearsal.plan().changes == ()


def test_a_new_flow_without_settings_keeps_the_defaults_of_the_licence(
    rehearsal: Rehearsal,
) -> None:
    apply(rehearsal, term({}))
    assert settings_of(rehearsal)["types"] == {"Internal": None, "External": None}
    assert rehearsal.plan().changes == ()


def test_every_setting_changes_and_changes_back(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(EVERY))
    allow = ("grading-scale:*", "shorter:*")
    apply(rehearsal, term(OTHER), *allow)
    assert settings_of(rehearsal) == {
        "grading_scale": "0-100 points",
        "timebox": "off",
        "anonymous": False,
        "ects": "7.5",
        "allocation": "SINGLE_ASSESSOR",
        "types": {},
    }
    assert rehearsal.plan(*allow).changes == ()
    apply(rehearsal, term(EVERY), *allow)
    assert settings_of(rehearsal)["types"] == {"External": "Mark every second one."}
    assert rehearsal.plan(*allow).changes == ()


def test_a_copy_gets_what_is_stated_and_keeps_the_rest_of_its_source(rehearsal: Rehearsal) -> None:
    copied = {"copy_from": {"flow": "template-multiple-choice"}, "type": "FLOWmulti"}
    apply(rehearsal, term(copied | {"assessor_types": [{"type": "Internal"}], "timebox": 60}))
    found = settings_of(rehearsal)
    assert (found["grading_scale"], found["timebox"]) == ("0-100 points", 60)
    assert found["types"] == {"Internal": None}
    assert rehearsal.plan().changes == ()


def test_only_what_is_stated_is_read(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term({}, participants=PEOPLE[1:]))
    rehearsal.plan()
    assert READS & set(rehearsal.control("GET", "requests")) == set()
    apply(rehearsal, term({"timebox": 60}, participants=PEOPLE[1:]), "shorter:*")
    rehearsal.plan("shorter:*")
    sent = rehearsal.control("GET", "requests")
    assert READS & set(sent) == {"GET /flows/{flowId}/timebox"}


def test_grades_and_groups_are_read_only_where_a_change_would_touch_them(
    rehearsal: Rehearsal,
) -> None:
    apply(rehearsal, term(EVERY))
    sent = dict(rehearsal.control("GET", "requests"))
    rehearsal.plan()
    after = rehearsal.control("GET", "requests")
    for operation in ("GET /flow/{flowId}/assessments", "GET /flows/{flowId}/assessor-groups"):
        assert after.get(operation) == sent.get(operation)


# ---- grading scale -------------------------------------------------------------------------------


def test_a_grading_scale_is_blocked_once_somebody_has_a_grade(rehearsal: Rehearsal) -> None:
    text = term({"grading_scale": "Pass/fail"}, participants=PEOPLE[1:], assessors=PEOPLE[:1])
    apply(rehearsal, text)
    rehearsal.control("POST", "simulate", {"flow_id": flow_of(rehearsal)["id"]})
    rehearsal.write(text.replace("Pass/fail", "7-point scale"))
    plan = rehearsal.plan("grading-scale:*")
    (change,) = [one for one in plan.changes if one.part == "grading_scale"]
    assert change.status is Status.BLOCKED
    assert change.reasons == (
        "3 participants have a grade, which a change of the grading scale deletes",
    )
    rehearsal.apply("grading-scale:*")
    assert settings_of(rehearsal)["grading_scale"] == "Pass/fail"


def test_a_grade_given_between_plan_and_apply_is_kept(rehearsal: Rehearsal) -> None:
    text = term({"grading_scale": "Pass/fail"}, participants=PEOPLE[1:], assessors=PEOPLE[:1])
    apply(rehearsal, text)
    rehearsal.write(text.replace("Pass/fail", "7-point scale"))
    plan = rehearsal.save_plan("grading-scale:*")
    rehearsal.control("POST", "simulate", {"flow_id": flow_of(rehearsal)["id"]})
    (outcome,) = rehearsal.apply_saved(plan, "grading-scale:*")
    assert (outcome.result, outcome.exit_code) == (Result.FAILED, 7)
    assert settings_of(rehearsal)["grading_scale"] == "Pass/fail"


def test_an_unknown_grading_scale_blocks_itself_and_names_the_known_ones(
    rehearsal: Rehearsal,
) -> None:
    apply(rehearsal, term({}))
    rehearsal.write(term({"grading_scale": "Stars", "title": "Tax law"}))
    plan = rehearsal.plan()
    assert parts(plan, Status.BLOCKED) == {"grading_scale"}
    assert parts(plan) == {"metadata"}
    (problem,) = plan.problems
    assert problem.message == 'unknown grading scale "Stars"'
    assert (
        problem.hint == "this licence has: 0-100 points, 7-point scale, A-F, Pass/fail, Percentage"
    )


# ---- flows of a SIS, archived flows --------------------------------------------------------------


def test_a_flow_that_the_sis_feeds_keeps_its_scale_and_timebox(rehearsal: Rehearsal) -> None:
    """Its other settings are not the SIS's."""
    apply(rehearsal, term(EVERY))
    client = rehearsal.by_hand("GET", "/license/sis/clients")[0]
    body = {"sourceCode": "A||B||C", "integrationId": str(client["integrationId"])}
    rehearsal.by_hand("POST", f"/flow/{flow_of(rehearsal)['id']}/source/add", body)
    rehearsal.write(term(OTHER))
    plan = rehearsal.plan("grading-scale:*")
    assert parts(plan) == {"anonymisation", "allocation", "assessor_types.leave"}
    notes = {note.message for note in plan.notes if "left alone" in note.message}
    assert notes == {f"differs and is left alone: {name}" for name in ("timebox", "grading_scale")}
    rehearsal.apply("grading-scale:*")
    assert rehearsal.failures() == []


def test_an_archived_flow_is_not_compared(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(EVERY | {"lifecycle": "active"}, participants=PEOPLE[1:]))
    rehearsal.control("POST", "clock", {"now": 1_799_654_400 + 200 * 86_400})
    rehearsal.write(term(OTHER))
    assert rehearsal.plan().changes == ()


# ---- anonymisation -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Personal Unique Id", 'the user data type "Personal Unique Id" is hidden or protected'),
        ("Shoe size", 'unknown user data type "Shoe size"'),
    ],
)
def test_nobody_is_anonymised_by_what_the_licence_does_not_show(
    name: str, message: str, rehearsal: Rehearsal
) -> None:
    apply(rehearsal, term({}))
    rehearsal.write(term({"anonymisation": {"data": name}}))
    plan = rehearsal.plan()
    assert parts(plan, Status.BLOCKED) == {"anonymisation"}
    assert [problem.message for problem in plan.problems] == [message]


# ---- ECTS ----------------------------------------------------------------------------------------


def test_ects_that_cannot_be_read_are_only_told_without_a_base(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term({"ects": "5"}))
    rehearsal.write(term({"ects": "10"}))
    plan = rehearsal.plan()
    assert plan.changes == ()
    assert "cannot be verified: ects" in {note.message for note in plan.notes}
    assert settings_of(rehearsal)["ects"] == "5"


# ---- allocation ----------------------------------------------------------------------------------


def test_the_allocation_is_blocked_while_groups_have_participants(rehearsal: Rehearsal) -> None:
    text = term({"allocation": "grouped"}, participants=PEOPLE[1:], assessors=PEOPLE[:1])
    apply(rehearsal, text)
    number = flow_of(rehearsal)["id"]
    (assessor,) = rehearsal.seats(number, "assessors")
    body = {"title": "A", "assessorIds": [assessor["assessorId"]]}
    group = rehearsal.by_hand("POST", f"/flows/{number}/assessor-groups", body)["data"]
    rehearsal.write(text.replace("grouped", "single"))
    assert parts(rehearsal.plan()) == {"allocation"}
    people = [one["participantId"] for one in rehearsal.seats(number, "participants")]
    path = f"/flows/{number}/assessor-groups/{group['id']}/allocations/participants"
    rehearsal.by_hand("PUT", path, {"participantIds": people})
    (change,) = rehearsal.plan().changes
    assert (change.part, change.status) == ("allocation", Status.BLOCKED)
    assert "assessor groups have 3 participants" in change.reasons[0]


# ---- assessor types ------------------------------------------------------------------------------


def typed(*types: str, instruction: str = "") -> dict[str, Any]:
    said = {"instruction": instruction} if instruction else {}
    return {"assessor_types": [{"type": name, **said} for name in types]}


def with_type(name: str) -> list[dict[str, Any]]:
    return [{"people": PEOPLE[1:2], "type": name}]


def test_the_last_assessor_of_a_type_goes_and_the_type_after_it_in_one_apply(
    rehearsal: Rehearsal,
) -> None:
    apply(rehearsal, term(typed("Internal", "External"), assessors=with_type("External")))
    apply(rehearsal, term(typed("Internal"), assessors=with_type("Internal")))
    assert set(settings_of(rehearsal)["types"]) == {"Internal"}
    assert rehearsal.plan().changes == ()
    allow = ("empty:*",)
    apply(rehearsal, term(typed("External", instruction="Mark."), assessors=[]), *allow)
    assert settings_of(rehearsal)["types"] == {"External": "Mark."}
    assert rehearsal.plan(*allow).changes == ()


def test_types_that_go_are_shown_by_name_whatever_the_order_of_the_list(
    rehearsal: Rehearsal,
) -> None:
    apply(rehearsal, term(typed("Internal")))
    apply(rehearsal, term(typed("Internal", "External")))
    rehearsal.write(term(typed()))
    (change,) = rehearsal.plan().changes
    names = [one.path for one in change.fields]
    assert names == ["assessor_types.External", "assessor_types.Internal"]


def test_a_type_stays_while_somebody_has_it(rehearsal: Rehearsal) -> None:
    """Nobody says who assesses: a stranger has the type."""
    apply(rehearsal, term(typed("Internal", "External"), assessors=with_type("External")))
    rehearsal.write(term(typed("Internal", instruction="Mark all.")))
    plan = rehearsal.plan()
    assert parts(plan) == {"assessor_types"}
    (blocked,) = [one for one in plan.changes if one.status is Status.BLOCKED]
    assert blocked.reasons == ("assessors have the type: External",)
    rehearsal.apply()
    assert settings_of(rehearsal)["types"] == {"Internal": "Mark all.", "External": None}
    assert parts(rehearsal.plan(), Status.BLOCKED) == {"assessor_types.in-use"}


def test_an_instruction_is_changed_where_nobody_has_the_type_and_blocked_where_somebody_has(
    rehearsal: Rehearsal,
) -> None:
    apply(rehearsal, term(typed("Internal", instruction="Mark all.")))
    apply(rehearsal, term(typed("Internal", instruction="Mark some.")))
    assert settings_of(rehearsal)["types"] == {"Internal": "Mark some."}
    apply(rehearsal, term(typed("Internal", instruction="Some."), assessors=with_type("Internal")))
    assert settings_of(rehearsal)["types"] == {"Internal": "Some."}
    text = term(typed("Internal", instruction="All."), assessors=with_type("Internal"))
    rehearsal.write(text)
    plan = rehearsal.plan()
    assert parts(plan, Status.BLOCKED) == {"assessor_types.in-use"}
    assert parts(plan) == set()


def test_a_type_that_somebody_is_given_is_there_though_no_list_names_it(
    rehearsal: Rehearsal,
) -> None:
    text = term(typed("Internal"), assessors=with_type("External"))
    apply(rehearsal, text)
    assert set(settings_of(rehearsal)["types"]) == {"Internal", "External"}
    assert rehearsal.plan().changes == ()


def test_a_type_given_to_somebody_between_plan_and_apply_is_not_taken_away(
    rehearsal: Rehearsal,
) -> None:
    apply(rehearsal, term(typed("Internal", "External"), assessors=PEOPLE[1:2]))
    rehearsal.write(term(typed("Internal")))
    plan = rehearsal.save_plan()
    number = flow_of(rehearsal)["id"]
    (seat,) = rehearsal.seats(number, "assessors")
    types = rehearsal.by_hand("GET", "/license/assessor-types")["data"]
    external = next(one["id"] for one in types if one["title"] == "External")
    path = f"/flows/{number}/assessors/{seat['assessorId']}"
    rehearsal.by_hand("PATCH", path, {"assessorTypeId": external})
    (outcome,) = rehearsal.apply_saved(plan)
    assert (outcome.result, outcome.exit_code) == (Result.FAILED, 7)
    assert set(settings_of(rehearsal)["types"]) == {"Internal", "External"}


def test_an_unknown_type_is_a_problem_and_nothing_is_taken_while_it_stands(
    rehearsal: Rehearsal,
) -> None:
    apply(rehearsal, term({}))
    rehearsal.write(term(typed("Internal", "Inner")))
    plan = rehearsal.plan()
    assert plan.changes == ()
    assert [problem.message for problem in plan.problems] == ['unknown assessor type "Inner"']


# ---- what cannot be read -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "part"),
    [
        ("GET /flows/{flowId}/grading-scale", "grading_scale"),
        ("GET /flow/{flowId}/assessments", "grading_scale"),
        ("GET /flows/{flowId}/timebox", "timebox"),
        ("GET /flows/{flowId}/anonymisation", "anonymisation"),
        ("GET /flows/{flowId}/marking/assessor-allocation-type", "allocation"),
        ("GET /flows/{flowId}/assessor-groups", "allocation"),
        ("GET /flows/{flowId}/assessor-types", "assessor_types"),
        ("GET /flows/{flowId}/assessors", "assessor_types"),
    ],
)
def test_a_setting_that_cannot_be_read_is_left_alone_and_the_others_are_not(
    operation: str, part: str, rehearsal: Rehearsal
) -> None:
    apply(rehearsal, term(EVERY))
    rehearsal.write(term(OTHER))
    allow = ("grading-scale:*", "shorter:*")
    every = parts(rehearsal.plan(*allow))
    method, path = operation.split()
    fault = {"method": method, "path": path, "kind": "status", "status": 500, "times": 99}
    rehearsal.checked = False
    rehearsal.control("POST", "faults", [fault])
    plan = rehearsal.plan(*allow)
    rehearsal.control("POST", "faults", [])
    assert every - parts(plan) == {one for one in every if one.startswith(part)}
    assert part in {problem.field for problem in plan.problems}
    assert plan.incomplete


def test_no_type_goes_while_those_who_may_have_it_cannot_be_read(rehearsal: Rehearsal) -> None:
    both = typed("Internal", "External")
    apply(rehearsal, term(both, assessors=with_type("External")))
    rehearsal.write(term(typed("Internal"), assessors=PEOPLE[1:2], membership="managed"))
    path = {"method": "GET", "path": "/flows/{flowId}/assessors"}
    rehearsal.checked = False
    rehearsal.control("POST", "faults", [{**path, "kind": "status", "status": 500, "times": 99}])
    plan = rehearsal.plan()
    rehearsal.control("POST", "faults", [])
    assert plan.changes == ()
    assert plan.incomplete


# ---- anonymisation by user data that some lack ---------------------------------------------------


def numbered(text: str, people: list[str]) -> str:
    """The term, with student numbers for some people."""
    found = json.loads(text)
    for user in found["users"]:
        if user["key"] in people:
            user["data"] = {"Student Number": f"0720000{people.index(user['key'])}"}
    return json.dumps(found)


BY_NUMBER = {"anonymisation": {"data": "Student Number"}}


def test_nobody_is_anonymised_by_data_that_a_participant_lacks(rehearsal: Rehearsal) -> None:
    apply(rehearsal, numbered(term({}, participants=PEOPLE[1:]), PEOPLE[1:2]))
    rehearsal.write(numbered(term(BY_NUMBER, participants=PEOPLE[1:]), PEOPLE[1:2]))
    (change,) = rehearsal.plan().changes
    assert (change.part, change.status) == ("anonymisation", Status.BLOCKED)
    assert change.reasons == ("2 participants have no Student Number, which all must have",)


def test_whoever_lacks_the_data_gets_it_or_leaves_first_in_one_apply(rehearsal: Rehearsal) -> None:
    apply(rehearsal, numbered(term({}, participants=PEOPLE[1:]), PEOPLE[1:2]))
    apply(rehearsal, numbered(term(BY_NUMBER, participants=PEOPLE[1:3]), PEOPLE[1:3]))
    assert settings_of(rehearsal)["anonymous"]
    assert rehearsal.plan().changes == ()
