"""Dates and lengths as people write them, in the time zone of the settings, as UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d)(?::(\d\d))?\s*(Z|[+-]\d\d:?\d\d)?", re.ASCII
)
_LENGTH = re.compile(r"(?:(\d+)d)?\s*(?:(\d+)h)?\s*(?:(\d+)m)?", re.ASCII)
EXAMPLE = "write it as 2027-05-03 09:00"
FIRST_YEAR, LAST_YEAR = 2000, 2100


class DateError(Exception):
    """What is wrong with a date, and what to do."""

    def __init__(self, message: str, hint: str = EXAMPLE) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def parse_moment(text: str, time_zone: str | None) -> datetime:
    """An aware UTC time. Raises: DateError."""
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text.strip()):
            raise DateError(f'"{text}" has no time of day')
        raise DateError(f'"{text[:60]}" is no date')
    *numbers, offset = match.groups()
    try:
        year, month, day, hour, minute, second = (int(number or 0) for number in numbers)
        local = datetime(year, month, day, hour, minute, second)
    except ValueError:
        raise DateError(f'"{text}" does not exist in the calendar') from None
    if not FIRST_YEAR <= local.year < LAST_YEAR:
        raise DateError(f'"{text}" is too far away', f"years from {FIRST_YEAR} to {LAST_YEAR - 1}")
    if offset:
        return _with_offset(local, offset, text)
    if time_zone is None:
        hint = "set time_zone in wisectl.yaml, or write the offset: 2027-05-03 09:00+02:00"
        raise DateError(f'"{text}" has no time zone', hint)
    return _local(local, ZoneInfo(time_zone), text)


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
        raise DateError(
            f'"{text}" does not exist in {zone.key}: clocks go forward',
            "choose another time, or write the offset",
        )
    offsets = " or ".join(_offset(moment.utcoffset()) for moment in (first, second))
    raise DateError(
        f'"{text}" exists twice in {zone.key}: clocks go back',
        f"write which one is meant: {text}{offsets.replace(' or ', f' or {text}')}",
    )


def _offset(delta: timedelta | None) -> str:
    minutes = int((delta or timedelta()).total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def parse_length(text: str) -> timedelta:
    """A length such as 4h, 90m, 1h30m, 14d. Raises: DateError."""
    match = _LENGTH.fullmatch(text.strip())
    parts = [int(part or 0) for part in match.groups()] if match and text.strip() else []
    if not any(parts):
        raise DateError(f'"{text[:60]}" is no length', "write it as 4h, 90m, 1h30m or 14d")
    if sum(parts) > 100_000:
        raise DateError(f'"{text[:60]}" is too long', "write it as 4h, 90m, 1h30m or 14d")
    return timedelta(days=parts[0], hours=parts[1], minutes=parts[2])
