"""Dates of flows and of single participants, and timeboxes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.licence import DAY, HOUR, START, licence

if TYPE_CHECKING:
    from tests.sandbox.licence import Licence

BEGIN = START + 30 * DAY
END = BEGIN + 4 * HOUR


def _flow(wise: Licence) -> int:
    flow = wise.flow()
    wise.windows(flow, BEGIN)
    return flow


def test_only_the_dates_that_are_sent_change(wise: Licence) -> None:
    flow = _flow(wise)

    later = END + 20 * DAY
    body = {"marking": {"start": None, "end": later}}
    shown = wise.data("PATCH", f"/flows/{flow}/dates", body)

    assert shown["participation"]["start"] == BEGIN
    assert shown["marking"]["start"] == END
    assert shown["marking"]["end"] == shown["marking"]["latestIndividualEnd"] == later
    assert wise.data("GET", f"/flows/{flow}/dates") == shown


BAD = {
    "participation backwards": {"participation": {"start": END, "end": BEGIN}},
    "participation of no length": {"participation": {"end": BEGIN}},
    "marking backwards": {"marking": {"end": END - 1}},
    "marking before participation": {"marking": {"start": BEGIN - 1}},
    "participation alone moved past marking": {
        "participation": {"start": BEGIN + 90 * DAY, "end": END + 90 * DAY}
    },
}


@pytest.mark.parametrize("name", BAD)
def test_windows_that_cannot_be_are_refused_and_leave_the_dates(wise: Licence, name: str) -> None:
    flow = _flow(wise)
    before = wise.data("GET", f"/flows/{flow}/dates")

    assert wise.status("PATCH", f"/flows/{flow}/dates", BAD[name]) == 400

    assert wise.data("GET", f"/flows/{flow}/dates") == before


def test_windows_that_cannot_be_may_be_an_internal_error() -> None:
    with licence(quirks={"bad_dates": "500"}) as wise:
        flow = _flow(wise)

        for body in BAD.values():
            assert wise.status("PATCH", f"/flows/{flow}/dates", body) == 500


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"marking": {}},
        {"participation": {"start": None}},
        {"participation": {"start": "2027-05-03"}},
        {"participation": {"start": 1.5}},
        {"participation": {"start": 0}},
        {"participation": []},
    ],
)
def test_dates_that_say_nothing_or_no_moment_are_refused(wise: Licence, body: Any) -> None:
    answer = wise.careless.patch(f"/flows/{_flow(wise)}/dates", json=body)

    assert answer.status_code == 400


def test_an_oral_exam_has_no_dates(wise: Licence) -> None:
    flow = wise.flow("FLOWoral")
    person = wise.participant(flow)
    body = {"participation": {"start": BEGIN, "end": END}}

    assert wise.status("PATCH", f"/flows/{flow}/dates", body) == 403
    assert wise.status("PATCH", f"/flows/{flow}/participants/{person}/dates", body) == 403
    assert wise.data("GET", f"/flows/{flow}/dates")["participation"]["start"] == 0
    wise.data("PATCH", f"/flows/{flow}/activate")
    assert wise.state(flow) == 1


def test_individual_dates_hold_where_set_and_follow_the_flow_elsewhere(wise: Licence) -> None:
    flow = _flow(wise)
    longer, other = wise.participant(flow), wise.participant(flow)
    path = f"/flows/{flow}/participants/{{}}/dates"

    shown = wise.data("PATCH", path.format(longer), {"participation": {"end": END + HOUR}})
    wise.windows(flow, BEGIN + DAY)

    assert shown["participation"] == {"start": BEGIN, "end": END + HOUR}
    now = wise.data("GET", path.format(other))
    assert now["participation"] == {"start": BEGIN + DAY, "end": END + DAY}
    wise.windows(flow, BEGIN - HOUR)
    now = wise.data("GET", path.format(longer))
    assert now["participation"] == {"start": BEGIN - HOUR, "end": END + HOUR}
    general = wise.data("GET", f"/flows/{flow}/dates")["participation"]
    assert (general["end"], general["latestIndividualEnd"]) == (END - HOUR, END + HOUR)


def test_null_leaves_an_individual_date_and_the_general_value_clears_it(wise: Licence) -> None:
    flow = _flow(wise)
    person = wise.participant(flow)
    path = f"/flows/{flow}/participants/{person}/dates"
    wise.data("PATCH", path, {"participation": {"end": END + HOUR}})

    wise.data("PATCH", path, {"participation": {"end": None}, "marking": {"end": None}})
    assert wise.data("GET", path)["participation"]["end"] == END + HOUR

    wise.data("PATCH", path, {"participation": {"end": END}})
    wise.windows(flow, BEGIN + DAY)
    assert wise.data("GET", path)["participation"]["end"] == END + DAY


def test_a_batch_of_individual_dates_says_who_was_refused(wise: Licence) -> None:
    flow = _flow(wise)
    good, bad = wise.participant(flow), wise.participant(flow)
    entries = [
        {"id": good, "participation": {"end": END + HOUR}, "marking": {"end": END + 30 * DAY}},
        {"id": bad, "participation": {"end": BEGIN - 1}},
        {"id": 1, "participation": {"end": END}},
    ]

    data = wise.data("PATCH", f"/flows/{flow}/participants/dates", {"participants": entries})

    assert [error["id"] for error in data["errors"]] == [bad, 1]
    assert data["participants"] == [
        {
            "id": good,
            "participation": {"start": BEGIN, "end": END + HOUR},
            "marking": {"start": END, "end": END + 30 * DAY},
        }
    ]


def test_an_individual_timebox_no_longer_follows_the_flow(wise: Licence) -> None:
    flow = _flow(wise)
    one, other = wise.participant(flow), wise.participant(flow)
    path = f"/flows/{flow}/participants/{{}}/timebox"
    longer = {"enabled": True, "durationMinutes": 300}
    assert wise.status("PUT", path.format(one), longer) == 403
    wise.data("PUT", f"/flows/{flow}/timebox", {"enabled": True, "durationMinutes": 240})

    wise.data("PUT", path.format(one), longer)
    wise.data("PUT", f"/flows/{flow}/timebox", {"enabled": True, "durationMinutes": 200})

    minutes = [wise.data("GET", path.format(p))["durationMinutes"] for p in (one, other)]
    assert minutes == [300, 200]
    wise.data("PUT", path.format(one), {"enabled": True, "durationMinutes": 200})
    wise.data("PUT", f"/flows/{flow}/timebox", {"enabled": True, "durationMinutes": 100})
    assert wise.data("GET", path.format(one))["durationMinutes"] == 100


def test_an_individual_timebox_is_refused_once_participation_is_over(wise: Licence) -> None:
    flow = _flow(wise)
    person = wise.participant(flow)
    wise.data("PUT", f"/flows/{flow}/timebox", {"enabled": True, "durationMinutes": 240})
    wise.data("PATCH", f"/flows/{flow}/activate")
    wise.set_clock(END + 1)

    body = {"enabled": True, "durationMinutes": 300}
    assert wise.status("PUT", f"/flows/{flow}/participants/{person}/timebox", body) == 403
