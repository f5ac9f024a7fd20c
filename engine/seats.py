"""Who comes to and who leaves one role of one flow. Pure: from desired and live to changes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from engine.individual import mentioned
from engine.model import (
    ACTIVE_OF,
    BY_NUMBER,
    Address,
    Desired,
    DesiredRole,
    DesiredSeat,
    Live,
    LiveSeat,
    Value,
)
from engine.periods import exam_start
from engine.plan import Action, Change, Hazard, Seat, SeatsChange
from engine.world import Findings, World, known

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.errors import Location

SOON = timedelta(hours=48)
"""An exam that starts within this time is taken from only when that is allowed."""

SHOWN_STRANGERS = 5

TO_ALL = "allocated_to_all"
"""The flag of a reviewer who has all participants."""
TAKING = "taking"
"""How the part ends that takes them away."""

EXAMINING = {"assessors", "reviewers", "assessor_groups"}
"""Roles and groups from which nobody, and none of whose participants, goes once marking started."""

MARKING_STARTED = Hazard("marking-started", "marking has started", True)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A desired seat with its person resolved; without `user_id` the person is created first."""

    name: str
    user_id: int | None
    flags: Mapping[str, Value]
    location: Location
    is_named: bool = True
    """Whether a manifest names the person; of those who are not, names are not always known."""

    @property
    def user_change(self) -> str:
        return f"user/{self.name}"

    def seat(self, before: Mapping[str, Value] | None = None) -> Seat:
        stated = {name: value for name, value in self.flags.items() if name != "active"}
        old = {name: before.get(name) for name in stated} if before is not None else {}
        return Seat(
            person=self.name,
            flags=tuple(sorted(stated.items())),
            written=str(self.location),
            before=tuple(sorted(old.items())),
            user_id=None if self.is_named else self.user_id,
        )


def plan_role(
    desired: Desired, role: DesiredRole, live: Live | None, world: World, findings: Findings
) -> Iterable[Change]:
    """The changes of one role: who is added, whose flags change, and apart from it who leaves."""
    address = desired.address
    if reason := world.unread.get((address, role.role)):
        findings.problem(role.location, role.role, reason, "nobody is added or removed here")
        return []
    wanted, complete = resolve(address, role, world, findings)
    return plan_set(desired, role, (wanted, complete), live, world, findings)


def plan_set(
    desired: Desired,
    role: DesiredRole,
    resolved: tuple[Mapping[int | str, Wanted], bool],
    live: Live | None,
    world: World,
    findings: Findings,
) -> list[Change]:
    """The changes of a role, or of an allocation, whose people are resolved."""
    address, (wanted, complete) = desired.address, resolved
    seats = {seat.user_id: seat for seat in live.roles.get(role.role, ())} if live else {}
    # Of a set of which a part was not read, nobody knows who belongs to it.
    is_read = not any(one.profile in world.incomplete_profiles for one in role.profiles)
    coming = _coming(address, role, wanted, seats, live) if is_read else None
    leavers = _leavers(address, role, wanted, seats, live, complete, (world, findings))
    said = mentioned(desired.roles.get(ACTIVE_OF), world)
    quiet = {slot: one for slot, one in wanted.items() if slot not in said}
    _note_inactive(address, role, quiet, seats, world, findings)
    changes = _taking_apart(coming, live, world) if coming else []
    if leavers and live:
        changes.append(_leaving(address, role, leavers, coming, live, world))
    return changes


def resolve(
    address: Address, role: DesiredRole, world: World, findings: Findings
) -> tuple[dict[int | str, Wanted], bool]:
    """Everyone wanted, by WISEflow's number or else by key, and whether all are known."""
    wanted: dict[int | str, Wanted] = {}
    complete = True
    for seat in role.seats:
        one = _resolve_one(role, seat, world, findings)
        if one is None:
            complete = False
            continue
        slot = one.user_id or one.name.casefold()
        known_one = wanted.get(slot)
        flags = {**(known_one.flags if known_one else {}), **one.flags}
        wanted[slot] = replace(known_one or one, flags=flags)
    for member in role.profiles:
        if member.profile in world.incomplete_profiles:
            complete = False
    return wanted, complete


def _resolve_one(
    role: DesiredRole, seat: DesiredSeat, world: World, findings: Findings
) -> Wanted | None:
    field = role.role.rpartition(".")[2]
    person, people = seat.person, world.people
    numbers = people.found.get(person.identity, ())
    flags = {name: stated.value for name, stated in seat.flags.items()}
    name = people.name(person, world.licence)
    if len(numbers) > 1:
        several = " and ".join(f"#{number}" for number in numbers)
        message = f"{person.value} matches several people in WISEflow: {several}"
        findings.problem(seat.location, field, message, "name one of them by key")
        return None
    if not numbers and person.identity not in people.manifest:
        message = f"nobody in WISEflow has {person.data_type} {person.value}"
        findings.problem(seat.location, field, message, "add the person under users")
        return None
    if not numbers and Address("user", name) in world.absent:
        message = f"user/{name} is not in WISEflow and is not created by this plan"
        findings.problem(seat.location, field, message, "see what the plan says of that user")
        return None
    if not _flags_known(role, seat, flags, world, findings):
        return None
    is_named = person.data_type != BY_NUMBER
    return Wanted(name, numbers[0] if numbers else None, flags, seat.location, is_named)


def _flags_known(
    role: DesiredRole, seat: DesiredSeat, flags: Mapping[str, Value], world: World, found: Findings
) -> bool:
    name = flags.get("type") if role.role == "assessors" else None
    if name is None or name in world.licence.assessor_types:
        return True
    hint = known(world.licence.assessor_types)
    location = seat.flags["type"].location
    found.problem(location, "type", f'unknown assessor type "{name}"', hint)
    return False


def _coming(
    address: Address,
    role: DesiredRole,
    wanted: Mapping[int | str, Wanted],
    seats: Mapping[int, LiveSeat],
    live: Live | None,
) -> Change | None:
    add = [one for slot, one in wanted.items() if slot not in seats]
    there = [(one, seats[slot]) for slot, one in wanted.items() if slot in seats]  # type: ignore[index]
    wake = [one for one, seat in there if one.flags.get("active") and not is_active(seat)]
    change = [(one, seat) for one, seat in there if _flags_differ(one, seat)]
    if not add and not wake and not change:
        return None
    before = _count(seats.values())
    seats_change = SeatsChange(
        role=role.role,
        before=before,
        after=before + len(add) + len(wake),
        add=_sorted(one.seat() for one in add),
        reactivate=_sorted(one.seat() for one in wake),
        change=_sorted(one.seat(seat.flags) for one, seat in change),
    )
    return Change(
        address=address,
        part=role.role,
        action=Action.UPDATE,
        location=role.location,
        seats=seats_change,
        needs=() if live else (str(address),),
        after=tuple(sorted(one.user_change for one in add if one.user_id is None)),
    )


def _taking_apart(change: Change, live: Live | None, world: World) -> list[Change]:
    """The change and, apart from what is given, whose allocation to all is taken while marking."""
    seats = change.seats
    if seats is None or live is None or not is_marked(live, world):
        return [change]
    taken = tuple(seat for seat in seats.change if _loses_all(seat))
    kept = tuple(seat for seat in seats.change if seat not in taken)
    if not taken:
        return [change]
    taking = replace(
        change,
        part=f"{change.part}.{TAKING}",
        seats=SeatsChange(seats.role, seats.after, seats.after, change=taken),
        hazards=(MARKING_STARTED,),
        after=(),
    )
    giving = replace(change, seats=replace(seats, change=kept))
    return [giving, taking] if kept or seats.add or seats.reactivate else [taking]


def _loses_all(seat: Seat) -> bool:
    return bool(dict(seat.before).get(TO_ALL)) and not dict(seat.flags).get(TO_ALL)


def _flags_differ(one: Wanted, seat: LiveSeat) -> bool:
    stated = {name: value for name, value in one.flags.items() if name != "active"}
    return any((seat.flags.get(name) or None) != (value or None) for name, value in stated.items())


def is_active(seat: LiveSeat) -> bool:
    """Only participants can be deactivated; a seat of any other role is always active."""
    return seat.flags.get("active") is not False


def _count(seats: Iterable[LiveSeat]) -> int:
    return sum(1 for seat in seats if is_active(seat))


def _sorted(seats: Iterable[Seat]) -> tuple[Seat, ...]:
    return tuple(sorted(seats, key=lambda seat: (seat.person.casefold(), seat.person)))


def _leavers(
    address: Address,
    role: DesiredRole,
    wanted: Mapping[int | str, Wanted],
    seats: Mapping[int, LiveSeat],
    live: Live | None,
    complete: bool,
    said: tuple[World, Findings],
) -> list[LiveSeat]:
    """Who leaves: strangers of an exact set, and whom an earlier state named.

    Nobody leaves while anyone in the set is unresolved, or where a SIS feeds the flow.
    """
    world, findings = said
    strangers = [seat for number, seat in seats.items() if number not in wanted and is_active(seat)]
    if not strangers or live is None or role.membership == "add_only":
        return []
    sis, named = bool(live.facts.get("sis")), {world.people.user_id(p) for p in role.leaving}
    is_exact = role.membership == "exact" or role.was_all
    if complete and not sis and (is_exact or named):
        leavers = [s for s in strangers if is_exact or s.user_id in named]
        strangers = [seat for seat in strangers if seat not in leavers]
    else:
        leavers = []
    if strangers and role.membership != "named":
        _note_strangers(address, role, strangers, complete, (world, findings))
    return leavers


def _note_strangers(
    address: Address,
    role: DesiredRole,
    strangers: Iterable[LiveSeat],
    complete: bool,
    said: tuple[World, Findings],
) -> None:
    world, findings = said
    live = world.live[address]
    names = [world.people.name_of(seat.user_id, world.licence, seat.name) for seat in strangers]
    names.sort(key=str.casefold)
    shown = ", ".join(names[:SHOWN_STRANGERS])
    more = len(names) - SHOWN_STRANGERS
    shown += f" and {more} more" if more > 0 else ""
    findings.note(address, *_stranger_note(role, shown, complete, bool(live.facts.get("sis"))))


def _stranger_note(role: DesiredRole, shown: str, complete: bool, sis: bool) -> tuple[str, str]:
    what = f"{role.said}: in WISEflow but not in the manifests: {shown}"
    if sis:
        return what, "a student information system feeds this flow; nobody is removed"
    if not complete:
        return what, "nobody leaves this set while anyone in it is unresolved"
    where = f"{role.role.rpartition('.')[2]} at {role.location}"
    return what, f"to keep them, add under {where}; exact removes them"


def _note_inactive(
    address: Address,
    role: DesiredRole,
    wanted: Mapping[int | str, Wanted],
    seats: Mapping[int, LiveSeat],
    world: World,
    findings: Findings,
) -> None:
    """Whom a manager deactivated in WISEflow stays so until git says `active: true`."""
    asleep = sorted(
        one.name
        for slot, one in wanted.items()
        if isinstance(slot, int)
        and slot in seats
        and not is_active(seats[slot])
        and not one.flags.get("active")
    )
    if asleep:
        shown = ", ".join(asleep[:SHOWN_STRANGERS])
        hint = "`active: true` on the seat re-activates them"
        findings.note(address, f"{role.role}: deactivated in WISEflow: {shown}", hint)


def _leaving(
    address: Address,
    role: DesiredRole,
    leavers: list[LiveSeat],
    coming: Change | None,
    live: Live,
    world: World,
) -> Change:
    people, licence = world.people, world.licence
    gone = _sorted(
        Seat(
            people.name_of(seat.user_id, licence, seat.name),
            written=str(role.location),
            user_id=seat.user_id,
        )
        for seat in leavers
    )
    there = _count(live.roles.get(role.role, ()))
    base = coming.seats.after if coming and coming.seats else there
    sleeps = role.role == "participants" and live.facts["state"] > 0
    return Change(
        address=address,
        part=f"{role.role}.leave",
        action=Action.UPDATE,
        location=role.location,
        seats=SeatsChange(
            role=role.role,
            before=base,
            after=base - len(gone),
            remove=() if sleeps else gone,
            deactivate=gone if sleeps else (),
            live=there,
        ),
        # Where nobody stays, those who go wait until those who come are there.
        needs=(coming.id,) if coming and len(gone) == there else (),
        # Adds come before removes, so that a set is never empty on the way.
        after=(f"{address}:{role.role}",),
        hazards=tuple(_leave_hazards(role.role, live, world, sleeps)),
    )


def _leave_hazards(role: str, live: Live, world: World, sleeps: bool) -> Iterable[Hazard]:
    if sleeps:
        yield Hazard("deactivation", "the flow is activated: participants are deactivated", True)
    owner, _, is_allocation = role.partition(".")
    if starts_soon(exam_start(live, world), world.now) and not is_allocation:
        yield Hazard("starts-soon", "the exam has started or starts within 48 hours", True)
    if owner in EXAMINING and is_marked(live, world):
        yield MARKING_STARTED


def is_marked(live: Live, world: World) -> bool:
    marking = live.fields.get("marking.start")
    return marking is not None and marking <= world.now


def starts_soon(start: datetime | None, now: datetime) -> bool:
    """Whether an exam has started or starts within 48 hours."""
    return start is not None and start - now <= SOON
