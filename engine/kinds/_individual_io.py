"""Reads what single participants of a flow have of their own, and writes what differs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from engine.errors import ApiError
from engine.exam_ids import EXAM_ID, steps
from engine.individual import TIMES, general_live, mentioned, sitting
from engine.kind import RefusedError
from engine.kinds._flow_settings_io import unread
from engine.kinds._individual_back import returning, roles_of
from engine.kinds._individual_others import (
    OTHERS,
    TIMEBOXES,
    are_dates_asked,
    is_timebox_asked,
)
from engine.model import ACTIVE_OF, DATES_OF, EXAM_IDS, INDIVIDUAL, OFF, TIMEBOX_OF, LiveSeat
from engine.seats import is_active
from engine.together import together
from engine.wiseflow import flow_settings as api_settings
from engine.wiseflow import individual as api_individual
from engine.wiseflow import seats as api_seats

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Mapping

    from engine.kind import Work
    from engine.model import Desired, DesiredRole, Live, Value
    from engine.plan import Change, Seat, SeatsChange
    from engine.wiseflow.client import WiseflowApi
    from engine.world import World

    Wanted = Mapping[int, Mapping[str, Value]]
    """By participant, what they are to have."""

ROLE = "participants"
FROM_LIST = {EXAM_IDS: EXAM_ID, ACTIVE_OF: "active"}
"""What the list of participants answers, by the role that it is planned in."""


# ---- reading -------------------------------------------------------------------------------------


async def read_individual(api: WiseflowApi, world: World, desired: Desired, live: Live) -> None:
    """Reads of those who are stated, and sit the exam, what is stated of them."""
    for name in INDIVIDUAL:
        live.roles.pop(name, None)
    if live.facts["marked"] or (live.address, ROLE) in world.unread:
        return
    roles = roles_of(desired, live, world)
    back = set(returning(desired, live, world))
    times = [role for role in roles if role.role in TIMES]
    sit = sitting(desired, live, world) if times else set()
    if back or any(role.leaving or not sit.isdisjoint(mentioned(role, world)) for role in times):
        await _read_general_timebox(api, world, desired, live)
    await together(_read_role(api, world, desired, live, role, back) for role in roles)


async def _read_general_timebox(
    api: WiseflowApi, world: World, desired: Desired, live: Live
) -> None:
    """The timebox of a flow that states none: extra time is counted from it, too."""
    if "timebox" in desired.fields or live.fields.get("type") in api_individual.WITHOUT_DATES:
        return
    try:
        setting = api_settings.BY_NAME["timebox"]
        live.facts["timebox"] = await setting.read(api, live.server_id, world.licence)  # type: ignore[misc]
    except ApiError as error:
        unread(world, live.address, "timebox", error)


async def _read_role(
    api: WiseflowApi, world: World, desired: Desired, live: Live, role: DesiredRole, back: set[int]
) -> None:
    seats = _seats_of(world, live, role, back)
    if name := FROM_LIST.get(role.role):
        found: list[dict[str, Value]] = [{name: seat.flags.get(name)} for seat in seats]
    else:
        reader = _read_dates if role.role == DATES_OF else _read_timebox
        if not _has_times(role.role, desired, live, world):
            return
        try:
            found = await together(reader(api, live.server_id, seat) for seat in seats)
        except ApiError as error:
            unread(world, live.address, role.role, error)
            return
    live.roles[role.role] = tuple(
        LiveSeat(seat.user_id, seat.seat_id, flags, seat.name)
        for seat, flags in zip(seats, found, strict=True)
    )


def _seats_of(world: World, live: Live, role: DesiredRole, back: set[int]) -> list[LiveSeat]:
    """Of the participants those who are stated in the role, were at base, or return."""
    people = (*(seat.person for seat in role.seats), *role.leaving)
    numbers = {world.people.user_id(person) for person in people}
    if role.role in TIMES:
        numbers |= back
    return [seat for seat in live.roles.get(ROLE, ()) if seat.user_id in numbers]


def _has_times(role: str, desired: Desired, live: Live, world: World) -> bool:
    """Whether there are any to be read: of a flow without a timebox nobody has one."""
    if live.fields.get("type") in api_individual.WITHOUT_DATES:
        return False
    stated = desired.fields.get("timebox")
    boxes = (general_live(live).timebox, stated.value if stated else None)
    return role == DATES_OF or any(box not in (OFF, None) for box in boxes)


async def read_others(api: WiseflowApi, world: World, desired: Desired, live: Live) -> None:
    """Reads what those have of their own who are not stated, where they may stay behind."""
    for fact in (OTHERS, TIMEBOXES):
        live.facts.pop(fact, None)
    if are_dates_asked(desired, live):
        await _read_rest(api, world, live, (DATES_OF, OTHERS))
    if is_timebox_asked(desired, live):
        await _read_rest(api, world, live, (TIMEBOX_OF, TIMEBOXES))


async def _read_rest(api: WiseflowApi, world: World, live: Live, parts: tuple[str, str]) -> None:
    """Of all who may sit the exam and were not asked yet, the values of a role, as a fact."""
    role, fact = parts
    if (live.address, role) in world.unread:
        return
    known = {seat.user_id for seat in live.roles.get(role, ())}
    reader = _read_dates if role == DATES_OF else _read_timebox
    try:
        there = live.roles.get(ROLE)
        if there is None:
            sits, key = api_seats.ROLES[ROLE], world.people.user_key
            there = await api_seats.read_seats(api, sits, live.server_id, world.licence, key)
        asked = [seat for seat in there if is_active(seat) and seat.user_id not in known]
        found = await together(reader(api, live.server_id, seat) for seat in asked)
    except ApiError as error:
        unread(world, live.address, fact, error)
        return
    live.facts[fact] = tuple(
        LiveSeat(seat.user_id, seat.seat_id, flags, seat.name)
        for seat, flags in zip(asked, found, strict=True)
    )


async def _read_dates(api: WiseflowApi, flow_id: int, seat: LiveSeat) -> dict[str, Value]:
    return await api_individual.read_dates(api, flow_id, seat.seat_id)


async def _read_timebox(api: WiseflowApi, flow_id: int, seat: LiveSeat) -> dict[str, Value]:
    return {"timebox": await api_individual.read_timebox(api, flow_id, seat.seat_id)}


async def read_source_timeboxes(api: WiseflowApi, world: World, lacking: Iterable[Desired]) -> None:
    """Of flows that others are copied from: extra time is counted from the timebox of a copy."""
    keys = set()
    for desired in lacking:
        copied = desired.fields.get("copy_from")
        if copied and copied.value and "timebox" not in desired.fields:
            keys.add(dict(copied.value)["flow"])
    wanted = sorted(key for key in keys if key in world.sources)
    setting = api_settings.BY_NAME["timebox"]
    found = await together(
        setting.read(api, world.sources[key], world.licence)  # type: ignore[misc]
        for key in wanted
    )
    world.source_timeboxes |= dict(zip(wanted, found, strict=True))


# ---- writing -------------------------------------------------------------------------------------


async def write_individual(change: Change, seats: SeatsChange, flow_id: int, work: Work) -> None:
    """Writes what a change says of each person who is on the flow by now.

    Raises: RefusedError with those for whom it did not come about.
    """
    people: tuple[Seat, ...] = (*seats.change, *seats.deactivate, *seats.reactivate)
    numbers = {seat: seat.user_id or work.user_number(seat.person) for seat in people}
    there = await _participants(change, flow_id, set(numbers.values()), work)
    found = {
        seat: there[number].seat_id
        for seat, number in numbers.items()
        if number is not None and number in there
    }
    lacking = [f"{seat.person}: does not sit this exam" for seat in people if seat not in found]
    asleep = set(seats.deactivate)
    wanted = {
        number: dict(seat.flags) or {"active": seat not in asleep} for seat, number in found.items()
    }
    refused = await WRITERS[seats.role](work.api, flow_id, wanted, there)
    lacking += [f"{seat.person}: {refused[n]}" for seat, n in found.items() if n in refused]
    if lacking:
        done = len(people) - len(lacking)
        raise RefusedError(f"{done} of {len(people)} done; " + "; ".join(sorted(lacking)))


async def _participants(
    change: Change, flow_id: int, wanted: set[int | None], work: Work
) -> dict[int, LiveSeat]:
    """The participants by user, as they were read a moment ago, or anew where somebody came."""
    live = work.world.live.get(change.address)
    known = {seat.user_id: seat for seat in live.roles.get(ROLE, ())} if live else {}
    if wanted <= set(known):
        return known
    licence, user_key = work.world.licence, work.world.people.user_key
    role = api_seats.ROLES[ROLE]
    seats = await api_seats.read_seats(work.api, role, flow_id, licence, user_key)
    return {seat.user_id: seat for seat in seats}


async def _write_dates(
    api: WiseflowApi, flow_id: int, wanted: Wanted, there: Mapping[int, LiveSeat]
) -> dict[int, str]:
    return await api_individual.write_dates(api, flow_id, wanted) if wanted else {}


async def _write_timeboxes(
    api: WiseflowApi, flow_id: int, wanted: Wanted, there: Mapping[int, LiveSeat]
) -> dict[int, str]:
    return await _one_by_one(
        (number, api_individual.write_timebox(api, flow_id, number, flags["timebox"]))
        for number, flags in wanted.items()
    )


async def _write_exam_ids(
    api: WiseflowApi, flow_id: int, wanted: Wanted, there: Mapping[int, LiveSeat]
) -> dict[int, str]:
    """One after the other: an exam id is only given when nobody else has it any more."""
    users = {seat.seat_id: seat.user_id for seat in there.values()}
    ids = {users[number]: flags[EXAM_ID] for number, flags in wanted.items()}
    held = {user: seat.flags.get(EXAM_ID) for user, seat in there.items()}
    refused: dict[int, str] = {}
    for user, value in steps(ids, held):
        number = there[user].seat_id
        call = api_individual.write_exam_id(api, flow_id, number, value)
        refused |= await _one_by_one([(number, call)])
    return refused


async def _write_active(
    api: WiseflowApi, flow_id: int, wanted: Wanted, there: Mapping[int, LiveSeat]
) -> dict[int, str]:
    return await _one_by_one(
        (number, api_individual.write_active(api, flow_id, number, flags["active"]))
        for number, flags in wanted.items()
    )


async def _one_by_one(calls: Iterable[tuple[int, Awaitable[None]]]) -> dict[int, str]:
    """Why for each who was refused; what stops a run, or nobody knows the end of, is raised."""
    pairs = list(calls)
    answers = await asyncio.gather(*(call for _, call in pairs), return_exceptions=True)
    refused: dict[int, str] = {}
    for (number, _), answer in zip(pairs, answers, strict=True):
        if not isinstance(answer, BaseException):
            continue
        if not isinstance(answer, ApiError) or answer.unknown or answer.exit_code != 1:
            raise answer
        refused[number] = str(answer)
    return refused


WRITERS = {
    DATES_OF: _write_dates,
    TIMEBOX_OF: _write_timeboxes,
    EXAM_IDS: _write_exam_ids,
    ACTIVE_OF: _write_active,
}
