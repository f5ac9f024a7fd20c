"""One value as people read it: dates in their zone with the weekday, lists in a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.model import Value

EMPTY = "(empty)"
_LONGEST = 120
_SECONDS_BY_UNIT = (("day", 86400), ("h", 3600), ("min", 60))


@dataclass(frozen=True, slots=True)
class View:
    """How a plan is shown: colour, the zone of its dates, and whether lists are folded."""

    colour: bool = False
    zone: tzinfo = UTC
    verbose: bool = False


def shown(value: Value, view: View, now: datetime) -> str:
    """The value as one line of text; `now` tells which year goes without saying."""
    if value is None or value == ():
        return EMPTY
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return date(value, view, now)
    if isinstance(value, timedelta):
        return duration(value)
    if isinstance(value, Mapping):
        pairs = (f"{key}: {shown(item, view, now)}" for key, item in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, tuple | list | set | frozenset):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return ", ".join(shown(item, view, now) for item in items)
    return _text(str(value), view)


def _text(text: str, view: View) -> str:
    if len(text) > _LONGEST and not view.verbose:
        text = f"{text[:_LONGEST]}… ({len(text)} characters)"
    return f'"{text}"' if text != text.strip() or not text else text


def date(moment: datetime, view: View, now: datetime) -> str:
    """`Mon 24 May 12:00`, with the year where it is not this one."""
    local = moment.astimezone(view.zone)
    year = "" if local.year == now.astimezone(view.zone).year else f" {local.year}"
    seconds = f":{local.second:02}" if local.second else ""
    return f"{local:%a} {local.day} {local:%b}{year} {local:%H:%M}{seconds}"


def zone_name(zone: tzinfo) -> str:
    """`Copenhagen` for Europe/Copenhagen."""
    return str(getattr(zone, "key", zone)).rpartition("/")[2].replace("_", " ")


def duration(span: timedelta) -> str:
    """`4 h 30 min`; less than a minute in seconds."""
    rest, parts = int(abs(span.total_seconds())), []
    if rest < 60:
        return f"{rest} s"
    for unit, size in _SECONDS_BY_UNIT:
        number, rest = divmod(rest, size)
        if number:
            parts.append(f"{number} {unit}{'s' if unit == 'day' and number > 1 else ''}")
    return " ".join(parts)


def until(start: datetime, now: datetime) -> str:
    """`starts in 10 h`, or `started 3 days ago`, in one unit."""
    span = start - now
    return f"starts in {_rough(span)}" if span > timedelta() else f"started {_rough(-span)} ago"


def _rough(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"


def label(path: str) -> str:
    """A field's name as people say it: `marking end`; a data type keeps its own spelling."""
    return path if path.startswith("data.") else path.replace(".", " ")
