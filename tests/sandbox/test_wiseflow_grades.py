"""Grades: what is stored, how they are corrected, withdrawn and exported, who is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.contract import contract_or_skip
from tests.sandbox.cohorts import (
    assessments,
    cohort,
    one_seat,
    people_of,
    refusal,
    scales,
    set_grades,
    trail_of,
)
from tests.sandbox.licence import START

if TYPE_CHECKING:
    from tests.sandbox.licence import Licence

NOWHERE = "http://127.0.0.1:9/hook"


def test_an_assessment_has_each_member_of_the_document_once_it_has_a_value(wise: Licence) -> None:
    (flow,) = cohort(wise, people=3)
    first, second, third = (person["participantId"] for person in people_of(wise, flow))
    set_grades(wise, first, grade="02", at=START)
    set_grades(wise, second, grade="12", admin_grade="10", at=START, export_state=3)
    set_grades(wise, second, export_message="Unknown course", export_state=3)
    set_grades(wise, third, admin_grade="Sick", at=START + 5, export_state=2)

    one, two, three = assessments(wise, flow)

    assert one == {"id": None, "participantId": first, "grade": "2", "date": START} | {
        "exportState": 0
    }
    assert (two["grade"], two["adminGrade"], two["exportMessage"]) == ("12", "10", "Unknown course")
    assert "grade" not in three
    assert (three["adminGradeDate"], three["exportDate"]) == (START + 5, START + 5)
    assert two["id"] != three["id"]
    declared = contract_or_skip().members("assessment")
    assert set(one) | set(two) | set(three) == declared


@pytest.mark.parametrize(
    ("scale", "entered", "value"),
    [
        ("7-point scale", "02", "2"),
        ("7-point scale", "-3", "-3"),
        ("Pass/fail", "Pass", "1"),
        ("A-F", "A", "6"),
        ("0-100 points", "73", "73"),
        ("Percentage", "89.99", "8999"),
        ("Percentage", "89,5", "8950"),
        ("Percentage", "100", "10000"),
    ],
)
def test_what_is_stored_follows_the_scale(
    wise: Licence, scale: str, entered: str, value: str
) -> None:
    flow, person = one_seat(wise, grading_scale=scale)

    set_grades(wise, person, grade=entered)

    assert assessments(wise, flow)[0]["grade"] == value
    shown = scales(wise)[scale]
    options = (shown["list"] or {"options": []})["options"]
    if options:
        assert {"grade": entered, "value": value} in options
    else:
        modifier = shown["input"]["modifier"]
        assert int(value) / modifier == float(entered.replace(",", "."))


def test_a_scale_is_a_list_or_an_input_and_the_other_is_empty_or_null(wise: Licence) -> None:
    found = scales(wise)

    assert found["A-F"]["input"] is None
    assert found["Percentage"]["list"] is None
    assert found["0-100 points"]["list"] == {"options": []}
    assert set(found["Pass/fail"]["input"].values()) == {None}


@pytest.mark.parametrize(
    ("scale", "entered"),
    [
        ("A-F", "G"),
        ("A-F", "6"),
        ("Percentage", "100.01"),
        ("Percentage", "89.999"),
        ("Percentage", "A"),
        ("0-100 points", "101"),
        ("0-100 points", "7.5"),
    ],
)
def test_a_grade_that_the_scale_does_not_have_is_refused(
    wise: Licence, scale: str, entered: str
) -> None:
    flow, person = one_seat(wise, grading_scale=scale)

    assert scale in refusal(wise, [{"participant_id": person, "grade": entered}])
    assert assessments(wise, flow) == []


def test_changes_of_grades_are_made_together_or_not_at_all(wise: Licence) -> None:
    flow, person = one_seat(wise)
    good = {"participant_id": person, "grade": "7"}

    assert "no participant 1" in refusal(wise, [good, good | {"participant_id": 1}])
    for wrong in (
        {"grade": 7},
        {"points": "7"},
        {"at": "now"},
        {"at": True},
        {"export_state": 4},
        {"export_state": []},
        {"participant_id": 2**70},
    ):
        refusal(wise, [good, good | wrong])
    assert "no grade to export" in refusal(wise, {"participant_id": person, "export_state": 1})
    refusal(wise, ["grade"])
    assert assessments(wise, flow) == []


def test_a_grade_is_corrected_and_withdrawn_and_the_trail_tells_it(wise: Licence) -> None:
    flow, person = one_seat(wise)
    set_grades(wise, person, grade="7", at=START)
    set_grades(wise, person, grade="10", at=START + 60)

    assert set_grades(wise, person, grade=None, at=START + 120)["grade"] is None

    assert assessments(wise, flow) == []
    alone = wise.data("GET", f"/flow/{flow}/assessments/{person}")
    assert alone == {"id": None, "participantId": person}
    trail = trail_of(wise, flow, person)
    assert [(event["type"], event["grade"]["value"]) for event in reversed(trail)] == [
        ("assessor.audit.log.submit.grade", 7),
        ("assessor.audit.log.submit.grade", 7),
        ("assessor.audit.log.finalized.grade", 7),
        ("manager.audit.log.unlock.grade", 7),
        ("assessor.audit.log.submit.grade", 10),
        ("assessor.audit.log.submit.grade", 10),
        ("assessor.audit.log.finalized.grade", 10),
        ("manager.audit.log.unlock.grade", 10),
        ("assessor.audit.log.remove.grade", 10),
    ]


def test_the_trail_is_read_on_from_a_moment_in_milliseconds(wise: Licence) -> None:
    flow, person = one_seat(wise)
    for later in range(4):
        set_grades(wise, person, admin_grade=f"Word {later}", at=START + later)

    whole = trail_of(wise, flow, person)
    last = trail_of(wise, flow, person, "?limit=2")[-1]

    rest = trail_of(wise, flow, person, f"?offset={last['timestamp'] * 1000}")
    assert [event["markingAuditNote"] for event in whole] == [f"Word {n}" for n in (3, 2, 1, 0)]
    assert rest == whole[2:]
    assert whole[0]["grade"] is None


def test_an_administrative_grade_is_the_alternative_grade_of_a_submission(wise: Licence) -> None:
    flow, _ = one_seat(wise)
    wise.control.post("/simulate", json={"flow_id": flow})
    person = people_of(wise, flow)[0]
    set_grades(wise, person["participantId"], grade="7", admin_grade="Sick", at=START)
    path = f"/flows/{flow}/submissions/{person['submissionId']}"

    newer = wise.call("GET", path).json()["participants"][0]
    older = wise.call("GET", f"/flow/{flow}/submission/{person['submissionId']}").json()

    assert newer["finalGrade"] == {"grade": 7, "date": "2027-01-11T08:00:00Z"}
    assert newer["alternativeGrade"] == {"grade": "Sick", "date": "2027-01-11T08:00:00Z"}
    shown = older["participants"][0]
    assert (shown["grade"], shown["adminGrade"], shown["adminGradingDate"]) == ("7", "Sick", START)


def test_an_alternative_grade_that_was_exported_is_final_and_others_are_not(
    wise: Licence,
) -> None:
    flow, person = one_seat(wise)
    set_grades(wise, person, grade="7", export_state=2, at=START)
    set_grades(wise, person, admin_grade="10", at=START + 1)
    assert set_grades(wise, person, admin_grade=None, at=START + 2)["export_state"] == 2

    set_grades(wise, person, admin_grade="4", export_state=2, at=START + 3)

    change = {"participant_id": person, "admin_grade": "12", "at": START + 4}
    assert "no longer be changed" in refusal(wise, change)
    assert assessments(wise, flow)[0]["adminGrade"] == "4"


def _told(wise: Licence, **change: Any) -> list[tuple[str, str]]:
    """The events of a flow with two assessors that a change makes, with their grades."""
    _, person = one_seat(wise)
    events = ["ASSESSMENT", "FINAL_GRADE", "ALTERNATIVE_GRADE"]
    hook = {"title": "grades", "active": True, "secret": "s", "url": NOWHERE, "events": events}
    wise.data("POST", "/webhooks", hook)
    set_grades(wise, person, **change)
    deliveries = wise.control.get("/state").json()["deliveries"]
    bodies = [delivery["body"] for delivery in deliveries]
    assert [body["sequence"] for body in bodies] == list(range(1, len(bodies) + 1))
    assert {body["payload"]["participantId"] for body in bodies} <= {person}
    return [(body["event"], body["payload"]["grade"]) for body in bodies]


def test_each_mark_the_final_grade_and_an_alternative_one_are_told_to_webhooks(
    wise: Licence,
) -> None:
    assert _told(wise, grade="02", admin_grade="Sick") == [
        ("ASSESSMENT", "2"),
        ("ASSESSMENT", "2"),
        ("FINAL_GRADE", "2"),
        ("ALTERNATIVE_GRADE", "Sick"),
    ]


def test_nobody_is_told_of_what_is_withdrawn_or_exported(wise: Licence) -> None:
    _, person = one_seat(wise)
    set_grades(wise, person, grade="02")

    assert _told(wise, grade=None, admin_grade=None) == []
