"""What people answer about what left or vanished: `removed`, `release` and `recreate`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.test_base import KIM, LAW, PEOPLE, begin, live, participants, term

if TYPE_CHECKING:
    from tests.e2e.office import Office

DAN = "dan@x.org"


def answer(office: Office, text: str) -> None:
    office.write(text, "answers.yaml")


def logins(office: Office) -> dict[str, bool]:
    """From keys to whether somebody may log in."""
    rows = office.stage.control("GET", "state")["users"]
    return {key: not row["loginDeactivated"] for row in rows for key in PEOPLE if key in str(row)}


def test_a_draft_is_removed_though_nobody_knows_that_it_stood_in_git(office: Office) -> None:
    begin(office, term(LAW, participants=list(PEOPLE)))
    office.scope = ()
    office.write(term())
    assert office.document()["changes"] == []
    answer(office, "removed: [flow/LAW]")
    (change,) = office.document()["changes"]
    assert (change["action"], change["status"], change["origin"]) == ("remove", "held", None)
    office.scope = ("--allow", "deletion:flow/law")
    office.apply()
    assert office.stage.flows("wisectl-law") == []
    document = office.document()
    assert document["changes"] == []
    assert "removed: it is not in WISEflow" in str(document["notes"])


def test_a_login_is_disabled_only_once_no_flow_has_the_person(office: Office) -> None:
    begin(office, term(LAW, participants=list(PEOPLE)))
    office.write(term(LAW, people=PEOPLE[:4], participants=list(PEOPLE[:4])))
    answer(office, f"removed: [user/{DAN}]")
    changes = {one["id"]: one for one in office.document()["changes"]}
    closing = changes[f"user/{DAN}:attributes"]
    assert closing["status"] == "blocked"
    assert closing["reasons"] == ["flows still have the person: Law"]
    office.apply()
    assert (participants(office), logins(office)[DAN]) == (4, True)
    office.apply()
    assert logins(office)[DAN] is False
    assert all(open_ for key, open_ in logins(office).items() if key != DAN)
    assert office.document()["changes"] == []


def test_whom_a_flow_is_about_to_get_keeps_the_login(office: Office) -> None:
    begin(office, term(LAW))
    office.write(term(LAW, people=PEOPLE[:4], participants=[DAN]))
    answer(office, f"removed: [user/{DAN}]")
    changes = {one["id"]: one for one in office.document()["changes"]}
    closing = changes[f"user/{DAN}:attributes"]
    assert closing["reasons"] == ["the manifests still name the person on a flow"]


def test_who_comes_onto_a_flow_meanwhile_keeps_the_login(office: Office) -> None:
    begin(office, term(LAW))
    office.write(term(LAW, people=PEOPLE[:4]))
    answer(office, f"removed: [user/{DAN}]")
    plan = str(office.root / "saved.plan")
    office.call("plan", "--out", plan)
    users = {str(row): row["id"] for row in office.stage.control("GET", "state")["users"]}
    (number,) = [number for row, number in users.items() if DAN in row]
    path = f"/flows/{live(office)['flowId']}/participants"
    office.stage.by_hand("POST", path, [{"userId": number}])
    office.scope = ()
    assert office.call("apply", plan)[0] != 0
    assert logins(office)[DAN] is True


def test_flows_that_cannot_be_read_keep_the_login(office: Office) -> None:
    begin(office, term(LAW))
    office.write(term(LAW, people=PEOPLE[:4]))
    answer(office, f"removed: [user/{DAN}]")
    fault: dict[str, Any] = {"method": "GET", "path": "/user/{userId}/flows", "kind": "status"}
    office.stage.control("POST", "faults", [fault | {"status": 403, "times": 1}])
    (change,) = office.document()["changes"]
    assert "whether a flow still has the person could not be read" in change["reasons"][0]


def test_what_is_released_is_neither_told_nor_touched(office: Office) -> None:
    begin(office, term(LAW, participants=list(PEOPLE)))
    office.write(term(people=PEOPLE[:4]))
    answer(office, f"release: [flow/law, user/{DAN}]")
    document = office.document()
    assert (document["changes"], document["notes"]) == ([], [])


def test_what_vanished_is_made_again_when_somebody_says_so(office: Office) -> None:
    begin(office, term(LAW, participants=list(PEOPLE)))
    office.stage.by_hand("DELETE", f"/flows/{live(office)['flowId']}")
    assert office.document()["summary"]["blocked"] == 2
    answer(office, "recreate: [flow/law]")
    creation, *_ = office.document()["changes"]
    assert (creation["status"], creation["origin"]) == ("planned", "both")
    office.apply()
    assert participants(office) == 5
    assert office.document()["changes"] == []


def test_nobody_is_removed_who_stands_in_the_manifests(office: Office) -> None:
    begin(office, term(LAW))
    answer(office, f"removed: [user/{KIM}]")
    code, said = office.call("plan")
    assert code == 3
    assert f"user/{KIM} stands at manifests/term.yaml:1:" in said


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("removed: [flow/law]", "1:11", "flow/law stands at manifests/term.yaml"),
        ("release: [flow/LAW]", "1:11", "flow/LAW stands at manifests/term.yaml"),
        ("recreate: [flow/tax]", "1:12", 'no flow "tax" in the manifests'),
        ("recreate: [user/eve]", "1:12", 'no user "eve" in the manifests'),
        ("removed: [flow/a]\nrelease: [flow/A]", "2:11", "flow/A stands at manifests/answers.yaml"),
        ("removed: [flow/a, flow/A]", "1:19", "stands twice in removed"),
        ("removed: [law]", "1:11", "no address"),
    ],
)
def test_what_contradicts_itself_is_told_at_its_place(
    office: Office, text: str, place: str, said: str
) -> None:
    office.scope = ()
    office.write(term(LAW))
    answer(office, text)
    code, told = office.call("validate")
    assert code == 3
    assert f"manifests/answers.yaml:{place}: " in told
    assert said in told
