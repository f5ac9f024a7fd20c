"""`room_bookings` of role assignments -> which rooms a flow has, when, and who sits in which.

Rooms and times become fields of the flow; who sits where is a role whose seats name their room.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.bookings import window
from engine.checking import at
from engine.dates import DateError, end_of, parse_length, parse_moment
from engine.documents import twice
from engine.model import AS_EXAM, BOOKINGS, IN_ROOMS, ROOM_OF, DesiredRole, Stated
from engine.nodes import Table
from engine.people import Members

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from engine.documents import Documents, Entry
    from engine.people import PeopleReader

Steps = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class BookingReader:
    """Reads the bookings of entries; what is wrong goes to the documents' problems."""

    documents: Documents
    people: PeopleReader
    time_zone: str | None
    found: dict[str, dict[str, Stated]]
    """By flow key, what is booked; by path of the room."""
    _spelled: dict[str, str] = field(default_factory=dict)

    def read(self, entry: Entry, keys: Iterable[str]) -> Iterator[DesiredRole]:
        """A set that says that bookings are stated, and one of all who sit in a room."""
        if entry.value.room_bookings is None or BOOKINGS not in entry.node.entries:
            return
        membership, where = entry.value.membership, entry.at(BOOKINGS)
        yield DesiredRole(BOOKINGS, (), membership, where)
        members, are_stated, rooms = Members(), False, []
        for index, booking in enumerate(entry.value.room_bookings):
            steps: Steps = (BOOKINGS, index)
            if booking.room is None:
                continue
            room = self._key(booking.room)
            rooms.append((room, entry.at(*steps, "room"), entry.name(*steps, "room")))
            stated = self._times(entry, steps)
            if stated is not None:
                for key in keys:
                    self._unite(key, room, stated, entry.name(*steps))
            if booking.participants is not None:
                are_stated = True
                flags = {"room": Stated(room, entry.at(*steps, "room"))}
                shape = booking.participants
                members += self.people.people(entry, (*steps, "participants"), shape, flags)
        self.documents.problems += twice(rooms, "this list")
        if are_stated:
            yield DesiredRole(IN_ROOMS, members.seats, membership, where, members.profiles)

    def _key(self, room: str) -> str:
        """A room as its own entry writes it, else as the first booking does."""
        entry = self.documents.by_key("rooms").get(room.casefold())
        key = entry.key if entry and entry.key else room
        return self._spelled.setdefault(room.casefold(), key)

    def _unite(self, key: str, room: str, stated: Stated, name: str) -> None:
        """Several entries may book one room: of two times one is wrong."""
        there, path = self.found.setdefault(key, {}), f"{ROOM_OF}{room}"
        known = there.setdefault(path, stated)
        if AS_EXAM in (known.value, stated.value):
            there[path] = stated if known.value == AS_EXAM else known
        elif known.value != stated.value:
            message = f"contradicts {known.location}: {room} is booked at another time there"
            self.documents.wrong(stated.location, name, message, "state one")

    # ---- times -----------------------------------------------------------------------------------

    def _times(self, entry: Entry, steps: Steps) -> Stated | None:
        """When the room is booked; None where what is said of it is wrong."""
        table = at(entry.node, steps)
        if not isinstance(table, Table):
            return None
        stated = [name for name in ("start", "end", "length") if table.states(name)]
        if not stated:
            return Stated(AS_EXAM, entry.at(*steps))
        where, name = entry.at(*steps, stated[0]), entry.name(*steps, stated[0])
        if set(stated) & set(table.faulty):
            return None
        if len(stated) != 2 or "start" not in stated:
            message, hint = "a booking has a start, and an end or a length", "or none of them"
            self.documents.wrong(where, name, message, hint)
            return None
        try:
            start, end = self._edges(table)
        except DateError as error:
            self.documents.wrong(where, name, error.message, error.hint)
            return None
        if end <= start:
            self.documents.wrong(where, name, "the booking ends before it starts", "see its end")
            return None
        return Stated((window(start, end),), where)

    def _edges(self, table: Table) -> tuple[datetime, datetime]:
        """Raises: DateError."""
        text = table.text("start") or ""
        start = parse_moment(text, self.time_zone)
        end, length = table.text("end"), table.text("length")
        if end is not None:
            return start, parse_moment(end, self.time_zone)
        return start, end_of(text, parse_length(length or ""), self.time_zone)
