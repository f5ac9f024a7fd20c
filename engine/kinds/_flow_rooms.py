"""Which rooms a flow has, when, and who sits in which: against what is booked. Pure.

Bookings come before who sits in them, and go after whoever moves away from them. Without times of
its own a room is booked for as long as the exam will take, so that it moves with the exam.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from engine.activation import NOBODY_SAYS_WHEN
from engine.bookings import END, START, books_rooms, windows
from engine.kinds._flow_within import PEOPLE, SOON, People, Within, comers, left_behind
from engine.model import AS_EXAM, BOOKINGS, IN_ROOMS, ROOM_OF, Address
from engine.periods import exam_start
from engine.plan import Action, Change, FieldChange, Hazard, Status
from engine.seats import plan_set, starts_soon
from engine.world import Findings, World, known

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.model import Desired, Live, Stated
    from engine.wiseflow.bookings import Booking

LEAVE, BLOCKED = f"{BOOKINGS}.leave", f"{BOOKINGS}.blocked"


def with_rooms(
    desired: Desired, live: Live | None, changes: list[Change], world: World, findings: Findings
) -> list[Change]:
    """The changes and those of rooms, which come after the people of the flow."""
    if not books_rooms(desired):
        return changes
    address = desired.address
    marker = desired.roles.get(BOOKINGS)
    location = marker.location if marker else desired.location
    # Of a flow that was read in part nobody knows for which times its rooms are booked.
    parts = [world.unread[address, one] for one in (BOOKINGS, "") if (address, one) in world.unread]
    if reason := next(iter(parts), None):
        findings.problem(location, BOOKINGS, reason, "no room is booked or given up here")
        return changes
    rooms = _Rooms(desired, live, changes, world, findings)
    booked = list(rooms.bookings())
    seated = list(rooms.seats(booked))
    going = list(rooms.leaving(seated))
    return [*changes, *booked, *seated, *going]


@dataclass(slots=True)
class _Rooms:
    """Plans the rooms of one flow, whose roles are planned already."""

    desired: Desired
    live: Live | None
    changes: list[Change]
    world: World
    findings: Findings
    _blocked: set[str] = field(default_factory=set)
    """Rooms in which nobody can be put by this plan."""

    # ---- what is booked --------------------------------------------------------------------------

    def bookings(self) -> Iterator[Change]:
        """One change for what can be booked, and one with reasons for what cannot."""
        ways: dict[str, list[tuple[FieldChange, tuple[str, ...]]]] = {BOOKINGS: [], BLOCKED: []}
        for path, stated in self._stated().items():
            if stated.value is None:
                continue
            room, before = path.removeprefix(ROOM_OF), self._there(path)
            after = windows(stated.value, self._exam())
            reasons = tuple(self._reasons(room, stated, before, after))
            if reasons:
                self._blocked.add(room)
            if set(after) != set(before) or (reasons and not before):
                # What a draft has for want of stated times may be the licence's: it says nothing.
                told = after if stated.value != AS_EXAM or self._has_times() else stated.value
                written = str(stated.location)
                one = FieldChange(path, before or None, told or stated.value, written)
                ways[BLOCKED if reasons else BOOKINGS].append((one, reasons))
        for part, found in ways.items():
            if found:
                yield self._change(part, found)

    def _change(self, part: str, found: list[tuple[FieldChange, tuple[str, ...]]]) -> Change:
        reasons = tuple(dict.fromkeys(one for _, several in found for one in several))
        fields = tuple(one for one, _ in found)
        is_moved = any(one.before for one in fields)
        start = exam_start(self.live, self.world) if self.live else None
        hazards = (SOON,) if is_moved and not reasons and starts_soon(start, self.world.now) else ()
        return Change(
            address=self.desired.address,
            part=part,
            action=Action.UPDATE,
            location=self.desired.location,
            fields=fields,
            hazards=hazards,
            needs=tuple(sorted(self._needs(fields))),
            status=Status.BLOCKED if reasons else Status.PLANNED,
            reasons=reasons,
        )

    def _needs(self, fields: Iterable[FieldChange]) -> set[str]:
        """The flow and its rooms; and the exam itself, where a room is booked for all of it."""
        needs = {*self._flow()}
        for one in fields:
            if self._stated()[one.path].value == AS_EXAM:
                needs |= {c.id for c in self.changes if c.part == "dates"}
            room = Address("room", one.path.removeprefix(ROOM_OF))
            if room in self.world.desired and room not in self.world.live:
                needs.add(str(room))
            elif self._opens(room):
                needs.add(f"{room}:details")
        return needs

    def _flow(self) -> Iterator[str]:
        if self.live is None or self.live.facts["marked"]:
            yield str(self.desired.address)

    def _stated(self) -> dict[str, Stated]:
        found = self.desired.fields.items()
        return {path: one for path, one in sorted(found) if path.startswith(ROOM_OF)}

    def _there(self, path: str) -> tuple[str, ...]:
        found: tuple[str, ...] = (self.live.fields.get(path) or ()) if self.live else ()
        return found

    def _exam(self) -> dict[str, object]:
        """The exam's times as they will be."""
        fields = dict(self.live.fields) if self.live else {}
        for change in self.changes:
            if change.part in ("", "dates"):
                fields |= {one.path: one.after for one in change.fields}
        return fields

    # ---- why not ---------------------------------------------------------------------------------

    def _reasons(
        self, room: str, stated: Stated, before: tuple[str, ...], after: tuple[str, ...]
    ) -> Iterator[str]:
        """Why WISEflow would refuse the booking, or nobody knows what is meant."""
        rows, address = self._rows(room), Address("room", room)
        is_made = self._is_stated(room) and address not in self.world.live
        if len(rows) > 1:
            shown = " and ".join(f"#{one['id']}" for one in rows)
            message = f"several rooms in WISEflow have the identifier {room}: {shown}"
            self.findings.problem(stated.location, "room", message, "change all but one")
            yield message
        elif not rows and is_made and address in self.world.absent:
            yield f"{address} is not in WISEflow and is not made by this plan"
        elif not rows and not is_made:
            names = [str(one["identifier"]) for one in self.world.rooms or () if one["identifier"]]
            message = f'unknown room "{room}"'
            self.findings.problem(stated.location, "room", message, known(names))
            yield f"this licence has no room {room}"
        elif not self._is_bookable(room, rows) and set(after) - set(before):
            yield f"the room {room} cannot be booked: state `bookable: true`"
        if stated.value == AS_EXAM and not self._has_times():
            yield f"{NOBODY_SAYS_WHEN}: state participation, or start and end of the room"
        elif len(before) > 1 and not set(after) & set(before):
            yield f"{room} is booked at {len(before)} times: cancel all but one in WISEflow"

    def _has_times(self) -> bool:
        """Those of a flow for which nobody stated any may be the licence's default."""
        stated = self.world.desired[self.desired.address].fields
        sis = self.live is not None and bool(self.live.facts.get("sis"))
        exam = self._exam()
        return bool((sis or START in stated) and exam.get(START) and exam.get(END))

    def _rows(self, room: str) -> list[dict[str, object]]:
        folded = room.casefold()
        rooms = self.world.rooms or ()
        return [one for one in rooms if str(one.get("identifier") or "").casefold() == folded]

    def _is_stated(self, room: str) -> bool:
        desired = self.world.desired.get(Address("room", room))
        return desired is not None and desired.is_stated

    def _is_bookable(self, room: str, rows: list[dict[str, object]]) -> bool:
        desired = self.world.desired.get(Address("room", room))
        stated = desired.fields.get("bookable") if desired else None
        if stated is not None:
            return bool(stated.value)
        return bool(rows[0].get("canBeBooked")) if rows else True

    def _opens(self, room: Address) -> bool:
        """Whether a room can be booked only once this plan has made it so."""
        live = self.world.live.get(room)
        stated = self.world.desired[room].fields.get("bookable") if live else None
        is_open = live.fields.get("bookable") if live else True
        return stated is not None and bool(stated.value) and not is_open

    # ---- who sits where --------------------------------------------------------------------------

    def seats(self, booked: Iterable[Change]) -> Iterator[Change]:
        """Who comes into a room, moves to another one, or leaves theirs."""
        role, address = self.desired.roles.get(IN_ROOMS), self.desired.address
        if role is None:
            return
        if reason := self.world.unread.get((address, PEOPLE)):
            self.findings.problem(role.location, BOOKINGS, reason, "nobody is put into a room")
            return
        within = Within(
            self.desired, role, self.live, self.changes, self.world, self.findings, "room"
        )
        people = within.people(lambda _, one: one.flags.get("room") in self._blocked)
        self._note_crowds(people[0])
        first = next((one for one in booked if one.part == BOOKINGS), None)
        rooms = {f.path.removeprefix(ROOM_OF) for f in first.fields} if first else set()
        going = {path.removeprefix(ROOM_OF) for path in self._going()}
        staying = within.staying(people[0], lambda seat: seat.flags["room"] in going)
        for change in plan_set(self.desired, role, people, staying, self.world, self.findings):
            needs = {*change.needs, *self._flow()}
            if first and rooms & _rooms_of(change):
                needs.add(first.id)
            after = {*change.after, f"{address}:{PEOPLE}"}
            yield replace(
                change,
                seats=within.with_left(change.seats),
                needs=tuple(sorted(needs)),
                after=tuple(sorted(after)),
            )

    def _note_crowds(self, wanted: People) -> None:
        """Says where more are to sit in a room than it has places."""
        for room, count in sorted(
            Counter(str(one.flags["room"]) for one in wanted.values()).items()
        ):
            rows, stated = self._rows(room), self.world.desired.get(Address("room", room))
            capacity = stated.fields.get("capacity") if stated else None
            places = capacity.value if capacity else rows[0].get("capacity") if rows else None
            if isinstance(places, int) and count > places:
                many = f"{places} place" if places == 1 else f"{places} places"
                message = f"{count} people are to sit in {room}, which has {many}"
                self.findings.note(self.desired.address, message, "book another room too")

    # ---- what goes -------------------------------------------------------------------------------

    def _going(self) -> list[str]:
        """The bookings that go: whom git booked and books no more, and strangers of an exact list.

        What is left alone of an exam that has started stands in the manifests all the same.
        """
        if self.live is None:
            return []
        stated = self._stated()
        undone = {path for path, one in stated.items() if one.value is None}
        role = self.desired.roles.get(BOOKINGS)
        there = {path for path in self.live.fields if path.startswith(ROOM_OF)}
        there = {path for path in there if self.live.fields[path]}
        named = {*stated, *self.world.desired[self.desired.address].fields}
        if role is None or role.membership == "add_only" or self.live.facts.get("sis"):
            return sorted(undone & there)
        base = {path.casefold() for path in self.desired.base.fields} if self.desired.base else ()
        is_exact = role.membership == "exact"
        free = {path for path in there - named if is_exact or path.casefold() in base}
        return sorted(undone & there | free)

    def leaving(self, seated: Iterable[Change]) -> Iterator[Change]:
        """The change by which bookings go; all that are strangers are told."""
        going, live, role = self._going(), self.live, self.desired.roles.get(BOOKINGS)
        if live is None:
            return
        named = {*self._stated(), *self.world.desired[self.desired.address].fields, *going}
        strangers = [p for p in live.fields if p.startswith(ROOM_OF) and p not in named]
        if strangers and role is not None:
            shown = ", ".join(sorted(path.removeprefix(ROOM_OF) for path in strangers))
            hint = f"to keep them, add under {BOOKINGS} at {role.location}; exact removes them"
            if live.facts.get("sis"):
                hint = "a student information system feeds this flow; no booking is removed"
            message = f"{BOOKINGS}: in WISEflow but not stated: {shown}"
            self.findings.note(self.desired.address, message, hint)
        if going:
            yield self._leaving(going, list(seated), live)

    def _leaving(self, going: list[str], seated: list[Change], live: Live) -> Change:
        role = self.desired.roles.get(BOOKINGS)
        where = role.location if role else self.desired.location
        hazards = [SOON] if starts_soon(exam_start(live, self.world), self.world.now) else []
        if count := self._left_behind(going, seated, live):
            people = f"{count} participant{'s' * (count != 1)}"
            hazards.append(Hazard("room-booking", f"{people} would be without a room", True))
        return Change(
            address=self.desired.address,
            part=LEAVE,
            action=Action.UPDATE,
            location=where,
            fields=tuple(FieldChange(p, live.fields[p], None, str(where)) for p in going),
            hazards=tuple(hazards),
            needs=tuple(sorted(one.id for one in seated if one.part == IN_ROOMS)),
            after=tuple(sorted(one.id for one in seated if one.part != IN_ROOMS)),
        )

    def _left_behind(self, going: list[str], seated: list[Change], live: Live) -> int:
        """How many sit in what goes, and are put nowhere else."""
        rooms = [path.removeprefix(ROOM_OF) for path in going]
        found: dict[str, list[Booking]] = live.facts[BOOKINGS]
        sit = {one for room in rooms for booking in found[room] for one in booking.people}
        return left_behind(sit, self.changes, seated, live, self.world)


def _rooms_of(change: Change) -> set[str]:
    """The rooms that somebody comes to."""
    return {str(dict(one.flags)["room"]) for one in comers(change)}
