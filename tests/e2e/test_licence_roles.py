"""Licence roles: whoever comes to a seat has the role of the licence that it needs, first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from engine.granting import LICENCE_ROLES
from engine.plan import Result, Status

if TYPE_CHECKING:
    from tests.e2e.rehearsal import Rehearsal

KIM, SAM = "kim@example.org", "sam@example.org"


def term(*, kim: dict[str, Any] | None = None, **roles: Any) -> str:
    users = [
        {"key": key, "first_name": "Kim", "last_name": "Larsen", **more}
        for key, more in ((KIM, kim or {}), (SAM, {}))
    ]
    flow = {
        "key": "law",
        "type": "FLOWassign",
        "title": "Law",
        "participation": {"start": "2027-05-03 09:00", "length": "4h"},
        "marking": {"start": "2027-05-05 12:00", "end": "2027-05-24 12:00"},
    }
    seats = {"flows": ["law"], "managers": [SAM], **roles}
    return json.dumps({"users": users, "flows": [flow], "role_assignments": [seats]})


def changed(text: str, **flow: Any) -> str:
    """The text with other fields of its flow."""
    document = json.loads(text)
    document["flows"][0] |= flow
    return json.dumps(document)


def held(stage: Rehearsal, key: str = KIM) -> list[str]:
    state = stage.control("GET", "state")
    rows = stage.by_hand("GET", "/license/roles")["data"]
    names = {role["roleId"]: role["name"] for role in rows}
    (user,) = [one for one in state["users"] if any(d["value"] == key for d in one["data"])]
    return sorted(names.get(one, str(one)) for one in user["roles"])


def settled(stage: Rehearsal, text: str) -> None:
    stage.write(text)
    stage.apply()
    assert stage.failures() == []
    assert stage.plan().changes == ()


@pytest.mark.parametrize("role", LICENCE_ROLES)
def test_whoever_is_made_for_a_seat_has_the_licence_role_for_it(
    rehearsal: Rehearsal, role: str
) -> None:
    settled(
        rehearsal, term(**{role: [KIM]} | ({"managers": [KIM, SAM]} if role == "managers" else {}))
    )
    assert held(rehearsal) == [LICENCE_ROLES[role]]


@pytest.mark.parametrize("role", LICENCE_ROLES)
def test_whoever_comes_to_a_seat_gets_the_licence_role_first(
    rehearsal: Rehearsal, role: str
) -> None:
    settled(rehearsal, term())
    people = {role: [KIM, SAM] if role == "managers" else [KIM]}
    rehearsal.write(term(**people))
    changes = {change.id: change for change in rehearsal.plan().changes}
    (field,) = changes[f"user/{KIM}:roles"].fields
    assert (field.before, field.after) == ((), (LICENCE_ROLES[role],))
    assert field.written.startswith("manifests/term.yaml:")
    assert f"user/{KIM}:roles" in changes[f"flow/law:{role}"].needs
    settled(rehearsal, term(**people))
    assert held(rehearsal) == [LICENCE_ROLES[role]]


def test_exact_roles_keep_what_a_seat_needs(rehearsal: Rehearsal) -> None:
    exact = {"roles": ["Author"], "exact": ["roles"]}
    settled(rehearsal, term(kim=exact, assessors=[KIM]))
    assert held(rehearsal) == ["Assessor", "Author"]


def test_a_seat_that_somebody_has_already_asks_for_nothing(rehearsal: Rehearsal) -> None:
    """Whatever the office took away by hand since then is theirs to give again."""
    settled(rehearsal, term(assessors=[KIM]))
    state = rehearsal.control("GET", "state")
    (user,) = [one for one in state["users"] if any(d["value"] == KIM for d in one["data"])]
    for row in rehearsal.by_hand("GET", f"/users/{user['id']}/roles")["data"]:
        rehearsal.by_hand("DELETE", f"/users/{user['id']}/roles/{row['userRoleId']}")
    assert held(rehearsal) == []
    assert rehearsal.plan().changes == ()
    settled(rehearsal, term(kim={"last_name": "Berg"}, assessors=[KIM]))
    assert held(rehearsal) == []


def test_participants_need_no_licence_role_of_ours(rehearsal: Rehearsal) -> None:
    settled(rehearsal, term(participants=[KIM]))
    assert held(rehearsal) == []


def test_a_flow_that_is_not_made_asks_for_no_licence_role(rehearsal: Rehearsal) -> None:
    settled(rehearsal, term())
    over = {"start": "2026-05-03 09:00", "length": "4h"}
    text = changed(term(assessors=[KIM]), participation=over)
    rehearsal.write(text.replace('"law"', '"new"'))
    assert {one.status for one in rehearsal.plan().changes} == {Status.BLOCKED}


def test_the_same_plan_again_says_of_roles_and_seats_that_they_are_done(
    rehearsal: Rehearsal,
) -> None:
    settled(rehearsal, term())
    rehearsal.write(term(assessors=[KIM], reviewers=[KIM]))
    plan = rehearsal.save_plan()
    rehearsal.apply_saved(plan)
    assert rehearsal.failures() == []
    assert held(rehearsal) == ["Assessor", "Reviewer"]
    assert {one.result for one in rehearsal.apply_saved(plan)} == {Result.ALREADY_DONE}


def test_a_seat_that_is_stated_no_more_gives_no_licence_role_by_an_old_plan(
    rehearsal: Rehearsal,
) -> None:
    settled(rehearsal, term())
    rehearsal.write(term(assessors=[KIM]))
    plan = rehearsal.save_plan()
    rehearsal.write(term())
    outcomes = rehearsal.apply_saved(plan)
    assert {(one.result, one.exit_code) for one in outcomes} <= {
        (Result.FAILED, 7),
        (Result.BLOCKED, 7),
    }
    assert held(rehearsal) == []


def test_a_licence_role_that_a_colleague_gave_meanwhile_is_no_reason_to_stop(
    rehearsal: Rehearsal,
) -> None:
    settled(rehearsal, term())
    rehearsal.write(term(assessors=[KIM]))
    plan = rehearsal.save_plan()
    give(rehearsal, "Assessor")
    rehearsal.apply_saved(plan)
    assert rehearsal.failures() == []
    assert rehearsal.plan().changes == ()


def give(stage: Rehearsal, name: str) -> None:
    state = stage.control("GET", "state")
    (user,) = [one for one in state["users"] if any(d["value"] == KIM for d in one["data"])]
    rows = stage.by_hand("GET", "/license/roles")["data"]
    (number,) = [role["roleId"] for role in rows if role["name"] == name]
    stage.by_hand("POST", f"/users/{user['id']}/roles", [{"licenseRoleId": number}])


def test_what_a_target_leaves_out_is_told(rehearsal: Rehearsal) -> None:
    settled(rehearsal, term())
    rehearsal.write(term(assessors=[KIM]))
    plan = rehearsal.plan(targets=("flow/*",))
    assert [one.id for one in plan.changes] == ["flow/law:assessors"]
    (note,) = [one for one in plan.notes if "licence role" in one.message]
    assert note.message == f"assessors: without the licence role Assessor: {KIM}"


def test_somebody_without_an_entry_keeps_the_roles_that_they_have(rehearsal: Rehearsal) -> None:
    settled(rehearsal, term())
    document = json.loads(term(assessors=[KIM]))
    document["users"] = document["users"][1:]
    rehearsal.write(json.dumps(document))
    plan = rehearsal.plan()
    assert [one.id for one in plan.changes] == ["flow/law:assessors"]
    assert any("without the licence role Assessor" in one.message for one in plan.notes)


def test_a_role_that_is_refused_keeps_the_seat_for_the_next_plan(rehearsal: Rehearsal) -> None:
    """Else the person would sit there without it, and nobody would ask for it any more."""
    settled(rehearsal, term())
    rehearsal.write(term(assessors=[KIM]))
    fault = {"path": "/users/{userId}/roles", "method": "POST", "kind": "status", "status": 404}
    rehearsal.control("POST", "faults", [{**fault, "times": 50}])
    outcomes = {one.change.id: one.result for one in rehearsal.apply()}
    rehearsal.control("POST", "faults", [])
    assert outcomes == {
        f"user/{KIM}:roles": Result.FAILED,
        "flow/law:assessors": Result.BLOCKED,
    }
    settled(rehearsal, term(assessors=[KIM]))
    assert held(rehearsal) == ["Assessor"]
