"""Reads the periods of oral exams and who is examined in them, and writes what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import ApiError
from engine.kind import RefusedError
from engine.kinds._flow_settings_io import unread
from engine.kinds._flow_slots import slot_seats
from engine.kinds._flow_within import PEOPLE, comers
from engine.kinds._flow_within_io import participants, seats_of
from engine.model import IN_SLOTS, PERIOD_OF, PERIODS
from engine.periods import ORAL, THERE, in_order, is_oral, period_of, said_locally, what_of
from engine.wiseflow import periods as api_periods
from engine.wiseflow.periods import FIELDS, PARTICIPANT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from engine.kind import Work
    from engine.model import Desired, Live, Value
    from engine.plan import Change, SeatsChange
    from engine.wiseflow.client import WiseflowApi
    from engine.wiseflow.periods import Period, Row
    from engine.world import World

Places = dict[int, int]
"""From participants to their places among those who are stated."""

# ---- reading -------------------------------------------------------------------------------------


async def read_periods(api: WiseflowApi, world: World, desired: Desired, live: Live) -> None:
    """The periods as fields, and who has a slot as a role.

    Read where anything of them is stated, or hangs on when the exam is: they alone say that.
    """
    hangs = bool(desired.roles) or "anonymisation" in desired.fields
    if live.fields.get("type") != ORAL or not (is_oral(desired) or hangs):
        return
    for path in [path for path in live.fields if path.startswith(PERIOD_OF)]:
        del live.fields[path]
    live.roles.pop(IN_SLOTS, None)
    try:
        found = await api_periods.read_periods(api, live.server_id)
    except ApiError as error:
        unread(world, live.address, PERIODS, error)
        return
    by_start: dict[str, list[Period]] = {}
    for one in found:
        by_start.setdefault(one.start, []).append(one)
    live.facts[PERIODS] = by_start
    live.fields.update(dict.fromkeys(p for p in desired.fields if p.startswith(PERIOD_OF)))
    for start, several in by_start.items():
        live.fields[PERIOD_OF + start] = THERE
        named = {f"{PERIOD_OF}{start}.{what}": several[0].fields[what] for what in FIELDS}
        live.fields.update(named)
    if IN_SLOTS in desired.roles and PEOPLE in live.roles:
        seats = live.roles[PEOPLE]
        live.roles[IN_SLOTS] = slot_seats(desired.roles[IN_SLOTS], found, seats, world.people)


# ---- writing periods -----------------------------------------------------------------------------


async def write_periods(change: Change, flow_id: int, work: Work) -> None:
    """Makes what is lacking, and writes what of the others differs."""
    wanted: dict[str, dict[str, Value]] = {}
    new = set()
    for one in change.fields:
        fields = wanted.setdefault(period_of(one.path), {})
        if what_of(one.path):
            fields[what_of(one.path)] = one.after
        else:
            new.add(period_of(one.path))
    made = {start: wanted[start] for start in new}
    lacking = await api_periods.add_periods(work.api, flow_id, made, work.patience) if made else []
    there = await _first_of(flow_id, work)
    lacking += [start for start in wanted if start not in there]
    if lacking:
        shown = ", ".join(said_locally(one, work.world.zone) for one in sorted(set(lacking)))
        raise RefusedError(f"no period is there that starts on {shown}")
    for start, fields in sorted(wanted.items()):
        now = there[start].fields
        if differing := {name: value for name, value in fields.items() if now[name] != value}:
            await api_periods.change_period(work.api, flow_id, there[start], differing)


async def _first_of(flow_id: int, work: Work) -> dict[str, Period]:
    """By its start the period, the first where two applies have made it at once."""
    found: dict[str, Period] = {}
    for one in await api_periods.read_periods(work.api, flow_id):
        found.setdefault(one.start, one)
    return found


async def write_leaving_periods(change: Change, flow_id: int, work: Work) -> None:
    """Takes periods away, where nobody has a slot in them whom people have not seen."""
    known: dict[str, list[Period]] = work.world.live[change.address].facts[PERIODS]
    for period in await api_periods.read_periods(work.api, flow_id):
        if period.start not in {period_of(one.path) for one in change.fields}:
            continue
        seen = {one for before in known.get(period.start, ()) for one in before.people}
        if more := set(period.people) - seen:
            raise RefusedError(f"{len(more)} more have a slot in it by now: plan again")
        await api_periods.remove_period(work.api, flow_id, period)


# ---- writing slots -------------------------------------------------------------------------------


async def write_slots(change: Change, seats: SeatsChange, flow_id: int, work: Work) -> None:
    """Gives people their slots, or takes them; some may have come to the flow just now.

    Whoever moves is put into the new period before leaving the old one, with all that the slot
    has. Slots are written back as they are: nobody else's is touched.
    """
    if seats.remove:
        leaving = await seats_of(seats.remove, flow_id, work)
        await _take(leaving, {}, flow_id, work)
        return
    numbers = await participants(change, flow_id, work)
    places = _places_now(change, work)
    going: dict[int, str] = {}
    lacking = []
    for one in comers(change):
        number = numbers.get(one.user_id or work.user_number(one.person))
        if number is None:
            lacking.append(one.person)
            continue
        flags = dict(one.flags)
        going[number] = flags["period"]
        places.setdefault(flags["period"], {})[number] = flags["place"] or 0
    await _put(going, places, flow_id, work)
    await _take(set(going), going, flow_id, work)
    if lacking:
        raise RefusedError(f"not on the flow: {', '.join(sorted(lacking))}")


def _places_now(change: Change, work: Work) -> dict[str, Places]:
    """By period the places of those who are stated and there."""
    live = work.world.live.get(change.address)
    found: dict[str, Places] = {}
    for seat in live.roles.get(IN_SLOTS, ()) if live else ():
        if seat.flags["place"] is not None:
            found.setdefault(seat.flags["period"], {})[seat.seat_id] = seat.flags["place"]
    return found


async def _put(
    going: Mapping[int, str], places: Mapping[str, Places], flow_id: int, work: Work
) -> None:
    """Writes each period to which somebody comes, or in which somebody moves."""
    there = await _first_of(flow_id, work)
    slots = {one["participantId"]: one for period in there.values() for one in _people(period)}
    for start in sorted(set(going.values())):
        if start not in there:
            raise RefusedError(f"no period starts on {said_locally(start, work.world.zone)}")
        period = there[start]
        new = _arranged(period, places[start], slots)
        if new != list(period.slots):
            await api_periods.put_slots(work.api, flow_id, period, new)


def _people(period: Period) -> Iterable[Row]:
    return (one for one in period.slots if one["type"] == PARTICIPANT)


def _arranged(period: Period, places: Places, slots: Mapping[int, Row]) -> Sequence[Row]:
    """The slots of a period with those who are stated in their order; all others keep theirs."""
    fixed, rows, mine = {}, {}, set()
    for index, row in enumerate(period.slots):
        person = row["participantId"] if row["type"] == PARTICIPANT else None
        if person in places and person not in mine:
            mine.add(person)
        else:
            # Numbers of participants are positive.
            fixed[index] = -index - 1
            rows[-index - 1] = row
    for person in places:
        rows[person] = slots.get(person) or {"type": PARTICIPANT, "participantId": person}
    order = in_order(((place, person) for person, place in places.items()), fixed)
    return [rows[one] for one in order]


async def _take(people: set[int], stay: Mapping[int, str], flow_id: int, work: Work) -> None:
    """Takes people out of all periods but the one in which they are to stay."""
    for period in await api_periods.read_periods(work.api, flow_id):
        left = [
            row
            for row in period.slots
            if row["type"] != PARTICIPANT
            or row["participantId"] not in people
            or stay.get(row["participantId"]) == period.start
        ]
        if len(left) < len(period.slots):
            await api_periods.put_slots(work.api, flow_id, period, left)
