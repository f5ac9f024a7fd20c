"""Values as people read them in a plan."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from engine.bookings import counted, window
from engine.model import AS_EXAM, ROOM_OF, Address, Value
from engine.plan import FieldChange
from engine.render.style import Style
from engine.render.values import difference

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
