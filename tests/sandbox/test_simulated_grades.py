"""A played flow: believable grades, the same from the same seats, many of them quickly."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.cohorts import (
    Row,
    assessments,
    cohort,
    one_seat,
    people_of,
    scales,
    set_grades,
    trail_of,
)
from tests.sandbox.licence import DAY, START, licence

if TYPE_CHECKING:
    from tests.sandbox.licence import Licence


def _played(wise: Licence, people: int = 600, **more: Any) -> tuple[int, Row]:
    (flow,) = cohort(wise, people=people, **more)
    return flow, wise.control.post("/simulate", json={"flow_id": flow}).json()


def test_a_played_flow_is_graded_believably(wise: Licence) -> None:
    flow, played = _played(wise, sis=True)

    rows = assessments(wise, flow)

    marked = [row for row in rows if "grade" in row]
    words = [row["adminGrade"] for row in rows if "grade" not in row]
    late = [row for row in marked if "adminGrade" in row]
    end = wise.data("GET", f"/flows/{flow}/dates")["marking"]["end"]
    assert len(marked) == played["graded"] + played["blank"] == 600 - played["absent"]
    assert set(words) == {"Sick"}
    assert len(words) < played["absent"]
    assert 2 < len(late) < 40
    assert {row["adminGrade"] != row["grade"] for row in late} == {True}
    assert {3 <= (row["adminGradeDate"] - end) / DAY <= 20 for row in late} == {True}
    grades = Counter(row["grade"] for row in marked)
    assert len(grades) == 7
    assert max(grades, key=lambda grade: grades[grade]) in {"7", "4", "2"}
    states = Counter(row["exportState"] for row in rows)
    assert set(states) == {0, 1, 2, 3}
    assert {"exportDate" in row for row in rows if row["exportState"] == 2} == {True}
    assert {"exportMessage" in row for row in rows if row["exportState"] == 3} == {True}
    assert {len(row) for row in rows if row["exportState"] in {0, 1}} <= {5, 6, 7}


def test_a_blank_paper_has_the_lowest_grade_and_an_absent_person_none(wise: Licence) -> None:
    flow, _ = _played(wise)
    papers = {one["id"]: one["status"] for one in wise.data("GET", f"/flows/{flow}/submissions")}
    grades = {row["participantId"]: row.get("grade") for row in assessments(wise, flow)}

    people = people_of(wise, flow)

    blank = [p for p in people if papers[p["submissionId"]]["handedInBlank"]]
    absent = [p for p in people if not papers[p["submissionId"]]["handedIn"]]
    assert blank
    assert absent
    assert {grades[person["participantId"]] for person in blank} == {"-3"}
    assert {grades.get(person["participantId"]) for person in absent} == {None}


def test_nothing_is_exported_of_people_who_came_without_a_sis(wise: Licence) -> None:
    flow, _ = _played(wise)

    assert {row["exportState"] for row in assessments(wise, flow)} == {0}


def test_two_assessors_mark_and_the_grade_is_final_once(wise: Licence) -> None:
    flow, _ = _played(wise, people=60)
    rows = [row for row in assessments(wise, flow) if "grade" in row]
    assessors = wise.data("GET", f"/flows/{flow}/assessors")
    users = {assessor["user"]["userId"] for assessor in assessors}
    scale = wise.data("GET", f"/flows/{flow}/grading-scale")["gradingScaleId"]
    conflicts = 0

    for row in rows:
        trail = trail_of(wise, flow, row["participantId"])
        kinds = Counter(event["type"].rpartition("log.")[2] for event in trail)
        marks = [
            event for event in trail if event["type"].endswith("assessor.audit.log.submit.grade")
        ]
        final = next(event for event in trail if event["type"].endswith("finalized.grade"))
        assert {mark["assessorUserId"] for mark in marks} == users
        assert kinds["finalized.grade"] == 1
        assert final["grade"] == {"value": int(row["grade"]), "scaleId": scale}
        assert final["timestamp"] == row["date"]
        moments = [event["timestamp"] for event in trail]
        assert moments == sorted(moments, reverse=True)
        differ = len({mark["grade"]["value"] for mark in marks}) == 2
        assert kinds["conflicting.grade"] == differ
        conflicts += differ
    assert 0 < conflicts < len(rows) / 2


def test_who_is_allocated_marks_alone(wise: Licence) -> None:
    flow, person = one_seat(wise)
    chosen = wise.data("GET", f"/flows/{flow}/assessors")[1]
    path = f"/flows/{flow}/assessors/{chosen['assessorId']}/allocations"
    assert wise.status("POST", path, {"participantIds": [person]}) == 204

    wise.control.post("/simulate", json={"flow_id": flow})

    marks = [e for e in trail_of(wise, flow, person) if e["assessorUserId"] is not None]
    assert {event["assessorUserId"] for event in marks} == {chosen["user"]["userId"]}


def test_a_reviewer_who_decides_makes_the_grade_final(wise: Licence) -> None:
    reference = {"externalSourceReference": "wisectl-template-written"}
    (template,) = wise.search(metadata=reference)
    body = {"title": "Copy", "managerUserIds": [wise.user()], "configuration": {"settings": True}}
    copied = wise.data("POST", f"/flows/{template}/copy", body)
    flow = copied[0]["flowId"]
    person, user = wise.participant(flow), wise.user()
    reviewer = {
        "userId": user,
        "isAllocatedToAll": True,
        "hasAccessToAssessmentInformation": True,
        "canDecideOnFinalGrade": True,
    }
    wise.data("POST", f"/flows/{flow}/reviewers", reviewer)

    set_grades(wise, person, grade="7")

    (final,) = trail_of(wise, flow, person)
    assert final["type"] == "reviewer.audit.log.finalized.grade"
    assert (final["triggeredBy"], final["assessorUserId"]) == ({"userId": user}, None)


def test_many_flows_are_played_at_once_and_stay_as_they_are(wise: Licence) -> None:
    flows = cohort(wise, people=30, flows=3)
    person = people_of(wise, flows[0])[0]["participantId"]
    set_grades(wise, person, grade="12", at=START)

    played = wise.control.post("/simulate", json={"flow_ids": [*flows, 1]}).json()["flows"]
    first = [assessments(wise, flow) for flow in flows]
    again = wise.control.post("/simulate", json={"flow_ids": flows}).json()["flows"]

    assert [row["flow_id"] for row in played] == [*flows, 1]
    assert again == played[:3]
    assert [assessments(wise, flow) for flow in flows] == first
    assert first[0][0]["date"] == START


def test_the_same_seats_are_graded_alike_in_another_sandbox() -> None:
    def outcome() -> list[Row]:
        with licence() as wise:
            wise.set_clock(START)
            flow, _ = _played(wise, people=80, sis=True)
            state = wise.control.get("/state").json()
            return next(row for row in state["flows"] if row["id"] == flow)["participants"]

    def told(people: list[Row]) -> list[Row]:
        names = ("participantId", "handedIn", "grade", "adminGrade", "exportState")
        return [{name: person[name] for name in names} for person in people]

    assert told(outcome()) == told(outcome())


def test_another_grading_scale_takes_every_grade_away(wise: Licence) -> None:
    flow, _ = _played(wise, people=40)
    scale = scales(wise)["Percentage"]["id"]

    wise.data("PUT", f"/flows/{flow}/grading-scale", {"gradingScaleId": scale})

    assert assessments(wise, flow) == []
    wise.control.post("/simulate", json={"flow_id": flow})
    values = [int(row["grade"]) for row in assessments(wise, flow) if "grade" in row]
    assert all(0 <= value <= 10_000 for value in values)
    assert any(value > 100 for value in values)


def test_whether_people_without_a_grade_are_listed_is_a_quirk() -> None:
    for quirk, listed in (("omitted", 0), ("listed", 1)):
        with licence(quirks={"ungraded": quirk}) as wise:
            flow, person = one_seat(wise)
            nothing = {"id": None, "participantId": person}
            assert assessments(wise, flow) == [nothing] * listed


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {"flows": 1},
        {"flows": 0, "participants": 1},
        {"flows": True, "participants": 1},
        {"flows": 1, "participants": 1, "grading_scale": "Stars"},
    ],
)
def test_a_cohort_that_cannot_be_made_is_refused_with_a_sentence(wise: Licence, body: Any) -> None:
    answer = wise.control.post("/cohort", json=body)

    assert answer.status_code == 400
    assert len(answer.json()["error"].split()) > 2


def test_ten_thousand_seats_are_graded_and_read_within_seconds(wise: Licence) -> None:
    started = time.process_time()
    flows = cohort(wise, people=2_000, flows=5)
    played = wise.control.post("/simulate", json={"flow_ids": flows}).json()["flows"]
    graded = time.process_time() - started
    rows = wise.careless.get(f"/flow/{flows[0]}/assessments").json()

    assert graded < 8
    assert sum(one["graded"] + one["blank"] for one in played) > 9_000
    assert len(rows) > 1_800
