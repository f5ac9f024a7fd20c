"""Reads the allocations that a flow states, and writes those that differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import ApiError, IncompleteReadError
from engine.kind import RefusedError
from engine.kinds._flow_allocation import (
    ALLOCATION,
    GRADED,
    PARTICIPANTS,
    allocations_of,
    roles_of_allocations,
)
from engine.kinds._flow_assessor_groups import GROUPS, going_groups, named_alike
from engine.model import LiveSeat
from engine.together import together
from engine.wiseflow import allocations as api_allocations
from engine.wiseflow import flow_settings as api_settings
from engine.wiseflow import flows as api_flows
from engine.wiseflow import seats as api_seats

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.kind import Work
    from engine.model import Desired, DesiredRole, Live, Owner
    from engine.plan import Change, SeatsChange
    from engine.wiseflow.allocations import Group
    from engine.wiseflow.client import WiseflowApi
    from engine.world import World

# ---- reading -------------------------------------------------------------------------------------


async def read_allocations(api: WiseflowApi, world: World, desired: Desired, live: Live) -> None:
    """Who has whom, as sets beside the roles, which are read before.

    The participants' list tells it of assessors; reviewers and groups cost requests of their own.
    Raises: ApiError.
    """
    sets = allocations_of(desired)
    parts = (ALLOCATION, *roles_of_allocations(desired))
    is_archived = live.facts["state"] == api_flows.ARCHIVED
    if (not sets and GROUPS not in desired.roles) or is_archived:
        return
    if any((live.address, part) in world.unread for part in parts):
        return
    await _read_groups(api, world, desired, live)
    placed = await together(_seats_of(api, world, role, live) for role in sets)
    live.roles.update({role.role: seats for role, seats in zip(sets, placed, strict=True)})
    differs = any(_differs(role, live, world) for role in sets)
    live.facts[GRADED] = frozenset()
    if live.facts["state"] != api_flows.DRAFT and differs:
        seats = {seat.seat_id: seat.user_id for seat in live.roles[PARTICIPANTS]}
        graded = await api_settings.read_graded(api, live.server_id)
        live.facts[GRADED] = frozenset(seats[one] for one in graded if one in seats)


async def _read_groups(api: WiseflowApi, world: World, desired: Desired, live: Live) -> None:
    """How the flow is allocated, and its groups: only a flow allocated by group answers any."""
    live.facts[GROUPS] = []
    owners = {role.owner.role for role in allocations_of(desired) if role.owner}
    if owners == {"reviewers"} and GROUPS not in desired.roles:
        return
    if ALLOCATION not in desired.fields:
        setting = api_settings.BY_NAME[ALLOCATION]
        if setting.read is not None:
            live.fields[ALLOCATION] = await setting.read(api, live.server_id, world.licence)
    is_asked = GROUPS in desired.roles or GROUPS in owners
    if is_asked and live.fields.get(ALLOCATION) == "grouped":
        live.facts[GROUPS] = await api_allocations.read_groups(api, live.server_id)
    if is_asked:
        live.fields[GROUPS] = tuple(sorted(one.title for one in live.facts[GROUPS]))


async def _seats_of(
    api: WiseflowApi, world: World, role: DesiredRole, live: Live
) -> tuple[LiveSeat, ...]:
    owner, members = role.owner, role.role.rpartition(".")[2]
    numbers = await _members_of(api, world, owner, members, live) if owner else set()
    seats = (seat for seat in live.roles[members] if seat.seat_id in numbers)
    return tuple(LiveSeat(seat.user_id, seat.seat_id, {}, seat.name) for seat in seats)


async def _members_of(
    api: WiseflowApi, world: World, owner: Owner, members: str, live: Live
) -> set[int]:
    """The seats of those whom an owner has."""
    if owner.person is None:
        alike = named_alike(owner.group, live)
        return set(alike[0].seats(members)) if len(alike) == 1 else set()
    number = world.people.user_id(owner.person)
    mine = [seat.seat_id for seat in live.roles[owner.role] if seat.user_id == number]
    if not mine:
        return set()
    if owner.role == "reviewers":
        return set(await api_allocations.read_reviewed(api, live.server_id, mine[0]))
    return {one.seat_id for one in live.roles[PARTICIPANTS] if mine[0] in _assessors(one, live)}


def _assessors(participant: LiveSeat, live: Live) -> tuple[int, ...]:
    if participant.assessors is None:
        path = f"/flows/{live.server_id}/participants"
        raise IncompleteReadError("GET", path, 200, "the assessors of participants are not told")
    return participant.assessors


def _differs(role: DesiredRole, live: Live, world: World) -> bool:
    """Whether anything may have to be written, as far as that is known without planning."""
    there = {seat.user_id for seat in live.roles[role.role]}
    if role.is_all:
        return {seat.user_id for seat in live.roles[PARTICIPANTS]} != there
    return {world.people.user_id(seat.person) for seat in role.seats} != there


# ---- writing -------------------------------------------------------------------------------------


async def write_allocation(change: Change, seats: SeatsChange, flow_id: int, work: Work) -> None:
    """Adds or takes the people of one allocation, who may have come to the flow just before."""
    role = work.world.desired[change.address].roles[seats.role]
    owner, members = role.owner, role.role.rpartition(".")[2]
    if owner is None:
        raise RefusedError("it is no allocation")
    if seats.remove:
        live = work.world.live[change.address]
        going = {seat.user_id for seat in seats.remove}
        leaving = [one.seat_id for one in live.roles[role.role] if one.user_id in going]
        await _take(owner, members, leaving, flow_id, work)
        return
    wanted = {s.person: s.user_id or work.user_number(s.person) for s in seats.add}
    there = await _seat_ids(change, members, set(wanted.values()), flow_id, work)
    coming = [there[n] for n in wanted.values() if n in there]
    if coming:
        has = [one.seat_id for one in _live_seats(change, role.role, work)]
        await _give(change, (owner, members), has, coming, flow_id, work)
    if lacking := sorted(name for name, number in wanted.items() if number not in there):
        raise RefusedError(f"not on the flow: {', '.join(lacking)}")


def _live_seats(change: Change, role: str, work: Work) -> tuple[LiveSeat, ...]:
    live = work.world.live.get(change.address)
    return live.roles.get(role, ()) if live else ()


async def _seat_ids(
    change: Change, name: str, numbers: set[int | None], flow_id: int, work: Work
) -> Mapping[int | None, int]:
    """From users to their seats: read anew where somebody has come since the flow was read."""
    seats = _live_seats(change, name, work)
    if not numbers <= {seat.user_id for seat in seats}:
        role, world = api_seats.ROLES[name], work.world
        seats = await api_seats.read_seats(
            work.api, role, flow_id, world.licence, world.people.user_key
        )
    return {seat.user_id: seat.seat_id for seat in seats}


async def _give(
    change: Change,
    to: tuple[Owner, str],
    there: list[int],
    coming: list[int],
    flow_id: int,
    work: Work,
) -> None:
    owner, members = to
    if owner.person is None:
        await _give_to_group(owner.group, members, coming, flow_id, work)
        return
    await _be_single(change, owner, flow_id, work)
    people = work.world.people
    number = people.user_id(owner.person)
    number = number or work.user_number(people.name(owner.person, work.world.licence))
    seats = await _seat_ids(change, owner.role, {number}, flow_id, work)
    if number not in seats:
        raise RefusedError(f"the {owner.role[:-1]} is not on the flow")
    of = api_allocations.OF[owner.role]
    ids = {"flowId": flow_id, of.owner_id: seats[number]}
    try:
        await api_allocations.allocate(work.api, of, ids, there, coming)
    except ApiError:
        # Done once before its answer was lost, it is refused when it is repeated.
        if owner.role != "assessors" or not await _has(seats[number], coming, flow_id, work):
            raise


async def _has(assessor: int, participants: list[int], flow_id: int, work: Work) -> bool:
    role, world = api_seats.ROLES[PARTICIPANTS], work.world
    seats = await api_seats.read_seats(
        work.api, role, flow_id, world.licence, world.people.user_key
    )
    had = {seat.seat_id for seat in seats if assessor in (seat.assessors or ())}
    return had.issuperset(participants)


async def _be_single(change: Change, owner: Owner, flow_id: int, work: Work) -> None:
    """How a flow that was just made is allocated is not known before, where nobody states it."""
    desired, setting = work.world.desired[change.address], api_settings.BY_NAME[ALLOCATION]
    is_known = ALLOCATION in desired.fields or change.address in work.world.live
    if owner.role == "reviewers" or is_known or setting.read is None:
        return
    if await setting.read(work.api, flow_id, work.world.licence) != "single":
        raise RefusedError("participants are allocated by group: state `allocation: single`")


async def _give_to_group(
    title: str, members: str, coming: list[int], flow_id: int, work: Work
) -> None:
    """A group that is not there is made with its first assessors."""
    groups = await _groups(title, flow_id, work)
    if not groups and members == "assessors":
        groups = await _made(title, coming, flow_id, work)
    if len(groups) != 1:
        raise RefusedError(f"{len(groups)} groups are called {title}")
    (group,) = groups
    of = api_allocations.OF[GROUPS]
    ids = {"flowId": flow_id, of.owner_id: group.id}
    lacking = [one for one in coming if one not in group.seats(members)]
    if members == "assessors":
        await api_allocations.change_assessors(work.api, "POST", ids, lacking)
    else:
        await api_allocations.allocate(work.api, of, ids, group.participants, lacking)


async def _groups(title: str, flow_id: int, work: Work) -> list[Group]:
    groups = await api_allocations.read_groups(work.api, flow_id)
    return [one for one in groups if api_allocations.is_titled(one, title)]


async def _made(title: str, assessors: list[int], flow_id: int, work: Work) -> list[Group]:
    """The new group. After a lost answer it is looked for, once its request cannot arrive."""
    for _ in range(2):
        try:
            await api_allocations.create_group(work.api, flow_id, title, assessors)
        except ApiError as error:
            if not error.unknown:
                raise
            await work.patience.sleep(work.patience.lost_answer)
        if groups := await _groups(title, flow_id, work):
            return groups
    return []


async def _take(owner: Owner, members: str, leaving: list[int], flow_id: int, work: Work) -> None:
    """Those whom the list, read a moment ago, still holds; who has no owner any more is free."""
    of = api_allocations.OF[owner.role]
    if owner.person is None:
        groups = await _groups(owner.group, flow_id, work)
        if len(groups) > 1:
            raise RefusedError(f"{len(groups)} groups are called {owner.group}")
        for group in groups:
            ids = {"flowId": flow_id, of.owner_id: group.id}
            if members == "assessors":
                await api_allocations.change_assessors(work.api, "DELETE", ids, leaving)
            else:
                await api_allocations.deallocate(work.api, of, ids, leaving)
        return
    number = work.world.people.user_id(owner.person)
    role, world = api_seats.ROLES[owner.role], work.world
    seats = await api_seats.read_seats(
        work.api, role, flow_id, world.licence, world.people.user_key
    )
    for seat in [one for one in seats if one.user_id == number]:
        ids = {"flowId": flow_id, of.owner_id: seat.seat_id}
        await api_allocations.deallocate(work.api, of, ids, leaving)


async def write_leaving_groups(change: Change, flow_id: int, work: Work) -> None:
    """Deletes groups that were there a moment ago."""
    live = work.world.live[change.address]
    for group in going_groups(change, live):
        await api_allocations.delete_group(work.api, flow_id, group.id)
