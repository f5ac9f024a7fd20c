"""Who has times of their own that no manifest states: they stay behind when the exam moves. Pure.

WISEflow answers of a whole exam the earliest start and the latest end of single participants. Only
where these differ from the exam's, and nobody who is stated accounts for it, the others are asked.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.individual import EXTRA, general_after, general_live, mentioned
from engine.kinds._individual_people import sitters
from engine.model import DATES_OF, OFF
from engine.plan import Hazard, Status
from engine.seats import is_active
from engine.wiseflow.individual import WITHOUT_DATES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.individual import General
    from engine.model import Desired, Live, LiveSeat
    from engine.plan import Change
    from engine.world import Findings, World

OTHERS = "others"
"""The fact of a live flow, and the part that may be unread: those who are not stated."""

TIMEBOXES = "others' timeboxes"
"""The same of timeboxes, of which the exam itself tells nothing."""

LEFT_BEHIND = "it is not known who has longer: they would be left behind"
KINDS_OF_TIMES = "accommodations or individual"
SHOWN = 5


def are_dates_asked(desired: Desired, live: Live) -> bool:
    """Whether somebody who is not stated has times of their own, or may lose by a longer exam."""
    if live.facts["marked"] or live.fields.get("type") in WITHOUT_DATES:
        return False
    return bool(_unstated_edges(live)) or (_has_later_end(live) and _ends_later(desired, live))


def _unstated_edges(live: Live) -> list[str]:
    """The edges of the participation that nobody who is stated accounts for."""
    edges = live.facts.get("edges") or {}
    seats = live.roles.get(DATES_OF, ())
    unstated = []
    for edge, choose in (("start", min), ("end", max)):
        known = [live.fields.get(f"participation.{edge}"), *(s.flags.get(edge) for s in seats)]
        moments = [moment for moment in known if moment]
        found = edges.get(edge)
        if moments and found and choose(found, choose(moments)) != choose(moments):
            unstated.append(edge)
    return unstated


def _has_later_end(live: Live) -> bool:
    edges, end = live.facts.get("edges") or {}, live.fields.get("participation.end")
    return bool(end and edges.get("end") and edges["end"] > end)


def _ends_later(desired: Desired, live: Live) -> bool:
    stated, end = desired.fields.get("participation.end"), live.fields.get("participation.end")
    return bool(stated and end and stated.value and stated.value > end)


def is_timebox_asked(desired: Desired, live: Live) -> bool:
    """Whether the timebox of the exam gets longer, or is new: only then may somebody be behind."""
    stated, now = desired.fields.get("timebox"), live.fields.get("timebox")
    if not stated or "timebox" not in live.fields or live.facts["marked"] or live.facts["sis"]:
        return False
    then = stated.value
    return then not in (OFF, None) and (now in (OFF, None) or bool(then > now))


# ---- what is told and held -----------------------------------------------------------------------


def with_others(
    desired: Desired, live: Live | None, changes: list[Change], world: World, findings: Findings
) -> list[Change]:
    """The changes, the move of the exam held where it takes time from who does not move along."""
    if live is None or live.facts["marked"]:
        return changes
    now, then = general_live(live), general_after(desired, live, changes, world)
    reason = world.unread.get((desired.address, OTHERS), "")
    if reason:
        hint = "the exam is not moved away from them"
        findings.problem(desired.location, DATES_OF, reason, hint)
    others = list(_others(desired, live, changes, world))
    _note_own(desired, live, changes, world, findings)
    short = [seat for seat in others if _ends_before(seat, then)]
    if short and then.end:
        who = _names(short, world)
        message = f"their own end is before that of the exam, no manifest states it: {who}"
        findings.note(desired.address, message, f"state it under {KINDS_OF_TIMES}")
    loses = any(not _ends_before(seat, now) and seat.flags["end"] != now.end for seat in short)
    is_blind = bool(reason) and _ends_later(desired, live)
    changes = [_held(one, loses, is_blind) if one.part == "dates" else one for one in changes]
    return _with_timeboxes(live, changes, world, findings, (now, then))


def _with_timeboxes(
    live: Live,
    changes: list[Change],
    world: World,
    findings: Findings,
    generals: tuple[General, General],
) -> list[Change]:
    """The changes, a longer timebox held where somebody would stay behind with a shorter one."""
    (now, then), reason = generals, world.unread.get((live.address, TIMEBOXES), "")
    if not any(change.part == "timebox" for change in changes):
        return changes
    short = [
        seat
        for seat in live.facts.get(TIMEBOXES, ())
        if (mine := seat.flags["timebox"]) not in (OFF, now.timebox)
        and mine < then.timebox
        and (now.timebox in (OFF, None) or mine > now.timebox)
    ]
    if short:
        who = _names(short, world)
        message = f"their own timebox is shorter than the exam's, no manifest states it: {who}"
        findings.note(live.address, message, f"state it under {KINDS_OF_TIMES}")
    text = "somebody's own timebox would be shorter than that of the exam"
    return [
        _held(one, bool(short), bool(reason), text) if one.part == "timebox" else one
        for one in changes
    ]


BEHIND = "somebody's own end would be before that of the exam"


def _held(change: Change, loses: bool, is_blind: bool, text: str = BEHIND) -> Change:
    if change.status is not Status.PLANNED or not (loses or is_blind):
        return change
    if is_blind:
        return replace(change, status=Status.BLOCKED, reasons=(LEFT_BEHIND,), hazards=())
    if any(one.name == "shorter" for one in change.hazards):
        return change
    hazard = Hazard("shorter", text, True)
    return replace(change, hazards=(*change.hazards, hazard))


def _ends_before(seat: LiveSeat, general: General) -> bool:
    end = seat.flags.get("end")
    return bool(end and general.end and end < general.end)


def _others(
    desired: Desired, live: Live, changes: Iterable[Change], world: World
) -> Iterator[LiveSeat]:
    """Those who may sit the exam, and whose end no manifest decides; none follows the exam's."""
    who, general = sitters(desired, live, changes, world), general_live(live)
    stated = mentioned(desired.roles.get(DATES_OF), world)
    planned = {
        seat.user_id
        for change in changes
        if change.seats and change.seats.role == DATES_OF
        for seat in change.seats.change
        if "end" in dict(seat.flags)
    }
    for seat in (*live.facts.get(OTHERS, ()), *live.roles.get(DATES_OF, ())):
        one, number = stated.get(seat.user_id), seat.user_id
        if number in planned or (one and {"end", EXTRA} & set(one.flags)):
            continue
        there = who.there.get(number, seat)
        is_out = number in who.leaving or who.stated_active.get(number) is False
        if is_active(there) and not is_out and seat.flags.get("end") != general.end:
            yield seat


def _note_own(
    desired: Desired, live: Live, changes: Iterable[Change], world: World, findings: Findings
) -> None:
    """Says who has times of their own which no manifest states: they stay as they are."""
    moves = any(change.part == "dates" for change in changes)
    left = "it does not move along with the exam" if moves else "it stays as it is"
    for edge in _unstated_edges(live):
        general = live.fields.get(f"participation.{edge}")
        mine = [s for s in live.facts.get(OTHERS, ()) if s.flags.get(edge) != general]
        who = _names(mine, world) if mine else "somebody"
        has = "have" if len(mine) > 1 else "has"
        word = "a start" if edge == "start" else "an end"
        message = f"{who} {has} {word} of their own that no manifest states: {left}"
        findings.note(desired.address, message, f"state it under {KINDS_OF_TIMES}")


def _names(seats: Iterable[LiveSeat], world: World) -> str:
    people, licence = world.people, world.licence
    names = [people.name_of(seat.user_id, licence, seat.name) for seat in seats]
    names.sort(key=str.casefold)
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")
