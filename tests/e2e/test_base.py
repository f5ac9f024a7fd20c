"""Plan and apply against the manifests as they were at a commit, through the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.history import commit, git

if TYPE_CHECKING:
    from tests.e2e.office import Office

KIM = "kim@x.org"
PEOPLE = (KIM, "ann@x.org", "bob@x.org", "cat@x.org", "dan@x.org")
WINDOWS: dict[str, Any] = {
    "participation": {"start": "2027-05-03 09:00", "end": "2027-05-03 13:00"},
    "marking": {"start": "2027-05-05 12:00", "end": "2027-05-24 12:00"},
}


def term(*flows: dict[str, Any], people: tuple[str, ...] = PEOPLE, **roles: Any) -> str:
    """Some flows, with the same people on each."""
    users = [{"key": key, "first_name": "Sam", "last_name": "Student"} for key in people]
    entries = [{"type": "FLOWassign", "content": "none", **WINDOWS, **flow} for flow in flows]
    seats = {"flows": [flow["key"] for flow in flows], "managers": [KIM], **roles}
    assigned = [seats] if flows else []
    return json.dumps({"users": users, "flows": entries, "role_assignments": assigned})


LAW: dict[str, Any] = {"key": "law", "title": "Law"}


@pytest.fixture(autouse=True)
def _against_the_last_commit(office: Office) -> None:
    office.scope = ("--base", "HEAD")


def begin(office: Office, text: str) -> None:
    """The term is applied, and committed: it is the base of what comes then."""
    office.write(text)
    commit(office.root)
    office.scope = ()
    office.apply()
    office.scope = ("--base", "HEAD")


def by_id(document: Any) -> dict[str, Any]:
    return {change["id"]: change for change in document["changes"]}


def live(office: Office, key: str = "law") -> dict[str, Any]:
    (row,) = office.stage.flows(f"wisectl-{key}")
    return row


def participants(office: Office) -> int:
    return len(office.stage.seats(live(office)["flowId"], "participants"))


# ---- people --------------------------------------------------------------------------------------


def test_whom_the_base_named_and_the_manifests_name_no_longer_is_removed(office: Office) -> None:
    begin(office, term(LAW, participants=list(PEOPLE)))
    office.write(term(LAW, participants=list(PEOPLE[:4])))
    office.scope = ()
    assert office.document()["changes"] == []
    office.scope = ("--base", "HEAD")
    (change,) = office.document()["changes"]
    assert [one["person"] for one in change["seats"]["remove"]] == ["dan@x.org"]
    assert (change["id"], change["origin"]) == ("flow/law:participants.leave", "git")
    office.apply()
    assert participants(office) == 4
    assert office.document()["changes"] == []


def test_a_stranger_stays_with_a_base_too(office: Office) -> None:
    begin(office, term(LAW, participants=list(PEOPLE[:3])))
    users = {row["id"]: str(row) for row in office.stage.control("GET", "state")["users"]}
    (stranger,) = [number for number, row in users.items() if "dan@x.org" in row]
    path = f"/flows/{live(office)['flowId']}/participants"
    office.stage.by_hand("POST", path, [{"userId": stranger}])
    office.write(term(LAW, participants=list(PEOPLE[:2])))
    (change,) = office.document()["changes"]
    assert [one["person"] for one in change["seats"]["remove"]] == ["bob@x.org"]
    assert "in WISEflow but not in the manifests: dan@x.org" in office.call("plan")[1]


def test_people_of_a_csv_file_leave_with_their_row(office: Office) -> None:
    office.write("key\n" + "".join(f"{one}\n" for one in PEOPLE), "law.csv")
    begin(office, term(LAW, participants={"csv": "law.csv"}))
    office.write("key\n" + "".join(f"{one}\n" for one in PEOPLE[:4]), "law.csv")
    (change,) = office.document()["changes"]
    assert [one["person"] for one in change["seats"]["remove"]] == ["dan@x.org"]


def test_a_role_that_is_stated_no_more_is_released(office: Office) -> None:
    begin(office, term(LAW, participants=list(PEOPLE)))
    office.write(term(LAW))
    document = office.document()
    assert document["changes"] == []
    assert "participants: stood at base and is stated no more" in str(document["notes"])


# ---- entries -------------------------------------------------------------------------------------


def test_an_activated_flow_that_left_is_blocked(office: Office) -> None:
    begin(office, term({**LAW, "lifecycle": "active"}, participants=list(PEOPLE)))
    office.write(term())
    (change,) = office.document()["changes"]
    assert (change["action"], change["status"], change["origin"]) == ("remove", "blocked", "git")
    assert "only drafts are deleted" in change["reasons"][0]
    writes = office.stage.writes()
    office.apply()
    assert office.stage.writes() == writes


@pytest.mark.parametrize("now", ["2027-05-25 12:00", "2027-08-01 12:00"])
def test_a_flow_that_is_over_and_people_are_released(office: Office, now: str) -> None:
    begin(office, term({**LAW, "lifecycle": "active"}, participants=list(PEOPLE)))
    office.clock(now)
    office.write(term(people=PEOPLE[:4]))
    document = office.document()
    assert document["changes"] == []
    released = {row["address"] for row in document["notes"] if "released" in row["message"]}
    assert released == {"flow/law", "user/dan@x.org"}


def test_a_draft_that_somebody_activates_meanwhile_is_not_deleted(office: Office) -> None:
    begin(office, term(LAW, participants=list(PEOPLE)))
    office.write(term())
    plan = str(office.root / "saved.plan")
    office.call("plan", "--out", plan, "--allow", "deletion:flow/law")
    office.stage.by_hand("PATCH", f"/flows/{live(office)['flowId']}/activate")
    office.scope = ()
    code, said = office.call("apply", plan)
    assert code != 0
    assert live(office)["state"] == "ACTIVATED", said


def test_a_draft_is_deleted_once_it_was_copied(office: Office) -> None:
    begin(office, term(LAW))
    copied: dict[str, Any] = {"key": "tax", "title": "Tax", "copy_from": {"flow": "law"}}
    text = json.loads(term(copied))
    del text["flows"][0]["type"]
    office.write(json.dumps(text))
    removal = by_id(office.document("--allow", "deletion:*"))["flow/law"]
    assert (removal["status"], removal["needs"]) == ("planned", ["flow/tax"])
    office.call("apply", "--auto-approve", "--allow", "deletion:*")
    assert office.stage.flows("wisectl-law") == []
    assert live(office, "tax")["title"] == "Tax"


def test_a_draft_that_is_fed_by_a_sis_is_not_deleted(office: Office) -> None:
    begin(office, term(LAW))
    office.stage.by_hand(
        "POST",
        f"/flow/{live(office)['flowId']}/source/add",
        {"sourceCode": "A||B||C", "integrationId": str(sis(office))},
    )
    office.write(term())
    (change,) = office.document("--allow", "deletion:*")["changes"]
    assert change["status"] == "blocked"
    assert "student information system" in change["reasons"][0]


def sis(office: Office) -> int:
    return int(office.stage.by_hand("GET", "/license/sis/clients")[0]["integrationId"])


def test_what_stood_at_base_and_is_not_found_is_never_made_again(office: Office) -> None:
    begin(office, term(LAW, participants=list(PEOPLE)))
    office.stage.by_hand("DELETE", f"/flows/{live(office)['flowId']}")
    creation, *others = office.document()["changes"]
    assert (creation["status"], creation["origin"]) == ("blocked", "live")
    assert creation["reasons"][0].startswith("gone from WISEflow: answer with")
    assert {one["status"] for one in others} == {"blocked"}
    office.apply()
    assert office.stage.flows("wisectl-law") == []


def test_a_key_in_other_case_is_the_same_entry(office: Office) -> None:
    begin(office, term(LAW))
    office.write(term({**LAW, "key": "LAW"}))
    assert office.document()["changes"] == []


# ---- no base -------------------------------------------------------------------------------------


def said_instead(office: Office, *needles: str) -> None:
    """Nobody is removed, the plan says why, and nothing fails."""
    code, said = office.call("plan")
    assert code == 0
    for needle in ("! No base: removals not planned.", *needles):
        assert needle in said
    document = office.document()
    assert (document["changes"], document["base"]) == ([], None)
    assert document["no_base"].startswith("No base: removals not planned.")


def test_a_base_that_cannot_be_read_gives_no_removals_and_says_so(office: Office) -> None:
    begin(office, term(LAW, participants=list(PEOPLE)))
    office.write(term(LAW, participants=list(PEOPLE[:4])))
    office.scope = ("--base", "origin/nowhere")
    said_instead(office, "Run git fetch", "origin/nowhere cannot be read")


def test_a_base_with_invalid_manifests_gives_no_removals_and_says_so(office: Office) -> None:
    begin(office, term(LAW, participants=list(PEOPLE)))
    office.write("flows: [{key: a b}]", "more.yaml")
    wrong = commit(office.root)
    office.write("flows: []", "more.yaml")
    office.write(term(LAW, participants=list(PEOPLE[:4])))
    office.scope = ("--base", wrong)
    said_instead(office, f"The manifests at {wrong[:7]} are invalid: manifests/more.yaml:1:10")


def test_outside_git_there_is_no_base(office: Office) -> None:
    office.write(term())
    office.scope = ()
    office.apply()
    office.scope = ("--base", "HEAD")
    said_instead(office, "This folder is in no git repository")


def test_a_folder_that_was_not_there_is_no_base(office: Office) -> None:
    office.write(term())
    git(office.root, "init", "--quiet")
    git(office.root, "commit", "--quiet", "--allow-empty", "--message", "nothing")
    office.scope = ()
    office.apply()
    office.scope = ("--base", "HEAD")
    said_instead(office, "no such folder in it")


def test_a_base_that_is_no_ancestor_ends_with_7(office: Office) -> None:
    begin(office, term(LAW))
    git(office.root, "switch", "--quiet", "--create", "other")
    other = commit(office.root, "on another branch")
    git(office.root, "switch", "--quiet", "main")
    commit(office.root)
    office.scope = ("--base", other)
    for command in (["plan"], ["apply", "--auto-approve"]):
        code, said = office.call(*command)
        assert code == 7
        assert "no ancestor" in said


@pytest.mark.parametrize("ref", ["--output=/tmp/x", "-h", "", "HEAD\n", "a\0b"])
def test_a_hostile_ref_is_refused(office: Office, ref: str) -> None:
    begin(office, term(LAW))
    office.scope = (f"--base={ref}",)
    code, said = office.call("plan")
    assert code == 1
    assert "cannot name a commit" in said


def test_the_whole_repository_may_stand_in_a_folder_of_another(office: Office) -> None:
    outer = office.root.parent
    begin_in = office.root
    office.write(term(LAW, participants=list(PEOPLE)))
    git(outer, "init", "--quiet", "--initial-branch", "main")
    git(outer, "add", begin_in.name)
    git(outer, "commit", "--quiet", "--message", "inner")
    office.scope = ()
    office.apply()
    office.scope = ("--base", "HEAD")
    office.write(term(LAW, participants=list(PEOPLE[:4])))
    (change,) = office.document()["changes"]
    assert len(change["seats"]["remove"]) == 1


# ---- origins -------------------------------------------------------------------------------------


def retitle(office: Office, title: str) -> None:
    path = f"/flows/{live(office)['flowId']}/metadata"
    there = office.stage.by_hand("GET", path)["data"]
    office.stage.by_hand("PUT", path, there | {"title": title})


@pytest.mark.parametrize(
    ("by_hand", "in_git", "origin"),
    [("", "Company law", "git"), ("By hand", "Law", "live"), ("By hand", "Company law", "both")],
)
def test_a_change_says_who_moved(office: Office, by_hand: str, in_git: str, origin: str) -> None:
    begin(office, term(LAW))
    if by_hand:
        retitle(office, by_hand)
    office.write(term({**LAW, "title": in_git}))
    (change,) = office.document()["changes"]
    assert (change["id"], change["origin"]) == ("flow/law:metadata", origin)
    drift = "Drift: changed in WISEflow since the last apply" in office.call("plan")[1]
    assert drift is (origin != "git")
    office.apply()
    assert live(office)["title"] == in_git


def test_a_new_entry_is_new_and_a_seat_that_was_taken_by_hand_is_live(office: Office) -> None:
    begin(office, term(LAW, authors=list(PEOPLE)))
    flow = live(office)["flowId"]
    seat = office.stage.seats(flow, "authors")[0]
    office.stage.by_hand("DELETE", f"/flows/{flow}/authors/{seat['authorId']}")
    office.write(term(LAW, {"key": "tax", "title": "Tax"}, authors=list(PEOPLE)))
    origins = {name: change["origin"] for name, change in by_id(office.document()).items()}
    assert origins["flow/law:authors"] == "live"
    assert origins["flow/tax"] == "new"


def test_on_an_exam_that_has_started_what_people_did_in_wiseflow_is_reported(
    office: Office,
) -> None:
    active = {**LAW, "lifecycle": "active"}
    begin(office, term(active, participants=list(PEOPLE)))
    office.clock("2027-05-03 10:00")
    flow = live(office)["flowId"]
    longer = 1_811_500_000
    office.stage.by_hand("PATCH", f"/flows/{flow}/dates", {"marking": {"end": longer}})
    document = office.document()
    assert document["changes"] == []
    assert "left alone since the exam has started: marking.end" in str(document["notes"])
    # What git moves at the same time is written, and leaves alone what it does not move.
    moved = {"participation": {**WINDOWS["participation"], "end": "2027-05-03 14:00"}}
    office.write(term({**active, **moved}, participants=list(PEOPLE)))
    (change,) = office.document("--allow", "starts-soon:*")["changes"]
    assert [one["path"] for one in change["fields"]] == ["participation.end"]
    office.apply()
    dates = office.stage.by_hand("GET", f"/flows/{flow}/dates")["data"]
    assert dates["marking"]["end"] == longer
    assert office.document()["changes"] == []


# ---- saved plans ---------------------------------------------------------------------------------


def test_a_saved_plan_knows_its_base(office: Office) -> None:
    begin(office, term(LAW, participants=list(PEOPLE)))
    base = git(office.root, "rev-parse", "HEAD")
    office.write(term(LAW, participants=list(PEOPLE[:4])))
    commit(office.root)
    plan = str(office.root / "saved.plan")
    office.scope = ("--base", base)
    code, said = office.call("plan", "--out", plan)
    assert f"base {base[:7]}" in said, code
    office.scope = ("--base", "HEAD")
    code, said = office.call("apply", plan)
    assert code == 7
    assert "made with another base" in said
    office.scope = ()
    assert office.call("apply", plan)[0] == 0
    assert participants(office) == 4
    assert office.call("apply", plan)[0] == 0


def test_a_reviewed_plan_brings_its_base_along(office: Office) -> None:
    begin(office, term(LAW, participants=list(PEOPLE)))
    office.write(term(LAW, participants=list(PEOPLE[:4])))
    plan = str(office.root / "saved.plan")
    office.call("plan", "--out", plan)
    office.scope = ()
    code, said = office.call("apply", "--reviewed", plan)
    assert code == 0, said
    assert participants(office) == 4


# ---- faults --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop_after"},
        {"kind": "drop_before"},
        {"kind": "status", "status": 503},
        {"kind": "truncate"},
        {"kind": "malformed"},
    ],
    ids=lambda fault: fault["kind"],
)
def test_a_deletion_whose_answer_is_lost_ends_as_one_that_is_not(
    office: Office, fault: dict[str, Any]
) -> None:
    begin(office, term(LAW, participants=list(PEOPLE)))
    office.write(term())
    lost = {"method": "DELETE", "path": "/flows/{flowId}", "times": 1, **fault}
    office.stage.control("POST", "faults", [lost])
    code, said = office.call("apply", "--auto-approve", "--allow", "deletion:flow/law")
    assert code == 0, said
    assert office.stage.flows("wisectl-law") == []
    assert office.document()["changes"] == []


def test_a_draft_that_cannot_be_read_is_not_deleted(office: Office) -> None:
    begin(office, term(LAW, participants=list(PEOPLE)))
    office.write(term())
    for path in ("/flow/{flowId}", "/flows/{flowId}/participants"):
        fault = {"method": "GET", "path": path, "kind": "status", "status": 403, "times": 1}
        office.stage.control("POST", "faults", [fault])
        (change,) = office.document("--allow", "deletion:*")["changes"]
        assert change["status"] == "blocked"
        assert "could not be read" in change["reasons"][0]
    office.stage.control("POST", "faults", [])
    assert len(office.document("--allow", "deletion:*")["changes"]) == 1


# ---- what cannot be read back --------------------------------------------------------------------


def ects(office: Office) -> Any:
    flows = office.stage.control("GET", "state")["flows"]
    (flow,) = [one for one in flows if one["title"] == "Law" and not one["deleted"]]
    return flow["ects"]


@pytest.mark.parametrize(("before", "after"), [("5", "7.5"), ("5", None), (None, "5")])
def test_points_that_moved_in_git_are_written_though_nobody_can_read_them(
    office: Office, before: str | None, after: str | None
) -> None:
    begin(office, term({**LAW, "ects": before}))
    office.write(term({**LAW, "ects": after}))
    (change,) = office.document()["changes"]
    (field,) = change["fields"]
    assert (change["id"], change["origin"]) == ("flow/law:ects", "git")
    assert (field["before"], field["after"]) == ("cannot be verified", after)
    assert "cannot be verified → " in office.call("plan")[1]
    office.apply()
    assert ects(office) == after
    commit(office.root)
    assert office.document()["changes"] == []


def test_points_that_are_stated_for_the_first_time_are_written(office: Office) -> None:
    begin(office, term(LAW))
    office.write(term({**LAW, "ects": "5"}))
    office.apply()
    assert ects(office) == "5"


def test_points_that_stand_as_they_stood_are_left_alone_whatever_else_moved(office: Office) -> None:
    begin(office, term({**LAW, "ects": "5"}))
    office.write(term({**LAW, "ects": "5", "subtitle": "Part one"}))
    (change,) = office.document()["changes"]
    assert change["id"] == "flow/law:metadata"


def test_points_of_a_saved_plan_are_written_once_more_by_the_same_plan(office: Office) -> None:
    begin(office, term({**LAW, "ects": "5"}))
    office.write(term({**LAW, "ects": "10"}))
    assert office.call("plan", "--out", str(office.root / "plan.bin"))[0] == 0
    office.scope = ()
    for _ in range(2):
        assert office.call("apply", str(office.root / "plan.bin"))[0] == 0
        assert ects(office) == "10"


def test_a_flow_that_is_made_again_with_its_points_is_finished_by_the_same_plan(
    office: Office,
) -> None:
    begin(office, term(LAW))
    office.stage.by_hand("DELETE", f"/flows/{live(office)['flowId']}")
    document = json.loads(term({**LAW, "ects": "5"}))
    office.write(json.dumps(document | {"recreate": ["flow/law"]}))
    assert office.call("plan", "--out", str(office.root / "plan.bin"))[0] == 0
    office.scope = ()
    for _ in range(2):
        code, said = office.call("apply", str(office.root / "plan.bin"))
        assert code == 0, said
        assert ects(office) == "5"
