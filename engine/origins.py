"""Where each difference comes from: from git, from WISEflow, or from a source. Pure.

Known where there is a base; without one nothing is told, and every difference is planned.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from engine.binding import members
from engine.bookings import windows
from engine.individual import PATHS, mentioned, values
from engine.model import (
    BY_NUMBER,
    IN_ROOMS,
    IN_SLOTS,
    INDIVIDUAL,
    ROOM_OF,
    Desired,
    DesiredRole,
    Live,
    Standing,
    set_of,
)
from engine.plan import NOT_VERIFIED, VERBS, Action, Change, FieldChange, Seat, SeatsChange, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.kind import Normal
    from engine.model import Value
    from engine.world import Findings, World

GIT, LIVE, BOTH, NEW, SOURCE = "git", "live", "both", "new", "source"

Seats = dict[Seat, str]

SHOWN = 5
STARTED = 2
"""The state of a flow from which on what somebody did in WISEflow is left alone."""

START = "participation.start"
ONE_WAY = "lifecycle"
"""A least step: WISEflow cannot have moved it back, so that it is never the one that moved."""

GONE = "gone from WISEflow: answer with `recreate`, or remove the entry and name it in `removed`"
"""Of what stood at base and is not found: nobody but people can say what became of it."""


@dataclass(slots=True)
class Origins:
    """Tells the changes of one resource by where they come from."""

    desired: Desired
    live: Live | None
    world: World
    normal: Normal
    _dropped: dict[str, int] = field(default_factory=dict)
    """By role, how many who would come are left alone."""
    _left: dict[str, set[str]] = field(default_factory=dict)
    """By role, who does not come; roles are told before the allocations of those who have them."""

    def left_alone(self, changes: Iterable[Change]) -> frozenset[str]:
        """The fields that people changed in WISEflow since base, of an exam that has started."""
        if self.desired.base is None or not self._has_started():
            return frozenset()
        fields = (one for change in changes for one in change.fields)
        return frozenset(one.path for one in fields if self._of_field(one) == LIVE)

    def told(self, changes: Iterable[Change], findings: Findings) -> list[Change]:
        """The changes with their origins; seats of a started flow that people changed stay."""
        is_known = self.desired.base is not None or self.desired.standing is Standing.NEW
        if not is_known:
            return list(changes)
        return [one for change in changes for one in self._one(change, findings)]

    def _one(self, change: Change, findings: Findings) -> Iterator[Change]:
        if self.desired.standing is Standing.NEW:
            yield replace(change, origin=NEW)
        elif change.action is Action.CREATE and self.desired.is_made_again:
            yield replace(change, origin=BOTH)
        elif change.action is Action.CREATE and self.live is None:
            yield replace(change, origin=LIVE, status=Status.BLOCKED, reasons=(GONE,))
        elif change.action is not Action.UPDATE:
            yield replace(change, origin=GIT)
        else:
            fields = {self._of_field(one) for one in change.fields}
            seats = self._of_seats(change.seats) if change.seats else {}
            yield from self._with_seats(replace(change, origin=_together(fields)), seats, findings)

    def _has_started(self) -> bool:
        """Whether the exam is past its start, and git does not move it into the future again."""
        is_past = self.live is not None and self.live.facts.get("state", 0) >= STARTED
        return is_past and not self._is_put_off()

    def _is_put_off(self) -> bool:
        stated = self.desired.fields.get(START)
        was = self.desired.base.fields.get(START) if self.desired.base else None
        if stated is None or (was is not None and was.value == stated.value):
            return False
        fed = self.live is not None and self.live.facts.get("sis")
        return not fed and stated.value is not None and stated.value > self.world.now

    # ---- fields ----------------------------------------------------------------------------------

    def _of_field(self, change: FieldChange) -> str:
        if _is_from_outside(change.written):
            return SOURCE
        base = self.desired.base
        was = base.fields.get(change.path) if base else None
        if was is None or change.path == ONE_WAY:
            return GIT
        stated = self.desired.fields.get(change.path)
        before, now = (
            self._members(change.path, one)
            for one in (_at_times(was.value, change.path, base), change.before)
        )
        moved = stated is None or before != self._members(
            change.path, _at_times(stated.value, change.path, self.desired)
        )
        exact = base is not None and change.path.partition(".")[0] in base.exact
        if change.before == NOT_VERIFIED:
            return GIT
        # Of a list that is only added to, others may always have been there.
        drifted = before != now if exact or not before else not before.items() <= now.items()
        return (BOTH if drifted else GIT) if moved else LIVE

    def _members(self, path: str, value: object) -> dict[str, object]:
        return members(self.normal(path, value))

    # ---- seats -----------------------------------------------------------------------------------

    def _of_seats(self, seats: SeatsChange) -> dict[Seat, str]:
        if seats.role in INDIVIDUAL:
            people = (seat for verb in VERBS for seat in getattr(seats, verb))
            return {seat: self._of_individual(seats.role, seat) for seat in people}
        role = self.desired.roles.get(seats.role)
        was = self._at_base(role) if role else None
        named = self._flags_at_base(was) if was else {}
        told = {seat: self._of_coming(seat, named) for seat in (*seats.add, *seats.change)}
        told |= dict.fromkeys(seats.reactivate, GIT)
        gone = {self.world.people.user_id(person) for person in role.leaving} if role else set()
        outside = role is not None and _is_partly_outside(role)
        was_exact = was is not None and was.membership == "exact"
        for seat in (*seats.remove, *seats.deactivate):
            by_git = seat.user_id in gone or not was_exact
            told[seat] = GIT if by_git else SOURCE if outside else LIVE
        return told

    def _at_base(self, role: DesiredRole) -> DesiredRole | None:
        """The same set as it stood at base: of allocations the numbers may have moved."""
        roles = self.desired.base.roles.values() if self.desired.base else ()
        return next((one for one in roles if one.slot == role.slot), None)

    def _flags_at_base(self, role: DesiredRole) -> dict[str, dict[str, object]]:
        """By folded name as the plan shows it, the flags that were stated."""
        people, licence = self.world.people, self.world.licence
        named: dict[str, dict[str, object]] = {}
        everyone = self.desired.base.roles.get("participants") if self.desired.base else None
        seats = everyone.seats if role.is_all and everyone else role.seats
        for seat in seats:
            if seat.person.data_type != BY_NUMBER:
                stated = {name: one.value for name, one in seat.flags.items() if name != "active"}
                named.setdefault(people.name(seat.person, licence).casefold(), {}).update(stated)
        return named

    def _of_coming(self, seat: Seat, named: dict[str, dict[str, object]]) -> str:
        if _is_from_outside(seat.written):
            return SOURCE
        was = named.get(seat.person.casefold())
        return LIVE if was is not None and was == dict(seat.flags) else GIT

    def _of_individual(self, role: str, seat: Seat) -> str:
        """What holds for one participant follows from what is said of them, and from the exam."""
        if _is_from_outside(seat.written):
            return SOURCE
        base = self.desired.base
        if base is None or self._said_of(seat, role, base) != self._said_of(
            seat, role, self.desired
        ):
            return GIT
        fields = (values(one.fields) for one in (base, self.desired))
        before, now = ([found.get(path) for path in PATHS.values()] for found in fields)
        if before != now:
            return GIT
        return LIVE if self._exam_is_as_stated() else BOTH

    def _said_of(self, seat: Seat, name: str, where: Desired) -> dict[str, object] | None:
        people, licence = self.world.people, self.world.licence
        for one in mentioned(where.roles.get(name), self.world).values():
            if people.name(one.person, licence).casefold() == seat.person.casefold():
                return values(one.flags)
        return None

    def _exam_is_as_stated(self) -> bool:
        """Whether nobody moved the exam itself in WISEflow, from which times are counted."""
        fields = self.live.fields if self.live else {}
        return all(
            fields.get(path) == self.desired.fields[path].value
            for path in PATHS.values()
            if path in self.desired.fields
        )

    # ---- what is left alone ----------------------------------------------------------------------

    def _with_seats(self, change: Change, seats: Seats, findings: Findings) -> Iterator[Change]:
        """The change with those seats that are not left alone; who does not come is not counted."""
        if change.seats is None:
            yield change
            return
        absent = [seat for seat in seats if self._is_absent(seat, change.seats)]
        seats = {seat: origin for seat, origin in seats.items() if seat not in absent}
        left = [seat for seat, origin in seats.items() if origin == LIVE and self._has_started()]
        note_left(change, [seat.person for seat in left], findings)
        lacking = {seat.person for seat in left if seat in change.seats.add}
        self._left[change.seats.role] = self._left.get(change.seats.role, set()) | lacking
        seats = {seat: origin for seat, origin in seats.items() if seat not in left}
        kept = self._of_these(change, change.seats, seats)
        if seats:
            yield kept

    def _is_absent(self, seat: Seat, there: SeatsChange) -> bool:
        """Whether something is for somebody who, being left alone, does not come."""
        if there.role in (*INDIVIDUAL, IN_ROOMS, IN_SLOTS):
            return seat.person in self._left.get("participants", set())
        owner, _, members = there.role.partition(".")
        if not members or seat not in there.add:
            return False
        people = self._left.get(members.rpartition(".")[2], set())
        return seat.person in people or there.of in self._left.get(owner, set())

    def _of_these(self, change: Change, there: SeatsChange, seats: Seats) -> Change:
        lists: dict[str, Any] = {
            name: tuple(s for s in getattr(there, name) if s in seats) for name in VERBS
        }
        before = there.before - self._dropped.get(there.role, 0)
        coming = len(lists["add"]) + len(lists["reactivate"])
        going = len(lists["remove"]) + len(lists["deactivate"])
        dropped = len(there.add) - len(lists["add"])
        self._dropped[there.role] = self._dropped.get(there.role, 0) + dropped
        after = before + coming - going
        kept = replace(there, before=before, after=after, **lists)
        return replace(change, seats=kept, origin=_together(set(seats.values())))


def note_left(change: Change, names: Iterable[str], findings: Findings) -> None:
    """Says what people did in WISEflow to an exam that has started, and that it stays."""
    left = sorted(names, key=str.casefold)
    if not left:
        return
    shown = ", ".join(left[:SHOWN]) + (f" and {len(left) - SHOWN} more" * (len(left) > SHOWN))
    part = f"{set_of(change.seats.role, change.seats.of)}: " if change.seats else ""
    findings.note(
        change.address,
        f"{part}differs, and git did not move it: left alone since the exam has started: {shown}",
        "state in the manifests what it is now, or what it shall be instead",
    )


def _at_times(value: Value, path: str, where: Desired | None) -> Value:
    """What is stated; of a room that is booked for an exam, when that exam is stated to be."""
    if where is None or not path.startswith(ROOM_OF):
        return value
    return windows(value, values(where.fields))


def _together(origins: set[str]) -> str:
    """One word for a whole change."""
    if BOTH in origins or (LIVE in origins and len(origins) > 1):
        return BOTH
    return next((one for one in (LIVE, GIT, SOURCE) if one in origins), GIT)


def _is_from_outside(written: str) -> bool:
    """Whether a value is written in UNIWeb, or in a file of a source: `sis:math.csv:3:1`."""
    file = written.partition(" through ")[0]
    return file.startswith("uniweb:") or file.count(":") > len(("line", "column"))


def _is_partly_outside(role: DesiredRole) -> bool:
    return bool(role.profiles) or any(_is_from_outside(str(one.location)) for one in role.seats)
