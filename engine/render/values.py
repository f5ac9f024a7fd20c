"""One value as people read it: dates in their zone with the weekday, lists in a row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from engine.bookings import edges
from engine.model import AS_EXAM, PERIOD_OF, ROOM_OF, set_of
from engine.periods import moment, period_of, what_of
from engine.render.style import mask

if TYPE_CHECKING:
    from engine.model import Address, Value
    from engine.plan import FieldChange, SeatsChange
    from engine.render.style import Style

NOTHING = "nothing"
_LONGEST = 100


def difference(
    address: Address, change: FieldChange, style: Style, now: datetime
) -> tuple[str, str]:
    """The values before and after as text, masked where they are personal and not to be shown."""
    if change.path.startswith(ROOM_OF):
        before, after = (_booked(value, style, now) for value in (change.before, change.after))
        return before, after
    hide_before, hide_after = style.hides(address, change)
    before = shown(masked(change.before) if hide_before else change.before, style, now)
    after = shown(masked(change.after) if hide_after else change.after, style, now)
    return before, after


def _booked(times: Value, style: Style, now: datetime) -> str:
    """When a room is booked, in the zone of all other dates."""
    if times == AS_EXAM:
        return "as long as the exam takes"
    return ", ".join(_window(one, style, now) for one in times or ()) or NOTHING


def _window(text: str, style: Style, now: datetime) -> str:
    """One time of a booking; what is booked more than once says so."""
    window, bracket, more = text.partition(" (")
    start, end = edges(window)
    is_one_day = start.astimezone(style.zone).date() == end.astimezone(style.zone).date()
    until = f"{end.astimezone(style.zone):%H:%M}" if is_one_day else date(end, style, now)
    return f"{date(start, style, now)} to {until}{bracket}{more}"


def owner(seats: SeatsChange, style: Style) -> str:
    """Whose allocation it is: a person, masked as people are, or the title of a group."""
    is_person = bool(seats.of) and not seats.role.startswith("assessor_groups")
    return style.person(seats.of) if is_person else seats.of


def called(seats: SeatsChange, style: Style) -> str:
    """The role, or whose allocation it is."""
    return set_of(seats.role, owner(seats, style)) if seats.of else seats.role.replace("_", " ")


def masked(value: Value) -> Value:
    """The value with every text in it masked."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {key: masked(item) for key, item in value.items()}
    if isinstance(value, tuple | list | set | frozenset):
        return tuple(masked(item) for item in value)
    return value


def shown(value: Value, style: Style, now: datetime) -> str:
    """The value as one line of text; `now` tells which year goes without saying."""
    if value is None or value in ("", ()):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return date(value, style, now)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {shown(item, style, now)}" for key, item in value.items())
    if isinstance(value, tuple | list | set | frozenset):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return ", ".join(shown(item, style, now) for item in items)
    return _text(str(value), style)


def _text(text: str, style: Style) -> str:
    if len(text) > _LONGEST and not style.verbose:
        return f"{text[:_LONGEST]}… ({len(text)} characters)"
    return f'"{text}"' if text != text.strip() else text


def date(moment: datetime, style: Style, now: datetime) -> str:
    """`Mon 24 May 12:00`, with the year where it is not this one."""
    local = moment.astimezone(style.zone)
    year = "" if local.year == now.astimezone(style.zone).year else f" {local.year}"
    return f"{local:%a} {local.day} {local:%b}{year} {local:%H:%M}"


def shown_time(value: Value, style: Style) -> str:
    """A date without its year, else the value: what a single participant has of their own."""
    return date(value, style, value) if isinstance(value, datetime) else str(value)


def zone_name(zone: tzinfo) -> str:
    """`Copenhagen` for Europe/Copenhagen."""
    return str(getattr(zone, "key", zone)).rpartition("/")[2].replace("_", " ")


def until(start: datetime, now: datetime, style: Style) -> str:
    """`starts in 10 h` or `started 3 h ago` when it is near, else the day."""
    away, word = start - now, "starts" if start > now else "started"
    if abs(away) >= timedelta(hours=72):
        return f"{word} {date(start, style, now)}"
    near = _rough(abs(away))
    return f"starts in {near}" if start > now else f"started {near} ago"


def _rough(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h"


def label(path: str, style: Style, now: datetime) -> str:
    """A field's name as people say it: `marking end`; a data type keeps its own spelling."""
    if path.startswith(PERIOD_OF):
        what = what_of(path).replace("_", " ")
        return f"period {date(moment(period_of(path)), style, now)} {what}".rstrip()
    return path if path.startswith("data.") else path.replace(".", " ")
