"""People as manifests name them: by key, by roster, by column of a CSV file."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from engine.checking import at
from engine.csvcells import usable
from engine.model import DesiredProfileMembers, DesiredSeat, Person, Stated
from engine.nodes import Table, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.csvfile import Sheet, Sheets
    from engine.documents import Documents, Entry
    from engine.errors import Location
    from engine.model import Desired

Flags = dict[str, Stated]


@dataclass(frozen=True, slots=True)
class Members:
    """Everyone whom a mention names: seats, and profiles whose members UNIWeb answers."""

    seats: tuple[DesiredSeat, ...] = ()
    profiles: tuple[DesiredProfileMembers, ...] = ()
    distinct: bool = False
    """Whether nobody is named twice, as far as that is known without looking."""

    def with_flags(self, flags: Flags) -> Members:
        if not flags:
            return self
        return Members(
            tuple(replace(seat, flags=flags) for seat in self.seats),
            tuple(replace(one, flags=flags) for one in self.profiles),
            self.distinct,
        )

    def __add__(self, other: Members) -> Members:
        if not other.seats and not other.profiles:
            return self
        if not self.seats and not self.profiles:
            return other
        return Members((*self.seats, *other.seats), (*self.profiles, *other.profiles))


@dataclass(slots=True)
class Directory:
    """The people of `users`: by key, and by each value of a data type that they state."""

    user_key: str
    keys: dict[str, str] = field(default_factory=dict)
    by_value: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def add(self, user: Desired) -> None:
        key = user.address.key
        self.keys.setdefault(key.casefold(), key)
        for path, stated in user.fields.items():
            if path.startswith("data.") and stated.value is not None:
                values = stated.value if isinstance(stated.value, tuple) else (stated.value,)
                for value in values:
                    slot = (path.removeprefix("data."), value.casefold())
                    self.by_value.setdefault(slot, []).append(key)

    def person(self, data_type: str, value: str) -> Person | list[str]:
        """By key where a `users` entry has this value; the keys where several have it."""
        if data_type == self.user_key:
            return Person(data_type, self.keys.get(value.casefold(), value))
        keys = self.by_value.get((data_type, value.casefold()), [])
        if len(keys) > 1:
            return sorted(keys)
        return Person(self.user_key, keys[0]) if keys else Person(data_type, value)


@dataclass(slots=True)
class PeopleReader:
    """Turns every shape of people into seats; rosters and columns are read once each."""

    documents: Documents
    sheets: Sheets
    directory: Directory
    _rosters: dict[str, Members | None] = field(default_factory=dict)
    """None while a roster is being read."""
    _columns: dict[tuple[str, int, str, Location], tuple[DesiredSeat, ...]] = field(
        default_factory=dict
    )

    def people(
        self, entry: Entry, steps: tuple[str | int, ...], shape: Any, flags: Flags
    ) -> Members:
        """Everyone whom one shape names; who is named twice in one list is a problem."""
        if isinstance(shape, list):
            return self.by_keys(entry, steps, shape, flags)
        stated = _stated(entry, steps)
        if not {"users", "rosters", "csv", "profile"} & stated and not _faulty(entry, steps):
            name, hint = entry.name(*steps), "state users, rosters or csv; nobody is users: []"
            self.documents.wrong(entry.at(*steps), name, "names nobody", hint)
        found = self.by_keys(entry, (*steps, "users"), shape.users, flags)
        self.documents.refuse_repeats(entry, *steps, "rosters")
        for index, key in enumerate(shape.rosters):
            found += self._roster(entry, (*steps, "rosters", index), key).with_flags(flags)
        return found + self._csv(entry, steps, shape).with_flags(flags)

    def by_keys(
        self, entry: Entry, steps: tuple[str | int, ...], keys: Iterable[Any], flags: Flags
    ) -> Members:
        """Those of a list whose entries are user keys; entries of other kinds are left out."""
        self.documents.refuse_repeats(entry, *steps)
        seats = []
        for index, key in enumerate(keys):
            if isinstance(key, str):
                person = self.person(self.directory.user_key, key, entry.at(*steps, index))
                seats += [DesiredSeat(one, entry.at(*steps, index), flags) for one in person]
        return Members(tuple(seats))

    def person(self, data_type: str, value: str, where: Location) -> list[Person]:
        """One person, or a problem where the value means several."""
        found = self.directory.person(data_type, value)
        if isinstance(found, Person):
            return [found]
        message = f"this {data_type} is that of several users: {', '.join(found)}"
        self.documents.wrong(where, "", message, "give each of them their own")
        return []

    # ---- rosters ---------------------------------------------------------------------------------

    def read_rosters(self) -> None:
        """Reads every roster, so that what is wrong in one that nobody uses is found too."""
        for entry in self.documents.of("rosters"):
            if entry.key is None:
                self._members(entry)
            elif entry.key.casefold() not in self._rosters:
                self._rosters[entry.key.casefold()] = None
                self._rosters[entry.key.casefold()] = self._members(entry)

    def _roster(self, entry: Entry, steps: tuple[str | int, ...], key: str) -> Members:
        folded = key.casefold()
        roster = self.documents.by_key("rosters").get(folded)
        where, name = entry.at(*steps), entry.name(*steps)
        if roster is None:
            self.documents.dangling("rosters", key, where, name)
            return Members()
        if folded not in self._rosters:
            self._rosters[folded] = None
            self._rosters[folded] = self._members(roster)
        found = self._rosters[folded]
        if found is None:
            message = f"the roster {shown(key)} contains itself"
            self.documents.wrong(where, name, message, "take it out of one of them")
        return found or Members()

    def _members(self, roster: Entry) -> Members:
        found = self.people(roster, (), roster.value, {})
        once: dict[tuple[str, str], DesiredSeat] = {}
        for seat in found.seats:
            once.setdefault(seat.person.identity, seat)
        found = Members(tuple(once.values()), found.profiles, distinct=True)
        profile = self.documents.refer(roster, "profile", "profiles")
        if profile is None or profile.key is None:
            return found
        where, members = roster.at("profile"), profile.value.members
        if members is not None and members.modified_since:
            message = f"{shown(profile.key)} asks for modified_since: UNIWeb answers a part only"
            hint = "name a profile without it"
            self.documents.wrong(where, roster.name("profile"), message, hint)
        return found + Members(profiles=(DesiredProfileMembers(profile.key, where),))

    # ---- CSV -------------------------------------------------------------------------------------

    def _csv(self, entry: Entry, steps: tuple[str | int, ...], shape: Any) -> Members:
        if not shape.csv:
            if "csv" not in _stated(entry, steps):
                self._refuse_without_csv(entry, steps, shape)
            return Members()
        where, name = entry.at(*steps, "csv"), entry.name(*steps, "csv")
        problems = self.documents.problems
        sheet = self.sheets.sheet(shape.csv, where, name, problems)
        found = Members()
        if sheet is not None and "column" not in _faulty(entry, steps):
            column = shape.column or "key"
            index = sheet.index(column)
            if index is None:
                place = (*steps, "column" if shape.column else "csv")
                problem = sheet.missing(column, entry.at(*place), entry.name(*place))
                problems += self.sheets.blame(sheet.name, [problem])
            else:
                found = self._seats(sheet, index, shape.matches or self.directory.user_key, where)
        if label := self.sheets.lost(shape.csv):
            # Nobody is known of a file that was not read: the set that it fills is left alone.
            return Members(profiles=(DesiredProfileMembers(label, where),))
        return found

    def _seats(self, sheet: Sheet, index: int, data_type: str, where: Location) -> Members:
        """Everyone in one column; what is wrong in it is said once."""
        slot = (sheet.name, index, data_type, where)
        if slot not in self._columns:
            problems = self.documents.problems
            before = len(problems)
            self._columns[slot] = tuple(self._column(sheet, index, data_type, where))
            problems[before:] = self.sheets.blame(sheet.name, problems[before:])
        return Members(self._columns[slot])

    def _refuse_without_csv(self, entry: Entry, steps: tuple[str | int, ...], shape: Any) -> None:
        for name in ("column", "matches"):
            if getattr(shape, name):
                where, said = entry.at(*steps, name), entry.name(*steps, name)
                self.documents.wrong(where, said, "goes with csv", "name the file, or remove it")

    def _column(
        self, sheet: Sheet, index: int, data_type: str, through: Location
    ) -> Iterable[DesiredSeat]:
        first: dict[str, int] = {}
        for row in sheet.rows:
            where, value = sheet.place(row, index, through), row.cells[index].strip()
            refusal = usable(value)
            if refusal:
                self.documents.wrong(where, "", refusal, "mend the cell, or remove the row")
                continue
            line = first.setdefault(value.casefold(), where.line)
            if line != where.line:
                message = f"the same person stands in line {line}"
                self.documents.wrong(where, "", message, "keep one of the rows")
                continue
            for person in self.person(data_type, value, where):
                yield DesiredSeat(person, where)


def _stated(entry: Entry, steps: tuple[str | int, ...]) -> frozenset[str]:
    """The keys that a mapping of people has, rightly or wrongly."""
    table = at(entry.node, steps)
    return frozenset((*table.entries, *table.faulty)) if isinstance(table, Table) else frozenset()


def _faulty(entry: Entry, steps: tuple[str | int, ...]) -> frozenset[str]:
    table = at(entry.node, steps)
    return frozenset(table.faulty) if isinstance(table, Table) else frozenset()
