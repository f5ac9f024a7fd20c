"""`sequences`: a main flow and its parts, made in order, once, and never out of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from engine.wiseflow.flows import marker
from tests.e2e.test_base import KIM, LAW, by_id, live, term

if TYPE_CHECKING:
    from tests.e2e.office import Office

KEYS = ("law", "law-a", "law-b", "law-c")
LISTED = "POST /flows/{flowId}/combine/sub-flows"


def flow(key: str, **fields: Any) -> dict[str, Any]:
    return {**LAW, "key": key, "title": f"Law {key[4:]}".strip(), **fields}


def write(office: Office, *parts: str, flows: list[dict[str, Any]] | None = None) -> None:
    """A term with a sequence of these parts, and a flow for each."""
    entries = flows if flows is not None else [flow(key) for key in ("law", *parts)]
    office.write(term(*entries))
    office.write(json.dumps({"sequences": [{"main": "law", "parts": list(parts)}]}), "s.yaml")


def order(office: Office) -> list[str]:
    """The keys of the parts as WISEflow has them."""
    number = live(office)["flowId"]
    rows = office.stage.by_hand("GET", f"/flows/{number}/combine")["data"]["subFlows"]
    keys = {
        live(office, key)["flowId"]: key for key in KEYS if office.stage.flows(f"wisectl-{key}")
    }
    return [keys.get(row["flowId"], "?") for row in rows]


def reasons(office: Office, change: str) -> str:
    found = by_id(office.document())[change]
    assert found["status"] == "blocked"
    return "; ".join(found["reasons"])


@pytest.fixture(autouse=True)
def _without_a_base(office: Office) -> None:
    office.scope = ()


def test_a_sequence_is_made_in_its_order(office: Office) -> None:
    write(office, "law-b", "law-a", "law-c")
    changes = by_id(office.document())
    told = {one["path"]: one["after"] for one in changes["flow/law-a"]["fields"]}
    assert told["part_of"] == "law"
    assert set(changes["flow/law-a"]["needs"]) >= {"flow/law", "flow/law-b"}
    office.apply()
    assert order(office) == ["law-b", "law-a", "law-c"]
    assert live(office, "law-a")["subtitle"] == ""
    assert office.document()["changes"] == []


def test_parts_and_the_main_flow_can_be_copies(office: Office) -> None:
    copied = {"copy_from": {"flow": "template-written"}}
    entries = [{k: v for k, v in flow(key).items() if k != "type"} for key in ("law", "law-a")]
    text = json.loads(term(*entries))
    text["flows"] = [{**e, **copied} for e in text["flows"] if e.pop("type")]
    office.write(json.dumps(text))
    office.write(json.dumps({"sequences": [{"main": "law", "parts": ["law-a"]}]}), "s.yaml")
    office.apply()
    assert order(office) == ["law-a"]
    assert office.document()["changes"] == []


def test_a_new_part_comes_last(office: Office) -> None:
    write(office, "law-a")
    office.apply()
    write(office, "law-a", "law-b")
    assert set(by_id(office.document())) == {"flow/law-b"}
    office.apply()
    assert order(office) == ["law-a", "law-b"]


def test_a_new_part_before_one_that_is_there_is_blocked(office: Office) -> None:
    write(office, "law-b")
    office.apply()
    write(office, "law-a", "law-b")
    assert "a new part comes last, and law-b is there already" in reasons(office, "flow/law-a")
    before = office.stage.writes()
    office.apply()
    assert (order(office), office.stage.writes()) == (["law-b"], before)


def test_another_order_of_parts_that_are_there_is_blocked(office: Office) -> None:
    write(office, "law-a", "law-b")
    office.apply()
    write(office, "law-b", "law-a")
    assert "state law-a, law-b" in reasons(office, "flow/law:sequence")


def test_a_flow_that_is_there_is_not_put_into_a_sequence(office: Office) -> None:
    office.write(term(flow("law-a")))
    office.apply()
    write(office, "law-a", "law-b")
    assert "cannot put a flow into a sequence" in reasons(office, "flow/law-a:sequence")
    assert "flow/law-a comes before it" in reasons(office, "flow/law-b")
    for _ in range(2):
        code, said = office.call("apply", "--auto-approve")
        assert code == 0, said
    assert order(office) == []


def test_a_flow_that_is_there_does_not_become_a_main_flow(office: Office) -> None:
    office.write(term(flow("law")))
    office.apply()
    write(office, "law-a")
    assert "cannot make it one" in reasons(office, "flow/law:sequence")
    assert "cannot make it one" in reasons(office, "flow/law-a")


def test_parts_that_no_manifest_names_are_said(office: Office) -> None:
    write(office, "law-a", "law-b")
    office.apply()
    write(office, "law-b")
    document = office.document()
    assert document["changes"] == []
    assert f"not in the manifests: #{live(office, 'law-a')['flowId']}" in str(document["notes"])


def test_a_part_is_not_made_before_those_that_come_before_it(office: Office) -> None:
    write(office, "law-a", "law-b")
    office.scope = ("--target", "user/*", "--target", "flow/law", "--target", "flow/law-b")
    code, said = office.call("apply", "--auto-approve")
    assert (code, order(office)) == (8, [])
    assert "flow/law-a comes before it in the sequence, and is not there yet" in said


def test_assessors_of_a_part_are_blocked(office: Office) -> None:
    write(office, "law-a")
    text = json.loads(term(flow("law"), flow("law-a")))
    text["role_assignments"][0]["assessors"] = [KIM]
    office.write(json.dumps(text))
    assert "add them in WISEflow" in reasons(office, "flow/law-a:assessors")
    assert by_id(office.document())["flow/law:assessors"]["status"] == "planned"


def test_assessors_of_a_part_are_blocked_where_no_manifest_states_the_sequence(
    office: Office,
) -> None:
    write(office, "law-a")
    office.apply()
    (office.root / "manifests" / "s.yaml").unlink()
    text = json.loads(term(flow("law"), flow("law-a")))
    text["role_assignments"][0]["assessors"] = [KIM]
    office.write(json.dumps(text))
    assert "add them in WISEflow" in reasons(office, "flow/law-a:assessors")
    assert by_id(office.document())["flow/law:assessors"]["status"] == "planned"


def test_a_sequence_that_cannot_be_read_gets_no_part(office: Office) -> None:
    write(office, "law-a")
    office.apply()
    write(office, "law-a", "law-b")
    fault = {"method": "GET", "path": "/flows/{flowId}/combine", "kind": "status", "status": 500}
    office.stage.control("POST", "faults", [{**fault, "times": 99}])
    assert "could not be read" in reasons(office, "flow/law-b")
    assert office.call("plan")[0] == 1


def test_a_plan_says_the_same_of_what_could_not_be_read_however_often_it_is_made(
    office: Office,
) -> None:
    write(office, "law-a")
    office.apply()
    write(office, "law-a", "law-b")
    fault = {"method": "GET", "path": "/flows/{flowId}/combine", "kind": "status", "status": 403}
    office.stage.control("POST", "faults", [{**fault, "times": 99}])
    once, again = (office.document()["changes"] for _ in range(2))
    assert once == again
    assert "could not be read" in str(once)


# ---- once, whatever happens ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["drop_after", "drop_before", "truncate"])
@pytest.mark.parametrize("path", ["/flows/combine", "/flows/{flowId}/combine/sub-flows"])
@pytest.mark.parametrize("skip", [0, 1])
def test_a_lost_answer_makes_no_second_part(
    office: Office, path: str, kind: str, skip: int
) -> None:
    office.stage.write(term(*(flow(key) for key in KEYS[:3])))
    sequence = {"main": "law", "parts": ["law-a", "law-b"]}
    office.stage.write(json.dumps({"sequences": [sequence]}), "s.yaml")
    office.stage.checked = False
    lost = {"method": "POST", "path": path, "kind": kind, "times": 1, "skip": skip}
    office.stage.control("POST", "faults", [lost])
    office.stage.apply()
    office.stage.control("POST", "faults", [])
    office.stage.apply()
    assert office.stage.failures() == []
    assert order(office) == ["law-a", "law-b"]
    assert there(office) == 3
    assert office.stage.plan().changes == ()


def there(office: Office) -> int:
    """How many flows are in the sequence, whatever they carry."""
    flows = office.stage.control("GET", "state")["flows"]
    return sum(
        1 for one in flows if not one["deleted"] and (one["mainFlowId"] or one["isMainFlow"])
    )


def test_what_a_crash_left_half_made_is_finished(office: Office) -> None:
    write(office, "law-a")
    manager = office.stage.control("GET", "state")["users"][0]["id"]
    body = {"title": "Law", "subtitle": marker("law"), "type": "FLOWassign", "managers": [manager]}
    main = office.stage.by_hand("POST", "/flows/combine", body)["data"]["flowId"]
    body |= {"subtitle": marker("law-a")}
    path = f"/flows/{main}/combine/sub-flows"
    part = office.stage.by_hand("POST", path, body)["data"]["flowId"]
    office.apply()
    assert (live(office)["flowId"], live(office, "law-a")["flowId"]) == (main, part)
    assert (order(office), there(office)) == (["law-a"], 2)
    assert office.document()["changes"] == []


def test_a_half_made_flow_outside_the_sequence_is_given_up(office: Office) -> None:
    """It was begun before the manifests said that it is a main flow, or a part."""
    manager = office.stage.control("GET", "state")["users"][0]["id"]
    types = office.stage.by_hand("GET", "/license/flow-types")["data"]
    number = next(one["id"] for one in types if one["name"] == "FLOWassign")
    for key in ("law", "law-a"):
        body = {"title": "Law", "subTitle": marker(key), "type": number, "managers": [manager]}
        office.stage.by_hand("POST", "/license/create/flow", body)
    write(office, "law-a")
    office.apply()
    assert (order(office), there(office)) == (["law-a"], 2)
    assert office.document()["changes"] == []


def test_the_same_plan_goes_on_where_it_was_cut_off(office: Office) -> None:
    write(office, "law-a", "law-b")
    office.stage.control(
        "POST",
        "faults",
        [
            {"method": "POST", "path": "/flows/{flowId}/combine/sub-flows", "kind": "status"}
            | {"status": 400, "times": 1, "skip": 1}
        ],
    )
    data = office.stage.save_plan()
    office.stage.checked = False
    office.stage.apply_saved(data)
    assert order(office) == ["law-a"]
    office.stage.apply_saved(data)
    assert office.stage.failures() == []
    assert order(office) == ["law-a", "law-b"]


# ---- what leaves ---------------------------------------------------------------------------------


def leave(office: Office, *parts: str) -> None:
    write(office, *parts)
    office.scope = ("--base", "HEAD")


def begun(office: Office) -> None:
    write(office, "law-a", "law-b")
    office.commit()
    office.apply()


def test_the_last_part_is_deleted_for_good_once_that_is_allowed(office: Office) -> None:
    begun(office)
    leave(office, "law-a")
    change = by_id(office.document())["flow/law-b"]
    assert (change["status"], change["action"]) == ("held", "remove")
    assert "for good" in change["hazards"][0]["message"]
    assert office.call("apply", "--auto-approve", "--allow", "deletion:flow/law-b")[0] == 0
    office.scope = ()
    assert (order(office), office.document()["changes"]) == (["law-a"], [])


def test_a_part_with_another_after_it_is_not_deleted(office: Office) -> None:
    begun(office)
    leave(office, "law-b")
    number = live(office, "law-b")["flowId"]
    assert f"only the last part, and #{number} comes after it" in reasons(office, "flow/law-a")


def test_a_sequence_goes_from_its_end(office: Office) -> None:
    begun(office)
    office.write("{}")
    office.write("{}", "s.yaml")
    office.scope = ("--base", "HEAD")
    changes = by_id(office.document())
    assert changes["flow/law-a"]["needs"] == ["flow/law-b"]
    assert set(changes["flow/law"]["needs"]) == {"flow/law-a", "flow/law-b"}
    assert office.call("apply", "--auto-approve", "--allow", "deletion:*")[0] in (0, 6)
    assert there(office) == 0
