"""Values as people read them in a plan."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from engine.bookings import counted, window
from engine.model import AS_EXAM, PERIOD_OF, ROOM_OF, Address, Value
from engine.plan import FieldChange, Seat
from engine.render.blocks import person
from engine.render.style import Style
from engine.render.values import difference, label

NOW = datetime(2027, 1, 11, 8, tzinfo=UTC)


def _window(day: int, hour: int, until: int) -> str:
    start = datetime(2027, 5, day, hour, tzinfo=UTC)
    return window(start, start.replace(day=day + until // 24, hour=until % 24))


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ((_window(3, 7, 11),), "Mon 3 May 09:00 to 13:00"),
        ((_window(3, 21, 23),), "Mon 3 May 23:00 to Tue 4 May 01:00"),
        (counted([_window(3, 7, 11)] * 2), "Mon 3 May 09:00 to 13:00 (2 times)"),
        (AS_EXAM, "as long as the exam takes"),
        (None, "nothing"),
    ],
)
def test_a_room_is_booked_at_times_of_the_zone_of_all_other_dates(times: Value, said: str) -> None:
    change = FieldChange(f"{ROOM_OF}hall-a", None, times, "roles.yaml:3:5")
    style = Style(zone=ZoneInfo("Europe/Copenhagen"))
    before, after = difference(Address("flow", "law"), change, style, NOW)
    assert (before, after.split(", ")[-1]) == ("nothing", said)


def test_a_period_is_called_by_its_start_in_the_zone_of_all_other_dates() -> None:
    path, style = f"{PERIOD_OF}2027-05-10 07:00:00Z", Style(zone=ZoneInfo("Europe/Copenhagen"))

    assert label(path, style, NOW) == "period Mon 10 May 09:00"
    named = label(f"{path}.preparation_in_same_room", style, NOW)
    assert named == "period Mon 10 May 09:00 preparation in same room"


def test_a_slot_is_told_by_its_period_and_place() -> None:
    style = Style(zone=ZoneInfo("Europe/Copenhagen"))
    flags = (("period", "2027-05-11 07:00:00Z"), ("place", 2))
    new = Seat("ann@example.org", flags)
    moved = Seat("ann@example.org", flags, "", (("period", "2027-05-10 07:00:00Z"), ("place", 1)))

    assert person(new, style) == "ann@example.org (period Tue 11 May 09:00, place 2)"
    days = "period Mon 10 May 09:00 → Tue 11 May 09:00"
    assert person(moved, style) == f"ann@example.org ({days}, place 1 → 2)"
