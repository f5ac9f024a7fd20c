"""What single participants of a flow are to have of their own, against what they have. Pure.

The exam itself comes first, then they: their times are counted from what will hold for everybody.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from engine import exam_ids
from engine.exam_ids import EXAM_ID
from engine.individual import PATHS, TIMES
from engine.kinds._flow_plan import source_key
from engine.kinds._flow_sis import OWNS_FIELDS
from engine.kinds._individual_back import after_their_times, returning, roles_of
from engine.kinds._individual_exam import (
    BACK,
    BLOCKED,
    CLEARED,
    FREED,
    NEW,
    SOON,
    TAKING,
    Exam,
    Row,
    exam_of,
)
from engine.kinds._individual_others import LEFT_BEHIND
from engine.kinds._individual_people import ROLE, stated_people
from engine.kinds._individual_times import time_rows
from engine.model import DATES_OF, EXAM_IDS, TIMEBOX_OF
from engine.periods import exam_start
from engine.plan import Action, Change, Hazard, Seat, SeatsChange, Status
from engine.seats import is_active, starts_soon

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.model import Desired, DesiredRole, Live
    from engine.world import Findings, World

    Slot = int | str


def with_individual(
    desired: Desired,
    live: Live | None,
    changes: list[Change],
    world: World,
    findings: Findings,
) -> list[Change]:
    """The changes of a flow and, after them, those of all that single participants have."""
    roles = roles_of(desired, live, world)
    known = [role for role in roles if _is_known(desired, role, world, findings)]
    if not roles:
        return changes
    exam = exam_of(desired, live, changes, world, findings)
    made = [change for role in known for change in _changes(exam, role)]
    unknown = {role.role for role in roles} - {role.role for role in known}
    planned = [*(_together(change, made, unknown, live) for change in changes), *made]
    if not returning(desired, live, world):
        return planned
    return [after_their_times(change, made, unknown) for change in planned]


MOVING = {"dates": DATES_OF, "timebox": TIMEBOX_OF}
"""By part of the exam the role that is counted from it."""

COUNTED_FROM = frozenset(PATHS.values())


def _together(change: Change, made: list[Change], unknown: set[str], live: Live | None) -> Change:
    """The exam is not moved without those who have longer: they would stay on the day before.

    What is held of them holds the exam, too; where nobody knows who they are, it is blocked.
    """
    role = MOVING.get(change.part) if {one.path for one in change.fields} & COUNTED_FROM else None
    if role is None or change.action is Action.CREATE or change.status is not Status.PLANNED:
        return change
    cleared = tuple(one.id for one in made if one.part == f"{role}.{CLEARED}")
    change = replace(change, needs=(*change.needs, *cleared))
    if role in unknown and not _nobody_has_any(role, live):
        return replace(change, status=Status.BLOCKED, reasons=(LEFT_BEHIND,), hazards=())
    taking = f"{change.address}:{role}.{TAKING}"
    hazards = {hazard.name: hazard for one in made if one.id == taking for hazard in one.hazards}
    mine = {hazard.name for hazard in change.hazards}
    more = tuple(hazard for name, hazard in hazards.items() if name not in mine)
    return replace(change, hazards=(*change.hazards, *more))


def _nobody_has_any(role: str, live: Live | None) -> bool:
    """Whether the exam itself says that nobody has dates of their own."""
    edges = live.facts.get("edges") if live else None
    if live is None or edges is None or role != DATES_OF:
        return False
    return all(edges[edge] == live.fields.get(f"participation.{edge}") for edge in ("start", "end"))


def _is_known(desired: Desired, role: DesiredRole, world: World, findings: Findings) -> bool:
    """Whether all was read that the role is planned from: else nothing is planned of it."""
    if any(one.profile in world.incomplete_profiles for one in role.profiles):
        return False  # That it was not read is told where the file or profile is.
    parts = ["", ROLE, role.role, *(["timebox"] if role.role in TIMES else [])]
    for part in parts:
        if reason := world.unread.get((desired.address, part)):
            findings.problem(role.location, role.role, reason, "it is left alone")
            return False
    return True


def _changes(exam: Exam, role: DesiredRole) -> Iterator[Change]:
    if role.role in TIMES:
        rows = list(time_rows(exam, role))
    elif role.role == EXAM_IDS:
        rows = list(_exam_id_rows(exam, role))
    else:
        rows = list(_active_rows(exam, role))
    rows.sort(key=lambda row: (row.group, row.seat.person.casefold(), row.seat.person))
    for group, of_group in groupby(rows, lambda row: row.group):
        yield _change(exam, role, group, list(of_group))


def _change(exam: Exam, role: DesiredRole, group: str, rows: list[Row]) -> Change:
    address, before = exam.desired.address, exam.who.active
    lists: dict[str, Any] = {
        verb: tuple(row.seat for row in rows if row.verb == verb)
        for verb in ("change", "deactivate", "reactivate")
    }
    after = before - len(lists["deactivate"]) + len(lists["reactivate"])
    reasons = tuple(dict.fromkeys(row.reason for row in rows if row.reason))
    hazards = tuple(dict.fromkeys(hazard for row in rows for hazard in row.hazards))
    return Change(
        address=address,
        part=f"{role.role}.{group}" if group else role.role,
        action=Action.UPDATE,
        location=exam.desired.location,
        seats=SeatsChange(role.role, before, after, **lists),
        hazards=hazards,
        needs=tuple(_needs(exam, role.role, group)),
        after=tuple(_after(exam, role.role)) if group != CLEARED else (),
        status=Status.BLOCKED if reasons else Status.PLANNED,
        reasons=reasons,
    )


def _needs(exam: Exam, role: str, group: str) -> Iterator[str]:
    """The exam itself first, and for those who come that they are there."""
    address = str(exam.desired.address)
    if group == CLEARED:
        return
    if exam.live is None or exam.live.facts["marked"]:
        yield address
        source = source_key(exam.desired)
        if source and role in TIMES and "timebox" not in exam.desired.fields:
            yield f"flow/{source}:timebox"
    if group in (NEW, FREED) and ROLE in exam.parts:
        yield f"{address}:{ROLE}"
    if group == FREED:
        yield f"{address}:{ROLE}.leave"
    if group in (NEW, FREED) and role == EXAM_IDS:
        yield f"{address}:{role}"
    yield from (f"{address}:{p}" for p in ("dates", "timebox") if p in exam.parts and role in TIMES)


def _after(exam: Exam, role: str) -> Iterator[str]:
    """A timebox is refused where the participation is over, until that is longer."""
    if role == TIMEBOX_OF:
        ends = ("", *(f".{group}" for group in (NEW, TAKING, BACK)))
        yield from (f"{exam.desired.address}:{DATES_OF}{end}" for end in ends)


# ---- exam ids ------------------------------------------------------------------------------------


def _exam_id_rows(exam: Exam, role: DesiredRole) -> Iterator[Row]:
    name = EXAM_ID
    people = [
        one
        for one in stated_people(role, exam.who, exam.world, exam.findings)
        if one.number not in exam.who.removed
    ]
    held = {number: seat.flags.get(name) for number, seat in exam.who.there.items()}
    differ = [one for one in people if held.get(one.number or 0) != one.stated[name]]
    if differ and exam.live and exam.live.facts["sis"]:
        message = "differs and is left alone: unique exam ids"
        exam.findings.note(exam.desired.address, message, OWNS_FIELDS)
        return
    freed = {held.pop(n) for n in exam.who.removed & set(held)} - {None}
    wanted = {one.slot: one.stated[name] for one in differ}
    kept, late = exam_ids.stuck(wanted, held), exam_ids.late(wanted, held, freed)
    for one in differ:
        flag = one.mention.flags[name]
        seat = Seat(one.name, ((name, flag.value),), str(flag.location))
        group = FREED if one.slot in late else NEW if one.seat is None else ""
        is_stuck = one.slot in kept
        yield Row(seat, group=BLOCKED if is_stuck else group, reason=TAKEN if is_stuck else "")


TAKEN = "its unique exam id is that of another participant, who keeps it"


# ---- active or not -------------------------------------------------------------------------------


def _active_rows(exam: Exam, role: DesiredRole) -> Iterator[Row]:
    for one in stated_people(role, exam.who, exam.world, exam.findings):
        flag = one.mention.flags["active"]
        is_there = one.seat is None or is_active(one.seat) or one.name.casefold() in exam.who.woken
        if one.number in exam.who.leaving or bool(flag.value) == is_there:
            continue
        seat = Seat(one.name, (), str(flag.location))
        if flag.value and one.slot not in exam.who.taken_out:
            yield Row(seat, verb="reactivate")
        elif flag.value:
            continue
        elif one.seat is None:
            yield Row(seat, verb="deactivate", group=NEW)
        else:
            yield Row(seat, "deactivate", TAKING, tuple(_sleep_hazards(exam)))


def _sleep_hazards(exam: Exam) -> Iterator[Hazard]:
    yield Hazard("deactivation", "participants are deactivated", True)
    if exam.live and starts_soon(exam_start(exam.live, exam.world), exam.world.now):
        yield Hazard("starts-soon", SOON, True)
