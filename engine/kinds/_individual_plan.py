"""What single participants of a flow are to have of their own, against what they have. Pure.

The exam itself comes first, then they: their times are counted from what will hold for everybody.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from engine.individual import (
    EXTRA,
    TIMES,
    General,
    general_after,
    general_live,
    mentioned,
    own,
    slot_of,
    values,
    wanted,
)
from engine.kinds._flow_plan import source_key, type_to_be
from engine.kinds._individual_people import (
    ROLE,
    One,
    Sitters,
    left_people,
    sits,
    sitters,
    stated_people,
)
from engine.model import (
    DATES_OF,
    EXAM_IDS,
    INDIVIDUAL,
    OFF,
    TIMEBOX_OF,
    Action,
    Change,
    Hazard,
    Seat,
    SeatsChange,
    Status,
)
from engine.seats import is_active, starts_soon
from engine.wiseflow.individual import WITHOUT_DATES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from engine.model import Desired, DesiredRole, Live, LiveSeat, Value
    from engine.world import Findings, World

NEW, FREED, TAKING, BLOCKED = "new", "freed", "taking", "blocked"
"""How the parts end that come apart from what is simply given.

Somebody comes first; somebody goes first; it takes something away; it is not possible.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """What is to become of one person."""

    seat: Seat
    verb: str = "change"
    group: str = ""
    hazards: tuple[Hazard, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Exam:
    """One flow with its other changes: what holds for everybody, now and then, and who sits it."""

    desired: Desired
    live: Live | None
    changes: list[Change]
    world: World
    findings: Findings
    now: General
    then: General
    who: Sitters
    parts: frozenset[str] = field(default_factory=frozenset)

    def live_seat(self, role: str, number: int | None) -> LiveSeat | None:
        seats = self.live.roles.get(role, ()) if self.live else ()
        return next((seat for seat in seats if seat.user_id == number), None)


def individual_changes(
    desired: Desired,
    live: Live | None,
    changes: list[Change],
    world: World,
    findings: Findings,
) -> list[Change]:
    """The changes of all that single participants have of their own."""
    roles = [desired.roles[name] for name in INDIVIDUAL if name in desired.roles]
    roles = [role for role in roles if _is_known(desired, role, world, findings)]
    exam = Exam(
        desired,
        live,
        changes,
        world,
        findings,
        general_live(live),
        general_after(desired, live, changes, world),
        sitters(desired, live, changes, world),
        frozenset(change.part for change in changes),
    )
    return [change for role in roles for change in _changes(exam, role)]


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
        rows = list(_time_rows(exam, role))
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
        location=role.location,
        seats=SeatsChange(role.role, before, after, **lists),
        hazards=hazards,
        needs=tuple(_needs(exam, role.role, group)),
        after=tuple(_after(exam, role.role)),
        status=Status.BLOCKED if reasons else Status.PLANNED,
        reasons=reasons,
    )


def _needs(exam: Exam, role: str, group: str) -> Iterator[str]:
    """The exam itself first, and for those who come that they are there."""
    address = str(exam.desired.address)
    if exam.live is None or exam.live.facts["marked"]:
        yield address
        source = source_key(exam.desired)
        if source and role in TIMES and "timebox" not in exam.desired.fields:
            yield f"flow/{source}:timebox"
    if group == NEW and ROLE in exam.parts:
        yield f"{address}:{ROLE}"
    if group == FREED:
        yield f"{address}:{ROLE}.leave"
    yield from (f"{address}:{p}" for p in ("dates", "timebox") if p in exam.parts and role in TIMES)


def _after(exam: Exam, role: str) -> Iterator[str]:
    """A timebox is refused where the participation is over, until that is longer."""
    if role == TIMEBOX_OF and DATES_OF in exam.desired.roles:
        yield from (f"{exam.desired.address}:{DATES_OF}{end}" for end in ("", ".new", ".taking"))


# ---- times ---------------------------------------------------------------------------------------


def _time_rows(exam: Exam, role: DesiredRole) -> Iterator[Row]:
    kind = _type_of(exam)
    stated = stated_people(role, exam.who, exam.world, exam.findings)
    people = [one for one in stated if sits(one, exam.who)]
    if kind in WITHOUT_DATES:
        if people and role.role == DATES_OF:
            names = ", ".join(sorted(one.name for one in people)[:5])
            hint = "see to it in WISEflow"
            message = f"a {kind} has no individual times: {names} have none"
            exam.findings.note(exam.desired.address, message, hint)
        return
    for one in people:
        yield from _time_row(exam, role, one)
    for name, seat in left_people(role, exam.who, exam.world):
        yield from _returning(exam, role, name, seat)


def _type_of(exam: Exam) -> Value:
    if exam.live:
        return exam.live.fields.get("type")
    return type_to_be(exam.desired, exam.world)


def _time_row(exam: Exam, role: DesiredRole, one: One) -> Iterator[Row]:
    stated, flags = one.stated, one.mention.flags
    if role.role == DATES_OF and _ends_early(exam, one):
        where = flags["end"].location
        message = f"ends before the exam {exam.desired.address.key} does"
        exam.findings.problem(where, "participation.end", message, "nothing is planned by it")
        return
    if role.role == DATES_OF and exam.then.window() is None:
        place = str(next(iter(flags.values())).location)
        yield Row(Seat(one.name, (), place), group=BLOCKED, reason=NO_DATES)
        return
    targets = dict(wanted(role.role, stated, exam.then))
    dropped = _dropped(exam, role.role, one, targets)
    targets |= {name: exam.then.of(name) for name in dropped}
    written = str(next(iter(flags.values())).location)
    reason = _not_possible(exam, role.role, one, targets)
    yield from _row(exam, role.role, (one.name, one.number, written), targets, reason, one.waits)


def _ends_early(exam: Exam, one: One) -> bool:
    end = one.stated.get("end")
    return end is not None and exam.then.end is not None and end < exam.then.end


def _dropped(exam: Exam, role: str, one: One, targets: Mapping[str, Value]) -> set[str]:
    """What was stated of somebody at base and is not now, though something else still is."""
    base = exam.desired.base
    before = mentioned(base.roles.get(role) if base else None, exam.world).get(one.slot)
    return _managed(role, before.flags if before else {}) - set(targets)


def _managed(role: str, flags: Iterable[str]) -> set[str]:
    """What of somebody is decided by these flags."""
    if role == TIMEBOX_OF:
        return {"timebox"} if flags else set()
    names = {name for name in ("start", "end") if name in flags}
    return names | ({"end"} if EXTRA in flags else set())


def _returning(exam: Exam, role: DesiredRole, name: str, seat: LiveSeat) -> Iterator[Row]:
    """Whoever is stated no longer returns to what holds for everybody."""
    base = exam.desired.base
    before = mentioned(base.roles.get(role.role) if base else None, exam.world).get(seat.user_id)
    names = _managed(role.role, before.flags if before else {})
    targets = {name: exam.then.of(name) for name in sorted(names)}
    known = exam.live_seat(role.role, seat.user_id)
    if known is None or not targets or targets.get("timebox") == OFF:
        return
    reason = _is_over(exam, known.flags.get("end"))
    place = (name, seat.user_id, f"{role.location} at base")
    yield from _row(exam, role.role, place, targets, reason, waits=False)


def _row(
    exam: Exam,
    role: str,
    person: tuple[str, int | None, str],
    targets: Mapping[str, Value],
    reason: str,
    waits: bool,
) -> Iterator[Row]:
    name, number, written = person
    live = exam.live_seat(role, number)
    found = {key: live.flags.get(key) for key in targets} if live else {}
    before, after = own(found, exam.now, exam.then), own(targets, exam.then)
    # What is somebody's own now is cleared though it is what everybody will have: for the next move.
    stale = {key for key in found if found[key] != exam.now.of(key) and key not in after}
    changed = [key for key in targets if key in stale or before.get(key) != after.get(key)]
    if not changed:
        return
    shown = {key: found.get(key) or exam.now.of(key) for key in changed}
    seat = Seat(
        name,
        tuple(sorted((key, targets[key]) for key in changed)),
        written,
        tuple(sorted(shown.items())),
        number,
    )
    hazards = (
        () if reason or (waits and live is None) else tuple(_hazards(exam, role, live, targets))
    )
    group = BLOCKED if reason else TAKING if hazards else NEW if waits else ""
    yield Row(seat, group=group, hazards=hazards, reason=reason)


def _hazards(
    exam: Exam, role: str, live: LiveSeat | None, targets: Mapping[str, Value]
) -> Iterator[Hazard]:
    """Whoever has less time than before, or is moved, although the exam is near."""
    if role == TIMEBOX_OF:
        before = live.flags.get("timebox") if live else exam.now.timebox
        if before not in (OFF, None) and targets["timebox"] != OFF and targets["timebox"] < before:
            yield Hazard("shorter", "a timebox of somebody's own becomes shorter", True)
            if starts_soon(exam.now.start, exam.world.now):
                yield Hazard("starts-soon", SOON, True)
        return
    now, then = _window(exam.now, live), _window(exam.then, live, exam.now, targets)
    if now is None or then is None:
        return
    if then[1] - then[0] < now[1] - now[0]:
        yield Hazard("shorter", "somebody's own participation becomes shorter", True)
    is_near = starts_soon(now[0], exam.world.now) or starts_soon(then[0], exam.world.now)
    if (then[0] != now[0] or then[1] < now[1]) and is_near:
        yield Hazard("starts-soon", SOON, True)


SOON = "the exam has started or starts within 48 hours"


def _window(
    general: General,
    live: LiveSeat | None,
    before: General | None = None,
    targets: Mapping[str, Value] | None = None,
) -> tuple[Value, Value] | None:
    """Start and end as they hold for somebody, with what is to be laid over them."""
    found = live.flags if live else {}
    edges = []
    for name in ("start", "end"):
        mine = found.get(name)
        follows = mine is None or (before is not None and mine == before.of(name))
        edges.append((targets or {}).get(name) or (general.of(name) if follows else mine))
    return (edges[0], edges[1]) if all(edges) else None


NO_DATES = "nobody says when the exam is: state participation and marking"

# ---- what is not possible ------------------------------------------------------------------------


def _not_possible(exam: Exam, role: str, one: One, targets: Mapping[str, Value]) -> str:
    """Why somebody's times cannot be written; empty where they can."""
    if exam.then.window() is None or not _says_when(exam):
        return NO_DATES
    live = exam.live_seat(DATES_OF, one.number)
    window = _window(exam.then, live, exam.now, targets if role == DATES_OF else _dates(exam, one))
    if window is not None and window[0] >= window[1]:
        return "somebody's own participation would end before it starts: state both for them"
    if role == TIMEBOX_OF and exam.then.timebox in (OFF, None):
        return "the flow has no timebox, so nobody can have one"
    return _is_over(exam, window[1] if window else None)


def _dates(exam: Exam, one: One) -> Mapping[str, Value]:
    """What the dates of somebody will be, for whom a timebox is planned."""
    found = mentioned(exam.desired.roles.get(DATES_OF), exam.world).get(one.slot)
    return wanted(DATES_OF, values(found.flags) if found else {}, exam.then)


def _is_over(exam: Exam, end: Value) -> str:
    marking = exam.live.fields.get("marking.end") if exam.live else None
    marking = next(
        (f.after for c in exam.changes for f in c.fields if f.path == "marking.end"), marking
    )
    last = end or exam.then.end
    if (last is not None and last <= exam.world.now) or (marking and marking <= exam.world.now):
        return "the participation has ended"
    return ""


def _says_when(exam: Exam) -> bool:
    """The dates of a draft for which nobody stated any may be the licence's: not an exam's."""
    live = exam.live
    is_real = live is not None and (live.facts["state"] > 0 or bool(live.facts.get("sis")))
    return is_real or "participation.start" in exam.desired.fields


# ---- exam ids ------------------------------------------------------------------------------------


def _exam_id_rows(exam: Exam, role: DesiredRole) -> Iterator[Row]:
    name = "unique_exam_id"
    people = [
        one
        for one in stated_people(role, exam.who, exam.world, exam.findings)
        if one.number not in exam.who.removed
    ]
    held = {number: seat.flags.get(name) for number, seat in exam.who.there.items()}
    differ = [one for one in people if held.get(one.number or 0) != one.stated[name]]
    if differ and exam.live and exam.live.facts["sis"]:
        hint = "a student information system feeds this flow and owns these fields"
        exam.findings.note(exam.desired.address, "differs and is left alone: unique exam ids", hint)
        return
    freed = {held[n] for n in exam.who.removed if held.get(n)}
    held = {number: value for number, value in held.items() if value not in freed}
    stuck = _stuck({one.number or -n: one.stated[name] for n, one in enumerate(differ, 1)}, held)
    for n, one in enumerate(differ, 1):
        flag = one.mention.flags[name]
        seat = Seat(one.name, ((name, flag.value),), str(flag.location), (), None)
        reason = TAKEN if (one.number or -n) in stuck else ""
        group = FREED if flag.value in freed else NEW if one.seat is None else ""
        yield Row(seat, group=BLOCKED if reason else group, reason=reason)


TAKEN = "its unique exam id is that of another participant, who keeps it or waits for this one"


def _stuck(ids: Mapping[int, Value], held: Mapping[int, Value]) -> set[int]:
    """Those whose exam id does not become free: nobody gives it up, or all wait in a ring."""
    holders = {value: number for number, value in held.items() if value is not None}
    free: set[int] = set()
    left = dict(ids)
    while True:
        ready = [
            n
            for n, value in left.items()
            if value is None or value not in holders or holders[value] in free
        ]
        if not ready:
            return set(left)
        free |= {*ready}
        for number in ready:
            del left[number]


# ---- active or not -------------------------------------------------------------------------------


def _active_rows(exam: Exam, role: DesiredRole) -> Iterator[Row]:
    for one in stated_people(role, exam.who, exam.world, exam.findings):
        flag = one.mention.flags["active"]
        is_there = one.seat is None or is_active(one.seat) or one.name.casefold() in exam.who.woken
        if one.number in exam.who.leaving or bool(flag.value) == is_there:
            continue
        seat = Seat(one.name, (), str(flag.location))
        if flag.value and _is_wanted(exam, one):
            yield Row(seat, verb="reactivate")
        elif flag.value:
            continue
        elif one.seat is None:
            yield Row(seat, verb="deactivate", group=NEW)
        else:
            yield Row(seat, "deactivate", TAKING, tuple(_sleep_hazards(exam)))


def _is_wanted(exam: Exam, one: One) -> bool:
    """Whether somebody is to sit the exam, where that is stated: else they were taken out."""
    role = exam.desired.roles.get(ROLE)
    return role is None or any(slot_of(s.person, exam.world) == one.slot for s in role.seats)


def _sleep_hazards(exam: Exam) -> Iterator[Hazard]:
    yield Hazard("deactivation", "participants are deactivated", True)
    if starts_soon(exam.now.start, exam.world.now):
        yield Hazard("starts-soon", SOON, True)
