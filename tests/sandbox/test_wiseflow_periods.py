"""Periods of a FLOWoral, and the slots in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.licence import licence

if TYPE_CHECKING:
    from tests.sandbox.licence import Licence

MONDAY: dict[str, Any] = {
    "startDate": "2027-05-10T07:00:00Z",
    "preparationMinutes": 20,
    "examinationMinutes": 25,
    "votingMinutes": 5,
}
TUESDAY = MONDAY | {"startDate": "2027-05-11T07:00:00Z", "location": "Room 4"}


def _periods(wise: Licence, *bodies: dict[str, Any]) -> tuple[str, list[int]]:
    path = f"/flows/{wise.flow('FLOWoral')}/periods"
    made: list[int] = wise.data("POST", path, {"periods": [*bodies]})["ids"]
    return path, made


def _flow(path: str) -> int:
    return int(path.split("/")[2])


def test_periods_are_made_changed_and_deleted(wise: Licence) -> None:
    path, (monday, tuesday) = _periods(wise, MONDAY, TUESDAY)

    new = {"location": None, "preparationInSameRoom": False, "slots": []}
    there = wise.data("GET", path)
    assert there[0] == {"id": monday, "order": 1, **new, **MONDAY}
    assert there[1] == {"id": tuesday, "order": 2, **new, **TUESDAY}
    changed = wise.data("PATCH", f"{path}/{tuesday}", {"votingMinutes": 0})
    assert changed == {**{k: v for k, v in there[1].items() if k != "slots"}, "votingMinutes": 0}
    assert wise.status("DELETE", f"{path}/{monday}") == 200
    assert [(one["id"], one["order"]) for one in wise.data("GET", path)] == [(tuesday, 1)]
    assert wise.status("DELETE", f"{path}/{monday}") == 404


def test_what_makes_no_period_is_refused(wise: Licence) -> None:
    path, (monday,) = _periods(wise, MONDAY)

    assert wise.careless.post(path, json={"periods": [{"startDate": "Monday"}]}).status_code == 400
    worse = MONDAY | {"startDate": "2027-13-10T07:00:00Z"}
    assert wise.careless.post(path, json={"periods": [worse]}).status_code == 400
    assert wise.careless.patch(f"{path}/{monday}", json={}).status_code == 400


def test_only_an_oral_exam_has_periods(wise: Licence) -> None:
    path = f"/flows/{wise.flow()}/periods"

    assert wise.status("GET", path) == 404
    assert wise.status("POST", path, {"periods": [MONDAY]}) == 400


def test_slots_are_replaced_and_follow_each_other(wise: Licence) -> None:
    path, (monday,) = _periods(wise, MONDAY)
    one, two = (wise.participant(_flow(path)) for _ in range(2))
    slots = [
        {"type": "PARTICIPANT", "participantId": one, "description": "Hamlet"},
        {"type": "BREAK", "title": "Lunch", "examinationMinutes": 30},
        {"type": "PARTICIPANT", "participantId": two, "examinationMinutes": 40},
    ]

    wise.data("PUT", f"{path}/{monday}/slots", {"slots": slots[2:]})
    ids = wise.data("PUT", f"{path}/{monday}/slots", {"slots": slots})["ids"]

    there = wise.data("GET", path)[0]["slots"]
    assert [slot["id"] for slot in there] == ids
    assert [slot["participantId"] for slot in there] == [one, None, two]
    assert [slot["description"] for slot in there] == ["Hamlet", None, None]
    times = [(slot["startDate"][11:16], slot["endDate"][11:16]) for slot in there]
    assert times == [("07:20", "07:45"), ("07:50", "08:20"), ("08:40", "09:20")]


@pytest.mark.parametrize(
    "slot",
    [
        {"type": "PARTICIPANT"},
        {"type": "PARTICIPANT", "participantId": 1},
        {"type": "GROUP", "groupId": 1},
    ],
)
def test_slots_of_nobody_are_refused(wise: Licence, slot: dict[str, Any]) -> None:
    path, (monday,) = _periods(wise, MONDAY)

    assert wise.status("PUT", f"{path}/{monday}/slots", {"slots": [slot]}) == 400


def test_a_participant_loses_a_slot_with_the_seat_on_the_flow(wise: Licence) -> None:
    path, (monday,) = _periods(wise, MONDAY)
    flow = _flow(path)
    person = wise.participant(flow)
    body = {"slots": [{"type": "PARTICIPANT", "participantId": person}]}
    wise.data("PUT", f"{path}/{monday}/slots", body)

    assert wise.status("DELETE", f"/flows/{flow}/participants/{person}") == 200
    assert wise.data("GET", path)[0]["slots"] == []


def test_whether_a_period_with_slots_can_be_deleted_is_a_quirk() -> None:
    for quirk, status in (("refuse", 403), ("delete", 200)):
        with licence(quirks={"period_with_slots": quirk}) as wise:
            path, (monday,) = _periods(wise, MONDAY)
            slots = {"slots": [{"type": "BREAK", "title": "Lunch"}]}
            wise.data("PUT", f"{path}/{monday}/slots", slots)
            assert wise.status("DELETE", f"{path}/{monday}") == status
            assert len(wise.data("GET", path)) == (status == 403)
