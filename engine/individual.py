"""What holds for one participant alone: times counted from those of the exam. Pure.

A time of somebody's own and one that is equal to the exam's cannot be told apart: WISEflow answers
what holds for them. So what is equal to the exam's time, as it is or as it is to be, counts as
none of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from engine.model import DATES_OF, OFF, TIMEBOX_OF, DesiredRole, DesiredSeat, Stated, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.model import Desired, Live, Person
    from engine.plan import Change
    from engine.world import World

TIMES = (DATES_OF, TIMEBOX_OF)
"""The roles of times: whoever is stated in them no longer returns to what holds for all."""

EXTRA = "extra_time"
PATHS = {"start": "participation.start", "end": "participation.end", "timebox": "timebox"}
"""From flags to the fields of a flow that hold for everybody else."""

MINUTE = timedelta(minutes=1)
MOST_PERCENT, MOST_MINUTES = 300, 24 * 60
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,2})?)%", re.ASCII)
_MINUTES = re.compile(r"(?:(\d{1,2})h)?(?:(\d{1,4})m)?", re.ASCII)


def is_extra_time(text: str) -> bool:
    """Whether a text says how much longer: `25%`, `30m`, `1h30m`."""
    if percent := _PERCENT.fullmatch(text):
        return 0 < Fraction(percent[1]) <= MOST_PERCENT
    return bool(text) and 0 < _fixed(text) <= MOST_MINUTES


def _fixed(text: str) -> int:
    found = _MINUTES.fullmatch(text)
    hours, minutes = (int(part or 0) for part in found.groups()) if found else (0, 0)
    return hours * 60 + minutes


@dataclass(frozen=True, slots=True)
class General:
    """What holds for everybody on a flow; None where that is not known or there is none."""

    start: datetime | None = None
    end: datetime | None = None
    timebox: Value = None

    def of(self, name: str) -> Value:
        """The value that somebody has who has none of their own."""
        everybody = {"start": self.start, "end": self.end, "timebox": self.timebox}
        return everybody.get(name, True if name == "active" else None)

    def window(self) -> tuple[datetime, datetime] | None:
        return (self.start, self.end) if self.start and self.end else None


def general_live(live: Live | None) -> General:
    """What holds for everybody now. A flow that is still being made has nothing yet."""
    if live is None or live.facts.get("marked"):
        return General()
    fields = {name: live.fields.get(path) for name, path in PATHS.items()}
    fields["timebox"] = fields["timebox"] or live.facts.get("timebox")
    return General(**fields)


def general_after(
    desired: Desired, live: Live | None, changes: Iterable[Change], world: World
) -> General:
    """What holds for everybody once the changes of the flow are done."""
    now = general_live(live)
    found: dict[str, Value] = {name: now.of(name) for name in PATHS}
    if found["timebox"] is None:
        found["timebox"] = copied_timebox(desired, world)
    names = {path: name for name, path in PATHS.items()}
    found |= {
        names[one.path]: one.after
        for change in changes
        for one in change.fields
        if one.path in names
    }
    return General(**found)


def copied_timebox(desired: Desired | None, world: World) -> Value:
    """The timebox of a flow that is still to be made and states none: that of what it is like."""
    seen: set[str] = set()
    while desired is not None and desired.address.key not in seen:
        seen.add(desired.address.key)
        if stated := desired.fields.get("timebox"):
            return stated.value
        copied = desired.fields.get("copy_from")
        source = dict(copied.value) if copied and copied.value else {}
        if "settings" not in (source.get("include") or ()):
            return OFF
        desired = world.desired.get(desired.address._replace(key=source["flow"]))
        is_said = desired is not None and "timebox" in desired.fields
        if not is_said and source["flow"] in world.source_timeboxes:
            return world.source_timeboxes[source["flow"]]
    return OFF


# ---- who has what --------------------------------------------------------------------------------


class Mentioned(NamedTuple):
    """One person of a role: as they are first named, and everything that is stated of them."""

    person: Person
    flags: Mapping[str, Stated]


def mentioned(role: DesiredRole | None, world: World) -> dict[int | str, Mentioned]:
    """Everybody once, by WISEflow's number or else by name. Extra times come together."""
    seats = role.seats if role else ()
    if id(seats) not in world.kept:
        world.kept[id(seats)] = seats, _mentioned(seats, world)
    found: dict[int | str, Mentioned] = world.kept[id(seats)][1]
    return found


def _mentioned(seats: Iterable[DesiredSeat], world: World) -> dict[int | str, Mentioned]:
    found: dict[int | str, Mentioned] = {}
    for seat in seats:
        slot = slot_of(seat.person, world)
        known = found.setdefault(slot, Mentioned(seat.person, seat.flags))
        if known.flags is not seat.flags:
            found[slot] = Mentioned(known.person, _united(known.flags, seat.flags))
    return found


def slot_of(person: Person, world: World) -> int | str:
    """What is the same for two mentions of one person, by key and by student number."""
    return world.people.user_id(person) or world.people.name(person, world.licence).casefold()


def _united(one: Mapping[str, Stated], other: Mapping[str, Stated]) -> dict[str, Stated]:
    flags = {**other, **one}
    if EXTRA in one and EXTRA in other:
        texts = {*one[EXTRA].value, *other[EXTRA].value}
        flags[EXTRA] = Stated(tuple(sorted(texts)), one[EXTRA].location)
    return flags


def sitting(desired: Desired, live: Live | None, world: World) -> set[int | str]:
    """Everybody who sits an exam or is to, by number or name."""
    role = desired.roles.get("participants")
    there = {seat.user_id for seat in live.roles.get("participants", ())} if live else set()
    return there | {slot_of(seat.person, world) for seat in (role.seats if role else ())}


def values(flags: Mapping[str, Stated]) -> dict[str, Value]:
    return {name: stated.value for name, stated in flags.items()}


# ---- times ---------------------------------------------------------------------------------------


def extra_minutes(texts: Iterable[str], general: General) -> int:
    """The longest of several extra times. Units: minutes, a part of one counts as one.

    A share is one of the timebox, where there is one, else of the participation.
    """
    window = general.window()
    length = Fraction(int((window[1] - window[0]).total_seconds()), 60) if window else Fraction(0)
    if general.timebox not in (OFF, None):
        length = Fraction(general.timebox)
    found = [0]
    for text in texts:
        percent = _PERCENT.fullmatch(text)
        found.append(ceil(length * Fraction(percent[1]) / 100) if percent else _fixed(text))
    return max(found)


def wanted(role: str, stated: Mapping[str, Value], general: General) -> dict[str, Value]:
    """What is to hold for somebody, by flag, given what holds for everybody then."""
    if role not in TIMES:
        return dict(stated)
    extra = extra_minutes(stated.get(EXTRA, ()), general)
    if role == TIMEBOX_OF:
        return _wanted_timebox(stated, general.timebox, extra)
    found = {name: stated[name] for name in ("start", "end") if name in stated}
    if extra and (window := general.window()):
        found["end"] = _longest_end(found, window, extra)
    return found


def _longest_end(
    own: Mapping[str, datetime], window: tuple[datetime, datetime], extra: int
) -> datetime:
    """Extra time counts from a later start of one's own, so that nobody loses it by that."""
    start, end = window
    begins = max(start, own.get("start", start))
    return max(own.get("end", end), end, begins + (end - start) + extra * MINUTE)


def _wanted_timebox(stated: Mapping[str, Value], timebox: Value, extra: int) -> dict[str, Value]:
    """Without a timebox there is the whole participation: nothing is longer."""
    found = [stated["timebox"]] if "timebox" in stated else []
    if extra and timebox not in (OFF, None):
        found.append(timebox + extra)
    if not found:
        return {}
    return {"timebox": OFF if OFF in found else max(found)}


def own(found: Mapping[str, Value], *generals: General) -> dict[str, Value]:
    """Of some values those that are somebody's own, and not what holds for everybody."""
    return {
        name: value
        for name, value in found.items()
        if value is not None and all(value != general.of(name) for general in generals)
    }
