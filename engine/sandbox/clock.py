"""The sandbox's own time, kept in its file."""

from __future__ import annotations

import calendar
import time
from datetime import UTC, datetime
from email.utils import formatdate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.sandbox.store import Store

FIRST_NOW = "2027-01-11T08:00:00+00:00"


def clock_start(text: str) -> float | None:
    """The Unix time of an ISO date ("2027-01-11 08:00", UTC unless it says), None for "now"."""
    if text == "now":
        return None
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


class Clock:
    """Runs on from where it was set, at the speed of real time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._offset = float(store.setting("clock_offset", "0"))

    def now(self) -> int:
        """The sandbox's Unix time in whole seconds."""
        return int(time.time() + self._offset)

    def set(self, moment: float | None) -> None:
        """Set the clock to a Unix time, or to real time with None."""
        self._offset = 0.0 if moment is None else moment - time.time()
        self._store.set_setting("clock_offset", repr(self._offset))

    def http_date(self) -> str:
        """The value of the `Date` header."""
        return formatdate(self.now(), usegmt=True)


def at_nine_tomorrow(now: int, days: int = 1, hour: int = 9) -> int:
    """The Unix time of an hour (UTC) some days after the day of now."""
    day = datetime.fromtimestamp(now, UTC)
    return calendar.timegm((day.year, day.month, day.day + days, hour, 0, 0, 0, 0, 0))
