"""SIS sources of a flow, and references of other systems: attached, and taken away."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from engine.plan import Plan, Result, Status
from tests.e2e.edges import between
from tests.e2e.test_base import sis

if TYPE_CHECKING:
    from tests.e2e.office import Office
    from tests.e2e.rehearsal import Rehearsal

ADA, BO = "p0@example.org", "p1@example.org"
STADS = "Northfield STADS"
FIRST, SECOND = ({"code": code, "integration": STADS} for code in ("A||B||C", "A||B||D"))
ALLOWED = ("sis-attach:*", "sis-remove:*", "reference:*", "shorter:*", "empty:*", "replaced:*")
READS = ("GET /license/sis/clients", "GET /flows/{flowId}/sources")
ADD = "POST /flow/{flowId}/source/add"
WINDOWS = {
    "participation": {"start": "2027-05-03 09:00", "length": "4h"},
    "marking": {"start": "2027-05-05 12:00", "end": "2027-05-24 12:00"},
}


def term(**fields: Any) -> str:
    """One exam, with these fields of the flow."""
    people = fields.pop("participants", [BO])
    users = [{"key": key, "first_name": "Kim", "last_name": "Larsen"} for key in (ADA, BO)]
    windows = fields.pop("windows", WINDOWS)
    flow = {"key": "law", "type": "FLOWassign", "title": "Law", "content": "none", **windows}
    roles = {"flows": ["law"], "managers": [ADA], "participants": people, "membership": "exact"}
    entries = {"users": users, "flows": [flow | fields], "role_assignments": [roles]}
    return json.dumps(entries)


def apply(stage: Rehearsal, text: str, *allow: str) -> None:
    stage.write(text)
    stage.apply(*(allow or ALLOWED))
    assert stage.failures() == []


def flow(stage: Rehearsal) -> dict[str, Any]:
    flows = [one for one in stage.control("GET", "state")["flows"] if not one["deleted"]]
    (found,) = [one for one in flows if "wisectl-law" in json.dumps(one["externalSources"])]
    return dict(found)


def codes(stage: Rehearsal) -> list[str]:
    return sorted(one["code"] for one in flow(stage)["sources"])


def references(stage: Rehearsal) -> list[str]:
    return sorted(one["reference"] for one in flow(stage)["externalSources"])


def parts(plan: Plan, status: Status = Status.PLANNED) -> set[str]:
    return {change.part for change in plan.changes if change.status is status}


def by_hand(stage: Rehearsal, code: str) -> None:
    number = stage.by_hand("GET", "/license/sis/clients")[0]["integrationId"]
    body = {"sourceCode": code, "integrationId": str(number)}
    stage.by_hand("POST", f"/flow/{flow(stage)['id']}/source/add", body)


# ---- attached ------------------------------------------------------------------------------------


def test_a_new_flow_is_made_and_then_fed_and_the_next_plan_is_empty(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(sis_sources=[FIRST, SECOND], references=["SITS-1", "b_2"]))
    assert codes(rehearsal) == ["A||B||C", "A||B||D"]
    assert references(rehearsal) == ["SITS-1", "b_2", "wisectl-law"]
    assert rehearsal.plan().changes == ()


def test_the_first_source_is_held_and_says_what_it_takes_over(office: Office) -> None:
    office.write(term())
    office.apply()
    office.write(term(sis_sources=[FIRST], title="Tax law"))
    said = office.call("plan")[1]
    assert "A||B||C ← Northfield STADS" in said
    assert "the student information system takes this flow over" in said
    assert "--allow sis-attach:flow/law" in said
    assert office.call("apply", "--auto-approve")[0] == 6
    assert codes(office.stage) == []
    assert flow(office.stage)["title"] == "Tax law"
    assert office.call("apply", "--auto-approve", "--allow", "sis-attach:flow/law")[0] == 0
    assert codes(office.stage) == ["A||B||C"]


def test_what_else_is_planned_comes_before_the_first_source(rehearsal: Rehearsal) -> None:
    """After it, dates and titles are left alone."""
    apply(rehearsal, term())
    moved = {"start": "2027-05-04 09:00", "length": "3h"}
    text = term(sis_sources=[FIRST], title="Tax law", participation=moved, references=["R"])
    rehearsal.write(text)
    (source,) = [one for one in rehearsal.plan().changes if one.part == "sis_sources"]
    assert {*source.after} == {f"flow/law:{part}" for part in ("metadata", "dates", "references")}
    apply(rehearsal, text)
    found = flow(rehearsal)
    assert (found["title"], codes(rehearsal)) == ("Tax law", ["A||B||C"])
    assert references(rehearsal) == ["R", "wisectl-law"]
    assert rehearsal.plan().changes == ()


def test_what_needs_the_times_of_a_source_says_that_another_plan_is_needed(
    rehearsal: Rehearsal,
) -> None:
    text = term(sis_sources=[FIRST], windows={}, lifecycle="active")
    rehearsal.write(text)
    (change,) = [one for one in rehearsal.plan(*ALLOWED).changes if one.part == "activation"]
    assert (change.status, change.reasons) == (
        Status.BLOCKED,
        ("its source says when the exam is: plan again once it is attached",),
    )
    apply(rehearsal, text)
    apply(rehearsal, text)
    assert rehearsal.plan(*ALLOWED).changes == ()


def test_another_source_beside_one_that_feeds_is_not_held(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(sis_sources=[FIRST]))
    rehearsal.write(term(sis_sources=[FIRST, SECOND]))
    assert parts(rehearsal.plan()) == {"sis_sources"}


def test_sources_are_read_only_where_they_are_stated(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term())
    rehearsal.plan()
    sent = rehearsal.control("GET", "requests")
    assert not set(READS) & set(sent)


# ---- what stands in the way ----------------------------------------------------------------------


def test_an_integration_that_the_licence_lacks_is_a_problem_that_lists_them(
    rehearsal: Rehearsal,
) -> None:
    apply(rehearsal, term())
    rehearsal.write(term(sis_sources=[FIRST, {"code": "A||B", "integration": "SITS"}], title="X"))
    plan = rehearsal.plan(*ALLOWED)
    assert parts(plan, Status.BLOCKED) == {"sis_sources.blocked"}
    assert parts(plan) == {"sis_sources", "metadata"}
    (problem,) = plan.problems
    assert problem.message == 'unknown integration "SITS"'
    assert problem.hint == "this licence has: Northfield STADS"


def test_an_unknown_integration_is_told_before_that_another_has_the_code(
    rehearsal: Rehearsal,
) -> None:
    apply(rehearsal, term(sis_sources=[FIRST]))
    rehearsal.write(term(sis_sources=[FIRST | {"integration": "SITS"}]))
    (problem,) = rehearsal.plan(*ALLOWED).problems
    assert problem.message == 'unknown integration "SITS"'


def test_a_concluded_flow_is_fed_by_nothing_any_more(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(lifecycle="active"))
    rehearsal.control("POST", "clock", {"now": 1_811_462_400})
    rehearsal.write(term(sis_sources=[FIRST]))
    plan = rehearsal.plan(*ALLOWED)
    (change,) = [one for one in plan.changes if one.part == "sis_sources.blocked"]
    assert change.reasons[0].startswith("the flow is concluded")


def test_a_flow_that_its_new_dates_conclude_is_fed_by_nothing_any_more(
    rehearsal: Rehearsal,
) -> None:
    """The source comes last: WISEflow may have archived the flow by then."""
    apply(rehearsal, term())
    past = {
        "participation": {"start": "2026-10-14 09:00", "end": "2026-10-14 13:00"},
        "marking": {"start": "2026-10-15 09:00", "end": "2026-10-20 12:00"},
    }
    rehearsal.write(term(windows=past, sis_sources=[FIRST]))
    (change,) = [one for one in rehearsal.plan(*ALLOWED).changes if one.part == "sis_sources"]
    assert change.status is Status.BLOCKED
    assert "by its new dates it is over" in change.reasons[-1]


def test_a_concluded_flow_that_gets_a_later_end_is_fed_by_the_same_plan(
    rehearsal: Rehearsal,
) -> None:
    apply(rehearsal, term(lifecycle="active"))
    rehearsal.control("POST", "clock", {"now": 1_811_462_400})
    later = {"start": "2027-05-05 12:00", "end": "2028-05-24 12:00"}
    apply(rehearsal, term(sis_sources=[FIRST], marking=later))
    assert rehearsal.plan(*ALLOWED).changes == ()


def test_references_of_a_fed_flow_are_blocked(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(sis_sources=[FIRST], references=["A"]))
    rehearsal.write(term(sis_sources=[FIRST], references=["A", "B"]))
    plan = rehearsal.plan(*ALLOWED)
    assert parts(plan, Status.BLOCKED) == {"references.blocked"}
    assert references(rehearsal) == ["A", "wisectl-law"]


@pytest.mark.parametrize("path", ["sources", "external-sources"])
def test_nothing_is_planned_of_a_list_that_cannot_be_read(path: str, rehearsal: Rehearsal) -> None:
    rehearsal.checked = False
    apply(rehearsal, term(sis_sources=[FIRST], references=["A"]))
    rehearsal.write(term(sis_sources=[SECOND], references=["B"]))
    fault = {"method": "GET", "path": f"/flows/{{flowId}}/{path}", "kind": "status", "status": 500}
    rehearsal.control("POST", "faults", [fault | {"times": 20}])
    plan = rehearsal.plan(*ALLOWED)
    what = "sis_sources" if path == "sources" else "references"
    assert not any(change.part.startswith(what) for change in plan.changes)
    assert any(what in str(problem) for problem in plan.problems)


# ---- taken away ----------------------------------------------------------------------------------


def test_strangers_are_told_and_stay(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(sis_sources=[FIRST]))
    by_hand(rehearsal, "X||Y||Z")
    plan = rehearsal.plan(*ALLOWED)
    assert plan.changes == ()
    said = "sis_sources: in WISEflow but not stated: X||Y||Z ← Northfield STADS"
    assert said in {note.message for note in plan.notes}


def test_what_left_git_is_taken_away_where_base_put_it_there(office: Office) -> None:
    office.write(term(sis_sources=[FIRST, SECOND]))
    assert office.call("apply", "--auto-approve", "--allow", "sis-attach:*")[0] == 0
    by_hand(office.stage, "X||Y||Z")
    base = office.commit()
    office.write(term(sis_sources=[FIRST]))
    office.commit()
    said = office.call("plan", "--base", base)[1]
    assert "who came through this source is not kept up to date any more" in said
    code, said = office.call(
        "apply", "--auto-approve", "--base", base, "--allow", "sis-remove:flow/law"
    )
    assert code == 0, said
    assert codes(office.stage) == ["A||B||C", "X||Y||Z"]


def test_once_nothing_feeds_a_flow_it_is_compared_in_the_same_plan(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(sis_sources=[FIRST], participants=[ADA, BO]))
    text = term(sis_sources=[], title="Tax law", participants=[BO], references=["R"])
    rehearsal.write(text)
    held = rehearsal.plan()
    assert parts(held, Status.HELD) == {
        *("sis_sources.leave", "metadata", "participants.leave", "references"),
    }
    apply(rehearsal, text)
    assert (codes(rehearsal), flow(rehearsal)["title"]) == ([], "Tax law")
    assert len(flow(rehearsal)["participants"]) == 1
    assert references(rehearsal) == ["R", "wisectl-law"]
    assert rehearsal.plan().changes == ()


def test_references_go_when_allowed_and_never_the_key(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(references=["A", "a-2"]))
    rehearsal.write(term(references=[]))
    assert parts(rehearsal.plan(), Status.HELD) == {"references.leave"}
    apply(rehearsal, term(references=[]))
    assert references(rehearsal) == ["wisectl-law"]
    assert rehearsal.plan().changes == ()


# ---- saved plans, undo ---------------------------------------------------------------------------


def test_a_saved_plan_that_was_run_is_already_done(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term())
    rehearsal.write(term(sis_sources=[FIRST], references=["R"]))
    saved = rehearsal.save_plan(*ALLOWED)
    rehearsal.apply_saved(saved)
    assert rehearsal.failures() == []
    again = {outcome.result for outcome in rehearsal.apply_saved(saved)}
    assert again == {Result.ALREADY_DONE}


def test_a_saved_plan_is_refused_where_a_source_went_meanwhile(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(sis_sources=[FIRST]))
    rehearsal.write(term(sis_sources=[FIRST], references=[], description="Open book."))
    saved = rehearsal.save_plan(*ALLOWED)
    number = rehearsal.by_hand("GET", "/license/sis/clients")[0]["integrationId"]
    path = f"/flow/{flow(rehearsal)['id']}/source/remove/QXx8Qnx8Qw/integration/{number}"
    rehearsal.by_hand("DELETE", path)
    outcomes = rehearsal.apply_saved(saved)
    assert {outcome.result for outcome in outcomes} == {Result.FAILED}


def test_undo_takes_away_what_the_run_attached(office: Office) -> None:
    office.write(term(references=["A"]))
    office.apply()
    office.write(term(references=["A", "B"], sis_sources=[FIRST]))
    assert office.call("apply", "--auto-approve", "--allow", "sis-attach:*")[0] == 0
    assert sis(office)
    said = office.call("undo")[1]
    assert "A||B||C ← Northfield STADS" in said
    assert "references B" in said


def test_a_flow_that_says_itself_that_nothing_feeds_it_needs_no_search_for_that(
    rehearsal: Rehearsal,
) -> None:
    """While the search fails, every other flow counts as fed."""
    apply(rehearsal, term())
    entries = json.loads(term(sis_sources=[], title="Company law"))
    entries["flows"].append({**entries["flows"][0], "key": "tax", "title": "Tax"})
    del entries["flows"][1]["sis_sources"]
    entries["role_assignments"][0]["flows"].append("tax")
    apply(rehearsal, json.dumps(entries))
    entries["flows"] = [one | {"title": "Another law"} for one in entries["flows"]]
    rehearsal.write(json.dumps(entries))
    with between(NotFed):
        changes = {change.id for change in rehearsal.plan().changes}
    assert changes == {"flow/law:metadata"}


class NotFed(httpx.AsyncBaseTransport):
    """A network on which nobody finds out which flows a student information system feeds."""

    def __init__(self, network: httpx.AsyncBaseTransport) -> None:
        self._network = network

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if b"isSis" in request.content:
            return httpx.Response(400, json={"success": False, "error": {"message": "no"}})
        return await self._network.handle_async_request(request)

    async def aclose(self) -> None:
        await self._network.aclose()
