"""Carries out the changes of flows: creation, fields, seats, and activation last."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from engine.creation import LEFTOVERS
from engine.errors import ApiError
from engine.kind import RefusedError, Work
from engine.kinds._flow_adopted import REOPEN, reopen
from engine.kinds._flow_allocation_io import write_allocation, write_leaving_groups
from engine.kinds._flow_archive import ARCHIVE, UNARCHIVE
from engine.kinds._flow_assessor_groups import LEAVE as LEAVING_GROUPS
from engine.kinds._flow_attached_io import ATTACHED_WRITERS
from engine.kinds._flow_moved import KEY, write_key
from engine.kinds._flow_periods import LEAVE as LEAVING_PERIODS
from engine.kinds._flow_periods_io import write_leaving_periods, write_periods, write_slots
from engine.kinds._flow_plan import DATES, METADATA, source_key
from engine.kinds._flow_rooms import LEAVE as LEAVING_BOOKINGS
from engine.kinds._flow_rooms_io import (
    write_bookings,
    write_leaving_bookings,
    write_room_seats,
)
from engine.kinds._flow_sequence import place_for
from engine.kinds._flow_settings_io import SETTING_WRITERS, finish_settings
from engine.kinds._individual_io import write_individual
from engine.model import BOOKINGS, IN_ROOMS, IN_SLOTS, INDIVIDUAL, PERIODS, Address, Desired
from engine.plan import Action, Change, SeatsChange
from engine.reassessments import reassessed
from engine.wiseflow import flows as api_flows
from engine.wiseflow import seats as api_seats
from engine.wiseflow.creation import CopySource, NewFlow, create_flow, give_up_leftovers
from engine.wiseflow.flows import ARCHIVED, CONCLUDED

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence


async def write_flow(change: Change, work: Work) -> None:
    """One change of one flow, whichever part it is."""
    if change.part == REOPEN:
        await reopen(change.address, work)
        return
    if change.action is Action.CREATE:
        await _write_create(change, work)
        return
    flow_id = work.server_id(change.address)
    if flow_id is None:
        raise RefusedError("the flow is not in WISEflow")
    if change.action is Action.REMOVE and not change.part:
        await _delete(flow_id, work)
    elif change.seats and change.seats.role == IN_ROOMS:
        await write_room_seats(change, change.seats, flow_id, work)
    elif change.seats and change.seats.role == IN_SLOTS:
        await write_slots(change, change.seats, flow_id, work)
    elif change.seats and change.seats.of:
        await write_allocation(change, change.seats, flow_id, work)
    elif change.seats:
        await _write_seats(change, change.seats, flow_id, work)
    else:
        await WRITERS[change.part](change, flow_id, work)


async def _write_create(change: Change, work: Work) -> None:
    after = {field.path: field.after for field in change.fields}
    managers, lacking = _seat_users(change, work)
    desired = work.world.desired[change.address]
    if not change.seats:
        people, licence = work.world.people, work.world.licence
        names = [people.name(s.person, licence) for s in desired.roles["managers"].seats]
        numbers = [work.user_number(name) for name in names]
        managers = [number for number in numbers if number]
    if not managers and change.address not in work.world.live:
        raise RefusedError("none of its managers is in WISEflow")
    new = NewFlow(
        key=change.address.key,
        title=after["title"],
        managers=tuple(managers),
        type=after.get("type"),
        type_id=work.world.licence.flow_types.get(after.get("type") or ""),
        copy_from=_copy_source(desired, work),
        place=await place_for(desired, work),
        fields={name: after[name] for name in METADATA if name in after},
        dates={path: after[path] for path in DATES if path in after},
        description=after.get("description", ...),
        settle=lambda number: _settle(desired, number, managers, work),
    )
    flow_id = await create_flow(work.api, work.world.keys, new, work.patience)
    work.server_ids[change.address] = flow_id
    if lacking:
        raise RefusedError(f"created without {', '.join(sorted(lacking))} as manager")


async def _settle(desired: Desired, number: int, managers: Sequence[int], work: Work) -> None:
    await finish_settings(desired, number, work)
    if reassessed(desired) is not None:
        # It has nobody on it, whoever manages the flow that is examined again.
        seats = [api_seats.NewSeat(one) for one in managers]
        role, licence = api_seats.ROLES["managers"], work.world.licence
        lacking = await api_seats.add_seats(work.api, role, number, seats, licence)
        if lacking:
            raise RefusedError(f"it lacks managers: {'; '.join(lacking.values())}")


def _copy_source(desired: Desired, work: Work) -> CopySource | None:
    key = source_key(desired)
    if not key:
        return None
    number = work.world.sources.get(key) or work.server_id(Address("flow", key))
    if number is None:
        raise RefusedError(f"there is no flow {key} to copy from")
    include = dict(desired.fields["copy_from"].value).get("include") or ()
    return CopySource(number, frozenset(include), reassessed(desired) is not None)


def _seat_users(change: Change, work: Work) -> tuple[list[int], list[str]]:
    """The numbers of those who are added, in the manifest's order, and who has none."""
    numbers, lacking = [], []
    for seat in change.seats.add if change.seats else ():
        number = work.user_number(seat.person)
        if number is None:
            lacking.append(seat.person)
        else:
            numbers.append(number)
    return numbers, lacking


async def _write_metadata(change: Change, flow_id: int, work: Work) -> None:
    fields = {field.path: field.after for field in change.fields}
    there = work.world.live[change.address].facts.pop("metadata", None)
    await api_flows.write_metadata(work.api, flow_id, fields, there)


async def _write_dates(change: Change, flow_id: int, work: Work) -> None:
    """Both windows whole: as the flow has just answered them, with what is changed in them."""
    live = work.world.live[change.address].fields
    dates = {path: live.get(path) for path in DATES} | {
        one.path: one.after for one in change.fields
    }
    whole = {path: value for path, value in dates.items() if value is not None}
    await api_flows.write_dates(work.api, flow_id, whole)


async def _write_description(change: Change, flow_id: int, work: Work) -> None:
    await api_flows.write_description(work.api, flow_id, change.fields[0].after)


async def _write_activation(change: Change, flow_id: int, work: Work) -> None:
    """Looks once more just before: what is activated cannot be taken back."""
    metadata = await api_flows.read_metadata(work.api, flow_id)
    if metadata.get("subtitle") == api_flows.marker(change.address.key):
        raise RefusedError("its creation is not finished: it still carries the marker")
    if await api_flows.read_state(work.api, flow_id) > api_flows.DRAFT:
        return
    if "content" not in work.world.desired[change.address].fields and not (
        await api_flows.has_assignment(work.api, flow_id)
    ):
        raise RefusedError("it has no assignment: add one in WISEflow, or state `content: none`")
    ids = {"flowId": flow_id}
    try:
        await work.api.call("PATCH", "/flows/{flowId}/activate", ids=ids, repeatable=True)
    except ApiError:
        if await api_flows.read_state(work.api, flow_id) == api_flows.DRAFT:
            raise


async def _archive(_: Change, flow_id: int, work: Work) -> None:
    """Looks once more just before: the clock may have archived it, or somebody moved its end."""
    ids = {"flowId": flow_id}
    sent = partial(work.api.call, "PATCH", "/flows/{flowId}/archive", ids=ids, repeatable=True)
    await _move_from(CONCLUDED, ARCHIVED, sent, flow_id, work)


async def _unarchive(change: Change, flow_id: int, work: Work) -> None:
    """What is written next stands on the dates that it has now."""
    ids = {"flowId": flow_id}
    sent = partial(work.api.call, "PATCH", "/flows/{flowId}/unarchive", ids=ids, repeatable=True)
    await _move_from(ARCHIVED, CONCLUDED, sent, flow_id, work)
    live = work.world.live[change.address]
    dates, edges = await api_flows.read_dates(work.api, flow_id)
    live.fields.update(dates)
    live.facts.update(edges=edges)
    live.facts["state"] = CONCLUDED


async def _move_from(
    before: int, after: int, send: Callable[[], Awaitable[object]], flow_id: int, work: Work
) -> None:
    state = await api_flows.read_state(work.api, flow_id)
    if state == after:
        return
    if state != before:
        needs = api_flows.STATE_NAMES[before]
        raise RefusedError(f"it is {api_flows.STATE_NAMES[state]} by now, and not {needs}")
    try:
        await send()
    except ApiError:
        if await api_flows.read_state(work.api, flow_id) != after:
            raise


async def _give_up_leftovers(change: Change, _: int, work: Work) -> None:
    moved = work.world.desired[change.address].moved_from
    for key in (change.address.key, *((moved.value,) if moved else ())):
        await give_up_leftovers(work.api, work.world.keys, key)


async def _delete(flow_id: int, work: Work) -> None:
    """Looks once more just before: only a draft is deleted."""
    if await api_flows.read_state(work.api, flow_id) != api_flows.DRAFT:
        raise RefusedError("it is no draft any more: it is not deleted")
    await api_flows.delete_flow(work.api, flow_id)


async def _write_seats(change: Change, seats: SeatsChange, flow_id: int, work: Work) -> None:
    if seats.role in INDIVIDUAL:
        await write_individual(change, seats, flow_id, work)
        return
    if seats.remove or seats.deactivate:
        await _take_seats(change.address, seats, flow_id, work)
        return
    role, world = api_seats.ROLES[seats.role], work.world
    flags = {seat.person: dict(seat.flags) for seat in seats.add}
    numbers = {person: work.user_number(person) for person in flags}
    new = [api_seats.NewSeat(n, flags[person]) for person, n in numbers.items() if n]
    refused = await api_seats.add_seats(work.api, role, flow_id, new, world.licence) if new else {}
    await _change_flags(change.address, seats, flow_id, work)
    failures = [f"{person}: is not in WISEflow" for person, n in numbers.items() if n is None]
    failures += [f"{p}: {refused[n]}" for p, n in numbers.items() if n and n in refused]
    if failures:
        done = len(flags) - len(failures)
        raise RefusedError(f"{done} of {len(flags)} added; " + "; ".join(sorted(failures)))


async def _change_flags(address: Address, seats: SeatsChange, flow_id: int, work: Work) -> None:
    role, world = api_seats.ROLES[seats.role], work.world
    wanted = [(seat, dict(seat.flags)) for seat in seats.change]
    wanted += [(seat, {"active": True}) for seat in seats.reactivate]
    live = world.live.get(address)
    there = {seat.user_id: seat for seat in live.roles[seats.role]} if live and wanted else {}
    answers = await asyncio.gather(
        *(
            api_seats.change_flags(work.api, role, flow_id, there[number], stated, world.licence)
            for seat, stated in wanted
            if (number := work.user_number(seat.person)) in there
        ),
        return_exceptions=True,
    )
    for error in answers:
        if error is not None:
            raise error


async def _take_seats(address: Address, seats: SeatsChange, flow_id: int, work: Work) -> None:
    """Takes those whom the list, read a moment ago, still holds."""
    role = api_seats.ROLES[seats.role]
    gone = {seat.user_id for seat in (*seats.remove, *seats.deactivate)}
    take = api_seats.deactivate if seats.deactivate else api_seats.remove_seat
    answers = await asyncio.gather(
        *(
            take(work.api, role, flow_id, seat.seat_id)
            for seat in work.world.live[address].roles[seats.role]
            if seat.user_id in gone
        ),
        return_exceptions=True,
    )
    errors = [answer for answer in answers if isinstance(answer, BaseException)]
    for error in errors:
        if not isinstance(error, ApiError) or error.unknown or error.exit_code != 1:
            raise error
    if errors:
        raise RefusedError(f"{len(errors)} of {len(gone)} still there; first: {errors[0]}")


WRITERS = {
    "metadata": _write_metadata,
    "dates": _write_dates,
    "description": _write_description,
    "activation": _write_activation,
    ARCHIVE: _archive,
    UNARCHIVE: _unarchive,
    KEY: write_key,
    LEFTOVERS: _give_up_leftovers,
    LEAVING_GROUPS: write_leaving_groups,
    BOOKINGS: write_bookings,
    LEAVING_BOOKINGS: write_leaving_bookings,
    PERIODS: write_periods,
    LEAVING_PERIODS: write_leaving_periods,
    **SETTING_WRITERS,
    **ATTACHED_WRITERS,
}
