"""Identifiers that only one person can have: nobody is written over, whoever has them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from engine.errors import UnknownOutcomeError
from engine.plan import Result, Status
from tests.e2e.meddling import overtaking

if TYPE_CHECKING:
    from engine.plan import Plan
    from tests.e2e.rehearsal import Rehearsal

KIM, SAM = "kim@example.org", "sam@example.org"
EXTERNAL = "External User Id"


def user(key: str, identifier: str | None = None, **more: Any) -> dict[str, Any]:
    data = {"data": {EXTERNAL: identifier}} if identifier else {}
    return {"key": key, "first_name": "Kim", "last_name": "Larsen", **data, **more}


def term(*users: dict[str, Any]) -> str:
    return json.dumps({"users": users})


def type_id(stage: Rehearsal, name: str = EXTERNAL) -> int:
    rows = stage.by_hand("GET", "/license/user-data-types")["data"]
    return next(int(row["id"]) for row in rows if row["name"] == name)


def stranger(stage: Rehearsal, identifier: str = "X1") -> dict[str, Any]:
    """Somebody whom no manifest names, with the identifier."""
    body = {"firstName": "Ada", "lastName": "Byron", "emails": ["ada@example.org"], "roles": []}
    identifiers = [{"userDataTypeId": type_id(stage), "value": identifier}]
    stage.by_hand("POST", "/license/user", body | {"externalIds": identifiers})
    return live(stage, identifier)


def live(stage: Rehearsal, value: str) -> dict[str, Any]:
    users = stage.control("GET", "state")["users"]
    (found,) = [one for one in users if any(d["value"] == value for d in one["data"])]
    return dict(found)


def held(stage: Rehearsal, key: str) -> set[str]:
    kind = type_id(stage)
    return {one["value"] for one in live(stage, key)["data"] if one["userDataTypeId"] == kind}


def settled(stage: Rehearsal, text: str) -> None:
    stage.write(text)
    stage.apply()
    assert stage.failures() == []
    assert stage.plan().changes == ()


def told(plan: Plan) -> list[str]:
    return [problem.message for problem in plan.problems]


def test_a_new_user_with_the_identifier_of_a_stranger_is_told_with_both(
    rehearsal: Rehearsal,
) -> None:
    there = stranger(rehearsal)
    rehearsal.write(term(user(KIM, "X1"), user(SAM)))
    plan = rehearsal.plan()
    (problem,) = plan.problems
    assert problem.message == f"this {EXTERNAL} is that of #{there['id']} in WISEflow"
    assert "term.yaml" in str(problem.location)
    blocked = {str(c.address): c.status for c in plan.changes}
    assert blocked == {f"user/{KIM}": Status.BLOCKED, f"user/{SAM}": Status.PLANNED}
    rehearsal.apply()
    assert live(rehearsal, "X1") == there


def test_a_user_who_is_there_is_told_with_both_and_all_else_is_done(rehearsal: Rehearsal) -> None:
    settled(rehearsal, term(user(KIM, "X1"), user(SAM)))
    rehearsal.write(term(user(KIM, "X1"), user(SAM, "X1", first_name="Sam")))
    plan = rehearsal.plan()
    messages = {f"this {EXTERNAL} is stated for user/{one}, too" for one in (KIM, SAM)}
    assert set(told(plan)) == messages
    assert [change.part for change in plan.changes] == ["attributes"]
    number = live(rehearsal, KIM)["id"]
    rehearsal.write(term(user(KIM), user(SAM, "X1")))
    (message,) = told(rehearsal.plan())
    assert message == f"this {EXTERNAL} is that of user/{KIM} (#{number}) in WISEflow"


def test_an_identifier_passes_from_one_to_the_next_in_one_apply(rehearsal: Rehearsal) -> None:
    new = "ann@example.org"
    settled(rehearsal, term(user(KIM, "X1"), user(SAM, "X2")))
    settled(rehearsal, term(user(KIM, "X2"), user(SAM, "X3"), user(new, "X1")))
    assert [held(rehearsal, key) for key in (KIM, SAM, new)] == [{"X2"}, {"X3"}, {"X1"}]


def test_two_who_would_swap_are_told_and_nothing_is_planned(rehearsal: Rehearsal) -> None:
    settled(rehearsal, term(user(KIM, "X1"), user(SAM, "X2")))
    rehearsal.write(term(user(KIM, "X2"), user(SAM, "X1")))
    plan = rehearsal.plan()
    assert plan.changes == ()
    assert len(plan.problems) == 2
    rehearsal.apply()
    assert [held(rehearsal, key) for key in (KIM, SAM)] == [{"X1"}, {"X2"}]


def test_who_does_not_get_it_because_another_keeps_it_gives_nothing_up(
    rehearsal: Rehearsal,
) -> None:
    """SAM would free X2, but cannot have X9."""
    settled(rehearsal, term(user(KIM, "X1"), user(SAM, "X2")))
    there = stranger(rehearsal, "X9")
    rehearsal.write(term(user(KIM, "X2"), user(SAM, "X9")))
    assert rehearsal.plan().changes == ()
    assert len(rehearsal.plan().problems) == 2
    rehearsal.apply()
    assert live(rehearsal, "X9") == there


def test_nobody_is_written_over_who_takes_the_identifier_just_before(rehearsal: Rehearsal) -> None:
    there: dict[str, Any] = {}
    rehearsal.write(term(user(KIM, "X1", emails=[KIM])))
    with overtaking("/license/user$", lambda: there.update(stranger(rehearsal))):
        (outcome,) = rehearsal.apply()
    assert outcome.result is Result.FAILED
    assert "X1" not in outcome.message
    assert live(rehearsal, "X1") == there
    assert held(rehearsal, KIM) == set()
    assert told(rehearsal.plan()) == [f"this {EXTERNAL} is that of #{there['id']} in WISEflow"]


@pytest.mark.parametrize("operation", ["/license/user", "/users/{userId}/user-data"])
@pytest.mark.parametrize("fault", ["drop_before", "drop_after"])
def test_a_lost_answer_leaves_nobody_without_their_identifier(
    rehearsal: Rehearsal, operation: str, fault: str
) -> None:
    wanted = {"method": "POST", "path": operation, "times": 1, "kind": fault}
    rehearsal.control("POST", "faults", [wanted])
    rehearsal.write(term(user(KIM, "X1", emails=[KIM])))
    try:
        rehearsal.apply()
    except UnknownOutcomeError:
        pytest.fail("it is read back")
    settled(rehearsal, term(user(KIM, "X1", emails=[KIM])))
    assert held(rehearsal, KIM) == {"X1"}


def test_who_lacks_an_identifier_costs_one_search_and_who_has_it_none(
    rehearsal: Rehearsal,
) -> None:
    settled(rehearsal, term(user(KIM, "X1"), user(SAM, "X2")))
    before = rehearsal.control("GET", "requests")["POST /users/search"]
    rehearsal.plan()
    plain = rehearsal.control("GET", "requests")["POST /users/search"] - before
    rehearsal.write(term(user(KIM, "X1"), user(SAM, "X3")))
    rehearsal.plan()
    assert rehearsal.control("GET", "requests")["POST /users/search"] - before == 2 * plain + 1


def test_who_is_written_large_is_not_made_once_more(rehearsal: Rehearsal) -> None:
    """Keys are compared without case; the server's search may not be."""
    settled(rehearsal, term(user(KIM)))
    count = len(rehearsal.control("GET", "state")["users"])
    settled(rehearsal, term(user("Kim@Example.org")))
    assert len(rehearsal.control("GET", "state")["users"]) == count
