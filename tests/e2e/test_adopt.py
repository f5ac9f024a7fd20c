"""`adopt`: a flow that was there before, bound to its key by WISEflow's number."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from engine.guards import NAMES
from engine.wiseflow.flows import marker
from tests.e2e.test_base import LAW, PEOPLE, WINDOWS, begin, by_id, live, term

if TYPE_CHECKING:
    from tests.e2e.office import Office

WHEN = {
    "participation": {"start": 1_809_334_800, "end": 1_809_349_200},
    "marking": {"start": 1_809_518_400, "end": 1_811_160_000},
}
"""As the terms of these tests have them: 3 May 2027 09:00 to 24 May 2027 12:00, UTC."""


def made_by_hand(office: Office, title: str = "Law", subtitle: str = "") -> int:
    """A flow that somebody made in WISEflow, with the windows of the terms."""
    users = office.stage.control("GET", "state")["users"]
    types = office.stage.by_hand("GET", "/license/flow-types")["data"]
    (kind,) = [one["id"] for one in types if one["name"] == "FLOWassign"]
    body = {"title": title, "subTitle": subtitle, "type": kind, "managers": [users[0]["id"]]}
    number = int(office.stage.by_hand("POST", "/license/create/flow", body)["flowId"])
    office.stage.by_hand("PATCH", f"/flows/{number}/dates", WHEN)
    return number


def give_key(office: Office, number: int, key: str) -> None:
    body = {"reference": f"wisectl-{key}"}
    office.stage.by_hand("POST", f"/flows/{number}/external-sources", body)


def adopt(office: Office, number: int, **fields: Any) -> None:
    entry = {"flow": "law", "environment": "staging", "server_id": number, "title": "Law"}
    office.write(json.dumps({"adopt": [entry | fields]}), "adopted.yaml")


def sis_feeds(office: Office, number: int) -> None:
    client = office.stage.by_hand("GET", "/license/sis/clients")[0]
    body = {"sourceCode": "A||B||C", "integrationId": str(client["integrationId"])}
    office.stage.by_hand("POST", f"/flow/{number}/source/add", body)


def title(office: Office, number: int) -> str:
    return str(office.stage.by_hand("GET", f"/flows/{number}/metadata")["data"]["title"])


EVERYTHING = [f"{name}:*" for name in NAMES]


def cut_off(office: Office, fault: dict[str, Any]) -> None:
    """One plan is applied while calls fail, and again when none does: then all is done."""
    stage = office.stage
    stage.checked = False
    saved = stage.save_plan(*EVERYTHING)
    stage.control("POST", "faults", [fault | {"times": 40, "status": 500}])
    stage.apply_saved(saved, *EVERYTHING)
    stage.control("POST", "faults", [])
    assert stage.failures() != []
    stage.apply_saved(saved, *EVERYTHING)
    assert stage.failures() == []
    assert stage.plan(*EVERYTHING).changes == ()


def settled(office: Office) -> None:
    office.apply()
    document = office.document()
    assert (document["changes"], document["problems"]) == ([], [])


def blocked_by(office: Office, said: str) -> dict[str, Any]:
    """Nothing is planned, and nothing is written; the one problem."""
    document = office.document()
    assert not [one for one in document["changes"] if one["status"] == "planned"]
    (problem,) = [one for one in document["problems"] if said in one["message"]]
    writes = office.stage.writes()
    office.call("apply", "--auto-approve")
    assert office.stage.writes() == writes
    return dict(problem)


@pytest.fixture(autouse=True)
def _without_a_base(office: Office) -> None:
    office.scope = ()
    office.write(term(people=PEOPLE))
    office.apply()


def test_an_adopted_flow_is_compared_and_never_gets_the_key(office: Office) -> None:
    number = made_by_hand(office)
    office.write(term({**LAW, "term": "Spring"}, participants=list(PEOPLE)))
    adopt(office, number)
    changes = by_id(office.document())
    assert {one["action"] for one in changes.values()} == {"update"}
    parts = ("metadata", "managers", "participants")
    assert set(changes) == {*(f"flow/law:{part}" for part in parts), "user/kim@x.org:roles"}
    settled(office)
    there = office.stage.by_hand("GET", f"/flows/{number}/external-sources")["data"]
    assert (there, office.stage.flows("wisectl-law")) == ([], [])


def test_what_is_adopted_elsewhere_is_not_known_here(office: Office) -> None:
    office.write(term(LAW))
    adopt(office, made_by_hand(office), environment="sandbox")
    assert by_id(office.document())["flow/law"]["action"] == "create"


def test_the_manifest_may_rename_it_again_and_again_with_a_base(office: Office) -> None:
    number = made_by_hand(office, "Old law")
    adopt(office, number, title="Old law")
    for name in ("Law", "Laws", "Law of nations"):
        office.write(term({**LAW, "title": name}))
        settled(office)
        assert title(office, number) == name
        office.commit()
        office.scope = ("--base", "HEAD")


@pytest.mark.parametrize("name", ["Tax", "law"])
def test_a_flow_of_another_title_is_not_the_one(office: Office, name: str) -> None:
    number = made_by_hand(office, name)
    office.write(term(LAW, participants=list(PEOPLE)))
    adopt(office, number)
    problem = blocked_by(office, f'is called "{name}", not "Law"')
    assert problem["location"]["file"] == "manifests/adopted.yaml"
    assert f'write title: "{name}"' in problem["hint"]


def test_a_title_that_changes_after_the_plan_stops_the_object(office: Office) -> None:
    number = made_by_hand(office)
    office.write(term({"key": "law"}, participants=list(PEOPLE)))
    adopt(office, number)
    plan = str(office.root / "saved.plan")
    office.call("plan", "--out", plan)
    there = office.stage.by_hand("GET", f"/flows/{number}/metadata")["data"]
    office.stage.by_hand("PUT", f"/flows/{number}/metadata", there | {"title": "Tax"})
    code, said = office.call("apply", plan)
    assert code != 0, said
    assert office.stage.seats(number, "participants") == []


def test_the_same_plan_of_an_adopted_flow_can_be_applied_again(office: Office) -> None:
    number = made_by_hand(office, "Old law")
    office.write(term({**LAW, "description": "New."}, participants=list(PEOPLE)))
    adopt(office, number, title="Old law")
    plan = str(office.root / "saved.plan")
    office.call("plan", "--out", plan)
    for _ in range(2):
        code, said = office.call("apply", plan)
        assert code == 0, said
    adopt(office, number + 1, title="Old law")
    assert office.call("apply", plan)[0] == 7


def test_a_number_that_is_not_there_is_a_problem(office: Office) -> None:
    office.write(term(LAW))
    adopt(office, 1)
    problem = blocked_by(office, "there is no flow #1 in WISEflow")
    assert problem["location"]["line"] == 1
    assert "recreate: [flow/law]" in problem["hint"]


@pytest.mark.parametrize("status", [403, 500])
def test_a_flow_that_cannot_be_read_is_not_gone(office: Office, status: int) -> None:
    office.write(term(LAW))
    adopt(office, made_by_hand(office), environment="sandbox")
    fault = {"method": "GET", "path": "/flow/{flowId}", "kind": "status", "status": status}
    office.stage.control("POST", "faults", [fault | {"times": 50}])
    office.stage.checked = False
    plan = office.stage.plan()
    assert [one for one in plan.changes if one.address.kind == "flow"] == []
    assert plan.incomplete


def test_an_adopted_flow_that_vanished_is_gone(office: Office) -> None:
    number = made_by_hand(office)
    adopt(office, number)
    begin(office, term(LAW))
    office.stage.by_hand("DELETE", f"/flows/{number}")
    document = office.document()
    (change,) = document["changes"]
    assert (change["status"], change["origin"]) == ("blocked", "live")
    assert change["reasons"][0].startswith("gone from WISEflow")
    assert document["problems"] == []


def test_a_deleted_flow_is_reopened_where_people_say_so(office: Office) -> None:
    number = made_by_hand(office)
    adopt(office, number)
    begin(office, term(LAW))
    office.stage.by_hand("DELETE", f"/flows/{number}")
    office.write("recreate: [flow/law]", "answers.yaml")
    office.write(term({**LAW, "subtitle": "Back"}, participants=list(PEOPLE)))
    (change,) = office.document()["changes"]
    assert (change["id"], change["status"]) == ("flow/law:reopen", "planned")
    plan = str(office.root / "saved.plan")
    office.call("plan", "--out", plan)
    office.scope = ()
    for _ in range(2):
        code, said = office.call("apply", plan)
        assert code == 0, said
    assert title(office, number) == "Law"
    settled(office)


def test_a_lost_answer_to_a_reopening_is_read_back(office: Office) -> None:
    number = made_by_hand(office)
    office.write(term(LAW))
    adopt(office, number)
    office.stage.by_hand("DELETE", f"/flows/{number}")
    office.write("recreate: [flow/law]", "answers.yaml")
    fault = {"method": "PATCH", "path": "/flows/{flowId}/reopen", "kind": "drop_after", "times": 1}
    office.stage.control("POST", "faults", [fault])
    office.apply()
    assert title(office, number) == "Law"


def test_a_reopened_flow_of_another_title_is_told(office: Office) -> None:
    number = made_by_hand(office, "Tax")
    office.stage.by_hand("DELETE", f"/flows/{number}")
    office.write(term(LAW))
    adopt(office, number)
    office.write("recreate: [flow/law]", "answers.yaml")
    code, said = office.call("apply", "--auto-approve")
    assert code != 0, said
    assert 'was reopened, but it is called "Tax"' in said


def test_a_key_that_another_flow_carries_is_a_problem(office: Office) -> None:
    office.write(term(LAW))
    office.apply()
    number = made_by_hand(office)
    adopt(office, number)
    problem = blocked_by(office, "flow/law (manifests/term.yaml:1:")
    assert f"adopted as #{number}, but #{live(office)['flowId']} carries it" in problem["message"]


def test_a_flow_that_carries_another_key_is_a_problem(office: Office) -> None:
    number = made_by_hand(office)
    give_key(office, number, "tax")
    office.write(term(LAW))
    adopt(office, number)
    blocked_by(office, f"flow #{number} carries another key: wisectl-tax")


def test_a_flow_that_is_another_entry_of_the_manifests_is_one_problem(office: Office) -> None:
    office.write(term({"key": "tax", "title": "Law"}))
    office.apply()
    office.write(term({"key": "tax", "title": "Law"}, LAW))
    adopt(office, live(office, "tax")["flowId"])
    (problem,) = office.document()["problems"]
    assert "are one in WISEflow" in problem["message"]


def test_a_flow_that_carries_its_own_key_is_adopted_too(office: Office) -> None:
    office.write(term(LAW))
    office.apply()
    adopt(office, live(office)["flowId"])
    settled(office)


def test_a_flow_that_is_still_being_made_is_not_adopted(office: Office) -> None:
    number = made_by_hand(office, "Law", marker("law"))
    office.write(term(LAW))
    adopt(office, number)
    blocked_by(office, f"flow #{number} is a draft that is still being made")


def copied(**source: Any) -> str:
    """A term with a flow that is copied from another."""
    flows = {"key": "tax", "title": "Tax", "copy_from": {"flow": "law"}}, LAW | source
    text = json.loads(term(*flows))
    del text["flows"][0]["type"]
    return json.dumps(text)


def test_a_new_flow_is_copied_from_an_adopted_one(office: Office) -> None:
    number = made_by_hand(office)
    office.write(copied())
    adopt(office, number)
    settled(office)
    assert live(office, "tax")["title"] == "Tax"


def test_a_flow_is_copied_from_an_adopted_one_of_which_nothing_else_is_planned(
    office: Office,
) -> None:
    number = made_by_hand(office)
    adopt(office, number)
    office.write(term(LAW))
    office.apply()
    office.write(copied())
    assert set(by_id(office.document())) == {"flow/tax"}
    settled(office)
    assert live(office, "tax")["title"] == "Tax"


def test_a_copy_comes_after_its_source_is_reopened(office: Office) -> None:
    number = made_by_hand(office)
    office.stage.by_hand("DELETE", f"/flows/{number}")
    office.write(copied())
    adopt(office, number)
    office.write("recreate: [flow/law]", "answers.yaml")
    assert "flow/law:reopen" in by_id(office.document())["flow/tax"]["needs"]
    office.apply()
    assert live(office, "tax")["title"] == "Tax"


def test_nothing_is_copied_from_a_flow_that_may_not_be_the_one(office: Office) -> None:
    office.write(copied())
    adopt(office, made_by_hand(office, "Not law"))
    change = by_id(office.document())["flow/tax"]
    assert change["status"] == "blocked"
    assert "which flow law is, to copy from, is not clear" in change["reasons"][0]


def test_a_reopened_flow_is_no_main_flow_of_a_sequence(office: Office) -> None:
    """What was in a sequence is gone for good once it is deleted."""
    number = made_by_hand(office)
    office.stage.by_hand("DELETE", f"/flows/{number}")
    part = LAW | {"key": "tax"}
    office.write(term(LAW, part))
    office.write(json.dumps({"sequences": [{"main": "law", "parts": ["tax"]}]}), "s.yaml")
    adopt(office, number)
    office.write("recreate: [flow/law]", "answers.yaml")
    changes = by_id(office.document())
    assert changes["flow/law:reopen"]["status"] == "planned"
    assert changes["flow/tax"]["status"] == "blocked"
    office.call("apply", "--auto-approve")
    assert title(office, number) == "Law"


def test_an_adopted_draft_is_removed_by_its_number(office: Office) -> None:
    number = made_by_hand(office)
    adopt(office, number)
    office.write("removed: [flow/law]", "answers.yaml")
    office.scope = ("--allow", "deletion:flow/law")
    office.apply()
    flows = office.stage.control("GET", "state")["flows"]
    assert [one["deleted"] for one in flows if one["id"] == number] == [True]


def test_a_draft_whose_entry_and_adoption_left_is_deleted(office: Office) -> None:
    number = made_by_hand(office)
    adopt(office, number)
    begin(office, term(LAW))
    office.write(term())
    office.write("{}", "adopted.yaml")
    (change,) = office.document()["changes"]
    assert (change["action"], change["status"]) == ("remove", "held")
    there = office.stage.by_hand("GET", f"/flows/{number}/metadata")["data"]
    office.stage.by_hand("PUT", f"/flows/{number}/metadata", there | {"title": "Tax"})
    document = office.document()
    assert document["changes"] == []
    assert 'is called "Tax"' in document["problems"][0]["message"]


def test_what_an_apply_renamed_is_undone(office: Office) -> None:
    number = made_by_hand(office, "Old law")
    adopt(office, number, title="Old law")
    office.write(term({**LAW, **WINDOWS}))
    settled(office)
    plan = str(office.root / "undo.plan")
    office.call("undo", "--out", plan)
    code, said = office.call("apply", plan)
    assert code == 0, said
    assert title(office, number) == "Old law"


def test_an_environment_that_is_not_there_is_a_problem(office: Office) -> None:
    """Else a slip in its name would make the flow anew."""
    office.write(term(LAW))
    adopt(office, 12, environment="stagign")
    code, said = office.call("validate")
    assert code == 3
    assert 'manifests/adopted.yaml:1:28: adopt[0].environment: no environment "stagign"' in said
    assert "did you mean staging?" in said
