"""The dates and timeboxes that participants are to have of their own. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.activation import NOBODY_SAYS_WHEN
from engine.individual import EXTRA, General, mentioned, own, values, wanted
from engine.kinds._flow_plan import type_to_be
from engine.kinds._individual_back import woken
from engine.kinds._individual_exam import BACK, BLOCKED, CLEARED, NEW, SOON, TAKING, Exam, Row
from engine.kinds._individual_people import One, left_people, sits, stated_people
from engine.model import DATES_OF, OFF, TIMEBOX_OF
from engine.plan import Hazard, Seat, Status
from engine.seats import starts_soon
from engine.wiseflow.individual import WITHOUT_DATES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from engine.model import DesiredRole, LiveSeat, Value

OWN_TIMES = {DATES_OF: {"start", "end"}, TIMEBOX_OF: {"timebox"}}
"""All that somebody can have of their own, by role."""

NO_DATES = f"{NOBODY_SAYS_WHEN}: state participation and marking"


def time_rows(exam: Exam, role: DesiredRole) -> Iterator[Row]:
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
    yield from _back(exam, role)
    if role.role == TIMEBOX_OF:
        yield from _cleared(exam, role)


def _back(exam: Exam, role: DesiredRole) -> Iterator[Row]:
    """Whoever may sit the exam again and is not stated has what holds for everybody by then."""
    stated = mentioned(role, exam.world)
    for number, name, seat in woken(exam.desired, exam.live, exam.world, exam.who):
        targets = {one: exam.then.of(one) for one in OWN_TIMES[role.role]}
        is_known = all(targets.values()) and exam.live_seat(role.role, number) is not None
        if number in stated or not is_known or (role.role == TIMEBOX_OF and _is_over(exam, None)):
            continue
        place = (name, number, str(seat.flags["active"].location))
        for row in _row(exam, role.role, place, targets, "", waits=True):
            yield replace(row, group=BACK, hazards=())


def _cleared(exam: Exam, role: DesiredRole) -> Iterator[Row]:
    """Before a timebox is switched off, nobody keeps one of their own: it would come back with it.

    Source: WISEflow OpenAPI, PUT .../participants/{participantId}/timebox: refused where the flow
    has none, and what differs does not follow the flow's.
    """
    off = [one for one in exam.changes if one.part == "timebox" and one.status is Status.PLANNED]
    is_off = exam.then.timebox == OFF and exam.now.timebox not in (OFF, None)
    if not off or not is_off or _is_over(exam, None):
        return
    stated = mentioned(role, exam.world)
    kept = {slot for slot, one in stated.items() if "timebox" in one.flags}  # Told as blocked.
    for number, seat in sorted(exam.seats.get(role.role, {}).items()):
        mine, there = seat.flags.get("timebox"), exam.who.there.get(number)
        if number in kept or mine in (None, exam.now.timebox) or there is None:
            continue
        name = exam.world.people.name_of(number, exam.world.licence, seat.name)
        flags, before = (("timebox", exam.now.timebox),), (("timebox", mine),)
        where = str(off[0].fields[0].written)
        yield Row(Seat(name, flags, where, before, number), group=CLEARED)


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
    if role.role == TIMEBOX_OF and "timebox" not in stated and exam.then.timebox in (OFF, None):
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
    managed = OWN_TIMES[role] if one.is_woken else _managed(role, before.flags if before else {})
    return managed - set(targets)


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
    if known is None or not targets or targets.get("timebox", ...) in (OFF, None):
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
    if role == TIMEBOX_OF and exam.then.timebox in (OFF, None):
        found = {}  # What somebody has goes with that of the exam.
    before, after = own(found, exam.now, exam.then), own(targets, exam.then)
    # What is somebody's own is cleared though everybody will have it: for the move after this.
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
