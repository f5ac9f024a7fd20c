"""From manifests to the desired state: templates merged, CSV read, people united, dates in UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from engine.checking import check, near
from engine.csvfile import Folders, Row, Sheet
from engine.dates import DateError, parse_length, parse_moment
from engine.documents import Documents, Entry, read_documents, twice
from engine.errors import Location, ManifestError, Problem
from engine.kinds.profile import FILLABLE
from engine.kinds.user import User
from engine.model import (
    Address,
    Desired,
    DesiredProfileMembers,
    DesiredRole,
    DesiredSeat,
    DesiredState,
    Profile,
    Stated,
)
from engine.nodes import Node, Scalar, Table, is_null, shown
from engine.people import PeopleReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

USER_FIELDS = ("first_name", "last_name", "language", "phone", "emails", "roles", "login")
FLOW_TEXTS = (
    "title",
    "subtitle",
    "type",
    "term",
    "code",
    "purpose",
    "examination_type",
    "description",
    "content",
    "lifecycle",
)
MAY_BE_EMPTY = {"phone", "subtitle", "term", "code", "description"}
"""Fields for which null means "must be empty"; elsewhere null means nothing and is a problem."""

PLAIN_ROLES = ("managers", "authors", "participants")
LISTED_ROLES = {
    "assessors": ("type",),
    "reviewers": ("allocated_to_all", "sees_assessments", "decides_final_grade"),
    "invigilators": ("head",),
}
"""Roles whose entries carry flags, with the names of these."""


@dataclass(frozen=True, slots=True)
class Conventions:
    """What of the settings decides what manifests mean."""

    user_key: str
    time_zone: str | None = None
    sources: Mapping[str, Path] = field(default_factory=dict)


def load_desired(root: Path, manifests: Path, conventions: Conventions) -> DesiredState:
    """What all manifests below a folder mean. Raises: ManifestError with every problem."""
    documents = read_documents(root, manifests)
    builder = _Builder(documents, Folders(root, manifests, conventions.sources), conventions)
    state = builder.build()
    if documents.problems:
        raise ManifestError(documents.problems)
    return state


class _Builder:
    def __init__(self, documents: Documents, folders: Folders, conventions: Conventions) -> None:
        self.documents, self.conventions = documents, conventions
        self.people = PeopleReader(documents, folders, conventions.user_key)

    def build(self) -> DesiredState:
        profiles = {p.key: p for e in self.documents.of("profiles") if (p := self._profile(e))}
        users = {one.address: one for one in self._users()}
        for entry in self.documents.of("rosters"):
            self.people.roster(entry.key or "")
        flows = {one.address.key: one for one in self._flows()}
        roles = self._roles(flows)
        resources = dict(users)
        for key, flow in flows.items():
            resources[flow.address] = _with_roles(flow, roles.get(key, {}))
        seats = sum(len(r.seats) for one in roles.values() for r in one.values())
        counts = {
            "files": self.documents.files,
            "users": len(users),
            "flows": len(flows),
            "profiles": len(profiles),
            "rosters": len(self.documents.of("rosters")),
            "csv_rows": self.people.rows,
            "seats": seats,
        }
        return DesiredState(dict(sorted(resources.items())), profiles, counts)

    def _wrong(self, where: Location, name: str, message: str, hint: str = "") -> None:
        self.documents.problems.append(Problem(where, name, message, hint))

    # ---- users -----------------------------------------------------------------------------------

    def _users(self) -> list[Desired]:
        found: list[Desired] = []
        for entry in self.documents.of("users"):
            value: User = entry.value
            self._check_reference(entry, "profile", "profiles")
            if value.csv:
                found += self._users_of_csv(entry, value)
            elif value.key:
                if entry.node.states("columns"):
                    self._wrong(entry.at("columns"), entry.name("columns"), "goes with csv")
                fields = self._user_fields(entry)
                found.append(self._user(entry, value.key, entry.location, fields))
            elif not entry.node.states("key") and not entry.node.states("csv"):
                self._wrong(entry.location, entry.name(), 'lacks "key"', "or csv with columns")
        self._refuse_twins(found)
        self._index(found)
        return found

    def _index(self, found: Iterable[Desired]) -> None:
        """Remembers who states which value of which data type, for people named by it."""
        for one in found:
            for path, stated in one.fields.items():
                if not path.startswith("data.") or stated.value is None:
                    continue
                values = (stated.value,) if isinstance(stated.value, str) else stated.value
                for each in values:
                    slot = (path.removeprefix("data."), each.casefold())
                    self.people.known.setdefault(slot, []).append(one.address.key)

    def _refuse_twins(self, found: list[Desired]) -> None:
        """Across entries and CSV rows; two entries were told apart by their keys before."""
        first: dict[str, Desired] = {}
        for one in found:
            known = first.setdefault(one.address.key.casefold(), one)
            same_file = one.location.file == known.location.file
            by_row = one.location.through or known.location.through
            if known is not one and by_row and not (same_file and one.location.through):
                message = f"{shown(one.address.key)} stands twice: here and at {known.location}"
                self._wrong(one.location, "users", message, "keep one of them")

    def _user(
        self, entry: Entry, key: str, location: Location, fields: dict[str, Stated]
    ) -> Desired:
        value: User = entry.value
        emails = fields.get("emails")
        if emails is not None and emails.value:
            rows = ((text, emails.location, entry.name("emails")) for text in emails.value)
            seen: set[str] = set()
            for text, where, name in rows:
                if text.casefold() in seen:
                    self._wrong(where, name, f"{shown(text)} stands twice", "keep one of them")
                seen.add(text.casefold())
        return Desired(
            Address("user", key),
            location,
            fields,
            exact=frozenset(value.exact),
            profile=value.profile,
        )

    def _user_fields(self, entry: Entry) -> dict[str, Stated]:
        fields: dict[str, Stated] = {}
        for name in USER_FIELDS:
            if name in entry.node.entries and self._states(entry, name):
                fields[name] = Stated(_frozen(getattr(entry.value, name)), entry.at(name))
        for name, value in (entry.value.data or {}).items():
            fields[f"data.{name}"] = Stated(_frozen(value), entry.at("data", name))
        return fields

    def _states(self, entry: Entry, name: str) -> bool:
        """Whether the entry states the field; null where it means nothing is a problem."""
        if not is_null(entry.node.entries[name]):
            return True
        if name in MAY_BE_EMPTY:
            return True
        message = "is empty"
        hint = "write [] for an empty list" if name in ("emails", "roles") else ""
        self._wrong(
            entry.at(name), entry.name(name), message, hint or "state it, or remove the line"
        )
        return False

    def _users_of_csv(self, entry: Entry, value: User) -> Iterable[Desired]:
        for stray in ("key", "data", "emails", "phone", "first_name", "last_name"):
            if entry.node.states(stray):
                message = "cannot be stated for everyone in a CSV file"
                self._wrong(entry.at(stray), entry.name(stray), message, "use columns")
        sheet = self.people.sheet(entry, "csv", text=value.csv or "")
        columns = self._columns(entry, value, sheet) if sheet else None
        if sheet is None or columns is None:
            return []
        shared = self._user_fields(entry)
        rows = (self._user_of_row(entry, sheet, columns, row, shared) for row in sheet.rows)
        found = [one for one in rows if one]
        self.documents.problems += twice(
            ((one.address.key, one.location, "") for one in found), sheet.name
        )
        return found

    def _columns(self, entry: Entry, value: User, sheet: Sheet) -> dict[str, int] | None:
        """From user fields to the places of their columns."""
        wanted = value.columns or {"key": "key"}
        columns: dict[str, int] = {}
        if "key" not in wanted and not entry.node.states("columns.key"):
            where = entry.at("columns")
            self._wrong(where, entry.name("columns"), 'lacks "key"', "say which column is the key")
            return None
        for name, column in wanted.items():
            steps = ("columns", name) if value.columns else ("csv",)
            if name not in ("key", *USER_FIELDS) and not name.startswith("data."):
                hint = near(name, ("key", *USER_FIELDS, "data.Student Number"))
                where = entry.at(*steps)
                self._wrong(where, entry.name(*steps), f"no user field {shown(name)}", hint)
                continue
            index = sheet.index(column)
            if index is None:
                where = entry.at(*steps)
                self.documents.problems.append(sheet.missing(column, where, entry.name(*steps)))
            else:
                columns[name] = index
        return columns if len(columns) == len(wanted) else None

    def _user_of_row(
        self,
        entry: Entry,
        sheet: Sheet,
        columns: Mapping[str, int],
        row: Row,
        shared: Mapping[str, Stated],
    ) -> Desired | None:
        through = entry.at("csv")
        key_place = sheet.place(row, columns["key"], through)
        key = row.cells[columns["key"]].strip()
        if not key:
            self._wrong(key_place, "", "this cell is empty", "Fill it, or remove the row.")
            return None
        fields = dict(shared)
        for name, index in columns.items():
            text, where = row.cells[index].strip(), sheet.place(row, index, through)
            if name != "key" and text:
                value = self._cell(name, text, where)
                if value is not None:
                    fields[name] = Stated(value, where)
        return self._user(entry, key, key_place, fields)

    def _cell(self, name: str, text: str, where: Location) -> Any:
        """One cell as the model takes it; e-mails and roles may be several, separated by spaces."""
        many = name in ("emails", "roles")
        parts = [part.strip() for part in text.replace(";", ",").split(",")] if many else []
        node: Node = Scalar(where, text)
        if name.startswith("data."):
            return text
        from engine.nodes import Sequence

        shape: Node = Sequence(where, tuple(Scalar(where, p) for p in parts)) if many else node
        problems, _, value = check(Table(where, {name: shape}), User)
        self.documents.problems += [Problem(where, name, p.message, p.hint) for p in problems]
        if problems or value is None:
            return None
        found = getattr(value, name)
        return tuple(found) if many else found

    # ---- profiles --------------------------------------------------------------------------------

    def _profile(self, entry: Entry) -> Profile | None:
        value = entry.value
        fill: dict[str, Stated] = {}
        for name, path in value.fill.items():
            where = entry.at("fill", name)
            if name not in FILLABLE and not name.startswith("data."):
                hint = near(name, (*FILLABLE, "data.Department"))
                self._wrong(where, entry.name("fill", name), f"no user field {shown(name)}", hint)
            if "." not in path or "/" not in path or path.endswith(".") or path.startswith("/"):
                hint = "write profile/membership_information.first_name"
                self._wrong(where, entry.name("fill", name), f"{shown(path)} is no path", hint)
            fill[name] = Stated(path, where)
        user = value.match.user
        if user != "key" and not user.startswith("data."):
            hint = "write key, or data.External User Id"
            where = entry.at("match", "user")
            self._wrong(where, entry.name("match", "user"), f"{shown(user)} is no user field", hint)
        members = {k: v for k, v in value.members.model_dump().items() if v is not None}
        return Profile(
            key=value.key,
            location=entry.location,
            members=members,
            language=value.language,
            match_user=user.removeprefix("data."),
            match_member=value.match.member,
            fill=fill,
        )

    def _check_reference(self, entry: Entry, name: str, plural: str) -> bool:
        wanted = getattr(entry.value, name)
        if not wanted or wanted.casefold() in self.documents.by_key(plural):
            return True
        hint = near(wanted, [one.key for one in self.documents.of(plural) if one.key])
        where, singular = entry.at(name), plural.removesuffix("s").replace("_", " ")
        self._wrong(where, entry.name(name), f"no {singular} {shown(wanted)}", hint)
        return False

    # ---- flows -----------------------------------------------------------------------------------

    def _flows(self) -> Iterable[Desired]:
        templates = self.documents.by_key("flow_templates")
        for entry in self.documents.of("flows"):
            if not entry.key:
                continue
            node = entry.node
            if self._check_reference(entry, "template", "flow_templates") and entry.value.template:
                node = merged(templates[entry.value.template.casefold()].node, node)
            yield Desired(
                Address("flow", entry.key), entry.location, self._flow_fields(entry, node)
            )

    def _flow_fields(self, entry: Entry, node: Table) -> dict[str, Stated]:
        _, _, value = check(node, type(entry.value), entry.path)
        fields: dict[str, Stated] = {}
        if value is None:
            return fields
        for name in FLOW_TEXTS:
            below = node.entries.get(name)
            if below is None:
                continue
            if is_null(below) and name not in MAY_BE_EMPTY:
                self._wrong(below.location, entry.name(name), "is empty", "state it, or remove it")
                continue
            fields[name] = Stated(getattr(value, name), below.location)
        if value.copy_from is not None:
            copied = value.copy_from
            pairs = (("flow", copied.flow), ("include", tuple(copied.include)))
            fields["copy_from"] = Stated(pairs, node.at("copy_from"))
        moment = node.entries.get("activate_from")
        if isinstance(moment, Scalar):
            self._moment(entry, moment, "activate_from", fields)
        self._windows(entry, node, fields)
        return fields

    def _moment(self, entry: Entry, node: Scalar, path: str, fields: dict[str, Stated]) -> None:
        try:
            moment = parse_moment(node.text, self.conventions.time_zone)
        except DateError as error:
            self._wrong(node.location, entry.name(*path.split(".")), error.message, error.hint)
        else:
            fields[path] = Stated(moment, node.location)

    def _windows(self, entry: Entry, node: Table, fields: dict[str, Stated]) -> None:
        stated = [name for name in ("participation", "marking") if node.states(name)]
        for name in stated:
            self._window(entry, node, name, fields)
        if len(stated) == 1:
            other = "marking" if stated[0] == "participation" else "participation"
            where = node.at(stated[0])
            message = f"is stated without {other}"
            self._wrong(where, entry.name(stated[0]), message, "state both windows, or neither")
        start, marking = fields.get("participation.start"), fields.get("marking.start")
        if start and marking and marking.value < start.value:
            message = "marking starts before participation starts"
            self._wrong(marking.location, entry.name("marking", "start"), message)

    def _window(self, entry: Entry, node: Table, name: str, fields: dict[str, Stated]) -> None:
        window = node.table(name)
        if window is None:
            below = node.entries.get(name)
            if below is not None and is_null(below):
                self._wrong(below.location, entry.name(name), "is empty", "state start and end")
            return
        for edge in ("start", "end"):
            below = window.entries.get(edge)
            if isinstance(below, Scalar) and not is_null(below):
                self._moment(entry, below, f"{name}.{edge}", fields)
            elif below is not None:
                self._wrong(below.location, entry.name(name, edge), "is no date")
        self._length(entry, window, name, fields)
        if not window.states("start"):
            self._wrong(window.location, entry.name(name), 'lacks "start"')
        if not window.states("end") and not window.states("length"):
            self._wrong(window.location, entry.name(name), 'lacks "end" or "length"')
        start, end = fields.get(f"{name}.start"), fields.get(f"{name}.end")
        if start and end and end.value <= start.value:
            step = "end" if window.states("end") else "length"
            message = "ends before it starts" if end.value < start.value else "ends as it starts"
            self._wrong(window.at(step), entry.name(name, step), message)

    def _length(self, entry: Entry, window: Table, name: str, fields: dict[str, Stated]) -> None:
        below = window.entries.get("length")
        if not isinstance(below, Scalar):
            return
        if window.states("end"):
            message = "both end and length are stated"
            self._wrong(below.location, entry.name(name, "length"), message, "keep one of them")
            return
        try:
            length = parse_length(below.text)
        except DateError as error:
            self._wrong(below.location, entry.name(name, "length"), error.message, error.hint)
            return
        start = fields.get(f"{name}.start")
        if start:
            fields[f"{name}.end"] = Stated(start.value + length, below.location)

    # ---- roles -----------------------------------------------------------------------------------

    def _roles(self, flows: Mapping[str, Desired]) -> dict[str, dict[str, DesiredRole]]:
        united: dict[str, dict[str, DesiredRole]] = {}
        for entry in self.documents.of("role_assignments"):
            keys = self._selected(entry, flows)
            for role in self._entry_roles(entry):
                for key in keys:
                    known = united.setdefault(key, {})
                    before = known.get(role.role)
                    known[role.role] = self._unite(entry, before, role) if before else role
        return united

    def _selected(self, entry: Entry, flows: Mapping[str, Desired]) -> list[str]:
        selector = entry.value.flows
        folded = {key.casefold(): key for key in flows}
        if isinstance(selector, list):
            return [
                key
                for index, text in enumerate(selector)
                if (key := self._one(entry, index, text, folded))
            ]
        stated = {k: v for k, v in selector.model_dump().items() if v is not None}
        where = entry.at("flows")
        if not stated:
            self._wrong(
                where, entry.name("flows"), "selects nothing", "state key, term, code or purpose"
            )
            return []
        found = [key for key, flow in flows.items() if _matches(flow, stated)]
        if not found:
            said = ", ".join(f"{name} {shown(value)}" for name, value in stated.items())
            self._wrong(
                where, entry.name("flows"), f"no flow has {said}", "check the flows' own values"
            )
        return sorted(found)

    def _one(self, entry: Entry, index: int, text: str, folded: Mapping[str, str]) -> str | None:
        key = folded.get(text.casefold())
        if key is None:
            where = entry.at("flows", index)
            name = entry.name("flows", index)
            self._wrong(where, name, f"no flow {shown(text)}", near(text, folded.values()))
        return key

    def _entry_roles(self, entry: Entry) -> Iterable[DesiredRole]:
        membership = entry.value.membership
        for name in (*PLAIN_ROLES, *LISTED_ROLES):
            if name not in entry.node.entries:
                continue
            where = entry.at(name)
            shape = getattr(entry.value, name)
            if shape is None:
                hint = "write [] where nobody may stand, or remove the line"
                self._wrong(where, entry.name(name), "is empty", hint)
                continue
            if name in LISTED_ROLES:
                seats, profiles = self._listed(entry, name, shape)
            else:
                active = getattr(shape, "active", None)
                flags = {"active": Stated(True, entry.at(name, "active"))} if active else {}
                seats, profiles = self.people.people(entry, (name,), shape, flags)
            seats = self._once(entry, name, seats)
            yield DesiredRole(name, tuple(seats), membership, where, tuple(profiles))

    def _listed(
        self, entry: Entry, role: str, shapes: list[Any]
    ) -> tuple[list[DesiredSeat], list[DesiredProfileMembers]]:
        seats: list[DesiredSeat] = []
        profiles: list[DesiredProfileMembers] = []
        for index, shape in enumerate(shapes):
            if isinstance(shape, str):
                where = entry.at(role, index)
                person = self.people._person(self.conventions.user_key, shape, where)
                seats += [DesiredSeat(person, where, {})] if person else []
                continue
            flags = {
                name: Stated(value, entry.at(role, index, name))
                for name in LISTED_ROLES[role]
                if (value := getattr(shape, name)) is not None
            }
            more, filled = self.people.people(entry, (role, index, "people"), shape.people, flags)
            seats += more
            profiles += filled
        return seats, profiles

    def _once(self, entry: Entry, role: str, seats: list[DesiredSeat]) -> list[DesiredSeat]:
        """Each person once; flags that contradict each other are a problem with both places."""
        found: dict[tuple[str, str], DesiredSeat] = {}
        for seat in seats:
            known = found.get(seat.person.identity)
            found[seat.person.identity] = self._joined(role, known, seat) if known else seat
        return list(found.values())

    def _joined(self, role: str, one: DesiredSeat, other: DesiredSeat) -> DesiredSeat:
        for name, stated in other.flags.items():
            known = one.flags.get(name)
            if known and known.value != stated.value:
                message = (
                    f"{other.person.value} has {name} {stated.value} here "
                    f"and {known.value} at {known.location}"
                )
                self._wrong(stated.location, f"{role}.{name}", message, "state one of them")
        return DesiredSeat(one.person, one.location, {**other.flags, **one.flags})

    def _unite(self, entry: Entry, one: DesiredRole, other: DesiredRole) -> DesiredRole:
        if one.membership != other.membership:
            message = (
                f"{one.role} are {other.membership} here and {one.membership} at {one.location}"
            )
            name = entry.name("membership")
            self._wrong(entry.at("membership"), name, message, "state one membership for the set")
        seats = self._once(entry, one.role, [*one.seats, *other.seats])
        profiles = (*one.profiles, *other.profiles)
        return DesiredRole(one.role, tuple(seats), one.membership, one.location, profiles)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def merged(base: Table, over: Table) -> Table:
    """The template under the flow: mappings merge by key; lists and scalars replace."""
    entries: dict[str, Node] = {
        k: v for k, v in base.entries.items() if k not in ("key", "template")
    }
    for key, value in over.entries.items():
        below = entries.get(key)
        if isinstance(below, Table) and isinstance(value, Table):
            entries[key] = _replacing(merged(below, value), value)
        else:
            entries[key] = value
    return Table(over.location, entries, over.size, base.faulty | over.faulty)


def _replacing(table: Table, over: Table) -> Table:
    """A window's `length` replaces the template's `end`, and the other way round."""
    gone = {"end"} if "length" in over.entries and "end" not in over.entries else set()
    gone |= {"length"} if "end" in over.entries and "length" not in over.entries else set()
    entries = {key: value for key, value in table.entries.items() if key not in gone}
    return Table(table.location, entries, table.size, table.faulty)


def _matches(flow: Desired, stated: Mapping[str, str]) -> bool:
    for name, wanted in stated.items():
        if name == "key":
            if not fnmatchcase(flow.address.key.casefold(), wanted.casefold()):
                return False
        else:
            field = flow.fields.get(name)
            if field is None or field.value != wanted:
                return False
    return True


def _with_roles(flow: Desired, roles: Mapping[str, DesiredRole]) -> Desired:
    return Desired(flow.address, flow.location, flow.fields, roles=roles)
