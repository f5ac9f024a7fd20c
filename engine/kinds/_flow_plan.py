"""What of a flow differs, what a creation sets, and what its dates would take away. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from engine.creation import LEFTOVERS
from engine.diff import changed_fields, plainly_equal
from engine.kinds._flow_adopted import is_unclear, made_by
from engine.kinds._flow_reassessment import needs_of_reassessment, reassessment_blocks
from engine.kinds._flow_sequence import needs_of_place, place_blocks, shown_place
from engine.kinds._flow_settings import setting_changes, setting_paths, unknown_names
from engine.kinds._flow_sis import is_left, note_sis
from engine.model import BOOKINGS, MAIN_OF, Address, Desired, Live, Stated, Value
from engine.plan import Action, Change, FieldChange, Hazard, Status
from engine.seats import starts_soon
from engine.wiseflow.flow_settings import SETTINGS
from engine.world import Findings, World, known

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

METADATA = ("title", "subtitle", "term", "code", "purpose", "examination_type")
DATES = ("participation.start", "participation.end", "marking.start", "marking.end")
CREATION = ("type", "copy_from", MAIN_OF, *METADATA, *DATES, "description")
"""What a creation sets, in the order in which a plan shows it."""
COPIED = ("metadata", "description", *(one.name for one in SETTINGS), "assessor_types")
"""The parts of a flow that its copies bring along."""


def source_key(desired: Desired) -> str | None:
    copy_from = desired.fields.get("copy_from")
    return dict(copy_from.value)["flow"] if copy_from and copy_from.value else None


def own_changes(
    desired: Desired, live: Live | None, world: World, findings: Findings
) -> Iterable[Change]:
    if live is None or live.facts["marked"]:
        yield _creation(desired, live, world, findings)
        return
    if reason := world.unread.get((desired.address, "")):
        findings.problem(desired.location, "", reason, "its fields are left alone")
        return
    yield from _type_change(desired, live, findings)
    parts = {"metadata": METADATA, "dates": DATES, "description": ("description",)}
    for part, paths in parts.items():
        changed = changed_fields(desired.fields, live.fields, paths, _equal)
        if not changed:
            continue
        if is_left(live, part):
            note_sis(desired, (one.path for one in changed), findings, world)
            continue
        yield _update(desired, live, part, changed, world.now)
    yield from setting_changes(desired, live, world, findings)


def leftovers(desired: Desired, live: Live | None) -> Iterable[Change]:
    """Giving up the drafts that a crash left beside the flow; one that is being made does it."""
    if live is None or live.facts["marked"] or not live.facts.get("leftovers"):
        return
    shown = ", ".join(f"#{number}" for number in live.facts["leftovers"])
    yield Change(
        address=desired.address,
        part=LEFTOVERS,
        action=Action.REMOVE,
        location=desired.location,
        fields=(FieldChange("half-made drafts", shown, None, str(desired.location)),),
    )


def _equal(stated: Value, live: Value) -> bool:
    """Texts are equal whatever white space ends them: YAML blocks end with a line feed."""
    if isinstance(stated, str) and isinstance(live, str):
        return stated.strip() == live.strip()
    return plainly_equal(stated, live)


def _type_change(desired: Desired, live: Live, findings: Findings) -> Iterable[Change]:
    """The type is create-only: a difference is blocked, never a replacement. These are exams."""
    changed = changed_fields(desired.fields, live.fields, ("type",))
    if changed:
        reason = f"the type of a flow cannot be changed; {desired.address} is {changed[0].before}"
        yield Change(
            address=desired.address,
            part="type",
            action=Action.UPDATE,
            location=desired.fields["type"].location,
            fields=changed,
            status=Status.BLOCKED,
            reasons=(reason,),
        )


def _update(
    desired: Desired, live: Live, part: str, changed: tuple[FieldChange, ...], now: datetime
) -> Change:
    reasons: tuple[str, ...] = ()
    if part == "dates" and live.fields.get("type") == "FLOWoral":
        reasons = ("a FLOWoral has no dates: state periods instead",)
    return Change(
        address=desired.address,
        part=part,
        action=Action.UPDATE,
        location=desired.location,
        fields=changed,
        hazards=tuple(_date_hazards(desired, live, now)) if part == "dates" else (),
        status=Status.BLOCKED if reasons else Status.PLANNED,
        reasons=reasons,
    )


def _date_hazards(desired: Desired, live: Live, now: datetime) -> Iterable[Hazard]:
    before = live.fields
    after = {**before, **{path: stated.value for path, stated in desired.fields.items()}}
    shorter = [w for w in ("participation", "marking") if _length(after, w) < _length(before, w)]
    if shorter:
        yield Hazard("shorter", f"{' and '.join(shorter)} becomes shorter", True)
    start, new_start = before.get("participation.start"), after["participation.start"]
    moved = start is not None and start != new_start
    earlier = _before(after["participation.end"], before.get("participation.end"))
    if (moved or earlier) and (starts_soon(start, now) or starts_soon(new_start, now)):
        yield Hazard("starts-soon", "the exam has started or starts within 48 hours", True)


def _length(fields: Mapping[str, Value], window: str) -> float:
    """Seconds; 0 where the live window is empty, so that nothing is shorter than it."""
    start, end = fields.get(f"{window}.start"), fields.get(f"{window}.end")
    return (end - start).total_seconds() if start and end else 0.0


def _before(value: datetime, other: datetime | None) -> bool:
    return other is not None and value < other


def _creation(desired: Desired, live: Live | None, world: World, findings: Findings) -> Change:
    reasons = list(_creation_blocks(desired, world, findings))
    needs = (*needs_of_place(desired, world), *needs_of_reassessment(desired, world))
    source = source_key(desired)
    # A copy is one of the source as it is to be: extra time is counted from its timebox.
    after = tuple(sorted(f"flow/{source}:{part}" for part in COPIED)) if source else ()
    if source and source not in world.sources and _is_stated(source, world):
        # One that is half made may be a copy already: what it needs then is only told first.
        made = made_by(source, world)
        needs = (*needs, made) if live is None else needs
        after = (made, *after)
    fields = changed_fields(desired.fields, None, (*CREATION, *setting_paths(desired)))
    return Change(
        address=desired.address,
        part="",
        action=Action.CREATE,
        location=desired.location,
        fields=(*fields, *shown_place(desired)),
        needs=needs,
        after=after,
        status=Status.BLOCKED if reasons else Status.PLANNED,
        reasons=tuple(reasons),
    )


def _creation_blocks(desired: Desired, world: World, findings: Findings) -> Iterable[str]:
    fields = desired.fields
    if not fields.get("title"):
        yield "a new flow needs a title"
    if "managers" not in desired.roles or not desired.roles["managers"].seats:
        yield "a new flow needs a manager: name one under role_assignments"
    end = fields.get("participation.end")
    if end and end.value <= world.now:
        yield "its participation has ended: it is not created any more"
    source = source_key(desired)
    if not source:
        yield from _type_blocks(fields.get("type"), world, findings)
    elif is_unclear(source, world):
        yield f"which flow {source} is, to copy from, is not clear: see the problem with it"
    elif source not in world.sources and not _is_stated(source, world):
        stated = fields["copy_from"]
        message = f'no flow "{source}" in the manifests or in WISEflow'
        findings.problem(stated.location, "copy_from", message, "give that flow its key first")
        yield f"there is no flow {source} to copy from"
    yield from unknown_names(desired, world, findings)
    yield from place_blocks(desired, world)
    yield from reassessment_blocks(desired, world)
    if type_to_be(desired, world) == "FLOWoral" and any(path in fields for path in DATES):
        yield "a FLOWoral has no dates: state periods instead"


def _is_stated(key: str, world: World) -> bool:
    """Whether a flow stands in the manifests: one that is half made and to be removed does not."""
    desired = world.desired.get(Address("flow", key))
    return desired is not None and desired.is_stated


def type_to_be(desired: Desired | None, world: World) -> Value:
    """The type that a new flow will have: stated, or that of the flow at the root of its copies."""
    seen: set[Address] = set()
    while desired is not None and desired.address not in seen:
        seen.add(desired.address)
        source = source_key(desired)
        if "type" in desired.fields or source is None:
            break
        if source in world.source_types:
            return world.source_types[source]
        desired = world.desired.get(Address("flow", source))
    stated = desired.fields.get("type") if desired else None
    return stated.value if stated else None


def _type_blocks(stated: Stated | None, world: World, findings: Findings) -> Iterable[str]:
    if stated is None:
        yield "a new flow needs a type, or a flow to copy from"
    elif stated.value not in world.licence.flow_types:
        hint = known(world.licence.flow_types)
        findings.problem(stated.location, "type", f'unknown flow type "{stated.value}"', hint)
        yield f"this licence has no {stated.value}"


def creation_first(
    changes: list[Change], desired: Desired, live: Live | None, world: World
) -> list[Change]:
    """A creation takes its managers along: they are shown with it and not planned twice.

    One that is half made has its managers, but may have to be made anew: whoever is to manage it
    is made first, and nobody comes to it before it is finished.
    """
    if not changes or changes[0].action is not Action.CREATE or changes[0].part:
        return changes
    creation, *rest = changes
    managers = [change for change in rest if change.part == "managers"]
    if not managers and (live is None or not _is_anybody_there(desired, world)):
        return [_without_managers(creation), *rest]
    if live is not None:
        made = tuple(name for change in managers for name in change.after)
        waiting = (replace(c, needs=tuple(dict.fromkeys((creation.id, *c.needs)))) for c in rest)
        return [replace(creation, after=(*creation.after, *made)), *waiting]
    seats, after = managers[0].seats, managers[0].after
    # Without its only manager there is no flow: whoever is made for that comes first.
    alone = after if seats and len(seats.add) == 1 else ()
    merged = replace(
        creation,
        seats=seats,
        after=(*creation.after, *after),
        needs=(*creation.needs, *alone),
    )
    return [merged, *(change for change in rest if change.part != "managers")]


def _is_anybody_there(desired: Desired, world: World) -> bool:
    """Whether any of its managers is in WISEflow."""
    seats = desired.roles["managers"].seats if "managers" in desired.roles else ()
    return any(world.people.user_id(seat.person) is not None for seat in seats)


def concluding_dates_last(changes: list[Change], now: datetime) -> list[Change]:
    """Dates by which the flow is over come after all else: WISEflow may archive it at once.

    Rooms are booked for the new dates, which is too late where it has been archived by then.
    """
    over = next((one for one in changes if one.part == "dates" and is_over_by(one, now)), None)
    if over is None:
        return changes
    later = _later(over, changes)
    refused = {one for one in later if _is_archived_by(over, now)}
    last = replace(over, after=tuple(sorted({one.id for one in changes} - later)))
    return [
        last
        if one is over
        else _too_late(one)
        if one.id in refused and one.part == BOOKINGS
        else one
        for one in changes
    ]


def _is_archived_by(dates: Change, now: datetime) -> bool:
    """Whether marking has ended a month ago. Source: WISEflow help, "Archive and delete"."""
    ends = [one.after for one in dates.fields if one.path == "marking.end"]
    return any(_a_month_after(end) <= now for end in ends)


def _a_month_after(moment: datetime) -> datetime:
    """The same day of the next month, or as many days after its last one as it lacks."""
    year, month = moment.year + moment.month // 12, moment.month % 12 + 1
    return moment.replace(year=year, month=month, day=1) + timedelta(days=moment.day - 1)


def _too_late(change: Change) -> Change:
    reason = "by its new dates it is archived at once: no room is booked for it any more"
    return replace(change, status=Status.BLOCKED, reasons=(*change.reasons, reason))


def _later(first: Change, changes: Iterable[Change]) -> set[str]:
    """The ids of a change and of all that come after it, some because of others that do."""
    later, before = {first.id}, set[str]()
    while later != before:
        before = set(later)
        later |= {one.id for one in changes if later & {*one.needs, *one.after}}
    return later


def is_over_by(dates: Change, now: datetime) -> bool:
    """Whether a change of dates ends the marking: WISEflow may archive the flow at once."""
    return any(one.path == "marking.end" and one.after <= now for one in dates.fields)


def _without_managers(creation: Change) -> Change:
    """A floor, whatever is allowed: nobody could look after the flow."""
    if creation.status is not Status.PLANNED:
        return creation
    reason = "none of its managers is in WISEflow, or about to be"
    return replace(creation, status=Status.BLOCKED, reasons=(reason,))
