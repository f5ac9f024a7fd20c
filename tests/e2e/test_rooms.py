"""Rooms: one for each identifier, written back whole, and none taken from who booked it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from engine.exit_codes import ERROR, of_plan
from engine.plan import Action, Result, Status
from engine.wiseflow.flows import marker
from tests.e2e.edges import between
from tests.e2e.lies import Liar, emptied_with_total, null, without_last, without_total
from tests.e2e.rehearsal import HURRY

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.rehearsal import Rehearsal

HALL = "rooms: [{key: hall-a, name: Hall A, capacity: 120, building: Main, bookable: true}]\n"


def _rooms(rehearsal: Rehearsal) -> list[dict[str, Any]]:
    return list(rehearsal.control("GET", "state")["rooms"])


def _room(rehearsal: Rehearsal) -> dict[str, Any]:
    (room,) = _rooms(rehearsal)
    return room


def _applied(rehearsal: Rehearsal, text: str) -> None:
    rehearsal.write(text)
    rehearsal.apply()
    assert rehearsal.failures() == []


def _by_hand(rehearsal: Rehearsal, identifier: str | None, **members: Any) -> int:
    body = {"name": "By hand", "identifier": identifier, "capacity": 9, "canBeBooked": True}
    made: int = rehearsal.by_hand("POST", "/license/rooms", body | members)["id"]
    return made


def test_a_room_is_made_and_then_nothing_is_left_to_do(rehearsal: Rehearsal) -> None:
    _applied(rehearsal, HALL)

    room = _room(rehearsal)
    assert (room["identifier"], room["name"], room["capacity"]) == ("hall-a", "Hall A", 120)
    assert (room["building"], room["campus"], room["canBeBooked"]) == ("Main", None, True)
    assert rehearsal.plan().changes == ()


def test_a_room_that_is_there_is_taken_by_its_identifier_and_keeps_what_is_not_stated(
    rehearsal: Rehearsal,
) -> None:
    number = _by_hand(rehearsal, "HALL-A", description="Ring the bell", building="Annex")

    _applied(rehearsal, "rooms: [{key: hall-a, capacity: 80, building: null}]\n")

    room = _room(rehearsal)
    assert (room["id"], room["capacity"], room["building"]) == (number, 80, None)
    assert (room["name"], room["description"]) == ("By hand", "Ring the bell")
    assert room["identifier"] == "HALL-A"
    assert rehearsal.plan().changes == ()


def test_a_room_that_cannot_be_booked_is_not_made_bookable_by_its_creation(
    rehearsal: Rehearsal,
) -> None:
    _applied(rehearsal, HALL.replace("true", "false"))

    assert _room(rehearsal)["canBeBooked"] is False


def test_what_a_new_room_needs_is_told_for_that_room_alone(rehearsal: Rehearsal) -> None:
    rehearsal.write(HALL)
    rehearsal.write("rooms: [{key: hall-b, building: Main}]\n", "other.yaml")

    plan = rehearsal.plan()

    statuses = {change.address.key: change.status for change in plan.changes}
    assert statuses == {"hall-a": Status.PLANNED, "hall-b": Status.BLOCKED}
    blocked = next(change for change in plan.changes if change.reasons)
    assert blocked.reasons == ("a new room needs a name", "a new room needs a capacity")


def test_two_live_rooms_with_one_identifier_are_a_problem_never_a_choice(
    rehearsal: Rehearsal,
) -> None:
    numbers = [_by_hand(rehearsal, "hall-a"), _by_hand(rehearsal, "Hall-A")]
    rehearsal.write(HALL)

    plan = rehearsal.plan()

    assert plan.changes == ()
    (problem,) = plan.problems
    assert f"#{numbers[0]} and #{numbers[1]}" in problem.message


def test_a_half_made_room_is_finished_and_one_beside_it_given_up(rehearsal: Rehearsal) -> None:
    first, _ = [_by_hand(rehearsal, marker("hall-a"), canBeBooked=False) for _ in range(2)]

    _applied(rehearsal, HALL)

    room = _room(rehearsal)
    assert (room["id"], room["identifier"], room["name"]) == (first, "hall-a", "Hall A")
    assert rehearsal.plan().changes == ()


def test_what_a_crash_left_beside_a_room_is_cleared_but_not_what_a_flow_has_booked(
    rehearsal: Rehearsal,
) -> None:
    _applied(rehearsal, HALL)
    _by_hand(rehearsal, marker("hall-a"))
    booked = _by_hand(rehearsal, marker("hall-a"))
    flow = rehearsal.control("GET", "state")["flows"][0]["id"]
    body = {"roomId": booked, "from": 1_900_000_000, "to": 1_900_003_600}
    rehearsal.by_hand("POST", f"/flows/{flow}/room-bookings", body)
    (change,) = rehearsal.plan().changes
    assert (change.action, change.part) == (Action.REMOVE, "leftovers")

    rehearsal.apply()

    assert {room["id"] for room in _rooms(rehearsal)} == {booked, *_keyed(rehearsal)}
    assert len(_rooms(rehearsal)) == 2


def test_a_saved_plan_that_was_killed_before_its_end_gives_up_what_stands_beside_its_room(
    rehearsal: Rehearsal,
) -> None:
    first, _ = [_by_hand(rehearsal, marker("hall-a"), canBeBooked=False) for _ in range(2)]
    rehearsal.write(HALL)
    plan = rehearsal.save_plan()
    done = {"name": "Hall A", "identifier": "hall-a", "capacity": 120, "building": "Main"}
    rehearsal.by_hand("PUT", f"/license/rooms/{first}", done | {"canBeBooked": True})
    rehearsal.apply_saved(plan)
    assert rehearsal.failures() == []
    assert _room(rehearsal)["id"] == first


def _keyed(rehearsal: Rehearsal) -> set[int]:
    return {room["id"] for room in _rooms(rehearsal) if room["identifier"] == "hall-a"}


@pytest.mark.parametrize("kind", ["drop_after", "drop_before"])
@pytest.mark.parametrize("operation", ["POST /license/rooms", "PUT /license/rooms/{roomId}"])
def test_a_lost_answer_leaves_one_room(rehearsal: Rehearsal, operation: str, kind: str) -> None:
    rehearsal.checked = False
    rehearsal.write(HALL)
    method, path = operation.split()
    rehearsal.control(
        "POST", "faults", [{"method": method, "path": path, "kind": kind, "times": 1}]
    )

    rehearsal.apply()

    assert rehearsal.failures() == []
    assert _room(rehearsal)["identifier"] == "hall-a"


def test_a_licence_that_is_full_takes_no_further_room(rehearsal: Rehearsal) -> None:
    for number in range(299):
        _by_hand(rehearsal, f"r{number}")
    rehearsal.write(HALL)
    rehearsal.write("rooms: [{key: hall-b, name: B, capacity: 1}]\n", "other.yaml")

    plan = rehearsal.plan()

    statuses = {change.address.key: change.status for change in plan.changes}
    assert statuses == {"hall-a": Status.PLANNED, "hall-b": Status.BLOCKED}
    assert ["takes 300 rooms" in problem.message for problem in plan.problems] == [True]
    assert [o.result for o in rehearsal.apply()] == [Result.DONE]
    assert len(_rooms(rehearsal)) == 300


@pytest.mark.parametrize("lie", [without_last, null, without_total])
def test_a_list_that_is_not_whole_makes_nothing(
    rehearsal: Rehearsal, lie: Callable[[Any], Any]
) -> None:
    rehearsal.checked = False
    _applied(rehearsal, HALL)
    rehearsal.write(HALL.replace("120", "130"))

    with between(lambda network: Liar(network, "GET /license/rooms", lie)):
        plan = rehearsal.plan()

    assert plan.changes == ()
    assert of_plan(plan, detailed=False) == ERROR


def test_a_list_that_lies_to_the_end_gives_no_second_room_its_identifier(
    rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.e2e.rehearsal.HURRY", replace(HURRY, between_looks=50.0))
    rehearsal.checked = False
    _applied(rehearsal, HALL)

    with between(lambda network: Liar(network, "GET /license/rooms", emptied_with_total)):
        rehearsal.apply()

    assert rehearsal.failures() != []
    assert len(_keyed(rehearsal)) == 1
    rehearsal.apply()
    assert len(_rooms(rehearsal)) == 1


def test_rooms_are_read_only_where_they_are_stated(rehearsal: Rehearsal) -> None:
    rehearsal.write("users: []")

    assert "GET /license/rooms" not in rehearsal.plan().reads
