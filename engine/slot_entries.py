"""`slots` of role assignments -> a set of people, each with a period and a place in it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from engine.dates import DateError, parse_moment
from engine.model import IN_SLOTS, DesiredRole, DesiredSeat, Stated
from engine.people import Members
from engine.periods import said

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.documents import Documents, Entry
    from engine.errors import Location
    from engine.people import PeopleReader

Steps = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class SlotReader:
    """Reads the slots of entries; what is wrong goes to the documents' problems."""

    documents: Documents
    people: PeopleReader
    time_zone: str | None
    _first: dict[tuple[str, str], Location] = field(default_factory=dict)
    """By flow key and period, where its slots are stated: there and nowhere else."""

    def read(self, entry: Entry, keys: Iterable[str]) -> Iterator[DesiredRole]:
        """The set of all who have a slot, in the order of their periods and as they are listed."""
        if entry.value.slots is None or IN_SLOTS not in entry.node.entries:
            return
        members = Members()
        for index, one in enumerate(entry.value.slots):
            steps: Steps = (IN_SLOTS, index)
            period = self._period(entry, steps, one.period)
            if period is None or one.participants is None:
                continue
            self._refuse_twice(entry, steps, keys, period)
            where = entry.at(*steps, "period")
            flags = {"period": Stated(period, where)}
            found = self.people.people(entry, (*steps, "participants"), one.participants, flags)
            members += _placed(found, where)
        membership = entry.value.membership
        yield DesiredRole(IN_SLOTS, members.seats, membership, entry.at(IN_SLOTS), members.profiles)

    def _period(self, entry: Entry, steps: Steps, text: str | None) -> str | None:
        if text is None:
            return None
        try:
            return said(parse_moment(text, self.time_zone))
        except DateError as error:
            where, name = entry.at(*steps, "period"), entry.name(*steps, "period")
            self.documents.wrong(where, name, error.message, error.hint)
            return None

    def _refuse_twice(self, entry: Entry, steps: Steps, keys: Iterable[str], period: str) -> None:
        """Two lists for one period do not say who comes first."""
        where = entry.at(*steps, "period")
        others = {self._first.setdefault((key, period), where) for key in keys} - {where}
        for other in sorted(others):
            message = f"the slots of this period are stated at {other}, too"
            name = entry.name(*steps, "period")
            self.documents.wrong(where, name, message, "state all of them in one list")


def _placed(members: Members, where: Location) -> Members:
    """Each person once, at the place where they are named first; those of UNIWeb come last."""
    found: dict[tuple[str, str], DesiredSeat] = {}
    for seat in members.seats:
        flags = {**seat.flags, "place": Stated(len(found) + 1, where)}
        found.setdefault(seat.person.identity, replace(seat, flags=flags))
    last = Stated(len(found) + 1, where)
    profiles = tuple(replace(one, flags={**one.flags, "place": last}) for one in members.profiles)
    return Members(tuple(found.values()), profiles)
