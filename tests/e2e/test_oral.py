"""Oral exams: when their periods are, and who is examined when, one after the other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from engine.plan import Plan, Status
from tests.e2e.rehearsal import Rehearsal

if TYPE_CHECKING:
    from tests.e2e.office import Office

KIM, SAM, TED, UMA, VIC = (f"{name}@example.org" for name in ("kim", "sam", "ted", "uma", "vic"))
STUDENTS = [SAM, TED, UMA]
MONDAY, TUESDAY = "2027-05-10 07:00Z", "2027-05-11 07:00Z"
EXACT = {"membership": "exact"}


def period(start: str, **more: Any) -> dict[str, Any]:
    return {"start": start, "examination": 25, **more}


def slots(start: str, *people: str) -> dict[str, Any]:
    return {"period": start, "participants": [*people]}


def term(
    periods: list[dict[str, Any]] | None,
    *examined: dict[str, Any],
    flow: dict[str, Any] | None = None,
    **roles: Any,
) -> str:
    """One oral exam with three participants, its periods, and who is examined in them."""
    users = [
        {"key": key, "first_name": "Kim", "last_name": "Larsen"} for key in (KIM, *STUDENTS, VIC)
    ]
    entry = {"key": "law", "type": "FLOWoral", "title": "Law", "content": "none"}
    entry |= {} if periods is None else {"periods": periods}
    role = {"flows": ["law"], "managers": [KIM], "participants": STUDENTS, "slots": [*examined]}
    entries = {"users": users, "flows": [entry | (flow or {})], "role_assignments": [role | roles]}
    return json.dumps(entries)


def apply(stage: Rehearsal, text: str, *allow: str) -> None:
    """Applies, and nothing is left to do."""
    stage.write(text)
    stage.apply(*allow)
    assert stage.failures() == []
    assert stage.plan(*allow).changes == ()


def _flow(stage: Rehearsal) -> dict[str, Any]:
    flows = stage.control("GET", "state")["flows"]
    (flow,) = [f for f in flows if "wisectl-law" in json.dumps(f["externalSources"])]
    return dict(flow)


def _by_seat(stage: Rehearsal) -> dict[int, str]:
    keys = {
        user["id"]: data["value"]
        for user in stage.control("GET", "state")["users"]
        for data in user["data"]
        if "@" in data["value"]
    }
    return {one["participantId"]: keys[one["userId"]] for one in _flow(stage)["participants"]}


def found(stage: Rehearsal) -> dict[str, list[str]]:
    """As the sandbox holds it: by start of the period, who is examined; breaks by their title."""
    names = _by_seat(stage)
    return {
        one["startDate"].replace("T", " ").replace(":00Z", "Z"): [
            names.get(slot["participantId"], slot["title"]) for slot in one["slots"]
        ]
        for one in _flow(stage)["periods"]
    }


def by_hand(stage: Rehearsal, start: str, *titles: str) -> None:
    """A manager sets the slots of a period: keys are people, all else is a break."""
    seats = {name: number for number, name in _by_seat(stage).items()}
    flow = _flow(stage)
    (there,) = [one["id"] for one in flow["periods"] if start[:10] in one["startDate"]]
    rows = [
        {"type": "PARTICIPANT", "participantId": seats[one], "description": f"for {one}"}
        if one in seats
        else {"type": "BREAK", "title": one, "examinationMinutes": 30}
        for one in titles
    ]
    stage.by_hand("PUT", f"/flows/{flow['id']}/periods/{there}/slots", {"slots": rows})


def statuses(plan: Plan) -> dict[str, Status]:
    return {change.part: change.status for change in plan.changes}


def test_a_new_oral_exam_gets_its_periods_and_people_their_slots(rehearsal: Rehearsal) -> None:
    days = [
        period(TUESDAY, preparation=20, voting=5, location="Room 4", preparation_in_same_room=True),
        period(MONDAY),
    ]

    apply(rehearsal, term(days, slots(MONDAY, UMA, SAM), slots(TUESDAY, TED)))

    assert found(rehearsal) == {MONDAY: [UMA, SAM], TUESDAY: [TED]}
    monday, tuesday = _flow(rehearsal)["periods"]
    assert (monday["preparationMinutes"], monday["votingMinutes"]) == (0, 0)
    assert tuesday["examinationMinutes"] == 25
    assert (tuesday["preparationMinutes"], tuesday["votingMinutes"]) == (20, 5)
    assert (tuesday["location"], tuesday["preparationInSameRoom"]) == ("Room 4", True)


ONE, BOTH = [period(MONDAY)], [period(MONDAY), period(TUESDAY)]
STATES: dict[str, tuple[str, dict[str, list[str]]]] = {
    "nothing": (term([], **EXACT), {}),
    "empty": (term(BOTH, **EXACT), {MONDAY: [], TUESDAY: []}),
    "in order": (term(ONE, slots(MONDAY, *STUDENTS), **EXACT), {MONDAY: STUDENTS}),
    "backwards": (
        term([period(MONDAY, location="Room 4")], slots(MONDAY, UMA, TED, SAM), **EXACT),
        {MONDAY: [UMA, TED, SAM]},
    ),
    "apart": (
        term(BOTH, slots(MONDAY, TED), slots(TUESDAY, UMA, SAM), **EXACT),
        {MONDAY: [TED], TUESDAY: [UMA, SAM]},
    ),
    "the other way round": (
        term(BOTH, slots(MONDAY, SAM, UMA), slots(TUESDAY, TED), **EXACT),
        {MONDAY: [SAM, UMA], TUESDAY: [TED]},
    ),
    "on Tuesday": (
        term([period(TUESDAY, voting=5)], slots(TUESDAY, SAM, TED), **EXACT),
        {TUESDAY: [SAM, TED]},
    ),
}
WAYS = [(start, end) for start in STATES for end in STATES if start != end]
ALLOW = ("--allow", "empty:*", "--allow", "replaced:*", "--allow", "period:*")


@pytest.mark.parametrize(("start", "end"), WAYS, ids=[f"{a} to {b}" for a, b in WAYS])
def test_any_slots_are_reached_from_any_others(office: Office, start: str, end: str) -> None:
    """Which periods go is known from base alone."""
    for name in (start, end):
        text, wanted = STATES[name]
        office.write(text)
        code, said = office.call("apply", "--auto-approve", *ALLOW)
        assert code == 0, said
        assert found(office.stage) == wanted, said
        assert "No changes." in office.call("plan")[1]
        office.commit()
        office.scope = ("--base", "HEAD")
