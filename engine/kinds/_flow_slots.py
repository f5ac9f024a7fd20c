"""Who is examined in which period of an oral exam, and in which order. Pure.

The order is only that of those who are stated: whoever else has a slot keeps it where it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.kinds._flow_within import PEOPLE, SOON, Within, comers
from engine.model import IN_SLOTS, PERIOD_OF, PERIODS, LiveSeat
from engine.periods import SHORTENING, moment, period_of, said_locally, what_of
from engine.plan import Hazard, Status
from engine.seats import Wanted, plan_set, starts_soon

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.model import Desired, DesiredRole, Live
    from engine.plan import Change, Seat, SeatsChange
    from engine.wiseflow.periods import Period
    from engine.world import Findings, People, World


@dataclass(slots=True)
class Slots:
    """Plans the slots of one flow, whose people and periods are planned already."""

    desired: Desired
    live: Live | None
    changes_before: list[Change]
    coming: list[Change]
    """What is planned of its periods."""
    going: list[str]
    world: World
    findings: Findings

    def changes(self) -> Iterator[Change]:
        """Who gets a slot, moves to another one, or loses theirs."""
        role, address = self.desired.roles.get(IN_SLOTS), self.desired.address
        if role is None:
            return
        if reason := self.world.unread.get((address, PEOPLE)):
            self.findings.problem(role.location, IN_SLOTS, reason, "nobody gets a slot")
            return
        within = Within(
            self.desired,
            role,
            self.live,
            self.changes_before,
            self.world,
            self.findings,
            "period",
        )
        refused = self._targets(role)
        people = within.people(
            lambda slot, one: one.flags.get("period") in refused or self._is_stuck(slot, one)
        )
        staying = within.staying(people[0], lambda seat: seat.flags["period"] in self.going)
        for change in plan_set(self.desired, role, people, staying, self.world, self.findings):
            yield replace(
                change,
                seats=self._with_indexes(within.with_left(change.seats)),
                hazards=tuple(self._hazards(change)),
                needs=tuple(sorted({*change.needs, *self._needs(change)})),
                after=tuple(sorted({*change.after, *self._after()})),
            )

    def _with_indexes(self, seats: SeatsChange | None) -> SeatsChange | None:
        """The places that people had, among all in their period: it is the way back."""
        if seats is None or self.live is None:
            return seats
        by_seat = {seat.seat_id: seat.user_id for seat in self.live.roles.get(PEOPLE, ())}
        indexes = {
            (by_seat.get(person), start): index
            for start, several in self._there().items()
            for period in several
            for index, person in enumerate(period.people, 1)
        }
        numbers = self.world.numbers_by_name() if seats.change else {}

        def told(one: Seat) -> Seat:
            before = dict(one.before)
            number = one.user_id or numbers.get(one.person.casefold())
            place = indexes.get((number, str(before.get("period"))))
            return replace(one, before=tuple(sorted((before | {"place": place}).items())))

        remove, change = (tuple(map(told, those)) for those in (seats.remove, seats.change))
        return replace(seats, remove=remove, change=change)

    # ---- what comes first ------------------------------------------------------------------------

    def _needs(self, change: Change) -> Iterator[str]:
        """The flow, and the periods that are made for somebody."""
        if self.live is None or self.live.facts["marked"]:
            yield str(self.desired.address)
        made = self._made()
        for one in self.coming:
            if one.part == PERIODS and made & {_period(seat.flags) for seat in comers(change)}:
                yield one.id

    def _after(self) -> Iterator[str]:
        """A slot is written back with all others: first they are brought to what they will be."""
        address = self.desired.address
        yield from (f"{address}:{PEOPLE}", f"{address}:{PEOPLE}.leave", f"{address}:{PERIODS}")

    def _made(self) -> set[str]:
        """The periods that this plan makes."""
        planned = [one for one in self.coming if one.status is Status.PLANNED]
        fields = [field for one in planned for field in one.fields]
        return {period_of(one.path) for one in fields if not what_of(one.path)}

    # ---- what is not possible --------------------------------------------------------------------

    def _there(self) -> dict[str, list[Period]]:
        found: dict[str, list[Period]] = self.live.facts.get(PERIODS, {}) if self.live else {}
        return found

    def _targets(self, role: DesiredRole) -> set[str]:
        """The stated periods in which nobody can be put; the reason is a problem."""
        stated = {str(seat.flags["period"].value): seat.flags["period"] for seat in role.seats}
        refused = {one: self._reason(one) or self._lack(one) for one in sorted(stated)}
        for period, reason in refused.items():
            if reason:
                self.findings.problem(stated[period].location, IN_SLOTS, reason)
        return {period for period, reason in refused.items() if reason}

    def _reason(self, period: str) -> str:
        """Why the slots of a period cannot be written."""
        there = self._there().get(period, [])
        if len(there) > 1:
            start = said_locally(period, self.world.zone)
            return f"{len(there)} periods start on {start}: delete all but one in WISEflow"
        if not all(one.is_writable for one in there):
            start = said_locally(period, self.world.zone)
            return f"the period of {start} has slots that only WISEflow itself can write"
        return ""

    def _lack(self, period: str) -> str:
        """Why a period will not be there."""
        if period in self._made() or (period in self._there() and period not in self.going):
            return ""
        start = said_locally(period, self.world.zone)
        return f"flow/{self.desired.address.key} has no period on {start}: see its {PERIODS}"

    def _is_stuck(self, slot: int | str, one: Wanted) -> bool:
        """Whether somebody has a slot that cannot be taken from them; that is a problem."""
        seats = self.live.roles.get(IN_SLOTS, ()) if self.live else ()
        now = next((seat.flags["period"] for seat in seats if seat.user_id == slot), "")
        reason = self._reason(now) if now and now != one.flags.get("period") else ""
        if reason:
            self.findings.problem(one.location, IN_SLOTS, reason)
        return bool(reason)

    def _hazards(self, change: Change) -> Iterator[Hazard]:
        """Taking somebody from a period that is near; giving is never held."""
        yield from (one for one in change.hazards if one.name != SOON.name)
        seats = change.seats
        moved = (*seats.change, *seats.remove) if seats else ()
        before = {_period(one.before) for one in moved} - {""}
        if seats and seats.remove and not before:
            gone = {one.user_id for one in seats.remove}
            live = self.live.roles.get(IN_SLOTS, ()) if self.live else ()
            before = {str(seat.flags["period"]) for seat in live if seat.user_id in gone}
        if any(self._is_shorter(one) for one in (seats.change if seats else ())):
            yield Hazard("shorter", "somebody is examined or prepares for a shorter time", True)
        if any(starts_soon(moment(one), self.world.now) for one in before):
            yield SOON

    def _is_shorter(self, one: Seat) -> bool:
        """Whether somebody goes to a period with fewer minutes than the one that they leave."""
        old, new = _period(one.before), _period(one.flags)
        if not old or old == new or self.live is None:
            return False
        stated = {path: value.value for path, value in self.desired.fields.items()}
        there = self.live.fields
        return any(
            int((there | stated).get(f"{PERIOD_OF}{new}.{what}") or 0)
            < int(there.get(f"{PERIOD_OF}{old}.{what}") or 0)
            for what in SHORTENING
        )


def _period(flags: Iterable[tuple[str, object]]) -> str:
    return str(dict(flags).get("period") or "")


# ---- what is live --------------------------------------------------------------------------------


def slot_seats(
    role: DesiredRole, periods: Iterable[Period], seats: Iterable[LiveSeat], people: People
) -> tuple[LiveSeat, ...]:
    """Who has a slot, as live seats; whoever is stated there has a place among the stated.

    Those places are the stated ones of all who are there, given out in the order that they have:
    so they differ only where people are in another order than stated.
    """
    stated = _stated(role, people)
    by_seat = {seat.seat_id: seat for seat in seats}
    found: dict[int, LiveSeat] = {}
    for period in periods:
        there = [by_seat[one] for one in dict.fromkeys(period.people) if one in by_seat]
        mine = [seat for seat in there if stated.get(seat.user_id, ("", 0))[0] == period.start]
        places = sorted(stated[seat.user_id][1] for seat in mine)
        given = dict(zip((seat.user_id for seat in mine), places, strict=True))
        for seat in there:
            if seat.user_id in given and seat.user_id in found:
                continue  # On the way to it: the slot before it is still there.
            flags = {"period": period.start, "place": given.get(seat.user_id)}
            found[seat.user_id] = LiveSeat(seat.user_id, seat.seat_id, flags, seat.name)
    return tuple(found.values())


def _stated(role: DesiredRole, people: People) -> dict[int, tuple[str, int]]:
    """By user, the period and the place that are stated."""
    found = {}
    for seat in role.seats:
        number, flags = people.user_id(seat.person), seat.flags
        if number is not None:
            place = flags["place"].value if "place" in flags else None
            found[number] = (str(flags["period"].value), int(place or 0))
    return found
