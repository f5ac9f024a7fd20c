"""Rooms of the licence and their bookings by flows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from engine.sandbox.tables import STATE
from engine.sandbox.wiseflow.bodies import ID, array, boolean, integer, record, text
from engine.sandbox.wiseflow.http import (
    Answer,
    Call,
    Refusal,
    bare,
    empty,
    operation,
    page,
    page_of,
    success,
)
from engine.sandbox.wiseflow.participants import participant, participants_of

if TYPE_CHECKING:
    from engine.sandbox.store import Row

MOST = 300

_PATH = "/license/rooms"
_ONE = _PATH + "/{roomId}"
_BOOKINGS = "/flows/{flowId}/room-bookings"
_BOOKING = _BOOKINGS + "/{roomBookingId}"
_PEOPLE = _BOOKING + "/participants"

_TEXTS = ("description", "identifier", "building", "address", "campus")
_ROOM = record(
    {
        "name": text(required=True, shortest=1, longest=250),
        **{name: text(nullable=True, longest=250) for name in _TEXTS},
        "capacity": integer(required=True, least=0),
        "canBeBooked": boolean(required=True),
    }
)
_NEW_BOOKING = record({"roomId": ID, "from": ID, "to": ID})
_FILTERS = {"active": "state < 5", "archived": "state = 5", "all": "1"}


def _room(call: Call, room_id: int) -> dict[str, Any]:
    body = call.store.scalar("SELECT body FROM rooms WHERE id = ?", room_id)
    if body is None:
        raise Refusal(404, "The room was not found")
    room: dict[str, Any] = json.loads(body)
    return {"id": room_id, **room}


def _sent(call: Call) -> str:
    members = ("name", *_TEXTS, "capacity", "canBeBooked")
    return json.dumps({name: call.body.get(name) for name in members}, ensure_ascii=False)


@operation("GET", _PATH, bad_id=400, plain=(400,))
def list_rooms(call: Call) -> Answer:
    """A page of the rooms: 50 unless asked for more, 100 at most."""
    offset, limit = page_of(call, 100, default=50)
    total = call.store.scalar("SELECT count(*) FROM rooms")
    rows = call.store.all("SELECT id FROM rooms ORDER BY id LIMIT ? OFFSET ?", limit, offset)
    return page([_room(call, row["id"]) for row in rows], offset, limit, total)


@operation("POST", _PATH, body=_ROOM, plain=(400,))
def add_room(call: Call) -> Answer:
    """The new room, bare; 300 at most."""
    if call.store.scalar("SELECT count(*) FROM rooms") >= MOST:
        raise Refusal(400, "The license has reached the max number of rooms")
    return bare(_room(call, call.store.insert("rooms", body=_sent(call))), 201)


@operation("GET", _ONE, plain=(404,))
def get_room(call: Call) -> Answer:
    """One room, bare."""
    return bare(_room(call, call.ids["roomId"]))


@operation("PUT", _ONE, body=_ROOM, bad_id=400, plain=(400, 404))
def put_room(call: Call) -> Answer:
    """The room after the change, bare."""
    _room(call, call.ids["roomId"])
    call.store.run("UPDATE rooms SET body = ? WHERE id = ?", _sent(call), call.ids["roomId"])
    return bare(_room(call, call.ids["roomId"]))


@operation("DELETE", _ONE, plain=(404,))
def delete_room(call: Call) -> Answer:
    """No body; bookings of the room go with it."""
    room = _room(call, call.ids["roomId"])
    call.store.run(
        "DELETE FROM booking_participants WHERE booking_id IN "
        "(SELECT id FROM room_bookings WHERE room_id = ?)",
        room["id"],
    )
    call.store.run("DELETE FROM room_bookings WHERE room_id = ?", room["id"])
    call.store.run("DELETE FROM rooms WHERE id = ?", room["id"])
    return empty()


@operation("GET", _ONE + "/flows", plain=(404,))
def list_flows_of_room(call: Call) -> Answer:
    """Ids of the flows with bookings of a room: active, archived, or all."""
    room = _room(call, call.ids["roomId"])
    condition = _FILTERS.get(call.query.get("filter") or "active", "0")
    rows = call.store.all(
        f"SELECT DISTINCT f.id, {STATE} AS state FROM flows f JOIN room_bookings b "  # noqa: S608
        f"ON b.flow_id = f.id WHERE b.room_id = :room AND NOT f.deleted AND {condition} "
        "ORDER BY f.id",
        room=room["id"],
        now=call.now,
    )
    return success([row["id"] for row in rows])


def _shown(row: Row) -> dict[str, Any]:
    times = json.loads(row["body"])
    return {
        "roomBookingId": row["id"],
        "roomId": row["room_id"],
        "from": times["from"],
        "to": times["to"],
    }


def _booking(call: Call) -> int:
    """The id of the booking of the path, or 404."""
    found = call.store.scalar(
        "SELECT id FROM room_bookings WHERE id = ? AND flow_id = ?",
        call.ids["roomBookingId"],
        call.flow_id,
    )
    if found is None:
        raise Refusal(404, "The room booking was not found")
    return int(found)


@operation("GET", _BOOKINGS, bad_id=400, plain=(400, 404))
def list_bookings(call: Call) -> Answer:
    """A page of the bookings of a flow: 50 at most."""
    offset, limit = page_of(call, 50)
    total = call.store.scalar("SELECT count(*) FROM room_bookings WHERE flow_id = ?", call.flow_id)
    rows = call.store.all(
        "SELECT * FROM room_bookings WHERE flow_id = ? ORDER BY id LIMIT ? OFFSET ?",
        call.flow_id,
        limit,
        offset,
    )
    return page([_shown(row) for row in rows], offset, limit, total)


@operation(
    "POST", _BOOKINGS, body=_NEW_BOOKING, bad_id=400, plain=(403, 404), refuses_archived=True
)
def add_booking(call: Call) -> Answer:
    """The new booking; whether two bookings of a room may overlap is a quirk."""
    start, end = call.body["from"], call.body["to"]
    room = _room(call, call.body["roomId"])
    if not 0 < start < end:
        raise Refusal(400, "Invalid request", ("to", "to must be later than from"))
    if not room["canBeBooked"]:
        raise Refusal(400, "The room cannot be booked", ("roomId", "the room cannot be booked"))
    if call.quirks["room_overlap"] == "refuse":
        _refuse_overlap(call, room["id"], start, end)
    booking = call.store.insert(
        "room_bookings",
        flow_id=call.flow_id,
        room_id=room["id"],
        body=json.dumps({"from": start, "to": end}),
    )
    return success({"roomBookingId": booking, "roomId": room["id"], "from": start, "to": end}, 201)


def _refuse_overlap(call: Call, room: int, start: int, end: int) -> None:
    for row in call.store.all("SELECT * FROM room_bookings WHERE room_id = ?", room):
        times = json.loads(row["body"])
        if times["from"] < end and start < times["to"]:
            raise Refusal(400, "The room is booked", ("from", "the room is booked then"))


@operation("DELETE", _BOOKING, plain=(403, 404), refuses_archived=True)
def delete_booking(call: Call) -> Answer:
    """No body."""
    booking = _booking(call)
    call.store.run("DELETE FROM booking_participants WHERE booking_id = ?", booking)
    call.store.run("DELETE FROM room_bookings WHERE id = ?", booking)
    return empty()


@operation("GET", _PEOPLE, plain=(404,))
def list_people(call: Call) -> Answer:
    """Ids of the participants of a booking."""
    rows = call.store.all(
        "SELECT participant_id FROM booking_participants WHERE booking_id = ? "
        "ORDER BY participant_id",
        _booking(call),
    )
    return success([row[0] for row in rows])


@operation(
    "PUT",
    _PEOPLE,
    body=record({"participantIds": array(integer(), required=True)}),
    bad_id=400,
    plain=(403, 404),
    refuses_archived=True,
)
def put_people(call: Call) -> Answer:
    """Nothing; those who were in other bookings of the flow move to this one."""
    booking, people = _booking(call), call.body["participantIds"]
    if people:
        participants_of(call, people)
    call.store.run("DELETE FROM booking_participants WHERE booking_id = ?", booking)
    for person in people:
        _seat(call, booking, person)
    return success(status=201)


def _seat(call: Call, booking: int, person: int) -> None:
    call.store.run("DELETE FROM booking_participants WHERE participant_id = ?", person)
    call.store.run("INSERT INTO booking_participants VALUES (?, ?)", booking, person)


@operation("DELETE", _PEOPLE, plain=(403, 404), refuses_archived=True)
def clear_people(call: Call) -> Answer:
    """No body."""
    call.store.run("DELETE FROM booking_participants WHERE booking_id = ?", _booking(call))
    return empty()


@operation(
    "POST",
    _PEOPLE + "/{participantId}",
    bad_id=400,
    plain=(403, 404),
    refuses_archived=True,
)
def add_person(call: Call) -> Answer:
    """Nothing; 400 where the participant is in the booking."""
    booking, person = _booking(call), participant(call)
    if call.store.one(
        "SELECT 1 FROM booking_participants WHERE booking_id = ? AND participant_id = ?",
        booking,
        person["id"],
    ):
        raise Refusal(400, "The participant is already associated with the booking")
    _seat(call, booking, person["id"])
    return success(status=201)


@operation("DELETE", _PEOPLE + "/{participantId}", plain=(403, 404), refuses_archived=True)
def remove_person(call: Call) -> Answer:
    """No body."""
    booking, person = _booking(call), participant(call)
    call.store.run(
        "DELETE FROM booking_participants WHERE booking_id = ? AND participant_id = ?",
        booking,
        person["id"],
    )
    return empty()
