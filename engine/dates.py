"""Dates and lengths as people write them, in the time zone of the settings, as UTC. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d)(?::(\d\d))?\s*(Z|[+-]\d\d:?\d\d)?", re.ASCII
)
_LENGTH = re.compile(r"(?:(\d{1,5})d)?\s*(?:(\d{1,5})h)?\s*(?:(\d{1,6})m)?", re.ASCII)
EXAMPLE = "write it as 2027-05-03 09:00"
FIRST_YEAR, LAST_YEAR = 2000, 2099
"""WISEflow takes Unix seconds: a date outside is a slip of the pen."""


class DateError(Exception):
    """What is wrong with a date, and what to do."""

    def __init__(self, message: str, hint: str = EXAMPLE) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


@dataclass(frozen=True, slots=True)
class Length:
    """How long: whole days on the calendar, then hours and minutes on the clock."""

    days: int
    clock: timedelta


@lru_cache(8192)
def parse_moment(text: str, time_zone: str | None) -> datetime:
    """An aware UTC time. Raises: DateError."""
    local, offset = _parse(text)
    return _to_utc(local, offset, time_zone, text)


def parse_length(text: str) -> Length:
    """A length such as 4h, 90m, 1h30m, 14d. Raises: DateError."""
    match = _LENGTH.fullmatch(text.strip())
    days, hours, minutes = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    if not days + hours + minutes:
        raise DateError(f'"{text[:40]}" is no length', "write it as 4h, 90m, 1h30m or 14d")
    return Length(days, timedelta(hours=hours, minutes=minutes))


def end_of(start: str, length: Length, time_zone: str | None) -> datetime:
    """The UTC time a length after a start as written: a day keeps the time of day.

    Raises: DateError.
    """
    local, offset = _parse(start)
    try:
        end = local + timedelta(days=length.days)
    except OverflowError:
        raise DateError("ends too far away", "check the length") from None
    shown = f"{end:%Y-%m-%d %H:%M}"
    found = _to_utc(end, offset, time_zone, shown) + length.clock
    _refuse_far_years(found, f"{found:%Y-%m-%d %H:%M}")
    return found


def _parse(text: str) -> tuple[datetime, str | None]:
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text.strip(), re.ASCII):
            raise DateError(f'"{text.strip()}" has no time of day')
        raise DateError(f'"{text[:40]}" is no date')
    *numbers, offset = match.groups()
    year, month, day, hour, minute, second = (int(number or 0) for number in numbers)
    try:
        return datetime(year, month, day, hour, minute, second), offset
    except ValueError:
        raise DateError(f'"{text}" does not exist in the calendar') from None


def _to_utc(local: datetime, offset: str | None, time_zone: str | None, text: str) -> datetime:
    _refuse_far_years(local, text)
    if offset:
        return _with_offset(local, offset, text)
    if time_zone is None:
        hint = "set time_zone in wisectl.yaml, or write the offset: 2027-05-03 09:00+02:00"
        raise DateError(f'"{text}" has no time zone', hint)
    return _local(local, ZoneInfo(time_zone), text)


def _refuse_far_years(moment: datetime, text: str) -> None:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise DateError(f'"{text}" is too far away', f"years from {FIRST_YEAR} to {LAST_YEAR}")


def _with_offset(local: datetime, offset: str, text: str) -> datetime:
    if offset == "Z":
        return local.replace(tzinfo=UTC)
    hours, minutes = int(offset[1:3]), int(offset[-2:])
    if hours > 14 or minutes > 59:
        raise DateError(f'"{text}" has an offset that does not exist')
    ahead = timedelta(hours=hours, minutes=minutes)
    return (local - ahead if offset[0] == "+" else local + ahead).replace(tzinfo=UTC)


def _local(local: datetime, zone: ZoneInfo, text: str) -> datetime:
    first, second = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    early, late = first.astimezone(UTC), second.astimezone(UTC)
    if early == late:
        return early
    if early.astimezone(zone).replace(tzinfo=None) != local:
        message = f'"{text}" does not exist in {zone.key}: clocks go forward'
        raise DateError(message, "choose another time, or write the offset")
    ways = " or ".join(f"{text}{_offset(moment)}" for moment in (first, second))
    message = f'"{text}" exists twice in {zone.key}: clocks go back'
    raise DateError(message, f"write which is meant: {ways}")


def _offset(moment: datetime) -> str:
    minutes = int((moment.utcoffset() or timedelta()).total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
