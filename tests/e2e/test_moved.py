"""`moved`: a key that is renamed, in git and in WISEflow, without a delete or a create."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from engine.wiseflow.flows import marker
from tests.e2e.test_adopt import adopt, cut_off, made_by_hand, settled
from tests.e2e.test_base import KIM, LAW, PEOPLE, begin, by_id, live, term

if TYPE_CHECKING:
    from tests.e2e.office import Office

TAX = {**LAW, "key": "tax"}


def move(office: Office, source: str = "flow/law", to: str = "flow/tax") -> None:
    office.write(json.dumps({"moved": [{"from": source, "to": to}]}), "moved.yaml")


def references(office: Office, number: int) -> list[str]:
    rows = office.stage.by_hand("GET", f"/flows/{number}/external-sources")["data"]
    return sorted(row["reference"] for row in rows)


@pytest.fixture
def number(office: Office) -> int:
    """A flow that stands under its old key, in WISEflow and at base."""
    office.scope = ()
    begin(office, term(LAW, participants=list(PEOPLE)))
    return int(live(office)["flowId"])


@pytest.mark.parametrize("scope", [("--base", "HEAD"), ()])
def test_a_key_is_renamed_and_the_flow_stays(
    office: Office, number: int, scope: tuple[str, ...]
) -> None:
    office.write(term({**TAX, "title": "Tax"}, participants=list(PEOPLE[:4])))
    move(office)
    office.scope = scope
    changes = by_id(office.document())
    assert changes["flow/tax:key"]["fields"][0]["before"] == "law"
    assert {one["action"] for one in changes.values()} == {"update"}
    assert ("flow/tax:participants.leave" in changes) is bool(scope)
    settled(office)
    assert (references(office, number), live(office, "tax")["flowId"]) == (["wisectl-tax"], number)
    office.commit()
    office.write("{}", "moved.yaml")
    assert office.document()["changes"] == []


def test_without_the_move_it_would_be_deleted_and_made_anew(office: Office, number: int) -> None:
    office.write(term(TAX))
    assert set(by_id(office.document())) == {"flow/law", "flow/tax"}
    move(office)
    assert set(by_id(office.document())) == {"flow/tax:key"}


@pytest.mark.parametrize("kind", ["drop_before", "status"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "external-sources"),
        ("DELETE", "external-sources/{flowExternalSourceId}"),
        ("PUT", "metadata"),
    ],
)
def test_a_move_that_was_cut_off_is_finished_by_the_same_plan(
    office: Office, number: int, method: str, path: str, kind: str
) -> None:
    office.write(term({**TAX, "title": "Tax"}, participants=list(PEOPLE)))
    move(office)
    cut_off(office, {"method": method, "path": f"/flows/{{flowId}}/{path}", "kind": kind})
    assert references(office, number) == ["wisectl-tax"]


def test_a_flow_that_carries_both_keys_loses_the_old_one(office: Office, number: int) -> None:
    body = {"reference": "wisectl-tax"}
    office.stage.by_hand("POST", f"/flows/{number}/external-sources", body)
    office.write(term(TAX))
    move(office)
    (change,) = office.document()["changes"]
    assert change["fields"][0]["before"] == "law, tax"
    settled(office)
    assert references(office, number) == ["wisectl-tax"]


def test_references_of_other_people_stay(office: Office, number: int) -> None:
    body = {"reference": "SIS-4711"}
    office.stage.by_hand("POST", f"/flows/{number}/external-sources", body)
    office.write(term(TAX))
    move(office)
    settled(office)
    assert references(office, number) == ["SIS-4711", "wisectl-tax"]


def test_two_flows_under_both_keys_are_a_problem(office: Office, number: int) -> None:
    other = made_by_hand(office)
    body = {"reference": "wisectl-tax"}
    office.stage.by_hand("POST", f"/flows/{other}/external-sources", body)
    office.write(term(TAX))
    move(office)
    document = office.document()
    (problem,) = document["problems"]
    assert document["changes"] == []
    assert f"are several flows: #{number} and #{other}" in problem["message"]
    assert problem["location"]["file"] == "manifests/moved.yaml"


def test_a_draft_that_is_half_made_under_the_old_key_is_a_problem(office: Office) -> None:
    made_by_hand(office, "Law", marker("law"))
    office.scope = ()
    office.write(term(TAX))
    move(office)
    document = office.document()
    (problem,) = document["problems"]
    assert not [one for one in document["changes"] if one["address"].startswith("flow/")]
    assert "is half made under its old key" in problem["message"]


def test_half_made_drafts_beside_it_are_given_up_first(office: Office, number: int) -> None:
    other = made_by_hand(office, "Law", marker("law"))
    office.write(term(TAX))
    move(office)
    changes = by_id(office.document())
    assert changes["flow/tax:key"]["needs"] == ["flow/tax:leftovers"]
    settled(office)
    flows = {one["id"]: one for one in office.stage.control("GET", "state")["flows"]}
    assert (flows[other]["deleted"], flows[number]["deleted"]) == (True, False)


def test_a_moved_flow_that_vanished_is_gone(office: Office, number: int) -> None:
    office.stage.by_hand("DELETE", f"/flows/{number}")
    office.write(term(TAX))
    move(office)
    (change, *_) = office.document()["changes"]
    assert (change["id"], change["status"]) == ("flow/tax", "blocked")
    assert change["reasons"][0].startswith("gone from WISEflow")


def test_an_archived_flow_keeps_its_key_and_the_line(office: Office, number: int) -> None:
    office.stage.by_hand("PATCH", f"/flows/{number}/activate")
    office.clock("2027-08-01 12:00")
    office.write(term(TAX))
    move(office)
    document = office.document()
    assert document["changes"] == []
    assert "archived under its old key law" in str(document["notes"])
    office.write("unarchive: [flow/tax]", "answers.yaml")
    later = {"marking": {"start": "2027-05-05 12:00", "end": "2028-02-01 12:00"}}
    office.write(term({**TAX, **later}))
    office.scope = ("--allow", "unarchive:*")
    settled(office)
    assert references(office, number) == ["wisectl-tax"]


def test_an_adopted_flow_is_renamed_in_git_alone(office: Office) -> None:
    office.scope = ()
    there = made_by_hand(office)
    adopt(office, there)
    begin(office, term(LAW))
    office.write(term(TAX))
    adopt(office, there, flow="tax")
    move(office)
    document = office.document()
    assert (document["changes"], document["problems"]) == ([], [])


def test_a_person_whom_the_old_entry_named_leaves(office: Office, number: int) -> None:
    office.write(term(TAX, managers=[KIM], participants=list(PEOPLE[:3])))
    move(office)
    leave = by_id(office.document("--allow", "replaced:*"))["flow/tax:participants.leave"]
    assert [one["person"] for one in leave["seats"]["remove"]] == ["cat@x.org", "dan@x.org"]


@pytest.mark.parametrize("both", [False, True])
def test_a_flow_whose_key_is_its_code_is_moved_too(office: Office, both: bool) -> None:
    settings = (office.root / "wisectl.yaml").read_text(encoding="utf-8")
    (office.root / "wisectl.yaml").write_text(f"flow_key: code\n{settings}", encoding="utf-8")
    office.scope = ()
    begin(office, term(LAW))
    state = office.stage.control("GET", "state")["flows"]
    (there,) = [one["id"] for one in state if one["code"] == "law"]
    more: dict[str, Any] = {"title": "Tax"} if both else {}
    office.write(term({**TAX, **more}))
    move(office)
    settled(office)
    metadata = office.stage.by_hand("GET", f"/flows/{there}/metadata")["data"]
    assert (metadata["code"], metadata["title"]) == ("tax", "Tax" if both else "Law")
