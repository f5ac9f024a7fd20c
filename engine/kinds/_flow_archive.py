"""Into the archive and out of it: when a flow can be archived, what bringing it back does. Pure.

Sources: WISEflow OpenAPI, PATCH /flows/{flowId}/archive and /unarchive; WISEflow help, "Archive and
delete assessments".
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from engine.plan import Action, Change, FieldChange, Hazard, Status
from engine.wiseflow.flows import ARCHIVED, CONCLUDED, DRAFT, STATE_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from engine.model import Desired, Live, Value
    from engine.world import Findings, World

ARCHIVE, UNARCHIVE = "archive", "unarchive"
END = "marking.end"
TODAY = "today"
"""Where unarchiving puts the end of marking; the moment is WISEflow's."""

UNKNOWN = (END, "allocation")
"""What unarchiving moves, and what an archived flow does not answer.

Source: WISEflow OpenAPI, GET /flows/{flowId}/marking/assessor-allocation-type, 403.
"""

SOON_ARCHIVED = timedelta(days=28)
"""A flow is archived by itself one month after the end of marking: this is the shortest one."""

OVER = ("participation.start", "participation.end", END)
"""What must lie in the past for a flow to be concluded."""


def is_to_be_archived(desired: Desired) -> bool:
    stated = desired.fields.get("lifecycle")
    return stated is not None and stated.value == "archived"


# ---- into the archive ----------------------------------------------------------------------------


def plan_archiving(
    desired: Desired, live: Live | None, changes: Sequence[Change], world: World
) -> Iterable[Change]:
    """The archiving, planned, waiting or blocked; nothing is written to an archived flow after it.

    A draft is not activated on the way there: that messages people, which nobody asked for.
    """
    if not is_to_be_archived(desired):
        return
    stated = desired.fields["lifecycle"]
    before = live.fields["lifecycle"] if live else "draft"
    change = Change(
        address=desired.address,
        part=ARCHIVE,
        action=Action.UPDATE,
        location=stated.location,
        fields=(FieldChange("lifecycle", before, "archived", str(stated.location)),),
        needs=tuple(sorted(change.id for change in changes if change.part != "type")),
    )
    state = live.facts["state"] if live else DRAFT
    if live is None or state == DRAFT:
        reason = "only a concluded flow can be archived, and it is a draft"
        yield replace(change, status=Status.BLOCKED, reasons=(reason,))
        return
    if lost := sorted(part for where, part in world.unread if where == desired.address):
        # What was not read may differ, and nothing is written any more once it is archived.
        reason = f"not all of it could be read: {', '.join(part or 'the flow' for part in lost)}"
        yield replace(change, status=Status.BLOCKED, reasons=(reason,))
        return
    moved = _dates_after(changes)
    dates = {path: live.fields.get(path) for path in OVER} | moved
    waits = _waits(dates, CONCLUDED if moved else state, world)
    yield replace(change, status=Status.WAITING, reasons=(waits,)) if waits else change


def _dates_after(changes: Iterable[Change]) -> dict[str, Value]:
    return {
        one.path: one.after
        for change in changes
        for one in change.fields
        if change.part == "dates" and one.path in OVER
    }


def _waits(dates: dict[str, Value], state: int, world: World) -> str:
    """Until when the flow is not concluded, with the dates that it will have."""
    if None in dates.values():
        return "only a concluded flow can be archived, and it has no participation and marking"
    last: datetime = max(dates.values())
    if last > world.now:
        local = last.astimezone(world.zone)
        return f"is archived once it is over: {local:%a} {local.day} {local:%b %Y %H:%M %Z}"
    return "" if state == CONCLUDED else f"only a concluded flow can be archived: {_said(state)}"


def _said(state: int) -> str:
    return f"it is {STATE_NAMES[state]}"


# ---- out of the archive --------------------------------------------------------------------------


def is_left_archived(desired: Desired, live: Live | None, findings: Findings) -> bool:
    """Whether the flow is in the archive and nobody asks for it: then it is not compared."""
    if live is None or live.facts["state"] != ARCHIVED:
        if live is not None and desired.unarchive is not None:
            hint = f"take the line at {desired.unarchive} out"
            findings.note(desired.address, "unarchive: it is not archived", hint)
        return False
    if desired.unarchive is not None:
        return False
    if not is_to_be_archived(desired):
        findings.note(desired.address, "archived in WISEflow: not compared, nothing is written")
    return True


def as_unarchived(live: Live, now: datetime) -> Live:
    """An archived flow as it will be compared: concluded, with marking that ends today."""
    fields = {**live.fields, END: now, "lifecycle": "active"}
    return replace(live, fields=fields, facts={**live.facts, "state": CONCLUDED})


def with_unarchiving(
    desired: Desired, live: Live, changes: list[Change], world: World
) -> list[Change]:
    """The changes of a flow that is to come out of the archive, which is the first of them.

    What nobody can know while it is in there is bound to no value before. One that is being made
    was never in there.
    """
    if desired.unarchive is None or live.facts["marked"]:
        return changes
    is_archived = live.facts["state"] == ARCHIVED
    changes = [_loosened(change, is_archived=is_archived) for change in changes]
    if not is_archived:
        return changes
    first = _unarchiving(desired, live, world)
    if first.status is Status.BLOCKED:
        return [first]
    return [first, *(replace(one, needs=(*one.needs, first.id)) for one in changes)]


def _loosened(change: Change, *, is_archived: bool) -> Change:
    fields = tuple(
        replace(one, is_loose=True, before=TODAY if is_archived and one.path == END else one.before)
        if one.path in UNKNOWN
        else one
        for one in change.fields
    )
    return replace(change, fields=fields)


def _unarchiving(desired: Desired, live: Live, world: World) -> Change:
    reasons = tuple(_reasons(desired, live, world))
    message = "WISEflow moves its marking end to today"
    field = FieldChange("lifecycle", "archived", "active", str(desired.unarchive))
    return Change(
        address=desired.address,
        part=UNARCHIVE,
        action=Action.UPDATE,
        location=desired.location,
        # A flow that stays in the archive is not compared, whoever asked for it.
        fields=() if reasons else (field,),
        hazards=() if reasons else (Hazard(UNARCHIVE, message, True),),
        status=Status.BLOCKED if reasons else Status.PLANNED,
        reasons=reasons,
    )


def _reasons(desired: Desired, live: Live, world: World) -> Iterator[str]:
    """Why a flow stays in the archive though somebody asks for it."""
    end = desired.fields.get(END)
    if live.facts["sis"]:
        yield "a student information system feeds it and owns its dates, which this would move"
    elif end and end.value <= world.now - SOON_ARCHIVED:
        yield f"with its marking end ({end.location}) it would be archived again: state a later one"
