"""Webhooks: one for each key, whatever happens; a new secret is there before the old one goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from engine.errors import ManifestError
from engine.exit_codes import ERROR, of_plan
from engine.plan import Action, Result
from engine.secret_fill import with_secrets
from tests.e2e.edges import VARIABLES, between
from tests.e2e.lies import Liar, null
from tests.manifests.repositories import load

if TYPE_CHECKING:
    from tests.e2e.rehearsal import Rehearsal

FIRST = """
    webhooks:
      - key: grades-to-sis
        url: https://sis.northfield.example/hook
        events: [FINAL_GRADE, ASSIGNMENT]
        secret: ${SIS_SECRET}
        secret_version: 1
"""
SECOND = FIRST.replace("version: 1", "version: 2").replace("SIS_SECRET", "NEW_SECRET")
MADE = "POST /webhooks"
DELETED = "DELETE /webhooks/{webhookId}"


def _hooks(rehearsal: Rehearsal) -> list[dict[str, Any]]:
    return list(rehearsal.control("GET", "state")["webhooks"])


def _hook(rehearsal: Rehearsal) -> dict[str, Any]:
    (hook,) = _hooks(rehearsal)
    return hook


def _applied(rehearsal: Rehearsal, text: str) -> None:
    rehearsal.write(text)
    rehearsal.apply()
    assert rehearsal.failures() == []


def _by_hand(rehearsal: Rehearsal, title: str) -> int:
    body = {"title": title, "url": "https://x.example/", "events": ["ASSIGNMENT"], "active": True}
    made: int = rehearsal.by_hand("POST", "/webhooks", body)["data"]["id"]
    return made


def test_a_webhook_is_made_signed_and_active_and_then_nothing_is_left_to_do(
    rehearsal: Rehearsal,
) -> None:
    _applied(rehearsal, FIRST)

    hook = _hook(rehearsal)
    assert (hook["title"], hook["active"]) == ("wisectl-grades-to-sis-v1", True)
    assert hook["secret"] == VARIABLES["SIS_SECRET"]
    assert rehearsal.plan().changes == ()


def test_what_is_stated_is_changed_in_place_and_the_rest_is_left(rehearsal: Rehearsal) -> None:
    _applied(rehearsal, FIRST)
    before = _hook(rehearsal)
    changed = FIRST.replace("[FINAL_GRADE, ASSIGNMENT]", "[ASSESSMENT]") + "        active: false\n"

    _applied(rehearsal, changed)

    after = _hook(rehearsal)
    assert (after["id"], after["events"], after["active"]) == (before["id"], ["ASSESSMENT"], False)
    assert (after["secret"], after["url"]) == (before["secret"], before["url"])
    assert rehearsal.plan().changes == ()


def test_events_in_another_order_or_another_case_of_the_key_change_nothing(
    rehearsal: Rehearsal,
) -> None:
    _applied(rehearsal, FIRST)
    swapped = FIRST.replace("[FINAL_GRADE, ASSIGNMENT]", "[ASSIGNMENT, FINAL_GRADE]")

    rehearsal.write(swapped.replace("grades-to-sis", "Grades-to-SIS"))

    assert rehearsal.plan().changes == ()


def test_a_new_secret_version_is_made_before_the_old_one_is_deleted(rehearsal: Rehearsal) -> None:
    _applied(rehearsal, FIRST)
    old = _hook(rehearsal)["id"]
    rehearsal.write(SECOND)
    making, clearing = sorted(
        rehearsal.plan().changes, key=lambda change: change.part == "leftovers"
    )
    assert (making.action, clearing.needs) == (Action.UPDATE, (making.id,))
    assert {one.path for one in making.fields} == {"secret", "secret_version"}

    rehearsal.apply()

    hook = _hook(rehearsal)
    assert hook["id"] != old
    assert (hook["title"], hook["secret"]) == (
        "wisectl-grades-to-sis-v2",
        VARIABLES["NEW_SECRET"],
    )
    assert rehearsal.plan().changes == ()


def test_the_old_one_stays_while_the_new_one_cannot_be_made(rehearsal: Rehearsal) -> None:
    _applied(rehearsal, FIRST)
    for number in range(9):
        _by_hand(rehearsal, f"somebody else's {number}")
    rehearsal.write(SECOND)

    outcomes = rehearsal.apply()

    made, cleared = sorted(outcomes, key=lambda outcome: outcome.change.part == "leftovers")
    assert (made.result, cleared.result) == (Result.FAILED, Result.BLOCKED)
    assert "exceed the limit" in made.message
    assert str(made.change.location) == "manifests/term.yaml:3:5"
    assert "wisectl-grades-to-sis-v1" in {hook["title"] for hook in _hooks(rehearsal)}


@pytest.mark.parametrize("kind", ["drop_after", "drop_before"])
@pytest.mark.parametrize("operation", [MADE, DELETED])
def test_a_lost_answer_leaves_one_webhook(rehearsal: Rehearsal, operation: str, kind: str) -> None:
    rehearsal.checked = False
    _applied(rehearsal, FIRST)
    rehearsal.write(SECOND)
    method, path = operation.split()
    rehearsal.control(
        "POST", "faults", [{"method": method, "path": path, "kind": kind, "times": 1}]
    )

    rehearsal.apply()

    assert rehearsal.failures() == []
    assert _hook(rehearsal)["title"] == "wisectl-grades-to-sis-v2"


def test_a_run_that_died_between_the_two_is_gone_on_with_by_the_same_plan(
    rehearsal: Rehearsal,
) -> None:
    _applied(rehearsal, FIRST)
    rehearsal.write(SECOND)
    saved = rehearsal.save_plan()
    _by_hand(rehearsal, "wisectl-grades-to-sis-v2")
    url = "https://sis.northfield.example/hook"
    new = next(hook for hook in _hooks(rehearsal) if hook["title"].endswith("v2"))
    body = {"title": new["title"], "url": url, "events": ["ASSIGNMENT", "FINAL_GRADE"]}
    rehearsal.by_hand("PUT", f"/webhooks/{new['id']}", body | {"active": True})

    outcomes = rehearsal.apply_saved(saved)

    assert {one.result for one in outcomes} == {Result.DONE, Result.ALREADY_DONE}
    assert _hook(rehearsal)["id"] == new["id"]


def test_of_several_with_one_title_the_oldest_stays(rehearsal: Rehearsal) -> None:
    first, *_ = [_by_hand(rehearsal, "wisectl-grades-to-sis-v1") for _ in range(3)]

    _applied(rehearsal, FIRST)

    assert _hook(rehearsal)["id"] == first
    assert rehearsal.plan().changes == ()


def test_webhooks_of_ours_in_no_manifest_are_noted_and_strangers_are_not(
    rehearsal: Rehearsal,
) -> None:
    for title in ("wisectl-old-v3", "wisectl", "somebody else's", "wisectl-x-v0"):
        _by_hand(rehearsal, title)
    _applied(rehearsal, FIRST)

    plan = rehearsal.plan()

    (note,) = plan.notes
    assert str(note.address) == "webhook/old"
    assert "wisectl-old-v3" in note.message
    assert plan.changes == ()
    assert len(_hooks(rehearsal)) == 5


def test_a_webhook_without_a_secret_is_made_and_the_plan_says_that_it_is_not_signed(
    rehearsal: Rehearsal,
) -> None:
    rehearsal.write(FIRST.partition("        secret:")[0])

    (note,) = rehearsal.plan().notes
    rehearsal.apply()

    assert "not be signed" in note.message
    assert (_hook(rehearsal)["title"], _hook(rehearsal)["secret"]) == (
        "wisectl-grades-to-sis-v1",
        None,
    )
    assert rehearsal.plan().notes == ()


def test_a_secret_stands_in_no_plan_file(rehearsal: Rehearsal) -> None:
    rehearsal.write(FIRST)

    saved = rehearsal.save_plan()

    assert b"${SIS_SECRET}, cannot be verified" in saved
    assert VARIABLES["SIS_SECRET"].encode() not in saved


def test_a_plan_is_refused_where_its_secret_is_another_one_by_now(
    rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    rehearsal.write(FIRST)
    saved = rehearsal.save_plan()
    monkeypatch.setitem(VARIABLES, "SIS_SECRET", "something else altogether")

    (outcome,) = rehearsal.apply_saved(saved)

    assert (outcome.result, outcome.exit_code) == (Result.FAILED, 7)
    assert _hooks(rehearsal) == []


def test_a_list_that_cannot_be_read_makes_nothing(rehearsal: Rehearsal) -> None:
    rehearsal.checked = False
    _applied(rehearsal, FIRST)
    rehearsal.write(SECOND)

    with between(lambda network: Liar(network, "GET /webhooks", null)):
        plan = rehearsal.plan()

    assert plan.changes == ()
    assert [str(problem.location) for problem in plan.problems] == ["manifests/term.yaml:3:5"]
    assert of_plan(plan, detailed=False) == ERROR


def test_no_webhook_costs_no_request(rehearsal: Rehearsal) -> None:
    rehearsal.write("users: []")

    assert "GET /webhooks" not in rehearsal.plan().reads
    rehearsal.write(FIRST)
    assert rehearsal.plan().reads["GET /webhooks"] == 1


def test_variables_that_are_not_set_are_told_all_at_once_at_their_places(
    rehearsal: Rehearsal,
) -> None:
    rehearsal.write(FIRST)
    rehearsal.write(FIRST.replace("grades-to-sis", "other"), "other.yaml")
    state = load(rehearsal.root)

    with pytest.raises(ManifestError) as caught:
        with_secrets(state, {"SIS_SECRET": ""})

    places = [str(problem.location) for problem in caught.value.problems]
    assert places == ["manifests/other.yaml:6:5", "manifests/term.yaml:6:5"]
    assert "SIS_SECRET is not set" in str(caught.value.problems[0])
