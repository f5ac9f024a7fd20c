"""Reads which rooms a flow has booked and who sits in them, and writes what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.bookings import books_rooms, counted
from engine.errors import ApiError
from engine.kind import RefusedError
from engine.kinds._flow_settings_io import unread
from engine.kinds._flow_within import PEOPLE
from engine.kinds._flow_within_io import participants, seats_of
from engine.model import BOOKINGS, IN_ROOMS, ROOM_OF, Address, LiveSeat
from engine.together import together
from engine.wiseflow import bookings as api_bookings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.kind import Work
    from engine.model import Desired, Live
    from engine.plan import Change, SeatsChange
    from engine.wiseflow.bookings import Booking
    from engine.wiseflow.client import WiseflowApi
    from engine.world import World

# ---- reading -------------------------------------------------------------------------------------


async def read_rooms(api: WiseflowApi, world: World, desired: Desired, live: Live) -> None:
    """The bookings as fields, and who sits where as a role, where anything of them is stated."""
    if not books_rooms(desired):
        return
    if world.rooms is None:
        return
    live.roles.pop(IN_ROOMS, None)
    try:
        found = await api_bookings.read_bookings(api, live.server_id)
        names = _names(desired, world)
        asked = [one for one in found if _is_asked(desired, _name(one, names))]
        sit = await together(api_bookings.with_people(api, live.server_id, one) for one in asked)
    except ApiError as error:
        unread(world, live.address, BOOKINGS, error)
        return
    known = {one.id: one for one in (*found, *sit)}
    by_room: dict[str, list[Booking]] = {}
    for one in known.values():
        by_room.setdefault(_name(one, names), []).append(one)
    live.facts[BOOKINGS] = by_room
    for path in [path for path in live.fields if path.startswith(ROOM_OF)]:
        del live.fields[path]
    paths = {path: () for path in desired.fields if path.startswith(ROOM_OF)}
    there = {
        ROOM_OF + name: counted(b.window for b in several) for name, several in by_room.items()
    }
    live.fields.update({**paths, **there})
    if IN_ROOMS in desired.roles and PEOPLE in live.roles:
        live.roles[IN_ROOMS] = tuple(_seats(live, by_room))


def _names(desired: Desired, world: World) -> dict[int, str]:
    """From numbers to rooms as they are stated, else as WISEflow has them."""
    stated = {path.removeprefix(ROOM_OF).casefold(): path for path in desired.fields}
    names: dict[int, str] = {}
    for room in world.rooms or ():
        name = str(room.get("identifier") or f"#{room['id']}")
        names[room["id"]] = stated.get(name.casefold(), name).removeprefix(ROOM_OF)
    return names


def _name(booking: Booking, names: Mapping[int, str]) -> str:
    return names.get(booking.room, f"#{booking.room}")


def _is_asked(desired: Desired, room: str) -> bool:
    """Whether it matters who sits there: the room may go, or who sits where is stated."""
    stated = desired.fields.get(ROOM_OF + room)
    return IN_ROOMS in desired.roles or stated is None or stated.value is None


def _seats(live: Live, by_room: Mapping[str, Iterable[Booking]]) -> Iterable[LiveSeat]:
    rooms = {one: name for name, several in by_room.items() for b in several for one in b.people}
    for seat in live.roles[PEOPLE]:
        if seat.seat_id in rooms:
            flags = {"room": rooms[seat.seat_id]}
            yield LiveSeat(seat.user_id, seat.seat_id, flags, seat.name)


# ---- writing -------------------------------------------------------------------------------------


async def write_bookings(change: Change, flow_id: int, work: Work) -> None:
    """Makes each booking that is lacking; whoever sat there at another time moves into it."""
    for one in change.fields:
        name = one.path.removeprefix(ROOM_OF)
        room = _room(name, work)
        if room is None:
            raise RefusedError(f"the room {name} is not in WISEflow")
        for time in one.after:
            if not await api_bookings.book(work.api, flow_id, room, time, work.patience):
                raise RefusedError(f"the room {name} could not be booked")
        found = await api_bookings.read_bookings(work.api, flow_id)
        mine = [booking for booking in found if booking.room == room]
        await _gather(mine, one.after, flow_id, work)


async def _gather(mine: list[Booking], times: tuple[str, ...], flow_id: int, work: Work) -> None:
    """Of a room's bookings the first for each time stays; from all others people move there."""
    kept: dict[str, Booking] = {}
    for one in mine:
        if one.window in times:
            kept.setdefault(one.window, one)
    if times[0] not in kept:
        raise RefusedError("what was booked a moment ago is not there any more: plan again")
    for other in mine:
        if other in kept.values():
            continue
        await _move(other, kept[times[0]], flow_id, work)
        await api_bookings.cancel(work.api, flow_id, other.id)


async def _move(other: Booking, stays: Booking, flow_id: int, work: Work) -> None:
    """Nobody is without a room on the way."""
    there, new = await together(
        api_bookings.with_people(work.api, flow_id, one) for one in (other, stays)
    )
    coming = [one for one in there.people if one not in new.people]
    await api_bookings.seat(work.api, flow_id, stays.id, new.people, coming)


async def write_leaving_bookings(change: Change, flow_id: int, work: Work) -> None:
    """Cancels what was booked a moment ago, where as many sit in it as people have seen."""
    found = work.world.live[change.address].facts[BOOKINGS]
    for one in change.fields:
        for booking in found.get(one.path.removeprefix(ROOM_OF), ()):
            now = await api_bookings.with_people(work.api, flow_id, booking)
            if more := set(now.people) - set(booking.people):
                raise RefusedError(f"{len(more)} more sit in it by now: plan again")
            await api_bookings.cancel(work.api, flow_id, booking.id)


async def write_room_seats(change: Change, seats: SeatsChange, flow_id: int, work: Work) -> None:
    """Puts people into their rooms, or takes them out; some may have come to the flow just now."""
    found = await api_bookings.read_bookings(work.api, flow_id)
    if seats.remove:
        await _take(seats, found, flow_id, work)
        return
    rooms: dict[str, list[int]] = {}
    lacking = []
    numbers = await participants(change, flow_id, work)
    for one in (*seats.add, *seats.change):
        number = numbers.get(one.user_id or work.user_number(one.person))
        if number is None:
            lacking.append(one.person)
        else:
            rooms.setdefault(dict(one.flags)["room"], []).append(number)
    for name, coming in sorted(rooms.items()):
        booking = next((b for b in found if b.room == _room(name, work)), None)
        if booking is None:
            raise RefusedError(f"the room {name} is not booked")
        there = (await api_bookings.with_people(work.api, flow_id, booking)).people
        left = [one for one in coming if one not in there]
        await api_bookings.seat(work.api, flow_id, booking.id, there, left)
    if lacking:
        raise RefusedError(f"not on the flow: {', '.join(sorted(lacking))}")


async def _take(seats: SeatsChange, found: list[Booking], flow_id: int, work: Work) -> None:
    """Those whom the room still holds that they are to leave."""
    numbers = await seats_of(seats.remove, flow_id, work)
    for booking in found:
        sit = (await api_bookings.with_people(work.api, flow_id, booking)).people
        leaving = [one for one in sit if one in numbers]
        await api_bookings.unseat(work.api, flow_id, booking.id, leaving)


def _room(name: str, work: Work) -> int | None:
    """The number of a room: made by this apply, or there before it."""
    made = work.server_ids.get(Address("room", name))
    if made is not None:
        return made
    rooms = work.world.rooms or ()
    found = [
        r["id"]
        for r in rooms
        if str(r.get("identifier") or f"#{r['id']}").casefold() == name.casefold()
    ]
    return found[0] if len(found) == 1 else None
