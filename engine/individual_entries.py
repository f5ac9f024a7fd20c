"""`accommodations` and `individual` entries -> what holds for single participants of each flow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.csvcells import usable
from engine.dates import DateError, parse_moment
from engine.flow_selection import selected_flows
from engine.individual import EXTRA, TIMES, is_extra_time
from engine.model import (
    ACTIVE_OF,
    DATES_OF,
    EXAM_IDS,
    INDIVIDUAL,
    TIMEBOX_OF,
    DesiredProfileMembers,
    DesiredRole,
    DesiredSeat,
    Stated,
)
from engine.nodes import Scalar, shown
from engine.people import Members

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.csvfile import Sheet, Sheets
    from engine.documents import Documents, Entry
    from engine.errors import Location
    from engine.model import Desired
    from engine.people import Flags, PeopleReader
    from engine.role_entries import Roles

OF_FLAGS = {
    "start": DATES_OF,
    "end": DATES_OF,
    "timebox": TIMEBOX_OF,
    "unique_exam_id": EXAM_IDS,
    "active": ACTIVE_OF,
}
"""What an entry of `individual` can state, by the role that it belongs to."""

NO_EXTRA_TIME = "write it as 25%, 30m or 1h30m"

Part = tuple[str, Members, "Location"]
"""The role, whom an entry names in it, and where."""


@dataclass(slots=True)
class IndividualReader:
    """Reads both kinds of entries; what is wrong goes to the documents' problems."""

    documents: Documents
    sheets: Sheets
    people: PeopleReader
    flows: Mapping[str, Desired]
    time_zone: str | None
    _parts: dict[str, list[Part]] = field(default_factory=dict)
    """By flow key, in the order of the entries."""
    _united: dict[tuple[int, ...], tuple[DesiredSeat, ...]] = field(default_factory=dict)
    """Sets that several flows have in common are put together once."""
    _stated: dict[tuple[str, tuple[str, str], str], Stated] = field(default_factory=dict)
    """By flow, person and flag: what an entry of `individual` states."""

    def read(self, roles: Mapping[str, Roles]) -> dict[str, Roles]:
        """By flow key, `roles` and what holds for single participants."""
        for entry in self.documents.of("accommodations"):
            keys = selected_flows(self.documents, self.flows, entry)
            members, where = self._members(entry)
            for key in keys:
                self._parts.setdefault(key, []).extend((role, members, where) for role in TIMES)
        for entry in self.documents.of("individual"):
            self._read_individual(entry, selected_flows(self.documents, self.flows, entry))
        self._refuse_shared_ids()
        self._refuse_asleep_and_awake(roles)
        return {key: {**roles.get(key, {}), **self._of_flow(key)} for key in self.flows}

    def _of_flow(self, key: str) -> Roles:
        found: Roles = {}
        for name in INDIVIDUAL:
            parts = [part for part in self._parts.get(key, ()) if part[0] == name]
            if parts:
                seats = self._together([members.seats for _, members, _ in parts])
                profiles = tuple(one for _, members, _ in parts for one in members.profiles)
                found[name] = DesiredRole(name, seats, "managed", parts[0][2], profiles)
        return found

    def _together(self, several: list[tuple[DesiredSeat, ...]]) -> tuple[DesiredSeat, ...]:
        if len(several) == 1:
            return several[0]
        slot = tuple(id(seats) for seats in several)
        if slot not in self._united:
            self._united[slot] = tuple(seat for seats in several for seat in seats)
        return self._united[slot]

    # ---- accommodations --------------------------------------------------------------------------

    def _members(self, entry: Entry) -> tuple[Members, Location]:
        """Everyone whom an entry gives extra time, and where."""
        ways = [way for way in ("people", "csv") if entry.states(way)]
        if len(ways) != 1:
            said = "names nobody" if not ways else "has both people and csv"
            where, name = entry.first_stated(*((way,) for way in ways))
            self.documents.wrong(where, name, said, "state people with extra_time, or csv")
            return Members(), where
        if ways == ["csv"]:
            return self._listed(entry), entry.at("csv")
        self._refuse_without_csv(entry)
        if not entry.states(EXTRA):
            self.documents.wrong(entry.location, entry.name(), f"lacks {shown(EXTRA)}")
        text, where = entry.value.extra_time, entry.at("people")
        if entry.value.people is None:
            return Members(), where
        flags = {EXTRA: Stated((text,), entry.at(EXTRA))} if text else {}
        found = self.people.people(entry, ("people",), entry.value.people, flags)
        return (found if text else Members()), where

    def _refuse_without_csv(self, entry: Entry) -> None:
        for name in ("column", "matches"):
            if entry.states(name):
                where, said = entry.at(name), entry.name(name)
                self.documents.wrong(where, said, "goes with csv", "name the file, or remove it")

    def _listed(self, entry: Entry) -> Members:
        """People of a CSV file, each with the extra time of their row; an empty one states none."""
        if entry.states(EXTRA):
            hint = "remove it, or name people instead of the file"
            where, name = entry.at(EXTRA), entry.name(EXTRA)
            self.documents.wrong(where, name, "stands in the column extra_time of the file", hint)
        shape, where, problems = entry.value, entry.at("csv"), self.documents.problems
        if shape.csv is None:
            return Members()
        sheet = self.sheets.sheet(shape.csv, where, entry.name("csv"), problems)
        seats = self._seats(entry, sheet) if sheet is not None else ()
        if label := self.sheets.lost(shape.csv):
            # Nobody knows whom a file names that was not read: what it fills is left alone.
            return Members(profiles=(DesiredProfileMembers(label, where),))
        return Members(seats)

    def _seats(self, entry: Entry, sheet: Sheet) -> tuple[DesiredSeat, ...]:
        """Everyone in the file; what is wrong in one of a source makes it unread."""
        problems = self.documents.problems
        before = len(problems)
        seats = tuple(self._rows(entry, sheet))
        problems[before:] = self.sheets.blame(sheet.name, problems[before:])
        return seats

    def _rows(self, entry: Entry, sheet: Sheet) -> Iterator[DesiredSeat]:
        column, steps = entry.value.column or "key", ("column" if entry.value.column else "csv",)
        index, extra = sheet.index(column), sheet.index(EXTRA)
        if index is None:
            missing = sheet.missing(column, entry.at(*steps), entry.name(*steps))
            self.documents.problems.append(missing)
        if extra is None:
            missing = sheet.missing(EXTRA, entry.at("csv"), entry.name("csv"))
            self.documents.problems.append(missing)
        if index is None or extra is None:
            return
        data_type = entry.value.matches or self.people.directory.user_key
        for row in sheet.rows:
            name, text = row.cells[index].strip(), row.cells[extra].strip()
            where, place = (sheet.place(row, i, entry.at("csv")) for i in (index, extra))
            if refusal := usable(name):
                self.documents.wrong(where, "", refusal, "mend the cell, or remove the row")
            elif text and not is_extra_time(text):
                self.documents.wrong(place, "", f"{shown(text)} is no extra time", NO_EXTRA_TIME)
            elif text:
                flags = {EXTRA: Stated((text,), place)}
                for person in self.people.person(data_type, name, where):
                    yield DesiredSeat(person, where, flags)

    # ---- individual ------------------------------------------------------------------------------

    def _read_individual(self, entry: Entry, keys: list[str]) -> None:
        flags = dict(self._flags(entry))
        window = entry.node.table("participation")
        stated = [name for name in ("timebox", "unique_exam_id", "active") if entry.states(name)]
        stated += [*window.entries, *window.faulty] if window is not None else []
        if not stated and "participation" not in entry.node.faulty:
            hint = "state participation, timebox, unique_exam_id or active"
            self.documents.wrong(entry.location, entry.name(), "states nothing", hint)
        if entry.value.person is None:
            return
        where = entry.at("person")
        for person in self.people.person(self.people.directory.user_key, entry.value.person, where):
            for role in dict.fromkeys(OF_FLAGS[name] for name in flags):
                mine = {name: one for name, one in flags.items() if OF_FLAGS[name] == role}
                members = Members((DesiredSeat(person, where, mine),))
                for key in keys:
                    self._parts.setdefault(key, []).append((role, members, where))
            for key in keys:
                self._contradict(entry, key, person.identity, flags)
        for key in keys:
            self._check_window(entry, self.flows[key], flags)

    def _flags(self, entry: Entry) -> Iterator[tuple[str, Stated]]:
        window = entry.node.table("participation")
        for name in ("start", "end"):
            node = window.entries.get(name) if window is not None else None
            if isinstance(node, Scalar):
                try:
                    yield name, Stated(parse_moment(node.text, self.time_zone), node.location)
                except DateError as error:
                    said = entry.name("participation", name)
                    self.documents.wrong(node.location, said, error.message, error.hint)
        for name in ("timebox", "unique_exam_id", "active"):
            if name in entry.node.entries:
                yield name, Stated(getattr(entry.value, name), entry.at(name))

    def _contradict(self, entry: Entry, key: str, who: tuple[str, str], flags: Flags) -> None:
        """Two entries that say different things of one person at one exam are a problem."""
        for name, stated in flags.items():
            known = self._stated.setdefault((key, who, name), stated)
            if known.value != stated.value:
                message = f"contradicts {known.location}: the same person, at {key}"
                self.documents.wrong(stated.location, entry.name(name), message, "state one")

    def _check_window(self, entry: Entry, flow: Desired, flags: Flags) -> None:
        """A window that ends before it starts, or before the exam does, as far as that is said."""
        general = {e: flow.fields.get(f"participation.{e}") for e in ("start", "end")}
        end, last = flags.get("end"), general["end"]
        start = flags.get("start") or general["start"]
        name = entry.name("participation")
        if end and last and end.value < last.value:
            message = f"ends before the exam {flow.address.key} does"
            self.documents.wrong(end.location, f"{name}.end", message, f"see {last.location}")
        until = end or last
        if start and until and flags.keys() & {"start", "end"} and start.value >= until.value:
            where = (flags.get("end") or flags["start"]).location
            message = f"at {flow.address.key} it ends before it starts"
            hint = f"see {start.location} and {until.location}"
            self.documents.wrong(where, name, message, hint)

    # ---- several entries -------------------------------------------------------------------------

    def _refuse_shared_ids(self) -> None:
        first: dict[tuple[str, str], tuple[tuple[str, str], Stated]] = {}
        for (key, who, name), stated in self._stated.items():
            if name != "unique_exam_id" or stated.value is None:
                continue
            other, known = first.setdefault((key, stated.value), (who, stated))
            if other != who:
                message = f"is that of somebody else at {key}, too: see {known.location}"
                self.documents.wrong(stated.location, name, message, "give each of them their own")

    def _refuse_asleep_and_awake(self, roles: Mapping[str, Roles]) -> None:
        """Somebody whom a role assignment makes active again cannot be inactive, too."""
        asleep = {
            (key, who): stated
            for (key, who, name), stated in self._stated.items()
            if name == "active" and not stated.value
        }
        for key in dict.fromkeys(key for key, _ in asleep):
            role = roles.get(key, {}).get("participants")
            for seat in role.seats if role else ():
                stated = asleep.get((key, seat.person.identity))
                awake = seat.flags.get("active")
                if stated is not None and awake is not None:
                    message = f"contradicts {awake.location}: the same person, at {key}"
                    self.documents.wrong(stated.location, "active", message, "state one")
