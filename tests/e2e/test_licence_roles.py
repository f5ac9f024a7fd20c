"""Licence roles: whoever comes to a seat has the role of the licence that it needs, first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from engine.seats import LICENCE_ROLES

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
    assert f"user/{KIM}:roles" in changes[f"flow/law:{role}"].after
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


def test_participants_need_no_licence_role_of_ours(rehearsal: Rehearsal) -> None:
    settled(rehearsal, term(participants=[KIM]))
    assert held(rehearsal) == []
