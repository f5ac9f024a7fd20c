"""People as manifests name them: by key, by roster, by column of a CSV file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.checking import near
from engine.csvfile import Folders, Sheet, read_csv
from engine.errors import Location, Problem
from engine.model import DesiredProfileMembers, DesiredSeat, Person, Stated
from engine.nodes import shown

if TYPE_CHECKING:
    from engine.documents import Documents, Entry

Flags = Mapping[str, Stated]
Members = tuple[list[DesiredSeat], list[DesiredProfileMembers]]


@dataclass(slots=True)
class PeopleReader:
    """Turns every shape of people into seats; CSV files are read once each."""

    documents: Documents
    folders: Folders
    user_key: str
    known: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """From (data type, folded value) to the keys of the `users` entries that state it."""
    sheets: dict[str, Sheet | None] = field(default_factory=dict)
    rosters: dict[str, Members | None] = field(default_factory=dict)
    rows: int = 0

    def people(
        self, entry: Entry, steps: tuple[str | int, ...], shape: Any, flags: Flags
    ) -> Members:
        """Everyone whom one shape names, each once; someone named twice in one list is wrong."""
        if shape is None:
            return [], []
        if isinstance(shape, list):
            return self._keys(entry, steps, shape, flags), []
        seats = self._keys(entry, (*steps, "users"), shape.users, flags)
        profiles: list[DesiredProfileMembers] = []
        for index, name in enumerate(shape.rosters):
            place = (*steps, "rosters", index)
            more, filled = self._roster(entry, place, name, flags)
            seats += more
            profiles += filled
        seats += self._csv(entry, steps, shape, flags)
        return seats, profiles

    def _keys(
        self, entry: Entry, steps: tuple[str | int, ...], keys: list[str], flags: Flags
    ) -> list[DesiredSeat]:
        seats, first = [], dict[str, Location]()
        for index, key in enumerate(keys):
            where = entry.at(*steps, index)
            known = first.setdefault(key.casefold(), where)
            if known is not where:
                message = f"{shown(key)} stands twice in this list: here and at {known}"
                self._wrong(where, entry.name(*steps, index), message, "keep one of them")
                continue
            seats.append(DesiredSeat(Person(self.user_key, key), where, flags))
        return seats

    def _roster(
        self, entry: Entry, steps: tuple[str | int, ...], name: str, flags: Flags
    ) -> Members:
        members = self.roster(name)
        where = entry.at(*steps)
        if members is None:
            hint = near(name, [one.key for one in self.documents.of("rosters") if one.key])
            self._wrong(where, entry.name(*steps), f"no roster {shown(name)}", hint)
            return [], []
        seats = [
            DesiredSeat(seat.person, _through(seat.location, where), flags) for seat in members[0]
        ]
        return seats, [DesiredProfileMembers(one.profile, where, flags) for one in members[1]]

    def roster(self, name: str) -> Members | None:
        """The members of a roster, read once; None where there is none."""
        folded = name.casefold()
        if folded not in self.rosters:
            self.rosters[folded] = None
            roster = self.documents.by_key("rosters").get(folded)
            self.rosters[folded] = self._members(roster) if roster else None
        return self.rosters[folded]

    def _members(self, roster: Entry) -> Members:
        value = roster.value
        stated = {"users", "rosters", "csv", "profile"} & {
            *roster.node.entries,
            *roster.node.faulty,
        }
        if not stated:
            hint = "state users, csv or profile; an empty roster is users: []"
            self._wrong(roster.location, roster.name(), "names nobody", hint)
        seats, profiles = self.people(roster, (), value, {})
        if value.profile:
            where = roster.at("profile")
            profiles.append(DesiredProfileMembers(value.profile, where))
            self._check_profile(roster, value.profile, where)
        return seats, profiles

    def _check_profile(self, roster: Entry, name: str, where: Location) -> None:
        profile = self.documents.by_key("profiles").get(name.casefold())
        if profile is None:
            hint = near(name, [one.key for one in self.documents.of("profiles") if one.key])
            self._wrong(where, roster.name("profile"), f"no profile {shown(name)}", hint)
        elif profile.value.members.modified_since:
            message = f"the profile {shown(name)} asks for modified_since: it answers a part only"
            self._wrong(where, roster.name("profile"), message, "use a profile without it")

    def sheet(self, entry: Entry, *steps: str | int, text: str) -> Sheet | None:
        """The CSV file that an entry names; its problems are reported once."""
        if text not in self.sheets:
            read = read_csv(text, entry.at(*steps), entry.name(*steps), self.folders)
            self.sheets[text] = None if isinstance(read, list) else read
            if isinstance(read, list):
                self.documents.problems += read
            else:
                self.rows += len(read.rows)
        return self.sheets[text]

    def _csv(
        self, entry: Entry, steps: tuple[str | int, ...], shape: Any, flags: Flags
    ) -> list[DesiredSeat]:
        if not shape.csv:
            for name in ("column", "matches"):
                if getattr(shape, name):
                    where = entry.at(*steps, name)
                    self._wrong(where, entry.name(*steps, name), "goes with csv", "name the file")
            return []
        sheet = self.sheet(entry, *steps, "csv", text=shape.csv)
        if sheet is None:
            return []
        column = shape.column or "key"
        index = sheet.index(column)
        if index is None:
            step = "column" if shape.column else "csv"
            where = entry.at(*steps, step)
            self.documents.problems.append(sheet.missing(column, where, entry.name(*steps, step)))
            return []
        kind = shape.matches or self.user_key
        return list(self._column(sheet, index, kind, entry.at(*steps, "csv"), flags))

    def _column(
        self, sheet: Sheet, index: int, kind: str, through: Location, flags: Flags
    ) -> Iterable[DesiredSeat]:
        first: dict[str, Location] = {}
        for row in sheet.rows:
            where, value = sheet.place(row, index, through), row.cells[index].strip()
            if not value:
                self._wrong(where, "", "this cell is empty", "Fill it, or remove the row.")
                continue
            known = first.setdefault(value.casefold(), where)
            if known is not where:
                message = f"{shown(value)} stands twice: here and in line {known.line}"
                self._wrong(where, "", message, "keep one of them")
                continue
            person = self._person(kind, value, where)
            if person:
                yield DesiredSeat(person, where, flags)

    def _person(self, kind: str, value: str, where: Location) -> Person | None:
        """By key at once where a `users` entry states this value; two of them are a problem."""
        if kind == self.user_key:
            return Person(kind, value)
        keys = self.known.get((kind, value.casefold()), [])
        if len(keys) > 1:
            message = f"{shown(value)} is the {kind} of several users: {', '.join(sorted(keys))}"
            self._wrong(where, "", message, "give each of them their own")
            return None
        return Person(self.user_key, keys[0]) if keys else Person(kind, value)

    def _wrong(self, where: Location, name: str, message: str, hint: str = "") -> None:
        self.documents.problems.append(Problem(where, name, message, hint))


def _through(location: Location, through: Location) -> Location:
    if location.through is not None:
        return location
    same = location.file == through.file and location.line == through.line
    return location if same else Location(location.file, location.line, location.column, through)
