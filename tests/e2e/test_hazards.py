"""What a change takes or sets off, each in the state in which it is held, and in the one before."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e import accommodated, test_allocation, test_oral
from tests.e2e.accommodated import ANN, SAM
from tests.e2e.test_guards import ACTIVE, FEW, KIM, people, term

if TYPE_CHECKING:
    from tests.e2e.office import Office


def planned(office: Office, *arguments: str) -> dict[str, Any]:
    """The changes of a plan by their part, without what people are granted for their seats."""
    changes = office.document(*arguments)["changes"]
    return {change["part"]: change for change in changes if change["part"] != "roles"}


def holding(change: dict[str, Any]) -> set[str]:
    """The hazards by which a change is held; none where it is not."""
    found = {one["name"] for one in change["hazards"] if one["holds"]}
    assert change["status"] == ("held" if found else "planned")
    return found


def begun(office: Office, text: str, clock: str = "") -> None:
    office.write(text)
    office.apply()
    if clock:
        office.clock(clock)


# ---- activation ----------------------------------------------------------------------------------


def test_an_activation_says_whom_it_messages_and_that_there_is_no_way_back(office: Office) -> None:
    begun(office, term())
    office.write(term(**ACTIVE))
    activation = planned(office)["activation"]
    said = f"activation cannot be undone and messages {FEW} participants and 9 staff"
    assert activation["status"] == "planned"
    assert activation["hazards"] == [{"name": "activation", "message": said, "holds": False}]
    assert said[1:] in office.call("plan")[1]
    office.apply()
    office.write(term(lifecycle="draft"))
    assert planned(office) == {}


def test_whoever_is_deactivated_before_it_is_not_messaged(office: Office) -> None:
    begun(office, accommodated.term())
    nobody = [accommodated.person(one, active=False) for one in (SAM, ANN)]
    office.write(accommodated.term(*nobody, lifecycle="active"))
    assert "messages 1 participants" in str(planned(office)["activation"]["hazards"])
    everybody = (*nobody, accommodated.person(accommodated.BOB, active=False))
    office.write(accommodated.term(*everybody, lifecycle="active"))
    assert "no-participants" in str(planned(office)["activation"]["hazards"])


# ---- verbs by state ------------------------------------------------------------------------------


@pytest.mark.parametrize(("state", "verb"), [({}, "remove"), (ACTIVE, "deactivate")])
def test_a_participant_is_removed_from_a_draft_and_deactivated_after_it(
    office: Office, state: dict[str, str], verb: str
) -> None:
    begun(office, term(**state))
    office.write(term(**state, participants=people(2, FEW), authors=people(4, 5)))
    changes = planned(office)
    leave = changes["participants.leave"]
    there = {name: seats for name, seats in leave["seats"].items() if name in (verb, "remove")}
    assert [one["person"] for one in there[verb]] == people(1, 1)
    assert sum(len(seats) for seats in there.values()) == 1
    assert holding(leave) == ({"deactivation"} if state else set())
    assert len(changes["authors.leave"]["seats"]["remove"]) == 1
    assert holding(changes["authors.leave"]) == set()


# ---- exams that are near -------------------------------------------------------------------------

JUST_BEFORE, WITHIN, RUNNING = "2027-05-01 08:59", "2027-05-01 09:00", "2027-05-03 10:00"
"""48 hours and a minute before the start, 48 hours before it, and in the exam."""


def window(start: str, end: str) -> dict[str, Any]:
    return {"participation": {"start": f"2027-05-{start}", "end": f"2027-05-{end}"}}


NEAR: dict[str, tuple[dict[str, Any], str]] = {
    "the start moves": (window("03 09:30", "03 13:30"), "dates"),
    "it starts earlier": (window("03 08:30", "03 13:00"), "dates"),
    "a participant goes": ({"participants": people(2, FEW)}, "participants.leave"),
    "an author goes": ({"authors": people(4, 5)}, "authors.leave"),
    "an assessor goes": ({"assessors": people(6, 8)}, "assessors.leave"),
}


@pytest.mark.parametrize("name", NEAR)
def test_an_exam_is_moved_or_taken_from_within_48_hours_only_where_that_is_allowed(
    name: str, office: Office
) -> None:
    changed, part = NEAR[name]
    begun(office, term(), JUST_BEFORE)
    office.write(term(**changed))
    is_near = name == "it starts earlier"
    assert holding(planned(office)[part]) == ({"starts-soon"} if is_near else set())
    for now in (WITHIN, RUNNING):
        office.clock(now)
        assert holding(planned(office)[part]) == {"starts-soon"}, now
    allowed = ("--allow", "starts-soon:flow/law", "--allow", "starts-soon:flow/law:1")
    assert planned(office, *allowed)[part]["status"] == "planned"


def test_an_end_that_comes_earlier_is_taken_from_an_exam_that_runs(office: Office) -> None:
    begun(office, term(), RUNNING)
    office.write(term(**window("03 09:00", "03 12:00")))
    assert holding(planned(office)["dates"]) == {"shorter", "starts-soon"}


def test_an_exam_that_comes_near_by_its_new_start_is_held(office: Office) -> None:
    begun(office, term(), "2027-04-20 12:00")
    for day, names in (("23", set()), ("22", {"starts-soon"})):
        moved = {"start": f"2027-04-{day} 09:00", "end": f"2027-04-{day} 13:00"}
        office.write(term(participation=moved))
        assert holding(planned(office)["dates"]) == names


def test_giving_is_not_held_though_the_exam_runs(office: Office) -> None:
    begun(office, term(participants=people(2, FEW), authors=people(4, 5)), RUNNING)
    later = {"marking": {"start": "2027-05-05 12:00", "end": "2027-06-24 12:00"}}
    office.write(term(**window("03 09:00", "03 14:00"), **later))
    changes = planned(office)
    assert set(changes) == {"dates", "participants", "authors"}
    assert [holding(one) for one in changes.values()] == [set()] * len(changes)


MONDAY = test_oral.MONDAY
ORAL_NEAR = "2027-05-09 09:00"
ORAL_RUNS = "2027-05-10 07:10"


@pytest.mark.parametrize("now", ["2027-05-08 06:59", ORAL_NEAR, ORAL_RUNS])
def test_an_oral_exam_is_near_when_its_first_period_is(office: Office, now: str) -> None:
    """It has no window: its periods say when it is."""
    begun(office, oral(), now)
    office.write(oral(participants=test_oral.STUDENTS[1:], anonymisation="participant_index"))
    is_near = now in (ORAL_NEAR, ORAL_RUNS)
    changes = planned(office)
    assert holding(changes["participants.leave"]) == ({"starts-soon"} if is_near else set())
    held = {"anonymisation"} if now == ORAL_RUNS else set()
    assert holding(changes["anonymisation"]) == held


def unsaid(text: str) -> str:
    """The same without its periods, which nobody states any more."""
    entries = json.loads(text)
    del entries["flows"][0]["periods"]
    return json.dumps(entries)


def test_periods_that_no_manifest_states_say_when_an_oral_exam_is(office: Office) -> None:
    begun(office, oral(), ORAL_NEAR)
    office.write(unsaid(oral(participants=test_oral.STUDENTS[1:])))
    assert holding(planned(office)["participants.leave"]) == {"starts-soon"}


def test_an_oral_exam_counts_as_begun_where_its_periods_cannot_be_read(office: Office) -> None:
    begun(office, oral())
    office.write(unsaid(oral(participants=test_oral.STUDENTS[1:])))
    fault = {"method": "GET", "path": "/flows/{flowId}/periods", "kind": "status"}
    office.stage.control("POST", "faults", [fault | {"status": 404, "times": 9}])
    document = office.document()
    office.stage.control("POST", "faults", [])
    (leave,) = document["changes"]
    assert holding(leave) == {"starts-soon"}
    assert "it counts as one that has started" in str(document["problems"])


def oral(anonymisation: str = "off", **roles: Any) -> str:
    """An oral exam with two periods, of which nobody has a slot yet."""
    periods = [test_oral.period(test_oral.TUESDAY), test_oral.period(MONDAY)]
    flow = {"anonymisation": anonymisation}
    text = test_oral.term(periods, flow=flow, membership="exact", **roles)
    entries = json.loads(text)
    del entries["role_assignments"][0]["slots"]
    return json.dumps(entries)


# ---- shorter -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("end", "names"), [("23 12:00", {"shorter"}), ("24 12:00", None), ("25 12:00", set())]
)
def test_marking_that_becomes_shorter_is_held(
    office: Office, end: str, names: set[str] | None
) -> None:
    begun(office, term())
    office.write(term(marking={"start": "2027-05-05 12:00", "end": f"2027-05-{end}"}))
    changes = planned(office)
    assert (holding(changes["dates"]) if changes else None) == names


OWN: dict[str, tuple[dict[str, Any], dict[str, Any], str, set[str]]] = {
    "a later end": (
        {"participation": {"end": "2027-05-03 15:00"}},
        {"participation": {"end": "2027-05-03 14:00"}},
        "individual_dates.taking",
        {"shorter", "starts-soon"},
    ),
    "a start": (
        {},
        {"participation": {"start": "2027-05-03 09:30", "end": "2027-05-03 13:30"}},
        "individual_dates.taking",
        {"starts-soon"},
    ),
    "a timebox": (
        {"timebox": 230},
        {"timebox": 220},
        "individual_timebox.taking",
        {"shorter", "starts-soon"},
    ),
    "the seat": (
        {},
        {"active": False},
        "individual_active.taking",
        {"deactivation", "starts-soon"},
    ),
}


@pytest.mark.parametrize("name", OWN)
def test_what_somebody_has_of_their_own_is_taken_only_where_that_is_allowed(
    name: str, office: Office
) -> None:
    before, after, part, names = OWN[name]
    exam: dict[str, Any] = {"timebox": 200, "lifecycle": "active"}
    lines = [accommodated.person(SAM, **before)] if before else []
    begun(office, accommodated.term(*lines, **exam), "2027-05-01 08:59")
    office.write(accommodated.term(accommodated.person(SAM, **after), **exam))
    far = names - {"starts-soon"}
    changes = planned(office)
    assert holding(changes[part] if far else changes["individual_dates"]) == far
    office.clock("2027-05-01 09:00")
    assert holding(planned(office)[part]) == names


# ---- anonymity and marking -----------------------------------------------------------------------


def test_anonymity_is_given_before_the_start_and_held_after_it(office: Office) -> None:
    begun(office, term(**ACTIVE, anonymisation="off"), "2027-05-03 08:59")
    office.write(term(**ACTIVE, anonymisation="participant_index"))
    assert holding(planned(office)["anonymisation"]) == set()
    office.clock("2027-05-03 09:00")
    assert holding(planned(office)["anonymisation"]) == {"anonymisation"}


MARKING, BEFORE_MARKING = "2027-05-05 12:00", "2027-05-05 11:59"
ADA, BO, CY = test_allocation.ADA, test_allocation.BO, test_allocation.CY


def reviewed(*reviewers: Any) -> str:
    flow = {"lifecycle": "active"}
    return test_allocation.term(flow, membership="exact", reviewers=[*reviewers])


REVIEWING: dict[str, tuple[str, str, str]] = {
    "a reviewer goes": (reviewed(ADA, BO), reviewed(ADA), "reviewers.leave"),
    "an allocation goes": (
        reviewed(test_allocation.marks(ADA, *test_allocation.STUDENTS), BO),
        reviewed(test_allocation.marks(ADA, *test_allocation.STUDENTS[1:]), BO),
        "reviewers.1.participants.leave",
    ),
    "all whom somebody had go": (
        reviewed({"people": [ADA], "allocated_to_all": True}, BO),
        reviewed({"people": [ADA], "allocated_to_all": False}, BO, CY),
        "reviewers.taking",
    ),
}


@pytest.mark.parametrize("name", REVIEWING)
def test_nothing_is_taken_from_reviewing_after_marking_started_unless_it_is_allowed(
    name: str, office: Office
) -> None:
    before, after, part = REVIEWING[name]
    begun(office, before, BEFORE_MARKING)
    office.write(after)
    others = {"starts-soon"} if name == "a reviewer goes" else set()
    early = planned(office)
    assert holding(early[part if part in early else "reviewers"]) == others
    office.clock(MARKING)
    changes = planned(office)
    assert holding(changes[part]) == {*others, "marking-started"}
    assert {holding(one) == set() for one in changes.values() if one["part"] != part} <= {True}


# ---- users ---------------------------------------------------------------------------------------


def kim(**fields: Any) -> str:
    entry = {"key": KIM, "first_name": "Kim", "last_name": "Larsen", **fields}
    return json.dumps({"users": [entry]})


def test_a_phone_is_emptied_only_where_git_says_so_and_the_plan_shows_what_goes(
    office: Office,
) -> None:
    begun(office, kim(phone="+44 1632 960001"))
    office.write(kim(language="da"))
    office.apply()
    assert planned(office) == {}
    office.write(kim(phone=None))
    (field,) = planned(office)["attributes"]["fields"]
    assert (field["path"], field["before"], field["after"]) == ("phone", "+44 1632 960001", None)
    assert "+44 1632 960001" in office.call("plan")[1]
    protect = f"protect: [user/{KIM}]"
    office.write(protect, "protect.yaml")
    assert planned(office)["attributes"]["status"] == "blocked"


def test_another_primary_e_mail_is_shown_and_nobody_is_sent_an_activation(office: Office) -> None:
    """One that is new is added before it is made primary, and so it needs no activation."""
    begun(office, kim(emails=["a@x.org", "b@x.org"]))
    for emails in (["b@x.org", "a@x.org"], ["c@x.org", "b@x.org", "a@x.org"]):
        office.write(kim(emails=emails))
        change = planned(office)["emails"]
        assert holding(change) == set()
        assert change["fields"][0]["after"] == emails
        office.apply()
        assert planned(office) == {}
    (user,) = [row for row in office.stage.control("GET", "state")["users"] if KIM in str(row)]
    assert {row["activated"] for row in user["emails"] if row["email"] != "a@x.org"} == {True}


def test_whom_a_reviewer_had_go_by_a_plan_that_marking_overtook_only_where_that_is_allowed(
    office: Office,
) -> None:
    before, after, _ = REVIEWING["all whom somebody had go"]
    begun(office, before, BEFORE_MARKING)
    office.write(after)
    saved = str(office.root / "monday.plan")
    assert office.call("plan", "--out", saved)[0] == 0
    office.clock(MARKING)
    code, said = office.call("apply", saved)
    assert (code, "held by now" in said) == (6, True)
    assert "reviewers.taking" in planned(office)
    code, said = office.call("apply", "--auto-approve", "--allow", "marking-started:flow/law")
    assert (code, planned(office)) == (0, {}), said


def test_whom_a_reviewer_is_left_with_waits_for_the_others_to_go(office: Office) -> None:
    begun(office, reviewed({"people": [ADA], "allocated_to_all": True}, BO), MARKING)
    office.write(reviewed(test_allocation.marks(ADA, test_allocation.SAM), BO))
    changes = planned(office)
    assert {one["status"] for one in changes.values()} == {"held"}
    assert changes["reviewers.1.participants"]["needs"] == ["flow/law:reviewers.taking"]
    code, said = office.call("apply", "--auto-approve", "--allow", "marking-started:flow/law")
    assert (code, planned(office)) == (0, {}), said
    assert test_allocation.found(office.stage)["reviewers"] == {ADA: [test_allocation.SAM]}
