"""Reassessments: the one flow in which another is examined again, made once whatever happens."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from engine.errors import ManifestError
from engine.plan import Result, Status

if TYPE_CHECKING:
    from engine.plan import Change
    from tests.e2e.rehearsal import Rehearsal

KIM, SAM = "kim@example.org", "sam@example.org"
WINDOWS = {
    "participation": {"start": "2027-05-03 09:00", "length": "4h"},
    "marking": {"start": "2027-05-05 12:00", "end": "2027-05-24 12:00"},
}
AGAIN = {
    "participation": {"start": "2027-08-03 09:00", "length": "4h"},
    "marking": {"start": "2027-08-05 12:00", "end": "2027-08-24 12:00"},
}
LAW = {"key": "law", "type": "FLOWassign", "title": "Law", "content": "none", **WINDOWS}
ACTIVE = LAW | {"lifecycle": "active", "description": "Closed book.", "timebox": 120}
LAW_2 = {
    "key": "law-2",
    "copy_from": {"flow": "law", "reassessment": True},
    "title": "Law, second sitting",
    "content": "none",
    **AGAIN,
}
CREATION = "POST /flow/{flowId}/reassessment"


def term(*flows: dict[str, Any], **more: Any) -> str:
    users = [{"key": key, "first_name": "Kim", "last_name": "Larsen"} for key in (KIM, SAM)]
    keys = [flow["key"] for flow in flows]
    seats = [{"flows": keys, "managers": [KIM]}]
    seats += [{"flows": [key], "participants": [SAM]} for key in keys]
    return json.dumps({"users": users, "flows": list(flows), "role_assignments": seats, **more})


def settled(stage: Rehearsal, text: str, *allow: str) -> None:
    stage.write(text)
    stage.apply(*allow)
    assert stage.failures() == []
    assert stage.plan().changes == ()


def rows(stage: Rehearsal) -> list[dict[str, Any]]:
    """The flows that are reassessments, as the sandbox holds them."""
    flows = stage.control("GET", "state")["flows"]
    return [one for one in flows if one["reassessmentOf"]]


def by_hand(stage: Rehearsal) -> int:
    """The reassessment of the exam, as a colleague asks for it."""
    (law,) = stage.flows("wisectl-law")
    answer = stage.by_hand("POST", f"/flow/{law['flowId']}/reassessment", {"synchronize": False})
    return int(answer["reassessmentFlowId"])


def changes(stage: Rehearsal) -> dict[str, Change]:
    return {change.id: change for change in stage.plan().changes}


def test_an_active_exam_is_examined_again_in_a_flow_with_its_settings(
    rehearsal: Rehearsal,
) -> None:
    settled(rehearsal, term(ACTIVE))
    settled(rehearsal, term(ACTIVE, LAW_2))
    (row,) = rows(rehearsal)
    assert row["title"] == "Law, second sitting"
    assert row["timebox"]["durationMinutes"] == 120
    assert [one["reference"] for one in row["externalSources"]] == ["wisectl-law-2"]
    assert len(row["participants"]) == len(row["managers"]) == 1
    assert rehearsal.plan().problems == ()


def test_an_exam_and_its_reassessment_are_made_by_one_plan(rehearsal: Rehearsal) -> None:
    rehearsal.write(term(ACTIVE, LAW_2))
    needs = changes(rehearsal)["flow/law-2"].needs
    assert {"flow/law", "flow/law:activation"} <= {*needs}
    settled(rehearsal, term(ACTIVE, LAW_2))


def test_of_a_draft_nothing_is_made_and_the_plan_says_until_when(rehearsal: Rehearsal) -> None:
    settled(rehearsal, term(LAW))
    rehearsal.write(term(LAW, LAW_2))
    reasons = changes(rehearsal)["flow/law-2"].reasons
    assert reasons == ("flow/law is a draft: once it is active it can be examined again",)
    rehearsal.apply()
    assert rows(rehearsal) == []


def test_it_waits_for_an_activation_that_waits(rehearsal: Rehearsal) -> None:
    waiting = ACTIVE | {"activate_from": "2027-04-19 08:00"}
    settled(rehearsal, term(LAW))
    rehearsal.write(term(waiting, LAW_2))
    change = changes(rehearsal)["flow/law-2"]
    assert change.status is Status.WAITING
    assert "flow/law:activation" in change.reasons[0]


def test_a_draft_that_a_colleague_asked_for_is_the_one(rehearsal: Rehearsal) -> None:
    settled(rehearsal, term(ACTIVE))
    number = by_hand(rehearsal)
    settled(rehearsal, term(ACTIVE, LAW_2))
    assert [row["id"] for row in rows(rehearsal)] == [number]


def test_one_that_is_active_already_is_left_and_can_be_adopted(rehearsal: Rehearsal) -> None:
    """Nobody has reviewed what would change on it."""
    settled(rehearsal, term(ACTIVE, LAW_2 | {"lifecycle": "active"}))
    (row,) = rows(rehearsal)
    for one in rehearsal.by_hand("GET", f"/flows/{row['id']}/external-sources")["data"]:
        rehearsal.by_hand("DELETE", f"/flows/{row['id']}/external-sources/{one['id']}")
    before = rows(rehearsal)
    rehearsal.write(term(ACTIVE, LAW_2 | {"title": "Another"}))
    outcomes = {one.change.id: one for one in rehearsal.apply()}
    assert outcomes["flow/law-2"].result is Result.FAILED
    assert "is its reassessment, and active already" in outcomes["flow/law-2"].message
    assert rows(rehearsal) == before


def test_one_that_is_known_under_another_key_is_not_taken_over(rehearsal: Rehearsal) -> None:
    settled(rehearsal, term(ACTIVE, LAW_2))
    before = rows(rehearsal)
    rehearsal.write(term(ACTIVE, LAW_2 | {"key": "law-3"}))
    rehearsal.apply()
    assert any("known as wisectl-law-2" in line for line in rehearsal.failures())
    assert rows(rehearsal) == before


@pytest.mark.parametrize("operation", [CREATION, "PATCH /flows/{flowId}/dates"])
@pytest.mark.parametrize("kind", ["drop_after", "drop_before", "truncate", "status"])
def test_a_fault_on_the_way_leaves_one_reassessment(
    rehearsal: Rehearsal, kind: str, operation: str
) -> None:
    settled(rehearsal, term(ACTIVE))
    rehearsal.write(term(ACTIVE, LAW_2))
    method, path = operation.split()
    fault = {"method": method, "path": path, "kind": kind, "status": 503, "times": 1}
    rehearsal.checked = False
    rehearsal.control("POST", "faults", [fault])
    rehearsal.apply()
    rehearsal.control("POST", "faults", [])
    settled(rehearsal, term(ACTIVE, LAW_2))
    assert len(rows(rehearsal)) == 1


def test_a_licence_without_the_module_says_so(rehearsal: Rehearsal) -> None:
    settled(rehearsal, term(ACTIVE))
    rehearsal.checked = False
    fault = {"method": "POST", "path": "/flow/{flowId}/reassessment", "kind": "status"}
    rehearsal.control("POST", "faults", [fault | {"status": 403, "times": 9}])
    rehearsal.write(term(ACTIVE, LAW_2))
    outcomes = {one.change.id: one.result for one in rehearsal.apply()}
    assert outcomes == {
        "flow/law-2": Result.FAILED,
        "flow/law-2:participants": Result.BLOCKED,
    }


@pytest.mark.parametrize(
    ("flows", "said"),
    [
        (
            (ACTIVE, LAW_2, LAW_2 | {"key": "law-3"}),
            '"law-2" is the reassessment of "law" already',
        ),
        (
            (ACTIVE, LAW_2 | {"copy_from": {"flow": "law", "reassessment": True, "include": []}}),
            "WISEflow itself says what comes along",
        ),
    ],
)
def test_what_cannot_be_meant_is_a_problem(
    rehearsal: Rehearsal, flows: tuple[dict[str, Any], ...], said: str
) -> None:
    rehearsal.write(term(*flows))
    with pytest.raises(ManifestError) as error:
        rehearsal.state()
    assert said in error.value.problems[0].message


def test_a_reassessment_in_a_sequence_is_a_problem(rehearsal: Rehearsal) -> None:
    main = LAW | {"key": "main"}
    rehearsal.write(term(ACTIVE, main, LAW_2, sequences=[{"main": "main", "parts": ["law-2"]}]))
    with pytest.raises(ManifestError) as error:
        rehearsal.state()
    assert error.value.problems[0].message == "a reassessment is a flow of its own"


def test_any_other_copy_may_say_that_it_is_none(rehearsal: Rehearsal) -> None:
    settled(rehearsal, term(ACTIVE))
    copy = {"flow": "law", "include": ["settings"], "reassessment": False}
    settled(rehearsal, term(ACTIVE, LAW_2 | {"copy_from": copy}))
    assert rows(rehearsal) == []
