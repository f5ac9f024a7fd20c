"""What the laws found once, each as small as it can be told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.guards import NAMES
from engine.plan import Result, Status
from engine.wiseflow.flows import marker
from tests.e2e.history import commit

if TYPE_CHECKING:
    from tests.e2e.office import Office
    from tests.e2e.rehearsal import Rehearsal

EVERYTHING = [f"{name}:*" for name in NAMES]
KIM = "{key: kim@x.org, first_name: Kim, last_name: Larsen"
WINDOWS = """
    participation: {start: 2027-03-05 09:00, length: 4h}
    marking: {start: 2027-04-05 09:00, end: 2027-05-05 09:00}
"""
MARKED, CONCLUDED = 1_809_420_000, 1_809_600_000
"""4 and 6 May 2027: the last day of marking, and the day after it."""
SEATS = "role_assignments: [{flows: [law], managers: [kim@x.org]}]\n"


def term(flow: str, windows: str = WINDOWS) -> str:
    head = f"users: [{KIM}}}]\nflows:\n  - key: law\n    title: Law\n    content: none\n"
    return f"{head}    {flow}{windows}{SEATS}"


def user(stage: Rehearsal) -> dict[str, Any]:
    users = stage.control("GET", "state")["users"]
    return next(one for one in users if any(d["value"] == "kim@x.org" for d in one["data"]))


def leave_half_made(stage: Rehearsal, key: str) -> None:
    """A draft under the marker of a key, as a crash leaves it."""
    rows = stage.by_hand("GET", "/license/flow-types")["data"]
    types = {row["name"]: row["id"] for row in rows}
    managers = [stage.control("GET", "state")["users"][0]["id"]]
    body = {"title": "Half made", "subTitle": marker(key), "managers": managers}
    stage.by_hand("POST", "/license/create/flow", body | {"type": types["FLOWassign"]})


def settled(stage: Rehearsal) -> None:
    """Everything is done, and nothing is left to do."""
    stage.apply(*EVERYTHING)
    assert stage.failures() == []
    assert stage.plan(*EVERYTHING).changes == ()


def test_several_values_of_one_data_type_all_arrive(rehearsal: Rehearsal) -> None:
    rehearsal.write(f"users: [{KIM}}}]\n")
    settled(rehearsal)
    rehearsal.write(f"users: [{KIM}, data: {{UNIC ID: [unic1, unic2, unic3]}}}}]\n")
    settled(rehearsal)


def test_an_e_mail_that_a_crash_left_without_being_primary_becomes_it(
    rehearsal: Rehearsal,
) -> None:
    rehearsal.write(f"users: [{KIM}}}]\n")
    settled(rehearsal)
    body = [{"email": e, "primary": False} for e in ("a@x.org", "b@x.org")]
    rehearsal.by_hand("POST", f"/users/{user(rehearsal)['id']}/emails", body)
    rehearsal.write(f"users: [{KIM}, emails: [a@x.org, b@x.org]}}]\n")
    settled(rehearsal)
    assert [one["email"] for one in user(rehearsal)["emails"] if one["primary"]] == ["a@x.org"]


def test_a_new_user_has_a_primary_e_mail_after_the_first_call_that_adds_one(
    rehearsal: Rehearsal,
) -> None:
    """Else a crash after it would leave one that no search tells from a primary one."""
    rehearsal.write(f"users: [{KIM}, emails: [a@x.org]}}]\n")
    rehearsal.apply()
    sent = rehearsal.writes()
    assert sent.get("POST /users/{userId}/emails") == 1
    assert "PATCH /users/{userId}/emails" not in sent


def test_a_half_made_draft_of_another_type_is_made_anew(rehearsal: Rehearsal) -> None:
    leave_half_made(rehearsal, "law")
    rehearsal.write(term("type: FLOWlock"))
    # As if it were not there: whoever is on it says nothing of the flow that is to be.
    assert [one.id for one in rehearsal.plan().changes] == ["flow/law", "user/kim@x.org"]
    settled(rehearsal)
    (row,) = rehearsal.flows("wisectl-law")
    assert row["type"] == "FLOWlock"


def test_a_half_made_draft_is_not_made_anew_without_managers(rehearsal: Rehearsal) -> None:
    """Nobody who is stated as its manager is in WISEflow: it would be nobody's."""
    leave_half_made(rehearsal, "law")
    rehearsal.write(term("type: FLOWlock").replace(f"users: [{KIM}}}]\n", ""))
    change = next(one for one in rehearsal.plan().changes if one.id == "flow/law")
    assert change.status is Status.BLOCKED
    assert change.reasons == ("none of its managers is in WISEflow, or about to be",)


def test_nobody_comes_to_a_half_made_flow_before_it_is_finished(rehearsal: Rehearsal) -> None:
    """Its assessor types are made anew, and who had one already would be left without it."""
    leave_half_made(rehearsal, "law")
    types_of = "assessor_types: [{type: Internal, instruction: All.}]"
    text = term(f"type: FLOWassign\n    {types_of}")
    seats = "managers: [kim@x.org], assessors: [{people: [kim@x.org], type: Internal}]"
    rehearsal.write(text.replace("managers: [kim@x.org]", seats))
    changes = {change.id: change for change in rehearsal.plan().changes}
    assert "flow/law" in changes["flow/law:assessors"].needs
    settled(rehearsal)


def test_a_copy_of_an_oral_exam_with_dates_is_blocked_before_it_is_made(
    rehearsal: Rehearsal,
) -> None:
    flow = "copy_from: {flow: oral}"
    text = term(flow).replace(
        "  - key: law", "  - {key: oral, type: FLOWoral, title: Oral}\n  - key: law"
    )
    rehearsal.write(text.replace("flows: [law]", "flows: [law, oral]"))
    (made,) = [one for one in rehearsal.plan().changes if one.id == "flow/law"]
    assert made.status is Status.BLOCKED
    assert "FLOWoral" in " ".join(made.reasons)


def test_what_the_dates_conclude_is_written_before_them_and_known_as_done(
    rehearsal: Rehearsal,
) -> None:
    rehearsal.write(term("type: FLOWassign\n    lifecycle: active"))
    rehearsal.apply(*EVERYTHING)
    past = """
    participation: {start: 2026-10-05 09:00, length: 4h}
    marking: {start: 2026-10-06 09:00, end: 2026-10-07 09:00}
"""
    text = term("type: FLOWassign\n    lifecycle: active\n    description: Over.", past)
    rehearsal.write(
        text.replace("managers: [kim@x.org]", "managers: [kim@x.org], authors: [kim@x.org]")
    )
    saved = rehearsal.save_plan(*EVERYTHING)
    rehearsal.apply_saved(saved, *EVERYTHING)
    assert rehearsal.failures() == []
    again = rehearsal.apply_saved(saved, *EVERYTHING)
    assert {one.result for one in again} == {Result.ALREADY_DONE}, rehearsal.failures()


def test_what_a_state_forbids_by_now_is_refused_alone(rehearsal: Rehearsal) -> None:
    """A flow that was archived by hand after the plan: what was done before stays done."""
    rehearsal.write(term("type: FLOWassign"))
    rehearsal.apply(*EVERYTHING)
    number = rehearsal.flows("wisectl-law")[0]["flowId"]
    rehearsal.by_hand("PATCH", f"/flows/{number}/activate")
    rehearsal.control("POST", "clock", {"now": MARKED})
    text = term("type: FLOWassign\n    description: New.")
    rehearsal.write(text.replace("title: Law", "title: Laws"))
    saved = rehearsal.save_plan()
    there = rehearsal.by_hand("GET", f"/flows/{number}/metadata")["data"]
    rehearsal.by_hand("PUT", f"/flows/{number}/metadata", there | {"title": "Laws"})
    rehearsal.control("POST", "clock", {"now": CONCLUDED})
    rehearsal.by_hand("PATCH", f"/flows/{number}/archive")
    outcomes = {one.change.part: one.result for one in rehearsal.apply_saved(saved)}
    assert outcomes == {"metadata": Result.ALREADY_DONE, "description": Result.FAILED}


def test_people_come_back_to_an_exam_that_git_puts_off(office: Office) -> None:
    """It has started by its old time: by the new one it has not, so nothing is left alone."""
    office.write(
        term("type: FLOWassign\n    lifecycle: active").replace(
            "managers: [kim@x.org]", "managers: [kim@x.org], authors: [kim@x.org]"
        )
    )
    commit(office.root)
    office.stage.apply(*EVERYTHING)
    number = office.stage.flows("wisectl-law")[0]["flowId"]
    (author,) = office.stage.by_hand("GET", f"/flows/{number}/authors")["data"]
    office.stage.by_hand("DELETE", f"/flows/{number}/authors/{author['authorId']}")
    office.clock("2027-03-05 10:00")
    text = (office.root / "manifests" / "term.yaml").read_text(encoding="utf-8")
    office.write(text.replace("2027-03-05", "2027-03-25"))
    office.scope = ("--base", "HEAD")
    changes = {change["id"]: change["status"] for change in office.document()["changes"]}
    assert changes["flow/law:authors"] == "planned"


def test_a_half_made_flow_that_is_to_go_is_nothing_to_copy_from(rehearsal: Rehearsal) -> None:
    """Else its deletion and the copy wait for each other."""
    leave_half_made(rehearsal, "old")
    rehearsal.write(term("copy_from: {flow: old}") + "removed: [flow/old]\n")
    plan = rehearsal.plan(*EVERYTHING)
    changes = {change.id: change for change in plan.changes}
    assert changes["flow/law"].status is Status.BLOCKED
    assert changes["flow/old"].reasons == ("needs flow/law, which is blocked",)
    assert 'no flow "old"' in " ".join(problem.message for problem in plan.problems)
    rehearsal.apply(*EVERYTHING)
    assert rehearsal.failures() == []


def test_a_half_made_copy_is_finished_after_what_it_is_copied_from_is_made(
    rehearsal: Rehearsal,
) -> None:
    leave_half_made(rehearsal, "law")
    text = term("copy_from: {flow: old}")
    old = f"  - key: old\n    title: Old\n    content: none\n    type: FLOWassign{WINDOWS}"
    text = text.replace("  - key: law", f"{old}  - key: law")
    rehearsal.write(text.replace("flows: [law]", "flows: [law, old]"))
    settled(rehearsal)


def again(stage: Rehearsal, text: str) -> None:
    """A saved plan that was carried out says of all of it that it is done."""
    stage.write(text)
    plan = stage.save_plan(*EVERYTHING)
    stage.apply_saved(plan, *EVERYTHING)
    assert stage.failures() == []
    results = {one.result for one in stage.apply_saved(plan, *EVERYTHING)}
    assert results == {Result.ALREADY_DONE}


def test_whoever_comes_and_may_not_sit_the_exam_is_there_when_the_plan_is_run_again(
    rehearsal: Rehearsal,
) -> None:
    seats = "[{flows: [law], managers: [kim@x.org], participants: [kim@x.org]}]"
    text = term("type: FLOWassign").replace(SEATS, f"role_assignments: {seats}\n")
    inactive = "individual: [{flows: [law], person: kim@x.org, active: false}]\n"
    again(rehearsal, text + inactive)
    assert rehearsal.plan().changes == ()


def test_whoever_leaves_an_exam_may_have_a_line_of_their_own_still(rehearsal: Rehearsal) -> None:
    own = "individual: [{flows: [law], person: kim@x.org, timebox: off}]\n"
    seats = "[{flows: [law], membership: exact, managers: [kim@x.org], participants: [kim@x.org]}]"
    text = term("type: FLOWassign").replace(SEATS, f"role_assignments: {seats}\n") + own
    rehearsal.write(text)
    settled(rehearsal)
    again(rehearsal, text.replace("participants: [kim@x.org]", "participants: []"))
    assert rehearsal.plan().changes == ()


def test_whoever_left_an_exam_gets_no_times_because_a_line_calls_them_active(
    rehearsal: Rehearsal,
) -> None:
    seats = "[{flows: [law], membership: exact, managers: [kim@x.org], participants: [kim@x.org]}]"
    text = term("type: FLOWassign\n    lifecycle: active").replace(
        SEATS, f"role_assignments: {seats}\n"
    )
    rehearsal.write(text)
    settled(rehearsal)
    own = "individual: [{flows: [law], person: kim@x.org, active: true}]\n"
    more = "accommodations: [{flows: [law], people: [kim@x.org], extra_time: 25%}]\n"
    rehearsal.write(text.replace("participants: [kim@x.org]", "participants: []") + own + more)
    settled(rehearsal)


def test_a_copy_is_made_of_its_source_as_it_is_to_be(rehearsal: Rehearsal) -> None:
    """Once its term, its description and its settings are what this plan makes of them."""
    text = term("type: FLOWassign\n    term: Spring 2027")
    rehearsal.write(text)
    settled(rehearsal)
    copy = f"  - key: tax\n    title: Tax\n    content: none\n    copy_from: {{flow: law}}{WINDOWS}"
    text = text.replace("Spring", "Autumn").replace("role_ass", copy + "role_ass")
    rehearsal.write(text.replace("flows: [law]", "flows: [law, tax]"))
    changes = {change.id: change for change in rehearsal.plan().changes}
    assert "flow/law:metadata" in changes["flow/tax"].after
    settled(rehearsal)
    flows = rehearsal.control("GET", "state")["flows"]
    assert [one["term"] for one in flows if one["title"] == "Tax"] == ["Autumn 2027"]


def test_what_a_new_source_makes_possible_does_not_stop_the_plan_that_attached_it(
    rehearsal: Rehearsal,
) -> None:
    source = "type: FLOWassign\n    sis_sources: [{code: A||B, integration: Northfield STADS}]"
    rooms = "rooms: [{key: hall, name: Hall, capacity: 9, bookable: true}]\n"
    seats = "managers: [kim@x.org], room_bookings: [{room: hall}]"
    text = term(source, "\n").replace("managers: [kim@x.org]", seats)
    again(rehearsal, text + rooms)
    settled(rehearsal)


def test_somebody_who_is_written_in_two_ways_is_found_where_only_one_of_them_is_left(
    rehearsal: Rehearsal,
) -> None:
    """A server tells the ways apart; the first flow is all that the plan is about."""
    body = {"firstName": "Ada", "lastName": "Byron", "emails": ["ada@x.org"], "roles": []}
    rows = rehearsal.by_hand("GET", "/license/user-data-types")["data"]
    kind = next(row["id"] for row in rows if row["name"] == "Personal Organisation Id")
    body |= {"externalIds": [{"userDataTypeId": kind, "value": "ada@x.org"}]}
    rehearsal.by_hand("POST", "/license/user", body)
    flows = "".join(
        f"  - {{key: {key}, type: FLOWassign, title: {key}, content: none}}\n" for key in ("a", "b")
    )
    head = f"users: [{KIM}}}]\nflows:\n{flows}role_assignments:\n"
    head += "  - {flows: [b], managers: [kim@x.org, ada@x.org]}\n"
    rehearsal.write(head + "  - {flows: [a], managers: [kim@x.org]}\n")
    settled(rehearsal)
    rehearsal.write(head + "  - {flows: [a], managers: [kim@x.org, ADA@X.ORG]}\n")
    settled(rehearsal)
    (flow,) = rehearsal.flows("wisectl-a")
    assert len(rehearsal.seats(flow["flowId"], "managers")) == 2


def test_somebody_who_is_found_by_another_number_alone_is_found_when_it_is_carried_out(
    rehearsal: Rehearsal,
) -> None:
    """A server tells ways of writing apart; the flow that names the number is done already."""
    body = {"firstName": "Ada", "lastName": "Byron", "emails": ["ada@x.org"], "roles": []}
    rows = rehearsal.by_hand("GET", "/license/user-data-types")["data"]
    kinds = {row["name"]: row["id"] for row in rows}
    values = {"Personal Organisation Id": "ada@x.org", "Student Number": "20270815"}
    body |= {
        "externalIds": [{"userDataTypeId": kinds[k], "value": one} for k, one in values.items()]
    }
    rehearsal.by_hand("POST", "/license/user", body)
    flows = "".join(
        f"  - {{key: {key}, type: FLOWassign, title: {key}, content: none}}\n" for key in ("a", "b")
    )
    by_number = "authors: {csv: n.csv, column: nr, matches: Student Number}"
    rehearsal.write("nr\n20270815\n", "n.csv")
    head = f"users: [{KIM}}}]\nflows:\n{flows}role_assignments:\n"
    head += f"  - {{flows: [b], managers: [kim@x.org], {by_number}}}\n"
    rehearsal.write(head + "  - {flows: [a], managers: [kim@x.org]}\n")
    settled(rehearsal)
    rehearsal.write(head + "  - {flows: [a], managers: [kim@x.org], authors: [ADA@X.ORG]}\n")
    settled(rehearsal)
    (flow,) = rehearsal.flows("wisectl-a")
    assert len(rehearsal.seats(flow["flowId"], "authors")) == 1


def test_nobody_is_allocated_who_does_not_come_to_the_flow(rehearsal: Rehearsal) -> None:
    """Assessors of a part of a sequence are added in WISEflow alone."""
    kinds = ("bar", "bar-a")
    flows = "".join(
        f"  - {{key: {key}, type: FLOWassign, title: {key}, content: none, allocation: grouped}}\n"
        for key in kinds
    )
    more = "sequences: [{main: bar, parts: [bar-a]}]\n"
    seats = "role_assignments:\n  - {flows: [bar, bar-a], managers: [kim@x.org]}\n"
    rehearsal.write(f"users: [{KIM}}}]\nflows:\n{flows}{more}{seats}")
    settled(rehearsal)
    groups = (
        "  - flows: [bar-a]\n    assessors: [kim@x.org]\n"
        "    assessor_groups: [{title: A, assessors: [kim@x.org]}]\n"
    )
    rehearsal.write(f"users: [{KIM}}}]\nflows:\n{flows}{more}{seats}{groups}")
    plan = rehearsal.plan(*EVERYTHING)
    assert {c.status for c in plan.changes if "assessor" in c.part} == {Status.BLOCKED}


def test_whoever_is_left_out_of_an_exam_that_has_started_gets_no_times_of_their_own(
    office: Office,
) -> None:
    """Somebody took them out in WISEflow: that stays, and so does what would be theirs."""
    sits = "role_assignments: [{flows: [law], managers: [kim@x.org], participants: [kim@x.org]}]\n"
    line = "individual: [{flows: [law], person: kim@x.org, unique_exam_id: X-1}]\n"
    text = term("type: FLOWassign").replace(SEATS, sits)
    office.write(text + "\n")
    commit(office.root)
    office.apply()
    (flow,) = office.stage.flows("wisectl-law")
    (seat,) = office.stage.seats(flow["flowId"], "participants")
    path = f"/flows/{flow['flowId']}/participants/{seat['participantId']}"
    office.stage.by_hand("DELETE", path)
    office.stage.by_hand("PATCH", f"/flows/{flow['flowId']}/activate")
    office.stage.control("POST", "clock", {"now": 1_804_240_800})
    office.write(text + line)
    office.scope = ("--base", "HEAD")
    document = office.document()
    assert "left alone since the exam has started: kim@x.org" in str(document["notes"])
    assert document["changes"] == []
