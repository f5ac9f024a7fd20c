"""Manifests, plan, apply, empty plan, drift: the main job over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine.errors import EngineError
from engine.plan import Status

if TYPE_CHECKING:
    from tests.e2e.rehearsal import Rehearsal

TERM = """
    users:
      - key: kim@example.org
        first_name: Kim
        last_name: Larsen
        emails: [kim@example.org]
        roles: [Manager]
      - key: ada@example.org
        first_name: Ada
        last_name: Lovelace
        emails: [ada@example.org]
        roles: [Assessor]
      - key: grace@example.org
        first_name: Grace
        last_name: Hopper
        phone: "+44 1632 960001"
        emails: [grace@example.org, hopper@example.org]
      - key: s1@example.org
        first_name: Sam
        last_name: Smith
        emails: [s1@example.org]
        data: {Student Number: "00004217"}
      - {key: s2@example.org, first_name: Siri, last_name: Ström, emails: [s2@example.org]}
    rosters:
      - {key: everyone, users: [s1@example.org, s2@example.org]}
    flow_templates:
      - {key: written, type: FLOWassign, purpose: EXAMINATION}
    flows:
      - key: math101-2027s
        template: written
        title: Mathematics 101
        subtitle: Written examination
        term: Spring 2027
        code: MATH101
        examination_type: ORDINARY
        description: Four hours, all aids allowed.
        participation: {start: "2027-05-03 09:00", length: 4h}
        marking: {start: "2027-05-05 12:00", end: "2027-05-24 12:00"}
        content: none
    role_assignments:
      - flows: [math101-2027s]
        managers: [kim@example.org]
        authors: [ada@example.org]
        participants: {rosters: [everyone]}
        assessors:
          - {people: [ada@example.org], type: Internal}
          - grace@example.org
        reviewers: [{people: [grace@example.org], allocated_to_all: true, sees_assessments: true}]
        invigilators: [{people: [kim@example.org], head: true}]
"""


@pytest.fixture
def term(rehearsal: Rehearsal) -> Rehearsal:
    rehearsal.write(TERM)
    return rehearsal


def test_a_term_is_applied_and_the_next_plan_is_empty(term: Rehearsal) -> None:
    plan = term.plan()
    assert plan.problems == ()
    assert {change.status for change in plan.changes} == {Status.PLANNED}
    term.apply()
    assert term.failures() == []
    again = term.plan()
    assert again.changes == ()
    assert again.problems == ()


def test_a_second_apply_sends_nothing_that_writes(term: Rehearsal) -> None:
    term.apply()
    assert term.writes()
    before = term.writes()
    assert term.apply() == []
    assert term.writes() == before


def test_a_plan_sends_nothing_that_writes(term: Rehearsal) -> None:
    term.plan()
    assert term.writes() == {}


def test_everyone_gets_the_seat_and_the_flags_that_git_states(term: Rehearsal) -> None:
    term.apply()
    (flow,) = term.flows("wisectl-math101-2027s")
    number = flow["flowId"]
    assert len(term.seats(number, "participants")) == 2
    assert len(term.seats(number, "authors")) == 1
    assert len([row for row in term.seats(number, "assessors") if row.get("assessorTypeId")]) == 1
    (reviewer,) = term.seats(number, "reviewers")
    assert reviewer["isAllocatedToAll"]
    assert reviewer["hasAccessToAssessmentInformation"]
    assert not reviewer["canDecideOnFinalGrade"]
    (invigilator,) = term.seats(number, "invigilators")
    assert invigilator["isHeadInvigilator"]
    assert flow["subtitle"] == "Written examination"


def test_drift_made_by_hand_is_shown_and_mended(term: Rehearsal) -> None:
    term.apply()
    (flow,) = term.flows("wisectl-math101-2027s")
    number = flow["flowId"]
    metadata = term.by_hand("GET", f"/flows/{number}/metadata")["data"]
    term.by_hand("PUT", f"/flows/{number}/metadata", metadata | {"title": "Maths", "term": None})
    seat = term.seats(number, "participants")[0]
    term.by_hand("DELETE", f"/flows/{number}/participants/{seat['participantId']}")
    plan = term.plan()
    assert [change.id for change in plan.changes] == [
        "flow/math101-2027s:metadata",
        "flow/math101-2027s:participants",
    ]
    assert [field.path for field in plan.changes[0].fields] == ["title", "term"]
    term.apply()
    assert term.plan().changes == ()


def test_an_exact_set_loses_its_strangers_and_a_managed_one_reports_them(term: Rehearsal) -> None:
    term.apply()
    fewer = TERM.replace("users: [s1@example.org, s2@example.org]", "users: [s1@example.org]")
    term.write(fewer)
    plan = term.plan()
    assert plan.changes == ()
    assert "s2@example.org" in plan.notes[0].message
    term.write(fewer + "        membership: exact\n")
    term.apply()
    assert term.failures() == []
    (flow,) = term.flows("wisectl-math101-2027s")
    assert len(term.seats(flow["flowId"], "participants")) == 1
    assert term.plan().changes == ()


def test_an_activated_flow_is_seen_by_people_only_when_git_says_so(term: Rehearsal) -> None:
    term.write(TERM.replace("content: none", "content: none\n        lifecycle: active"))
    plan = term.plan()
    activation = next(change for change in plan.changes if change.part == "activation")
    assert "2 participants" in activation.hazards[0].message
    term.apply()
    assert term.failures() == []
    (flow,) = term.flows("wisectl-math101-2027s")
    assert flow["state"] == "ACTIVATED"
    assert term.plan().changes == ()


def test_a_copied_flow_brings_its_content_and_no_people(term: Rehearsal) -> None:
    term.write(
        """
        flows:
          - key: copied
            copy_from: {flow: template-written, include: [settings, assignments]}
            title: Copied examination
            participation: {start: "2027-05-03 09:00", length: 4h}
            marking: {start: "2027-05-05 12:00", end: "2027-05-24 12:00"}
            lifecycle: active
        role_assignments:
          - flows: [copied]
            managers: [kim@example.org]
            participants: [s1@example.org]
        """,
        "copied.yaml",
    )
    term.apply()
    assert term.failures() == []
    (flow,) = term.flows("wisectl-copied")
    assert flow["state"] == "ACTIVATED"
    assert len(term.seats(flow["flowId"], "participants")) == 1
    assert term.plan().changes == ()


def test_nobody_whom_the_licence_does_not_know_stops_the_rest(term: Rehearsal) -> None:
    term.write(TERM.replace("users: [s1@example.org", "users: [ghost@example.org, s1@example.org"))
    plan = term.plan()
    assert [problem.message for problem in plan.problems] == [
        "nobody in WISEflow has Personal Organisation Id ghost@example.org"
    ]
    term.apply()
    (flow,) = term.flows("wisectl-math101-2027s")
    assert len(term.seats(flow["flowId"], "participants")) == 2


def test_another_licence_than_the_pinned_one_stops_everything(term: Rehearsal) -> None:
    term.licence = "L-000000"
    with pytest.raises(EngineError, match="this is licence L-"):
        term.plan()
    assert term.writes() == {}
