"""When a draft becomes an exam that people see: what it needs, and what it does. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from engine.periods import first_start
from engine.plan import Action, Change, FieldChange, Hazard, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from engine.model import Desired, Live, Value
    from engine.world import World

DRAFT = 0
PART = "activation"
LAST_HOUR = timedelta(hours=1)
NOBODY_SAYS_WHEN = "nobody says when the exam is"


def is_wanted(desired: Desired, live: Live | None) -> bool:
    """Whether the manifests ask for an activation that has not happened."""
    lifecycle = desired.fields.get("lifecycle")
    draft = live is None or live.facts["state"] == DRAFT
    return draft and lifecycle is not None and lifecycle.value == "active"


def is_due(desired: Desired, live: Live | None, now: datetime) -> bool:
    """Whether the activation is wanted and its time has come."""
    return is_wanted(desired, live) and not _waits_until(desired, now)


def _waits_until(desired: Desired, now: datetime) -> datetime | None:
    stated = desired.fields.get("activate_from")
    return stated.value if stated and stated.value > now else None


def plan_activation(
    desired: Desired, live: Live | None, changes: Sequence[Change], world: World
) -> Iterable[Change]:
    """The activation, planned, waiting or blocked; it needs every other change of its flow."""
    if not is_wanted(desired, live):
        return
    stated = desired.fields["lifecycle"]
    change = Change(
        address=desired.address,
        part=PART,
        action=Action.UPDATE,
        location=stated.location,
        fields=(FieldChange("lifecycle", "draft", "active", str(stated.location)),),
        needs=tuple(sorted(change.id for change in changes if change.part != "type")),
    )
    if moment := _waits_until(desired, world.now):
        local = moment.astimezone(world.zone)
        reason = f"activates from {local:%a} {local.day} {local:%b %Y %H:%M %Z}"
        yield replace(change, status=Status.WAITING, reasons=(reason,))
        return
    reasons = tuple(_lacks(desired, live, changes, world))
    if reasons:
        yield replace(change, status=Status.BLOCKED, reasons=reasons)
    else:
        yield replace(change, hazards=tuple(_hazards(desired, live, changes, world)))


def _lacks(
    desired: Desired, live: Live | None, changes: Sequence[Change], world: World
) -> Iterable[str]:
    """What activation needs and the flow will not have: windows to come, a manager, content."""
    start, end = _start(desired, live), _date(desired, live, "marking.end")
    if first_start(desired.fields):
        # An oral exam has no windows.
        end = start
    if not _says_when(desired, live):
        yield f"{NOBODY_SAYS_WHEN}: state participation and marking, or periods"
    elif start is None or end is None:
        yield "it has no participation and marking windows"
    elif start <= world.now:
        yield "its participation start is in the past"
    if not _seats_after("managers", live, changes):
        yield "it would have no manager"
    if not _has_content(desired, live, world):
        yield "it has no assignment: add one in WISEflow, or state `content: none`"
    for (address, part), reason in world.unread.items():
        if address == desired.address:
            yield f"{part}: {reason}" if part else reason


def _says_when(desired: Desired, live: Live | None) -> bool:
    """Whether the windows are stated, or come from a SIS.

    Those of a flow for which nobody stated any may be the licence's default: not an exam's.
    """
    sis = live is not None and bool(live.facts.get("sis"))
    return sis or "participation.start" in desired.fields or bool(first_start(desired.fields))


def _start(desired: Desired, live: Live | None) -> Value:
    """When the exam begins: an oral one with the first of its periods."""
    return first_start(desired.fields) or _date(desired, live, "participation.start")


def _date(desired: Desired, live: Live | None, path: str) -> Value:
    if path in desired.fields:
        return desired.fields[path].value
    return live.fields.get(path) if live else None


def _seats_after(role: str, live: Live | None, changes: Sequence[Change]) -> int:
    """How many seats the role has once the flow's changes are done, those of single people too."""
    seats = [change.seats for change in changes if change.seats and change.seats.people == role]
    whole = [one for one in seats if one.role == role]
    alone = sum(one.after - one.before for one in seats if one.role != role)
    if whole:
        return whole[-1].after + alone
    there = live.roles.get(role, ()) if live else ()
    return sum(1 for seat in there if seat.flags.get("active") is not False) + alone


def _has_content(desired: Desired, live: Live | None, world: World) -> bool:
    if "content" in desired.fields:
        return True
    if live is not None:
        return bool(live.facts.get("content", True))
    copy_from = desired.fields.get("copy_from")
    if not copy_from or not copy_from.value:
        return False
    source = dict(copy_from.value)
    number = world.sources.get(source["flow"])
    # A source that this plan creates is looked at when the activation's turn comes.
    there = number is None or world.source_content.get(number, True)
    return "assignments" in (source.get("include") or ()) and there


def _hazards(
    desired: Desired, live: Live | None, changes: Sequence[Change], world: World
) -> Iterable[Hazard]:
    participants = _seats_after("participants", live, changes)
    staff = sum(
        _seats_after(role, live, changes)
        for role in ("managers", "authors", "assessors", "reviewers", "invigilators")
    )
    message = f"activation cannot be undone and messages {participants} participants"
    yield Hazard(PART, message + (f" and {staff} staff" if staff else ""), False)
    start = _start(desired, live)
    if start - world.now <= LAST_HOUR:
        yield Hazard("last-hour", "the exam starts within an hour", True)
    if not participants:
        yield Hazard("no-participants", "nobody would sit this exam", True)
