"""Rooms of the licence: found by identifier, made once for each, and written back whole.

A room is made under a marker in the place of its identifier, and cannot be booked until it has its
own: so a half-made one is recognised, nobody sits in it, and giving it up takes nothing away. What
else they stand on is told in engine/creation.py. Source: WISEflow OpenAPI, `create-room-request`,
`update-room-request`, `license-room-response`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine import creation
from engine.creation import Candidate, Patience, Stage
from engine.errors import ApiError, UnknownOutcomeError
from engine.wiseflow.flows import marker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.model import Value
    from engine.wiseflow.client import WiseflowApi

MOST = 300
"""Rooms of a licence. Source: WISEflow OpenAPI, POST /license/rooms."""

MEMBERS = {
    "name": "name",
    "description": "description",
    "capacity": "capacity",
    "building": "building",
    "address": "address",
    "campus": "campus",
    "bookable": "canBeBooked",
}
"""From fields of manifests to members of requests and answers."""
_PATH = "/license/rooms/{roomId}"
_PAGE = 100

Room = dict[str, Any]
"""One room as WISEflow answers it, with its `id`."""


async def read_rooms(api: WiseflowApi) -> list[Room]:
    """All rooms of the licence, complete or not at all."""
    return await api.pages("GET", "/license/rooms", limit=_PAGE)


async def read_room(api: WiseflowApi, number: int) -> Room | None:
    """One room; None where there is none with this number."""
    try:
        room: Room = await api.call("GET", _PATH, ids={"roomId": number})
    except ApiError as error:
        if error.status != 404:
            raise
        return None
    return room


async def read_flows(api: WiseflowApi, number: int) -> list[int]:
    """The flows that have booked a room, archived ones too; none where the room is gone."""
    ids = {"roomId": number}
    try:
        found = await api.call("GET", f"{_PATH}/flows", ids=ids, params={"filter": "all"})
    except ApiError as error:
        if error.status != 404:
            raise
        return []
    return list(found or ())


async def delete_room(api: WiseflowApi, number: int) -> None:
    """Deletes a room, and with it what is booked in it; one that is gone already is fine."""
    try:
        await api.call("DELETE", _PATH, ids={"roomId": number})
    except ApiError as error:
        if error.status != 404:
            raise


def fields_of(room: Room) -> dict[str, Value]:
    """What manifests can state of a room."""
    return {ours: room.get(theirs) for ours, theirs in MEMBERS.items()}


def carries(room: Room, key: str) -> bool:
    """Whether a room's identifier is the key, compared without case."""
    return str(room.get("identifier") or "").casefold() == key.casefold()


def is_half_made(room: Room, key: str) -> bool:
    """Whether a room carries the key's marker still."""
    return room.get("identifier") == marker(key)


async def change_room(api: WiseflowApi, room: Room, fields: Mapping[str, Value]) -> None:
    """Writes the fields over the room as it was read just before: all else would be blanked."""
    await _put(api, room, {MEMBERS[name]: value for name, value in fields.items()})


async def _put(api: WiseflowApi, room: Room, members: Mapping[str, Value]) -> None:
    body = {name: value for name, value in room.items() if name != "id"} | dict(members)
    await api.call("PUT", _PATH, ids={"roomId": room["id"]}, body=body)


async def create_room(
    api: WiseflowApi, key: str, fields: Mapping[str, Value], patience: Patience
) -> int:
    """The number of the one room that carries the key, made or found, and finished.

    Raises: ApiError, when a call is refused or the room cannot be told from its rivals.
    """
    return await creation.create_once(RoomCreation(api, key, fields), patience)


async def give_up_leftovers(api: WiseflowApi, key: str) -> list[int]:
    """Deletes the half-made rooms beside the one that carries the key; their numbers."""
    return await creation.give_up_leftovers(RoomTraces(api, key))


@dataclass(frozen=True, slots=True)
class RoomTraces:
    """The rooms of one key, made by whomever. See `engine.creation.Traces`."""

    api: WiseflowApi
    key: str

    @property
    def operation(self) -> tuple[str, str]:
        return ("POST", "/license/rooms")

    async def find_marked(self) -> list[Candidate]:
        rooms = await read_rooms(self.api)
        return [Candidate(r["id"], settled=False) for r in rooms if is_half_made(r, self.key)]

    async def find_keyed(self) -> list[Candidate]:
        rooms = await read_rooms(self.api)
        return [Candidate(r["id"], settled=True) for r in rooms if carries(r, self.key)]

    async def stage(self, number: int) -> Stage:
        room = await read_room(self.api, number)
        if room is not None and is_half_made(room, self.key):
            return Stage.MARKED
        return Stage.FINISHED if room is not None and carries(room, self.key) else Stage.GONE

    async def give_up(self, number: int) -> None:
        """A room that flows have booked is left, whatever it carries."""
        if await self.stage(number) is not Stage.MARKED:
            return
        if not await read_flows(self.api, number):
            await delete_room(self.api, number)


@dataclass(frozen=True, slots=True)
class RoomCreation(RoomTraces):
    """One room to be made. See `engine.creation.Creation`."""

    fields: Mapping[str, Value]

    async def make(self) -> int | None:
        body: dict[str, Value] = dict.fromkeys(MEMBERS.values()) | self._members()
        body |= {"identifier": marker(self.key), "canBeBooked": False}
        try:
            made = await self.api.call("POST", "/license/rooms", body=body)
        except UnknownOutcomeError:
            return None
        number = made.get("id") if isinstance(made, dict) else None
        return number if isinstance(number, int) else None

    async def finish(self, number: int) -> bool:
        room = await read_room(self.api, number)
        if room is None or not is_half_made(room, self.key):
            return False
        await _put(self.api, room, {**self._members(), "identifier": self.key})
        return True

    def _members(self) -> dict[str, Value]:
        return {MEMBERS[name]: value for name, value in self.fields.items()}
