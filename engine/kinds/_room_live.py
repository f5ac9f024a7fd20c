"""Rooms on the live side: one list answers all, and each is written back whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.bookings import books_rooms
from engine.creation import LEFTOVERS
from engine.diff import changed_fields
from engine.errors import ApiError
from engine.kind import RefusedError
from engine.kinds._room_leave import FLOWS
from engine.model import BOOKINGS, Address, Desired, Live
from engine.plan import Action, Change, FieldChange, Status
from engine.wiseflow import rooms as api_rooms
from engine.wiseflow.rooms import MEMBERS, MOST, Room, carries, fields_of, is_half_made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.kind import Work
    from engine.wiseflow.client import WiseflowApi
    from engine.world import Findings, World

FIELDS = tuple(MEMBERS)
NEEDED = ("name", "capacity")
"""What WISEflow requires of a new room. Source: WISEflow OpenAPI, POST /license/rooms."""
DETAILS = "details"
LIST_UNREAD = "the rooms of the licence could not be read"


@dataclass(frozen=True, slots=True)
class RoomLive:
    """The live side of `rooms`."""

    async def find(self, api: WiseflowApi, world: World) -> None:
        wanted = [address for address in world.desired if address.kind == "room"]
        booking = [address for address, desired in world.desired.items() if books_rooms(desired)]
        if not wanted and not booking:
            return
        try:
            rooms = await api_rooms.read_rooms(api)
        except ApiError as error:
            if error.exit_code != ApiError.exit_code:
                raise
            reason = error.unread
            world.unread |= {(address, ""): reason for address in wanted}
            world.unread |= {(address, BOOKINGS): LIST_UNREAD for address in booking}
            return
        world.rooms = rooms
        world.totals["room"] = len(rooms)
        for address in wanted:
            _take(world, address, rooms)

    async def read(self, api: WiseflowApi, world: World, address: Address) -> None:
        """Of a room that is to go, who has booked it: the list answers all else."""
        if not world.desired[address].is_stated:
            await _read_flows(api, world, address)

    async def reread(
        self, api: WiseflowApi, world: World, address: Address, parts: frozenset[str]
    ) -> None:
        live = world.live[address]
        room = await api_rooms.read_room(api, live.server_id)
        if room is None or not carries(room, address.key):
            del world.live[address]
        else:
            world.live[address] = _live(address, room, live.facts["leftovers"])
            await self.read(api, world, address)

    async def look_again(
        self, api: WiseflowApi, world: World, address: Address, parts: frozenset[str]
    ) -> None:
        rooms = await api_rooms.read_rooms(api)
        world.unread.pop((address, ""), None)
        _take(world, address, rooms)
        if address in world.live:
            await self.read(api, world, address)

    def plan(self, desired: Desired, world: World, findings: Findings) -> None:
        address = desired.address
        if reason := world.unread.get((address, "")):
            findings.problem(desired.location, "", reason, "it is left alone")
        elif numbers := world.several.get(address):
            shown = " and ".join(f"#{number}" for number in numbers)
            message = f"several rooms in WISEflow have this identifier: {shown}"
            findings.problem(desired.location, "key", message, "change all identifiers but one")
        elif live := world.live.get(address):
            findings.changes += _changes(desired, live)
        else:
            findings.changes.append(_creation(desired, world, findings))

    async def write(self, change: Change, work: Work) -> None:
        address, live = change.address, work.world.live.get(change.address)
        fields = {field.path: field.after for field in change.fields}
        if change.action is Action.CREATE:
            fields.setdefault("bookable", True)
            number = await api_rooms.create_room(work.api, address.key, fields, work.patience)
            work.server_ids[address] = number
        elif change.action is Action.REMOVE and not change.part:
            await _delete(live, work)
        elif change.part == LEFTOVERS:
            await api_rooms.give_up_leftovers(work.api, address.key)
        elif live is None:
            raise RefusedError("the room is not in WISEflow")
        else:
            await api_rooms.change_room(work.api, live.facts["room"], fields)


async def _read_flows(api: WiseflowApi, world: World, address: Address) -> None:
    live = world.live[address]
    world.unread.pop((address, FLOWS), None)
    try:
        live.facts[FLOWS] = await api_rooms.read_flows(api, live.server_id)
    except ApiError as error:
        if error.exit_code != ApiError.exit_code:
            raise
        world.unread[address, FLOWS] = error.unread


async def _delete(live: Live | None, work: Work) -> None:
    """Looks once more just before: with a room its bookings would go."""
    if live is None:
        return
    if flows := await api_rooms.read_flows(work.api, live.server_id):
        who = "a flow has" if len(flows) == 1 else f"{len(flows)} flows have"
        raise RefusedError(f"{who} booked it by now: it is not deleted")
    await api_rooms.delete_room(work.api, live.server_id)


def _take(world: World, address: Address, rooms: list[Room]) -> None:
    """Puts the room of an address into the world; one that is half made counts as not there."""
    found = [room for room in rooms if carries(room, address.key)]
    world.live.pop(address, None)
    world.several.pop(address, None)
    if len(found) > 1:
        world.several[address] = tuple(room["id"] for room in found)
    elif found:
        marked = tuple(room["id"] for room in rooms if is_half_made(room, address.key))
        world.live[address] = _live(address, found[0], marked)


def _live(address: Address, room: Room, leftovers: tuple[int, ...]) -> Live:
    facts = {"room": room, "leftovers": leftovers}
    return Live(address, room["id"], fields_of(room), {}, facts)


def _changes(desired: Desired, live: Live) -> Iterator[Change]:
    changed = changed_fields(desired.fields, live.fields, FIELDS)
    if changed:
        yield Change(desired.address, DETAILS, Action.UPDATE, desired.location, changed)
    if live.facts["leftovers"]:
        shown = ", ".join(f"#{number}" for number in live.facts["leftovers"])
        gone = FieldChange("half-made rooms", shown, None, str(desired.location))
        yield Change(desired.address, LEFTOVERS, Action.REMOVE, desired.location, (gone,))


def _creation(desired: Desired, world: World, findings: Findings) -> Change:
    reasons = [f"a new room needs a {name}" for name in NEEDED if name not in desired.fields]
    if _has_no_place(desired.address, world):
        message = f"the licence has no place for it: WISEflow takes {MOST} rooms"
        findings.problem(desired.location, "key", message, "delete rooms that nobody books")
        reasons.append(message)
    return Change(
        address=desired.address,
        part="",
        action=Action.CREATE,
        location=desired.location,
        fields=changed_fields(desired.fields, None, FIELDS),
        status=Status.BLOCKED if reasons else Status.PLANNED,
        reasons=tuple(reasons),
    )


def _has_no_place(address: Address, world: World) -> bool:
    """Whether the rooms that are there, and those that are made before it, fill the licence."""
    made = sorted(
        a
        for a, desired in world.desired.items()
        if a.kind == "room" and desired.is_stated and a not in world.live
    )
    return world.totals.get("room", 0) + made.index(address) >= MOST
