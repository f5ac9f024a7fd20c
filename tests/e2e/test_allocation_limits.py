"""What of allocations is held, blocked, not read, or refused because it moved after the plan."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from engine.plan import Result, Status
from tests.e2e.test_allocation import (
    ADA,
    ALLOWED,
    BO,
    CY,
    EVERYONE,
    SAM,
    STUDENTS,
    TED,
    UMA,
    VIC,
    allocate_by_hand,
    apply,
    by_name,
    clock,
    flow_path,
    found,
    group,
    group_by_hand,
    marks,
    parts,
    term,
)

if TYPE_CHECKING:
    from tests.e2e.office import Office
    from tests.e2e.rehearsal import Rehearsal


# ---- what cannot be done, and what must be allowed -----------------------------------------------


def test_participants_of_assessors_need_a_flow_that_is_allocated_one_by_one(
    rehearsal: Rehearsal,
) -> None:
    apply(rehearsal, term({"allocation": "grouped"}, assessors=[ADA]))
    rehearsal.write(term(assessors=[marks(ADA, SAM)]))
    (change,) = rehearsal.plan().changes
    assert change.status is Status.BLOCKED
    assert change.reasons == (
        "the flow's participants are allocated by group: state `allocation: single`",
    )
    apply(rehearsal, term({"allocation": "single"}, assessors=[marks(ADA, SAM)]))


def test_groups_need_a_flow_that_is_allocated_by_group(rehearsal: Rehearsal) -> None:
    text = term(assessors=[ADA], assessor_groups=[group("A", [ADA], [SAM])])
    rehearsal.write(text)
    assert parts(rehearsal.plan(), Status.BLOCKED) == {
        "assessor_groups.1.assessors",
        "assessor_groups.1.participants",
    }
    apply(rehearsal, term(assessors=[ADA]))
    rehearsal.write(text)
    (one, other) = rehearsal.plan().changes
    assert one.status is other.status is Status.BLOCKED
    assert one.reasons == (
        "the flow's participants are allocated one by one: state `allocation: grouped`",
    )


def test_an_allocation_is_taken_after_marking_started_only_where_that_is_allowed(
    rehearsal: Rehearsal,
) -> None:
    flow = {"lifecycle": "active"}
    apply(rehearsal, term(flow, assessors=[marks(ADA, SAM, TED), BO], membership="exact"))
    clock(rehearsal, "2027-05-04 12:00")
    text = term(flow, assessors=[marks(ADA, SAM), marks(BO, TED)], membership="exact")
    rehearsal.write(text)
    assert parts(rehearsal.plan(), Status.HELD) == set()
    clock(rehearsal, "2027-05-06 12:00")
    (held,) = [one for one in rehearsal.plan().changes if one.status is Status.HELD]
    assert held.part == "assessors.1.participants.leave"
    assert "--allow marking-started:flow/law:1" in held.reasons[0]
    assert "hazard: marking-started, flows: [law], up_to: 1" in held.reasons[1]
    rehearsal.apply()
    assert found(rehearsal)["assessors"] == {ADA: [SAM, TED], BO: [TED]}
    apply(rehearsal, text, "marking-started:flow/law:1")
    assert found(rehearsal)["assessors"] == {ADA: [SAM], BO: [TED]}


def test_a_group_with_participants_is_deleted_after_marking_started_only_where_allowed(
    rehearsal: Rehearsal,
) -> None:
    flow = {"lifecycle": "active", "allocation": "grouped"}
    groups = [group("A", [ADA], [SAM]), group("B", [ADA], [])]
    apply(rehearsal, term(flow, assessors=[ADA], assessor_groups=groups, membership="exact"))
    clock(rehearsal, "2027-05-06 12:00")
    text = term(flow, assessors=[ADA], assessor_groups=groups[:1], membership="exact")
    apply(rehearsal, text)
    rehearsal.write(term(flow, assessors=[ADA], assessor_groups=[], membership="exact"))
    assert parts(rehearsal.plan(), Status.HELD) == {"assessor_groups.leave"}


def test_whoever_has_a_grade_is_allocated_no_more(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(assessors=[marks(ADA, SAM), BO]))
    (row,) = rehearsal.flows("wisectl-law")
    rehearsal.control("POST", "simulate", {"flow_id": row["flowId"]})
    rehearsal.write(term(assessors=[marks(ADA, SAM), marks(BO, SAM)]))
    plan = rehearsal.plan()
    (change,) = plan.changes
    assert (change.part, change.status) == ("assessors.2.participants", Status.BLOCKED)
    assert change.reasons == ("1 participants have a grade: WISEflow allocates them no more",)


def test_no_group_is_left_without_an_assessor(rehearsal: Rehearsal) -> None:
    """Ada goes from the flow: the group needs Bo first, and one that nobody states keeps her."""
    flow = {"allocation": "grouped"}
    apply(
        rehearsal,
        term(flow, assessors=[ADA], assessor_groups=[group("A", [ADA], [SAM])], membership="exact"),
    )
    text = term(flow, assessors=[BO], assessor_groups=[group("A", [BO], [SAM])], membership="exact")
    rehearsal.write(text)
    changes = {one.part: one for one in rehearsal.plan(*ALLOWED).changes}
    assert "flow/law:assessor_groups.1.assessors" in changes["assessors.leave"].needs
    group_by_hand(rehearsal, "X", ADA)
    managed = json.loads(text)
    managed["role_assignments"].append(
        {"flows": ["law"], "assessor_groups": managed["role_assignments"][0].pop("assessor_groups")}
    )
    rehearsal.write(json.dumps(managed))
    changes = {one.part: one for one in rehearsal.plan(*ALLOWED).changes}
    assert changes["assessors.leave"].status is Status.BLOCKED
    assert changes["assessors.leave"].reasons == ("nobody would be left in the group X",)
    apply(rehearsal, text, *ALLOWED)
    assert found(rehearsal)["groups"] == {"A": [BO, SAM]}


def test_two_groups_of_one_title_are_a_problem_and_left_alone(rehearsal: Rehearsal) -> None:
    flow = {"allocation": "grouped"}
    apply(rehearsal, term(flow, assessors=[ADA], assessor_groups=[group("A", [ADA], [])]))
    group_by_hand(rehearsal, "a", ADA)
    rehearsal.write(term(flow, assessors=[ADA], assessor_groups=[group("A", [ADA], [SAM])]))
    plan = rehearsal.plan()
    assert plan.changes == ()
    assert {one.message for one in plan.problems} == {"2 groups in WISEflow are called A"}


def test_a_flow_that_the_sis_feeds_is_only_added_to(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(assessors=[marks(ADA, SAM, TED)], membership="exact"))
    client = rehearsal.by_hand("GET", "/license/sis/clients")[0]
    body = {"sourceCode": "A||B||C", "integrationId": str(client["integrationId"])}
    (row,) = rehearsal.flows("wisectl-law")
    rehearsal.by_hand("POST", f"/flow/{row['flowId']}/source/add", body)
    apply(rehearsal, term(assessors=[marks(ADA, TED, UMA)], membership="exact"))
    assert found(rehearsal)["assessors"] == {ADA: STUDENTS}


# ---- reading -------------------------------------------------------------------------------------


def test_participants_of_assessors_cost_no_request_beside_the_lists(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term({"allocation": "single"}, assessors=[marks(ADA, "all"), marks(BO, SAM)]))
    before = rehearsal.control("GET", "requests")
    rehearsal.plan()
    after = rehearsal.control("GET", "requests")
    sent = {name: count - before.get(name, 0) for name, count in after.items()}
    assert {name for name, count in sent.items() if count and "/flows/" in name} == {
        "POST /flows/search",
        "GET /flows/{flowId}/managers",
        "GET /flows/{flowId}/assessors",
        "GET /flows/{flowId}/participants",
        "GET /flows/{flowId}/marking/assessor-allocation-type",
    }
    assert sent["GET /flows/{flowId}/participants"] == 1


@pytest.mark.parametrize(
    "path",
    [
        "/flows/{flowId}/participants",
        "/flows/{flowId}/assessors",
        "/flows/{flowId}/reviewers",
        "/flows/{flowId}/reviewers/{reviewerId}/allocations",
        "/flows/{flowId}/marking/assessor-allocation-type",
    ],
)
def test_nothing_is_planned_of_what_could_not_be_read(path: str, rehearsal: Rehearsal) -> None:
    rehearsal.checked = False
    apply(
        rehearsal,
        term(assessors=[marks(ADA, SAM, TED)], reviewers=[marks(CY, SAM, TED)], membership="exact"),
    )
    rehearsal.write(
        term(assessors=[marks(ADA, SAM, UMA)], reviewers=[marks(CY, UMA)], membership="exact")
    )
    assert len(rehearsal.plan("replaced:*").changes) == 4
    fault = {"method": "GET", "path": path, "kind": "status", "status": 500, "times": 99}
    rehearsal.control("POST", "faults", [fault])
    plan = rehearsal.plan("replaced:*")
    assert plan.changes == ()
    assert plan.incomplete
    assert any(
        one.field in ("allocations", "assessors", "reviewers", "participants")
        for one in plan.problems
    )


# ---- plan files ----------------------------------------------------------------------------------


def test_what_was_done_meanwhile_is_done_already(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(assessors=[marks(ADA, SAM)]))
    rehearsal.write(term(assessors=[marks(ADA, *STUDENTS)]))
    data = rehearsal.save_plan()
    allocate_by_hand(rehearsal, ADA, TED)
    (outcome,) = rehearsal.apply_saved(data)
    assert outcome.result is Result.DONE
    assert found(rehearsal)["assessors"] == {ADA: STUDENTS}
    (outcome,) = rehearsal.apply_saved(data)
    assert outcome.result is Result.ALREADY_DONE


def test_whoever_comes_to_the_flow_after_the_plan_is_not_allocated_unseen(
    rehearsal: Rehearsal,
) -> None:
    apply(rehearsal, term(assessors=[ADA]))
    rehearsal.write(term(assessors=[marks(ADA, "all")]))
    data = rehearsal.save_plan()
    users = rehearsal.control("GET", "state")["users"]
    (vic,) = [one["id"] for one in users if VIC in json.dumps(one["data"])]
    rehearsal.by_hand("POST", f"{flow_path(rehearsal)}/participants", [{"userId": vic}])
    (outcome,) = rehearsal.apply_saved(data)
    assert (outcome.result, outcome.exit_code) == (Result.FAILED, 7)
    apply(rehearsal, term(assessors=[marks(ADA, "all")]))
    assert found(rehearsal)["assessors"] == {ADA: [*STUDENTS, VIC]}


def test_a_plan_file_holds_nobody_and_a_plan_says_whose_participants(
    rehearsal: Rehearsal, office: Office
) -> None:
    office.write(term(assessors=[marks(ADA, "all")], reviewers=[marks(CY, SAM)]))
    said = office.call("plan")[1]
    assert f"participants of assessor {ADA}" in said
    assert f"participants of reviewer {CY}" in said
    assert "Seats: 6 to add, 0 to take away." in said
    data = rehearsal.save_plan()
    assert not any(one.encode() in data for one in EVERYONE)


def test_a_run_is_undone(office: Office) -> None:
    flow = {"allocation": "single"}
    office.write(term(flow, assessors=[marks(ADA, SAM), BO], membership="exact"))
    office.apply()
    office.write(term(flow, assessors=[marks(ADA, TED), marks(BO, UMA)], membership="exact"))
    office.scope = ("--allow", "replaced:*")
    office.apply()
    assert found(office.stage)["assessors"] == {ADA: [TED], BO: [UMA]}
    office.scope = ()
    code, said = office.call("undo", "--out", str(office.root / "back.plan"), "--allow", "empty:*")
    assert code == 0, said
    code, said = office.call("apply", str(office.root / "back.plan"))
    assert code == 0, said
    assert found(office.stage)["assessors"] == {ADA: [SAM]}


def test_what_people_change_in_an_exam_that_has_started_is_left_alone(office: Office) -> None:
    """An assessor who was taken off it by hand is not allocated either."""
    office.write(term({"lifecycle": "active"}, assessors=[marks(ADA, "all"), marks(BO, SAM)]))
    office.commit()
    office.apply()
    clock(office.stage, "2027-05-03 10:00")
    path, assessors = flow_path(office.stage), by_name(office.stage, "assessors")
    ted = by_name(office.stage, "participants")[TED]
    one = f"{path}/assessors/{assessors[ADA]}/allocations/participants/{ted}"
    office.stage.by_hand("DELETE", one)
    office.stage.by_hand("DELETE", f"{path}/assessors/{assessors[BO]}")
    office.scope = ("--base", "HEAD")
    document = office.document()
    assert document["changes"] == []
    said = "differs, and git did not move it: left alone since the exam has started"
    assert {note["message"] for note in document["notes"]} == {
        f"assessors: {said}: {BO}",
        f"participants of assessor {ADA}: {said}: {TED}",
    }


def test_names_that_no_manifest_has_are_masked(office: Office, monkeypatch: Any) -> None:
    office.write(term(assessors=[marks(ADA, SAM), BO]))
    office.apply()
    allocate_by_hand(office.stage, ADA, TED)
    monkeypatch.setenv("CI", "true")
    users = [{"key": key, "first_name": "Kim", "last_name": "Larsen"} for key in EVERYONE]
    entries = json.loads(term(assessors=[marks(ADA, SAM), BO], membership="exact"))
    entries["users"] = [one for one in users if one["key"] not in (TED, UMA)]
    entries["role_assignments"][0].pop("participants")
    office.write(json.dumps(entries))
    said = json.dumps(office.document("--allow", "replaced:*"))
    assert "assessors.1.participants.leave" in said
    assert TED not in said
    assert ADA in said
