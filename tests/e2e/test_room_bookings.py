"""Rooms of exams: booked for as long as the exam takes, and who sits in which."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from engine.plan import Plan, Status
from engine.sandbox.serve import Options, running
from tests.e2e.meddling import meddling
from tests.e2e.rehearsal import Rehearsal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.office import Office

KIM, SAM, TED, UMA, VIC = (f"{name}@example.org" for name in ("kim", "sam", "ted", "uma", "vic"))
STUDENTS = [SAM, TED, UMA]
WINDOWS = {
    "participation": {"start": "2027-05-03 09:00Z", "length": "4h"},
    "marking": {"start": "2027-05-05 12:00Z", "end": "2027-05-24 12:00Z"},
}
EXAM = ("2027-05-03 09:00", "2027-05-03 13:00")
HALLS = [
    {"key": "hall-a", "name": "Hall A", "capacity": 2},
    {"key": "B 1:07", "name": "B 1:07", "capacity": 9},
]


def term(*bookings: dict[str, Any], flow: dict[str, Any] | None = None, **more: Any) -> str:
    """One exam with three participants, its bookings, and other entries by kind."""
    users = [
        {"key": key, "first_name": "Kim", "last_name": "Larsen"} for key in (KIM, *STUDENTS, VIC)
    ]
    entry = {"key": "law", "type": "FLOWassign", "title": "Law", "content": "none", **WINDOWS}
    roles = {"flows": ["law"], "managers": [KIM], "participants": STUDENTS}
    roles |= {"room_bookings": [*bookings]} | more.pop("roles", {})
    entries = {"users": users, "flows": [entry | (flow or {})], "role_assignments": [roles]}
    return json.dumps(entries | {"rooms": HALLS} | more)


def booked(room: str, *people: str, **times: str) -> dict[str, Any]:
    return {"room": room, "participants": [*people], **times}


def apply(stage: Rehearsal, text: str, *allow: str) -> None:
    """Applies, and nothing is left to do."""
    stage.write(text)
    stage.apply(*allow)
    assert stage.failures() == []
    assert stage.plan(*allow).changes == ()


def _said(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M}"


def _flow(stage: Rehearsal) -> dict[str, Any]:
    flows = stage.control("GET", "state")["flows"]
    (flow,) = [f for f in flows if "wisectl-law" in json.dumps(f["externalSources"])]
    return dict(flow)


def found(stage: Rehearsal) -> dict[tuple[str, str, str], list[str]]:
    """As the sandbox holds it: by room, start and end, who sits there."""
    state, flow = stage.control("GET", "state"), _flow(stage)
    names = {
        user["id"]: next((d["value"] for d in user["data"] if "@" in d["value"]), "")
        for user in state["users"]
    }
    seats = {one["participantId"]: names[one["userId"]] for one in flow["participants"]}
    rooms = {room["id"]: room["identifier"] for room in state["rooms"]}
    return {
        (rooms[b["roomId"]], _said(b["from"]), _said(b["to"])): sorted(
            seats[one] for one in b["participantIds"]
        )
        for b in flow["roomBookings"]
    }


def statuses(plan: Plan) -> dict[str, Status]:
    return {change.part: change.status for change in plan.changes}


def test_a_new_exam_gets_its_rooms_and_people_sit_in_them(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(booked("hall-a", SAM, TED), booked("B 1:07", UMA)))

    assert found(rehearsal) == {("hall-a", *EXAM): [SAM, TED], ("B 1:07", *EXAM): [UMA]}


STATES: dict[str, tuple[str, dict[tuple[str, str, str], list[str]]]] = {
    "nothing": (term(roles={"membership": "exact"}), {}),
    "empty": (term({"room": "hall-a"}, roles={"membership": "exact"}), {("hall-a", *EXAM): []}),
    "together": (
        term(booked("B 1:07", *STUDENTS), roles={"membership": "exact"}),
        {("B 1:07", *EXAM): STUDENTS},
    ),
    "apart": (
        term(booked("hall-a", UMA), booked("B 1:07", SAM), roles={"membership": "exact"}),
        {("hall-a", *EXAM): [UMA], ("B 1:07", *EXAM): [SAM]},
    ),
    "the other way round": (
        term(booked("hall-a", SAM, TED), booked("B 1:07", UMA), roles={"membership": "exact"}),
        {("hall-a", *EXAM): [SAM, TED], ("B 1:07", *EXAM): [UMA]},
    ),
    "earlier": (
        term(
            booked("hall-a", UMA, start="2027-05-03 07:00Z", length="2h"),
            booked("B 1:07", SAM, TED),
            roles={"membership": "exact"},
        ),
        {
            ("hall-a", "2027-05-03 07:00", "2027-05-03 09:00"): [UMA],
            ("B 1:07", *EXAM): [SAM, TED],
        },
    ),
}
WAYS = [(start, end) for start in STATES for end in STATES if start != end]
ALLOW = ("empty:*", "replaced:*", "room-booking:*")


@pytest.mark.parametrize(("start", "end"), WAYS, ids=[f"{a} to {b}" for a, b in WAYS])
def test_any_rooms_are_reached_from_any_others(rehearsal: Rehearsal, start: str, end: str) -> None:
    for name in (start, end):
        text, wanted = STATES[name]
        apply(rehearsal, text, *ALLOW)
        # A room whose people are not stated keeps them.
        there = {place: people for place, people in found(rehearsal).items() if wanted.get(place)}
        assert there == {place: people for place, people in wanted.items() if people}
        assert set(found(rehearsal)) == set(wanted)


def test_rooms_move_with_the_exam_and_nobody_loses_their_place(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(booked("hall-a", SAM, TED), {"room": "B 1:07"}))
    number = _by_name(rehearsal)[UMA]
    (other,) = [b for b in _flow(rehearsal)["roomBookings"] if not b["participantIds"]]
    path = f"/flows/{_flow(rehearsal)['id']}/room-bookings/{other['id']}/participants/{number}"
    rehearsal.by_hand("POST", path)
    later = {"participation": {"start": "2027-05-04 09:00Z", "length": "3h"}}

    apply(rehearsal, term(booked("hall-a", SAM, TED), {"room": "B 1:07"}, flow=later), "shorter:*")

    exam = ("2027-05-04 09:00", "2027-05-04 12:00")
    assert found(rehearsal) == {("hall-a", *exam): [SAM, TED], ("B 1:07", *exam): [UMA]}


def test_a_room_is_not_moved_without_its_exam(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(booked("hall-a", SAM)))
    shorter = {"participation": {"start": "2027-05-03 09:00Z", "length": "3h"}}
    rehearsal.write(term(booked("hall-a", SAM), flow=shorter))

    assert statuses(rehearsal.plan()) == {"dates": Status.HELD, "room_bookings": Status.HELD}


def _by_name(stage: Rehearsal) -> dict[str, int]:
    """From names to participants."""
    keys = {
        user["id"]: data["value"]
        for user in stage.control("GET", "state")["users"]
        for data in user["data"]
        if "@" in data["value"]
    }
    return {keys[one["userId"]]: one["participantId"] for one in _flow(stage)["participants"]}


def test_no_room_is_booked_for_an_exam_that_its_new_dates_conclude(rehearsal: Rehearsal) -> None:
    """The room comes after the dates, and WISEflow may have archived the flow by then."""
    apply(rehearsal, term())
    past = {
        "participation": {"start": "2026-10-14 09:00Z", "end": "2026-10-14 13:00Z"},
        "marking": {"start": "2026-10-15 09:00Z", "end": "2026-10-20 12:00Z"},
    }
    rehearsal.write(term(booked("hall-a", SAM), flow=past))
    plan = rehearsal.plan("shorter:*", "starts-soon:*")
    assert statuses(plan) == {"dates": Status.PLANNED, "room_bookings": Status.BLOCKED} | {
        part: status for part, status in statuses(plan).items() if part == "room_seats"
    }
    assert statuses(plan).get("room_seats") is not Status.PLANNED


# ---- what cannot be --------------------------------------------------------------------------


def test_an_unknown_room_is_a_problem_that_lists_those_that_there_are(
    rehearsal: Rehearsal,
) -> None:
    rehearsal.by_hand(
        "POST",
        "/license/rooms",
        {"name": "By hand", "identifier": "Annex", "capacity": 9, "canBeBooked": True},
    )
    rehearsal.write(term(booked("hall-z", SAM), booked("annex", TED), booked("hall-a", UMA)))

    plan = rehearsal.plan()

    (problem,) = plan.problems
    assert (problem.message, problem.hint) == ('unknown room "hall-z"', "this licence has: Annex")
    assert statuses(plan)["room_bookings.blocked"] is Status.BLOCKED
    rehearsal.apply()
    assert rehearsal.failures() == []
    assert found(rehearsal) == {("Annex", *EXAM): [TED], ("hall-a", *EXAM): [UMA]}


def test_a_room_that_is_not_made_keeps_no_other_from_being_booked(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(rooms=HALLS[1:]))
    rehearsal.write(term(booked("hall-a", SAM), booked("B 1:07", UMA)))

    plan = rehearsal.plan(targets=("flow/*",))

    changes = {change.part: change for change in plan.changes}
    assert [one.path for one in changes["room_bookings"].fields] == ["room_bookings.B 1:07"]
    assert changes["room_bookings.blocked"].reasons == (
        "room/hall-a is not in WISEflow and is not made by this plan",
    )


def test_a_room_that_cannot_be_booked_is_opened_first_or_blocked_with_the_reason(
    rehearsal: Rehearsal,
) -> None:
    closed = [HALLS[0] | {"bookable": False}]
    apply(rehearsal, json.dumps({"rooms": closed}))
    rehearsal.write(term(booked("hall-a", SAM), rooms=closed))
    blocked = [c for c in rehearsal.plan().changes if c.status is Status.BLOCKED]
    assert [one.reasons for one in blocked] == [
        ("the room hall-a cannot be booked: state `bookable: true`",)
    ]

    apply(rehearsal, term(booked("hall-a", SAM), rooms=[HALLS[0] | {"bookable": True}]))

    assert found(rehearsal) == {("hall-a", *EXAM): [SAM]}


def test_who_is_not_on_the_flow_gets_no_room_and_nobody_leaves_meanwhile(
    rehearsal: Rehearsal,
) -> None:
    exact = {"membership": "exact"}
    apply(rehearsal, term(booked("hall-a", SAM, TED), roles=exact))
    rehearsal.write(term(booked("hall-a", SAM, VIC), roles=exact))

    plan = rehearsal.plan()

    assert plan.changes == ()
    (problem,) = plan.problems
    assert problem.message == f"{VIC} is no participant of flow/law"


def test_somebody_named_in_two_ways_with_two_rooms_gets_neither(rehearsal: Rehearsal) -> None:
    known = {"csv": "numbers.csv", "column": "nr", "matches": "Student Number"}
    rehearsal.write("nr\n07200941\n", "numbers.csv")
    key = "s200941@northfield.example"
    rooms = [booked("hall-a", key), {"room": "B 1:07", "participants": known}]
    rehearsal.write(term(*rooms, roles={"participants": [*STUDENTS, key]}))

    plan = rehearsal.plan()

    messages = {problem.message for problem in plan.problems}
    assert messages == {f"{key} is named in two ways, each in a room of its own"}
    assert "room_seats" not in statuses(plan)


def test_a_flow_that_nobody_gives_a_time_has_no_room_for_as_long_as_it_takes(
    rehearsal: Rehearsal,
) -> None:
    entries = json.loads(term(booked("hall-a", SAM)))
    for name in WINDOWS:
        entries["flows"][0].pop(name, None)
    rehearsal.write(json.dumps(entries))
    new = [c for c in rehearsal.plan().changes if c.part == "room_bookings.blocked"]
    rehearsal.apply()
    assert rehearsal.failures() == []

    blocked = [c for c in rehearsal.plan().changes if c.status is Status.BLOCKED]

    # What the draft has is the licence's: the same plan again must not take it for a move.
    assert [c.fields for c in blocked if c.part == "room_bookings.blocked"] == [new[0].fields]
    assert "nobody says when the exam is" in blocked[0].reasons[0]
    entries["role_assignments"][0]["room_bookings"] = [
        booked("hall-a", SAM, start="2027-05-03 09:00Z", end="2027-05-03 13:00Z")
    ]
    apply(rehearsal, json.dumps(entries))
    assert found(rehearsal) == {("hall-a", *EXAM): [SAM]}


def test_more_people_than_places_are_noted(rehearsal: Rehearsal) -> None:
    rehearsal.write(term(booked("hall-a", *STUDENTS)))

    notes = [note.message for note in rehearsal.plan().notes]

    assert notes == ["3 people are to sit in hall-a, which has 2 places"]


def test_an_archived_flow_is_not_compared(rehearsal: Rehearsal) -> None:
    active = {"lifecycle": "active"}
    apply(rehearsal, term(booked("hall-a", SAM), flow=active))
    rehearsal.control("POST", "clock", {"now": datetime(2027, 8, 1, tzinfo=UTC).timestamp()})
    rehearsal.write(term(booked("hall-a", SAM, TED), flow=active))

    plan = rehearsal.plan()

    assert plan.changes == ()
    assert [note.message for note in plan.notes] == [
        "archived in WISEflow: not compared, nothing is written"
    ]


def test_an_overlap_that_wiseflow_refuses_is_listed_and_nobody_loses_a_place(
    tmp_path: Path,
) -> None:
    with running(Options(rate_limit=False, quirks={"room_overlap": "refuse"})) as server:
        stage = Rehearsal(server.url, tmp_path)
        apply(stage, term(booked("hall-a", SAM)))
        longer = {"participation": {"start": "2027-05-03 09:00Z", "length": "5h"}}
        stage.write(term(booked("hall-a", SAM), flow=longer))

        stage.apply()

        (failure,) = stage.failures()
        assert failure.startswith("flow/law:room_bookings: failed: ")
        assert "the room is booked then" in failure
        assert found(stage) == {("hall-a", *EXAM): [SAM]}


# ---- who goes ----------------------------------------------------------------------------------


def test_strangers_are_told_and_stay(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(booked("hall-a", SAM), {"room": "B 1:07"}))
    rehearsal.write(term(booked("hall-a")))

    plan = rehearsal.plan()

    assert plan.changes == ()
    notes = [note.message for note in plan.notes]
    assert notes == [
        "room_bookings: in WISEflow but not stated: B 1:07",
        f"room_seats: in WISEflow but not in the manifests: {SAM}",
    ]


def test_a_booking_that_left_git_goes_once_it_is_allowed_that_people_lose_their_room(
    office: Office,
) -> None:
    office.write(term(booked("hall-a", SAM), booked("B 1:07", TED)))
    office.commit()
    office.apply()
    office.write(term(booked("hall-a", SAM)))
    office.scope = ("--base", "HEAD")

    code, said = office.call("plan", "--detailed-exitcode")

    assert code == 6
    assert "--allow room-booking:flow/law" in said
    assert office.call("apply", "--auto-approve", "--allow", "room-booking:*")[0] == 0
    assert found(office.stage) == {("hall-a", *EXAM): [SAM]}


def test_who_left_a_room_in_git_leaves_it_and_strangers_stay(office: Office) -> None:
    office.write(term(booked("hall-a", SAM, TED)))
    office.commit()
    office.apply()
    flow, number = _flow(office.stage), _by_name(office.stage)[UMA]
    path = f"/flows/{flow['id']}/room-bookings/{flow['roomBookings'][0]['id']}/participants"
    office.stage.by_hand("POST", f"{path}/{number}")
    office.write(term(booked("hall-a", SAM)))
    office.scope = ("--base", "HEAD")

    office.apply()

    assert found(office.stage) == {("hall-a", *EXAM): [SAM, UMA]}


def test_rooms_that_nobody_states_any_more_are_let_go(office: Office) -> None:
    office.write(term(booked("hall-a", SAM)))
    office.commit()
    office.apply()
    entries = json.loads(term())
    del entries["role_assignments"][0]["room_bookings"]
    office.write(json.dumps(entries))
    office.scope = ("--base", "HEAD")

    code, said = office.call("plan", "--detailed-exitcode")

    assert code == 0
    assert "room_bookings: stood at base and is stated no more" in said
    assert "GET /flows/{flowId}/room-bookings" not in said


def test_nobody_is_taken_out_of_a_room_within_two_days_of_the_exam_unless_it_is_allowed(
    rehearsal: Rehearsal,
) -> None:
    exact = {"membership": "exact"}
    apply(rehearsal, term(booked("hall-a", SAM, TED), roles=exact))
    rehearsal.control("POST", "clock", {"now": datetime(2027, 5, 2, 9, tzinfo=UTC).timestamp()})
    rehearsal.write(term(booked("hall-a", SAM), roles=exact))

    (change,) = rehearsal.plan().changes

    assert (change.part, change.status) == ("room_seats.leave", Status.HELD)
    assert [hazard.name for hazard in change.hazards] == ["starts-soon"]


def test_a_run_is_undone(office: Office) -> None:
    before = term(booked("hall-a", SAM, TED), roles={"membership": "exact"})
    office.write(before)
    office.apply()
    office.write(term(booked("B 1:07", SAM), booked("hall-a", UMA), roles={"membership": "exact"}))
    office.scope = ("--allow", "replaced:*")
    office.apply()
    office.scope = ()
    assert found(office.stage) == {("B 1:07", *EXAM): [SAM], ("hall-a", *EXAM): [UMA]}

    code, said = office.call("undo", "--out", str(office.root / "back.plan"), "--allow", "empty:*")

    assert code == 0, said
    code, said = office.call("apply", str(office.root / "back.plan"))
    assert code == 0, said
    assert found(office.stage) == {("hall-a", *EXAM): [SAM, TED]}


# ---- what goes wrong on the way ----------------------------------------------------------------

WRITES = [
    "POST /flows/{flowId}/room-bookings",
    "PUT /flows/{flowId}/room-bookings/{roomBookingId}/participants",
    "DELETE /flows/{flowId}/room-bookings/{roomBookingId}",
]


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
@pytest.mark.parametrize("operation", WRITES)
def test_a_lost_answer_leaves_one_booking_with_its_people(
    rehearsal: Rehearsal, operation: str, kind: str
) -> None:
    rehearsal.checked = False
    apply(rehearsal, term(booked("hall-a", SAM, TED)))
    later = {"participation": {"start": "2027-05-04 09:00Z", "length": "4h"}}
    rehearsal.write(term(booked("hall-a", SAM, TED), flow=later))
    method, path = operation.split()
    rehearsal.control(
        "POST", "faults", [{"method": method, "path": path, "kind": kind, "times": 1}]
    )

    rehearsal.apply()

    assert rehearsal.failures() == []
    place = ("hall-a", "2027-05-04 09:00", "2027-05-04 13:00")
    assert found(rehearsal) == {place: [SAM, TED]}
    assert len(_flow(rehearsal)["roomBookings"]) == 1


@pytest.mark.parametrize("operation", WRITES)
def test_a_plan_that_was_cut_off_is_finished_by_the_same_plan(
    rehearsal: Rehearsal, operation: str
) -> None:
    rehearsal.checked = False
    apply(rehearsal, term(booked("hall-a", SAM, TED)))
    later = {"participation": {"start": "2027-05-04 09:00Z", "length": "4h"}}
    rehearsal.write(term(booked("hall-a", SAM), booked("B 1:07", TED), flow=later))
    saved = rehearsal.save_plan()
    method, path = operation.split()
    fault = {"method": method, "path": path, "kind": "status", "status": 500, "times": 99}
    rehearsal.control("POST", "faults", [fault])
    rehearsal.apply_saved(saved)
    assert rehearsal.failures() != []
    rehearsal.control("POST", "faults", [])

    rehearsal.apply_saved(saved)

    assert rehearsal.failures() == []
    exam = ("2027-05-04 09:00", "2027-05-04 13:00")
    assert found(rehearsal) == {("hall-a", *exam): [SAM], ("B 1:07", *exam): [TED]}
    assert rehearsal.plan().changes == ()


def test_somebody_else_who_moves_a_room_meanwhile_is_not_undone(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(booked("hall-a", SAM)))
    rehearsal.write(term(booked("hall-a", SAM, TED, start="2027-05-03 08:00Z", length="2h")))
    saved = rehearsal.save_plan()
    flow = _flow(rehearsal)
    path = f"/flows/{flow['id']}/room-bookings"
    rehearsal.by_hand("DELETE", f"{path}/{flow['roomBookings'][0]['id']}")

    rehearsal.apply_saved(saved)

    assert {outcome.exit_code for outcome in rehearsal.outcomes} == {7}
    assert found(rehearsal) == {}


def test_of_two_bookings_that_were_made_at_once_one_stays(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term())
    rehearsal.write(term(booked("hall-a", SAM)))
    saved = rehearsal.save_plan()

    async def both() -> None:
        await asyncio.gather(*(rehearsal._apply_saved(saved, ()) for _ in range(2)))

    asyncio.run(both())

    assert len(_flow(rehearsal)["roomBookings"]) == 1
    assert found(rehearsal) == {("hall-a", *EXAM): [SAM]}
    assert rehearsal.plan().changes == ()


def test_a_second_booking_for_the_same_time_goes_and_its_people_stay(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term({"room": "hall-a"}))
    flow, number = _flow(rehearsal), _by_name(rehearsal)[UMA]
    (there,) = flow["roomBookings"]
    path = f"/flows/{flow['id']}/room-bookings"
    twin = {name: there[name] for name in ("roomId", "from", "to")}
    made = rehearsal.by_hand("POST", path, twin)["data"]["roomBookingId"]
    rehearsal.by_hand("POST", f"{path}/{made}/participants/{number}")

    apply(rehearsal, term({"room": "hall-a"}))

    assert [one["id"] for one in _flow(rehearsal)["roomBookings"]] == [there["id"]]
    assert found(rehearsal) == {("hall-a", *EXAM): [UMA]}


def test_bookings_are_read_only_where_they_are_stated(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(booked("hall-a", SAM)))
    entries = json.loads(term())
    del entries["role_assignments"][0]["room_bookings"]
    rehearsal.write(json.dumps(entries))

    assert not any("room-bookings" in operation for operation in rehearsal.plan().reads)


def test_bookings_that_cannot_be_read_are_left_alone(rehearsal: Rehearsal) -> None:
    rehearsal.checked = False
    apply(rehearsal, term(booked("hall-a", SAM)))
    rehearsal.write(term(booked("hall-a", TED), roles={"membership": "exact"}))
    path = "/flows/{flowId}/room-bookings/{roomBookingId}/participants"
    fault = {"method": "GET", "path": path, "kind": "status", "status": 500, "times": 99}
    rehearsal.control("POST", "faults", [fault])

    plan = rehearsal.plan()

    assert (plan.changes, plan.incomplete) == ((), True)
    assert "no room is booked or given up here" in {problem.hint for problem in plan.problems}


def test_no_room_is_booked_for_times_that_could_not_be_read(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term())
    later = {"participation": {"start": "2027-05-03 10:00Z", "length": "4h"}}
    rehearsal.write(term(booked("hall-a"), flow=later))
    path = {"method": "GET", "path": "/flows/{flowId}/dates"}
    rehearsal.checked = False
    rehearsal.control("POST", "faults", [{**path, "kind": "status", "status": 500, "times": 99}])
    plan = rehearsal.plan()
    rehearsal.control("POST", "faults", [])
    assert (plan.changes, plan.incomplete) == ((), True)


@pytest.mark.parametrize("path", ["/license/rooms", "/flows/{flowId}/room-bookings"])
def test_an_exam_whose_rooms_cannot_be_read_is_not_activated(
    rehearsal: Rehearsal, path: str
) -> None:
    apply(rehearsal, term(booked("hall-a", SAM)))
    rehearsal.write(term(booked("hall-a", SAM), flow={"lifecycle": "active"}))
    fault = {"method": "GET", "path": path, "kind": "status", "status": 500, "times": 99}
    rehearsal.control("POST", "faults", [fault])
    (change,) = [one for one in rehearsal.plan().changes if one.part == "activation"]
    assert change.status is Status.BLOCKED
    assert change.reasons[0].startswith("room_bookings: ")


def test_an_exam_that_is_over_by_its_new_dates_has_its_room_for_them(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term())
    rehearsal.control("POST", "clock", {"now": 1_814_000_000})
    past = {
        "participation": {"start": "2027-05-04 09:00Z", "length": "4h"},
        "marking": {"start": "2027-05-05 12:00Z", "end": "2027-05-20 12:00Z"},
    }
    rehearsal.write(term(booked("hall-a", SAM), flow=past))
    rehearsal.apply("shorter:*", "marking-started:*", "starts-soon:*")
    assert rehearsal.failures() == []


def test_a_room_in_which_more_sit_by_now_is_not_given_up(rehearsal: Rehearsal) -> None:
    """The last look is just before the booking is cancelled."""
    apply(rehearsal, term(booked("hall-a", SAM), booked("B 1:07")))
    flow, number = _flow(rehearsal), _by_name(rehearsal)[TED]
    (hall,) = [one for one in flow["roomBookings"] if one["participantIds"]]
    path = f"/flows/{flow['id']}/room-bookings/{hall['id']}/participants/{number}"
    rehearsal.write(term(booked("B 1:07"), roles={"membership": "exact"}))
    data = rehearsal.save_plan(*ALLOW)
    seen = r"/room-bookings/\d+/participants$"
    with meddling(seen, 2, lambda: rehearsal.by_hand("POST", path)):
        rehearsal.apply_saved(data)
    assert "1 more sit in it by now" in " ".join(rehearsal.failures())
    assert found(rehearsal)["hall-a", *EXAM] == [SAM, TED]


def test_a_room_that_is_booked_by_now_is_not_deleted(rehearsal: Rehearsal) -> None:
    """With the room its bookings would go; the last look is just before."""
    apply(rehearsal, term())
    (room,) = [
        one for one in rehearsal.control("GET", "state")["rooms"] if one["identifier"] == "hall-a"
    ]
    path, day = f"/flows/{_flow(rehearsal)['id']}/room-bookings", 1_809_327_600
    body = {"roomId": room["id"], "from": day, "to": day + 3600}
    rehearsal.write(term(rooms=HALLS[1:], removed=["room/hall-a"]))
    data = rehearsal.save_plan("room-deletion:*")
    with meddling(r"/rooms/\d+/flows$", 1, lambda: rehearsal.by_hand("POST", path, body)):
        rehearsal.apply_saved(data)
    assert "a flow has booked it by now" in " ".join(rehearsal.failures())
    assert [room for room, *_ in found(rehearsal)] == ["hall-a"]


GOES = ("room-deletion:*", "room-booking:*", "empty:*")


def test_a_room_goes_with_its_last_booking_in_one_apply(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(booked("hall-a", SAM)))
    gone = {"membership": "exact", "room_bookings": []}
    apply(rehearsal, term(roles=gone, rooms=HALLS[1:], removed=["room/hall-a"]), *GOES)
    assert found(rehearsal) == {}
    assert [r["identifier"] for r in rehearsal.control("GET", "state")["rooms"]] == ["B 1:07"]


@pytest.mark.parametrize("skip", range(4))
def test_a_room_that_goes_with_its_booking_is_finished_by_the_same_plan(
    rehearsal: Rehearsal, skip: int
) -> None:
    rehearsal.checked = False
    apply(rehearsal, term(booked("hall-a", SAM)))
    gone = {"membership": "exact", "room_bookings": []}
    rehearsal.write(term(roles=gone, rooms=HALLS[1:], removed=["room/hall-a"]))
    saved = rehearsal.save_plan(*GOES)
    fault = {"method": "DELETE", "path": "*", "kind": ("drop_after", "status")[skip % 2]}
    rehearsal.control("POST", "faults", [fault | {"status": 500, "times": 99, "skip": skip // 2}])
    rehearsal.apply_saved(saved)
    rehearsal.control("POST", "faults", [])
    rehearsal.apply_saved(saved)
    assert rehearsal.failures() == []
    assert found(rehearsal) == {}
    assert rehearsal.plan().changes == ()


def test_a_room_stays_while_the_cancelling_of_its_booking_is_held(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(booked("hall-a", SAM)))
    gone = {"membership": "exact", "room_bookings": []}
    rehearsal.write(term(roles=gone, rooms=HALLS[1:], removed=["room/hall-a"]))
    changes = {change.id: change for change in rehearsal.plan("room-deletion:*").changes}
    assert changes["room/hall-a"].status is Status.HELD
    assert changes["room/hall-a"].needs == ("flow/law:room_bookings.leave",)
