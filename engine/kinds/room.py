"""Rooms of the licence, in which exams are sat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import ConfigDict, Field

from engine.checking import Line, Nullable, Shape
from engine.kind import Kind
from engine.kinds._room_leave import leave
from engine.kinds._room_live import RoomLive
from engine.wiseflow.rooms import MOST

if TYPE_CHECKING:
    from pydantic.config import JsonDict

Words = Annotated[Line, Field(max_length=250)]
"""Source: WISEflow OpenAPI, `create-room-request`."""

EXAMPLE: JsonDict = {
    "key": "hall-a",
    "name": "Hall A",
    "capacity": 120,
    "building": "Main",
    "bookable": True,
}


class Room(Shape):
    """One room; what is not stated stays as it is in WISEflow."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    key: Words = Field(description="WISEflow's room identifier; up to 250 characters")
    name: Words | None = Field(None, description="a new room needs one")
    description: Nullable[Words] = Field(None, description="null: must be empty")
    capacity: Annotated[int, Field(strict=True, ge=0, le=1_000_000)] | None = Field(
        None, description="how many people it seats; a new room needs it"
    )
    building: Nullable[Words] = Field(None, description="null: must be empty")
    address: Nullable[Words] = Field(None, description="null: must be empty")
    campus: Nullable[Words] = Field(None, description="null: must be empty")
    bookable: bool | None = Field(None, description="a new one is, where nothing is said")


KIND = Kind("room", "rooms", Room, RoomLive(), most=MOST, leave=leave)
