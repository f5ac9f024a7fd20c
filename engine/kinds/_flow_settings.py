"""Which settings of a flow differ, and what changing them takes away. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.diff import changed_fields
from engine.kinds._flow_sis import is_left, note_sis
from engine.model import DATA_OF, OFF, ROOM_OF, TYPE_OF, Desired, Live, Standing, Value
from engine.periods import exam_start
from engine.plan import NOT_VERIFIED, Action, Change, FieldChange, Hazard, Status
from engine.seats import starts_soon
from engine.wiseflow.flow_settings import SETTINGS
from engine.world import Findings, World, known

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

GRADES, GROUPED = "grades", "grouped"
"""Facts of a live flow, read where a change would destroy them: how many there are."""


def normal(path: str, value: Value) -> Value:
    """An assessor type by its instruction: it is replaced by taking the old one away.

    Assessor groups by their titles, bookings of a room by their windows. A key that is moved by
    all that the flow carries: the new one comes before the old one goes.
    """
    if path == "assessor_groups":
        return dict.fromkeys(value or (), True)
    if path.startswith(ROOM_OF):
        return dict.fromkeys(value or (), True)
    if path == "key" and value:
        return dict.fromkeys(str(value).casefold().split(", "), True)
    if not path.startswith(TYPE_OF) or value is None:
        return value
    return {"" if value is True else str(value): True}


def setting_paths(desired: Desired) -> list[str]:
    """The paths of all settings that a flow states, in the order in which a plan shows them."""
    types = [path for path in desired.fields if path.startswith(TYPE_OF)]
    names = [*(setting.name for setting in SETTINGS), "assessor_types", *types]
    return [name for name in names if name in desired.fields]


# ---- names of the licence ------------------------------------------------------------------------


def unknown_names(desired: Desired, world: World, findings: Findings) -> Iterator[str]:
    """Why settings cannot be made: the licence has no such name. Each is a problem, too."""
    for path in setting_paths(desired):
        yield from unknown_name(path, desired, world, findings)


def unknown_name(path: str, desired: Desired, world: World, findings: Findings) -> Iterator[str]:
    """The same of one setting."""
    stated, licence = desired.fields[path], world.licence
    if path == "grading_scale" and stated.value not in licence.grading_scales:
        message = f'unknown grading scale "{stated.value}"'
        findings.problem(stated.location, path, message, known(licence.grading_scales))
        yield f"this licence has no grading scale {stated.value}"
    name = path.removeprefix(TYPE_OF)
    if name != path and stated.value is not None and name not in licence.assessor_types:
        message = f'unknown assessor type "{name}"'
        findings.problem(stated.location, "type", message, known(licence.assessor_types))
        yield f"this licence has no assessor type {name}"
    if path == "anonymisation" and str(stated.value).startswith(DATA_OF):
        yield from _unusable(str(stated.value).removeprefix(DATA_OF), desired, world, findings)


def _unusable(name: str, desired: Desired, world: World, findings: Findings) -> Iterator[str]:
    """Source: WISEflow OpenAPI, PUT /flows/{flowId}/anonymisation: visible and not protected."""
    types = world.licence.data_types
    usable = {one.name for one in types.values() if one.visible and not one.protected}
    if name not in usable:
        what = f'the user data type "{name}" is hidden or protected'
        message = what if name in types else f'unknown user data type "{name}"'
        location = desired.fields["anonymisation"].location
        findings.problem(location, "anonymisation", message, known(usable))
        yield f"nobody can be anonymised by {name}"


# ---- flows that are there ------------------------------------------------------------------------


def setting_changes(
    desired: Desired, live: Live, world: World, findings: Findings
) -> Iterator[Change]:
    """A change for each setting that differs, blocked or with its hazards."""
    for setting in SETTINGS:
        stated = desired.fields.get(setting.name)
        if stated is None:
            continue
        if setting.read is None:
            yield from _unverified(setting.name, desired, live, world, findings)
            continue
        if reason := world.unread.get((desired.address, setting.name)):
            findings.problem(stated.location, setting.name, reason, "it is left alone")
            continue
        changed = changed_fields(desired.fields, live.fields, (setting.name,))
        if changed and is_left(live, setting.name):
            note_sis(desired, (one.path for one in changed), findings, world)
        elif changed:
            reasons = [
                *unknown_name(setting.name, desired, world, findings),
                *_blocks(changed, live),
            ]
            yield _change(desired, live, changed, reasons, world)


def _unverified(
    name: str, desired: Desired, live: Live, world: World, findings: Findings
) -> Iterator[Change]:
    """A change of what WISEflow does not answer, where it is not what stood at base; else a note.

    What is new was written when it was made; what is adopted holds nobody knows what.
    """
    stated = desired.fields[name]
    if not _is_moved(name, desired):
        hint = "WISEflow does not answer it: it is written when git says that it has changed"
        findings.note(desired.address, f"{NOT_VERIFIED}: {name}", hint)
    elif is_left(live, name):
        note_sis(desired, (name,), findings, world)
    else:
        field = FieldChange(name, NOT_VERIFIED, stated.value, str(stated.location), is_loose=True)
        yield _change(desired, live, (field,), [], world)


def _is_moved(name: str, desired: Desired) -> bool:
    base = desired.base
    if base is None:
        return desired.standing is Standing.NEW and desired.adopted is not None
    was, numbers = base.fields.get(name), [_number(desired), _number(base)]
    return was is None or was.value != desired.fields[name].value or numbers[0] != numbers[1]


def _number(desired: Desired) -> int | None:
    return desired.adopted.server_id if desired.adopted else None


def _change(
    desired: Desired,
    live: Live,
    changed: tuple[FieldChange, ...],
    reasons: list[str],
    world: World,
) -> Change:
    hazards = () if reasons else tuple(_hazards(changed[0], live, world))
    return Change(
        address=desired.address,
        part=changed[0].path,
        action=Action.UPDATE,
        location=desired.location,
        fields=changed,
        hazards=hazards,
        status=Status.BLOCKED if reasons else Status.PLANNED,
        reasons=tuple(reasons),
    )


def _blocks(changed: tuple[FieldChange, ...], live: Live) -> Iterator[str]:
    path, grades, grouped = changed[0].path, live.facts.get(GRADES), live.facts.get(GROUPED)
    if path == "grading_scale" and grades:
        yield f"{grades} participants have a grade, which a change of the grading scale deletes"
    if path == "allocation" and grouped:
        yield f"assessor groups have {grouped} participants: take them out of the groups first"


def _hazards(one: FieldChange, live: Live, world: World) -> Iterable[Hazard]:
    start, now = exam_start(live, world), world.now
    if one.path == "grading_scale":
        message = "all grades of the flow are reset and submitted rubrics deleted"
        yield Hazard("grading-scale", message, True)
    if one.path == "anonymisation" and start is not None and start <= now:
        yield Hazard("anonymisation", "the exam has started", True)
    if one.path == "timebox" and _is_shorter(one, live):
        yield Hazard("shorter", "the timebox becomes shorter", True)
        if starts_soon(start, now):
            yield Hazard("starts-soon", "the exam has started or starts within 48 hours", True)


def _is_shorter(one: FieldChange, live: Live) -> bool:
    """Whether somebody has less time than before: without a timebox there was the whole window."""
    if one.after == OFF:
        return False
    start, end = live.fields.get("participation.start"), live.fields.get("participation.end")
    if one.before not in (OFF, None):
        return bool(one.after < one.before)
    return bool(start and end and one.after * 60 < (end - start).total_seconds())
