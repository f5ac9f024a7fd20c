"""Who is meant by a change of what participants get, a room or a slot: their seats on the flow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.kinds._flow_within import PEOPLE, comers
from engine.wiseflow import seats as api_seats

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.kind import Work
    from engine.model import LiveSeat
    from engine.plan import Change, Seat


async def participants(change: Change, flow_id: int, work: Work) -> dict[int | None, int]:
    """From users to their seats: read anew where somebody has come since the flow was read."""
    live = work.world.live.get(change.address)
    there = live.roles.get(PEOPLE, ()) if live else ()
    wanted = {one.user_id or work.user_number(one.person) for one in comers(change)}
    if not wanted <= {seat.user_id for seat in there}:
        there = await _read(flow_id, work)
    return {seat.user_id: seat.seat_id for seat in there}


async def seats_of(people: Iterable[Seat], flow_id: int, work: Work) -> set[int]:
    """The seats of those who leave, as they are now."""
    gone = {one.user_id for one in people}
    return {seat.seat_id for seat in await _read(flow_id, work) if seat.user_id in gone}


async def _read(flow_id: int, work: Work) -> tuple[LiveSeat, ...]:
    role, world = api_seats.ROLES[PEOPLE], work.world
    found = await api_seats.read_seats(
        work.api, role, flow_id, world.licence, world.people.user_key
    )
    return tuple(found)
