"""What is wrong with rooms of exams, and who sits in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.manifests.cases_people import ROSTER, role
from tests.manifests.repositories import FLOW

if TYPE_CHECKING:
    from tests.manifests.repositories import Case


def room(text: str, more: str = "") -> str:
    return role(f"room_bookings: [{{{text}}}]", more)


def also(text: str) -> str:
    return f"  - flows: [math]\n    {text}\n"


WHOLE = "start, and an end or a length"

BOOKING_CASES: dict[str, Case] = {
    "bookings in a mapping": (role("¶room_bookings: {hall: []}"), "must be a list"),
    "null as bookings": (role("¶room_bookings:"), "[]"),
    "a booking as text": (role("room_bookings: [¶hall]"), "must be a mapping"),
    "a booking without a room": (role("room_bookings: [¶{participants: [kim]}]"), 'lacks "room"'),
    "a number as a room": (room("¶room: 107"), 'write "107"'),
    "an unknown key of a booking": (room("room: hall, ¶seats: 4"), "unknown key"),
    "a room twice": (role("room_bookings: [{room: hall}, {¶room: Hall}]"), "twice"),
    "a participant as text": (room("room: hall, ¶participants: kim"), "list"),
    "a participant twice in one room": (
        room("room: hall, participants: [kim, ¶Kim]"),
        "twice",
    ),
    "a participant in two rooms": (
        role(
            "room_bookings: [{room: hall, participants: [kim]}, {room: lab, participants: [¶Kim]}]"
        ),
        'the same person has room "hall" there and "lab" here',
    ),
    "a participant in two rooms, in two entries": (
        room(
            "room: hall, participants: [kim]",
            also("room_bookings: [{room: lab, participants: [¶kim]}]"),
        ),
        'the same person has room "hall" there and "lab" here',
    ),
    "an unknown roster in a room": (
        room("room: hall, participants: {rosters: [¶panal]}", ROSTER),
        "did you mean panel?",
    ),
    "a booking with a start alone": (room("room: hall, ¶start: 2027-05-03 09:00Z"), WHOLE),
    "a booking with an end alone": (room("room: hall, ¶end: 2027-05-03 09:00Z"), WHOLE),
    "a booking with a length alone": (room("room: hall, ¶length: 4h"), WHOLE),
    "a booking with both an end and a length": (
        room("room: hall, ¶start: 2027-05-03 09:00Z, end: 2027-05-03 10:00Z, length: 1h"),
        WHOLE,
    ),
    "a booking that ends before it starts": (
        room("room: hall, ¶start: 2027-05-03 09:00Z, end: 2027-05-03 08:00Z"),
        "ends before it starts",
    ),
    "a booking on a day that is not": (
        room("room: hall, ¶start: 2027-02-30 09:00Z, length: 1h"),
        "does not exist",
    ),
    "a booking of a number of hours": (
        room("room: hall, start: 2027-05-03 09:00Z, ¶length: 4"),
        "with a unit",
    ),
    "a room at two times": (
        room(
            "room: hall, start: 2027-05-03 09:00Z, length: 1h",
            also("room_bookings: [{room: hall, ¶start: 2027-05-03 10:00Z, length: 1h}]"),
        ),
        "hall is booked at another time there",
    ),
    "an allowance for rooms": (
        f"{FLOW}allow:\n  - {{¶remove: room_bookings, flows: [math], until: 2027-05-01,"
        " reason: r}\n",
        "unknown role",
    ),
    "two memberships of the rooms of a flow": (
        room("room: hall", also("room_bookings: []\n    ¶membership: exact")).replace(
            "room_bookings: [{room: hall}]",
            "room_bookings: [{room: hall}]\n    membership: managed",
        ),
        "the room_bookings of math are managed there",
    ),
}
