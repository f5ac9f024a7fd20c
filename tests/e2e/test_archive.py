"""Into the archive by `lifecycle: archived`, and out of it by `unarchive`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.test_adopt import cut_off, settled, sis_feeds
from tests.e2e.test_base import LAW, PEOPLE, WINDOWS, begin, by_id, live, term

if TYPE_CHECKING:
    from tests.e2e.office import Office

ACTIVE = {**LAW, "lifecycle": "active"}
ARCHIVED = {**LAW, "lifecycle": "archived"}
ALLOWED = ("--allow", "unarchive:flow/law")
LATER = {**WINDOWS, "marking": {"start": "2027-05-05 12:00", "end": "2028-02-01 12:00"}}


@pytest.fixture(autouse=True)
def _an_activated_exam(office: Office) -> None:
    office.scope = ()
    office.write(term(ACTIVE, participants=list(PEOPLE)))
    office.apply()


def state(office: Office) -> str:
    return str(live(office)["state"])


def archived(office: Office) -> None:
    """The exam is archived by the clock."""
    office.clock("2027-08-01 12:00")
    assert state(office) == "ARCHIVED"


def ends(office: Office) -> str:
    end = live(office)["marking"]["end"]
    return f"{datetime.fromtimestamp(end, UTC):%Y-%m-%d}"


def lifecycle(office: Office, *arguments: str) -> dict[str, Any]:
    """The one change on the way into the archive or out of it."""
    changes = by_id(office.document(*arguments))
    (one,) = [c for c in changes.values() if c["part"] in ("archive", "unarchive")]
    return dict(one)


# ---- into the archive ----------------------------------------------------------------------------


def test_a_concluded_flow_is_archived(office: Office) -> None:
    office.clock("2027-05-25 12:00")
    office.write(term(ARCHIVED, participants=list(PEOPLE)))
    assert lifecycle(office)["status"] == "planned"
    settled(office)
    assert state(office) == "ARCHIVED"


def test_what_could_not_be_read_whole_is_not_archived(office: Office) -> None:
    """Nothing is written any more once it is there: what was not read may have to be."""
    office.clock("2027-05-25 12:00")
    types = {"assessor_types": [{"type": "Internal"}]}
    office.write(term({**ARCHIVED, **types}, participants=list(PEOPLE)))
    refused = {"method": "GET", "path": "/flows/{flowId}/assessor-types", "kind": "status"}
    office.stage.control("POST", "faults", [refused | {"status": 404, "times": 9}])
    change = lifecycle(office)
    office.stage.control("POST", "faults", [])
    assert change["status"] == "blocked"
    assert change["reasons"] == ["not all of it could be read: assessor_types"]


def test_before_it_is_over_the_archiving_waits(office: Office) -> None:
    office.write(term(ARCHIVED, participants=list(PEOPLE)))
    change = lifecycle(office)
    assert change["status"] == "waiting"
    assert change["reasons"] == ["is archived once it is over: Mon 24 May 2027 12:00 UTC"]
    office.apply()
    assert state(office) == "ACTIVATED"


def test_a_draft_is_not_activated_to_be_archived(office: Office) -> None:
    office.write(term(LAW, {"key": "tax", "title": "Tax", "lifecycle": "archived"}))
    change = lifecycle(office)
    assert (change["id"], change["status"]) == ("flow/tax:archive", "blocked")
    assert change["reasons"] == ["only a concluded flow can be archived, and it is a draft"]
    office.apply()
    assert live(office, "tax")["state"] == "NOT_ACTIVATED"
    assert lifecycle(office)["status"] == "blocked"


def test_a_flow_that_git_ends_earlier_is_archived_at_once(office: Office) -> None:
    office.clock("2027-05-20 12:00")
    short = {**WINDOWS, "marking": {**WINDOWS["marking"], "end": "2027-05-19 12:00"}}
    office.write(term({**ARCHIVED, **short, "subtitle": "Over"}, participants=list(PEOPLE)))
    office.scope = ("--allow", "shorter:*", "--allow", "starts-soon:*")
    settled(office)
    assert (state(office), live(office)["subtitle"]) == ("ARCHIVED", "Over")


def test_an_end_that_git_moves_into_the_future_makes_it_wait(office: Office) -> None:
    office.clock("2027-05-25 12:00")
    office.write(term({**ARCHIVED, **LATER}, participants=list(PEOPLE)))
    assert lifecycle(office)["status"] == "waiting"
    office.apply()
    assert (state(office), ends(office)) == ("PARTICIPATION_ENDED", "2028-02-01")


@pytest.mark.parametrize(
    ("more", "result"), [({}, "already done"), ({"title": "Laws"}, "blocked by")]
)
def test_what_the_clock_archived_after_the_plan_is_not_written(
    office: Office, more: dict[str, Any], result: str
) -> None:
    office.clock("2027-06-22 12:00")
    office.write(term({**ARCHIVED, **more}, participants=list(PEOPLE)))
    plan = str(office.root / "saved.plan")
    office.call("plan", "--out", plan)
    office.clock("2027-06-25 12:00")
    assert state(office) == "ARCHIVED"
    writes = office.stage.writes()
    said = office.call("apply", plan, "--json")[1]
    outcomes = json.loads(said[said.index("{\n") : said.rindex("}") + 1])["outcomes"]
    results = {one["id"].partition(":")[2]: one["result"] for one in outcomes}
    assert results == {"archive": result} | ({"metadata": "failed"} if more else {})
    assert office.stage.writes() == writes


def test_the_same_plan_of_an_archived_flow_finds_all_done(office: Office) -> None:
    office.clock("2027-05-25 12:00")
    office.write(term({**ARCHIVED, "allocation": "grouped"}, participants=list(PEOPLE)))
    plan = str(office.root / "saved.plan")
    office.call("plan", "--out", plan)
    code, said = office.call("apply", plan)
    assert code == 0, said
    code, said = office.call("apply", plan)
    assert code == 0, said
    assert "Already done before: 2 changes." in said


def test_an_end_that_moves_after_the_plan_is_never_archived_over(office: Office) -> None:
    """What was possible when it was planned is refused for that change alone."""
    office.clock("2027-05-25 12:00")
    office.write(term({**ARCHIVED, "description": "Over."}, participants=list(PEOPLE)))
    plan = str(office.root / "saved.plan")
    office.call("plan", "--out", plan)
    path = f"/flows/{live(office)['flowId']}/dates"
    office.stage.by_hand("PATCH", path, {"marking": {"end": 1_830_000_000}})
    assert office.call("apply", plan)[0] != 0
    assert state(office) == "PARTICIPATION_ENDED"


def test_an_archived_flow_that_is_to_be_archived_is_as_stated(office: Office) -> None:
    archived(office)
    office.write(term({**ARCHIVED, "title": "Laws"}))
    document = office.document()
    assert (document["changes"], document["notes"]) == ([], [])


# ---- out of the archive --------------------------------------------------------------------------


def test_an_archived_flow_comes_back_when_people_ask_and_allow_it(office: Office) -> None:
    archived(office)
    office.write(term({**ACTIVE, **LATER, "title": "Laws"}, participants=list(PEOPLE[1:])))
    assert office.document()["changes"] == []
    office.write("unarchive: [flow/LAW]", "answers.yaml")
    changes = by_id(office.document())
    assert changes["flow/law:unarchive"]["status"] == "held"
    assert "--allow unarchive:flow/law" in str(changes["flow/law:unarchive"]["reasons"])
    assert {one["status"] for one in changes.values()} == {"held"}
    (end,) = changes["flow/law:dates"]["fields"]
    assert (end["before"], end["after"]) == ("today", "2028-02-01T12:00:00Z")
    office.scope = ALLOWED
    settled(office)
    assert (state(office), ends(office)) == ("PARTICIPATION_ENDED", "2028-02-01")
    assert live(office)["title"] == "Laws"
    assert "unarchive: it is not archived" in str(office.document()["notes"])


def test_without_stated_windows_marking_ends_today(office: Office) -> None:
    archived(office)
    entry = {"key": "law", "title": "Laws", "type": "FLOWassign", "lifecycle": "active"}
    office.write(f'{{"flows": [{entry}], "unarchive": ["flow/law"]}}'.replace("'", '"'))
    office.scope = ALLOWED
    settled(office)
    assert (state(office), ends(office)) == ("CONCLUDED", "2027-08-01")


def test_what_is_not_readable_in_the_archive_is_written_after_it(office: Office) -> None:
    archived(office)
    office.write(term({**ACTIVE, **LATER, "allocation": "grouped"}, participants=list(PEOPLE)))
    office.write("unarchive: [flow/law]", "answers.yaml")
    office.scope = ALLOWED
    settled(office)
    path = f"/flows/{live(office)['flowId']}/marking/assessor-allocation-type"
    assert office.stage.by_hand("GET", path)["data"]["allocationType"] == "GROUPED"


@pytest.mark.parametrize("fault", ["status", "drop_before"])
@pytest.mark.parametrize(
    ("method", "path"),
    [("PATCH", "unarchive"), ("PATCH", "dates"), ("PUT", "marking/assessor-allocation-type")],
)
def test_a_plan_that_was_cut_off_is_applied_again(
    office: Office, method: str, path: str, fault: str
) -> None:
    archived(office)
    office.write(term({**ACTIVE, **LATER, "allocation": "grouped"}, participants=list(PEOPLE)))
    office.write("unarchive: [flow/law]", "answers.yaml")
    cut_off(office, {"method": method, "path": f"/flows/{{flowId}}/{path}", "kind": fault})


def test_an_end_that_would_archive_it_again_blocks_it(office: Office) -> None:
    archived(office)
    office.write("unarchive: [flow/law]", "answers.yaml")
    change = lifecycle(office, *ALLOWED)
    assert change["status"] == "blocked"
    assert "it would be archived again: state a later one" in change["reasons"][0]
    office.scope = ALLOWED
    office.apply()
    assert state(office) == "ARCHIVED"


def test_a_flow_that_a_sis_feeds_stays_archived(office: Office) -> None:
    sis_feeds(office, live(office)["flowId"])
    archived(office)
    office.write("unarchive: [flow/law]", "answers.yaml")
    change = lifecycle(office, *ALLOWED)
    assert change["status"] == "blocked"
    assert "student information system" in change["reasons"][0]


def test_with_a_base_the_end_that_git_did_not_move_is_left_alone(office: Office) -> None:
    begin(office, term({**ACTIVE, **LATER}, participants=list(PEOPLE)))
    number = live(office)["flowId"]
    office.clock("2028-02-02 12:00")
    office.stage.by_hand("PATCH", f"/flows/{number}/archive")
    office.write("unarchive: [flow/law]", "answers.yaml")
    longer = {"participation": {"start": "2027-05-03 09:00", "end": "2027-05-03 14:00"}}
    office.write(term({**ACTIVE, **LATER, **longer}, participants=list(PEOPLE)))
    office.scope = ("--base", "HEAD", *ALLOWED)
    office.apply()
    assert office.stage.writes()["PATCH /flows/{flowId}/dates"] > 1
    document = office.document()
    assert (document["changes"], ends(office)) == ([], "2028-02-02")
    assert "left alone since the exam has started: marking.end" in str(document["notes"])


def test_what_has_no_way_back_is_told(office: Office) -> None:
    office.clock("2027-05-25 12:00")
    office.write(term(ARCHIVED, participants=list(PEOPLE)))
    office.apply()
    assert "comes back only by `unarchive`" in office.call("undo")[1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("unarchive: [flow/tax]", "1:13: unarchive[0]: no flow"),
        ("unarchive: [user/kim@x.org]", "1:13: unarchive[0]: only flows are archived"),
        ("unarchive: [flow/law, flow/law]", '1:23: unarchive[1]: "flow/law" stands twice'),
    ],
)
def test_what_cannot_come_back_is_told_at_its_place(office: Office, text: str, said: str) -> None:
    office.write(text, "answers.yaml")
    code, told = office.call("validate")
    assert code == 3
    assert f"manifests/answers.yaml:{said}" in told


def test_nothing_is_both_archived_and_unarchived(office: Office) -> None:
    office.write(term(ARCHIVED))
    office.write("unarchive: [flow/law]", "answers.yaml")
    code, told = office.call("validate")
    assert code == 3
    assert "flow/law is to be archived at manifests/term.yaml:1:" in told


def test_the_same_plan_of_a_flow_that_its_new_end_archived_finds_all_done(office: Office) -> None:
    """Somebody left the line that asks for it out of the archive, which is blocked by then."""
    office.clock("2027-07-20 12:00")
    office.stage.by_hand("PATCH", f"/flows/{live(office)['flowId']}/unarchive")
    office.write(term({**ACTIVE, "title": "Laws"}, participants=list(PEOPLE)))
    office.write("unarchive: [flow/law]", "answers.yaml")
    plan = str(office.root / "saved.plan")
    allowed = ("--allow", "shorter:*", "--allow", "starts-soon:*")
    office.call("plan", "--out", plan, *allowed)
    for _ in range(2):
        code, said = office.call("apply", plan)
        assert code == 0, said
    assert state(office) == "ARCHIVED"
    assert "Already done before: 2 changes." in said
