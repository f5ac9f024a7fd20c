"""`users` entries -> desired users: one each, or one each row of a CSV file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from engine.checking import check
from engine.csvcells import usable
from engine.documents import twice
from engine.errors import Problem
from engine.kinds.user import User
from engine.model import Address, Desired, Stated
from engine.nodes import Node, Scalar, Sequence, Table, shown
from engine.stating import frozen, stated_fields
from engine.words import near

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.csvcells import Row
    from engine.csvfile import Sheet, Sheets
    from engine.documents import Documents, Entry
    from engine.errors import Location

FIELDS = ("first_name", "last_name", "language", "phone", "emails", "roles", "login")
OF_ONE_PERSON = ("first_name", "last_name", "phone", "emails")
"""What cannot be stated for everyone in a CSV file."""
LISTS = ("emails", "roles")
DATA = "data."


@dataclass(frozen=True, slots=True)
class UserReader:
    """Reads every `users` entry; what is wrong goes to the documents' problems."""

    documents: Documents
    sheets: Sheets
    user_key: str

    def read(self) -> list[Desired]:
        """Everyone, in the order of the manifests; those stated twice are a problem."""
        found = [user for entry in self.documents.of("users") for user in self._users(entry)]
        keys = ((one.address.key, one.location, "users") for one in found)
        self.documents.problems += twice(keys, "users")
        emails = (pair for one in found for pair in _emails(one))
        self.documents.problems += twice(emails, "the e-mail addresses of users")
        return found

    def _users(self, entry: Entry) -> Iterator[Desired]:
        self._check(entry)
        profile = self.documents.refer(entry, "profile", "profiles")
        named = profile.key if profile else None
        if entry.value.csv:
            yield from self._users_of_csv(entry, named)
        elif entry.value.key:
            fields = _fields(entry)
            self._check_exact(entry, fields, profile)
            yield self._user(entry, entry.value.key, entry.at("key"), fields, named)

    def _user(
        self,
        entry: Entry,
        key: str,
        location: Location,
        fields: Mapping[str, Stated],
        profile: str | None,
    ) -> Desired:
        exact = frozenset(entry.value.exact)
        return Desired(Address("user", key), location, fields, exact, profile)

    # ---- what is wrong with an entry -------------------------------------------------------------

    def _check(self, entry: Entry) -> None:
        wrong = self.documents.wrong
        if entry.states("csv") and entry.states("key"):
            message = "states both key and csv"
            wrong(entry.at("csv"), entry.name("csv"), message, "keep one: a person, or a file")
        elif not entry.states("csv") and not entry.states("key"):
            wrong(entry.location, entry.name(), 'lacks "key"', "or csv, with columns")
        if entry.states("columns") and not entry.states("csv"):
            wrong(entry.at("columns"), entry.name("columns"), "goes with csv", "name the file")
        for steps in (("emails",), ("roles",), ("exact",)):
            self.documents.refuse_repeats(entry, *steps)
        for name in entry.value.data or {}:
            self.documents.refuse_repeats(entry, "data", name)
            self._check_data_type(name, entry.at("data", name), entry.name("data", name))

    def _check_data_type(self, name: str, where: Location, said: str) -> None:
        if not name.strip():
            self.documents.wrong(where, said, "a user data type has a name", "write it")
        elif name == self.user_key:
            message = f"{shown(name)} is the user's key: it is stated as key"
            self.documents.wrong(where, said, message, "remove it here")

    def _check_exact(self, entry: Entry, fields: Mapping[str, Any], profile: Entry | None) -> None:
        filled = profile.value.fill if profile and profile.value.fill else {}
        known = {path.split(".")[0] for path in (*fields, *filled)}
        for index, name in enumerate(entry.value.exact):
            if name not in known and not entry.states(name):
                where, said = entry.at("exact", index), entry.name("exact", index)
                message = f"{name} is exact, but not stated"
                self.documents.wrong(where, said, message, f"state {name}, or remove the word")

    # ---- CSV -------------------------------------------------------------------------------------

    def _users_of_csv(self, entry: Entry, profile: str | None) -> Iterator[Desired]:
        for name in OF_ONE_PERSON:
            if entry.states(name):
                message = "cannot be stated for everyone in a CSV file"
                where = entry.at(name)
                self.documents.wrong(where, entry.name(name), message, "name its column in columns")
        where, said = entry.at("csv"), entry.name("csv")
        sheet = self.sheets.sheet(entry.value.csv, where, said, self.documents.problems)
        if sheet is None:
            return
        columns = {} if "columns" in entry.node.faulty else self._columns(entry, sheet)
        found = self._users_of_rows(entry, sheet, columns, profile) if "key" in columns else []
        if not self.sheets.lost(entry.value.csv):
            yield from found

    def _users_of_rows(
        self, entry: Entry, sheet: Sheet, columns: Mapping[str, int], profile: str | None
    ) -> list[Desired]:
        """One user a row; what is wrong with rows of a source makes all of its file unread."""
        shared = {k: v for k, v in _fields(entry).items() if k not in OF_ONE_PERSON}
        problems = self.documents.problems
        before = len(problems)
        rows = [self._user_of_row(entry, sheet, columns, row, shared) for row in sheet.rows]
        found = [self._user(entry, *one, profile) for one in rows if one is not None]
        problems += twice(((one.address.key, one.location, "users") for one in found), "users")
        problems[before:] = self.sheets.blame(sheet.name, problems[before:])
        return found

    def _columns(self, entry: Entry, sheet: Sheet) -> dict[str, int]:
        """From user fields to the places of their columns; each one that is wrong is said."""
        columns: dict[str, int] = {}
        wanted = dict(entry.value.columns or {})
        if not entry.states("columns") or not entry.states("columns", "key"):
            wanted.setdefault("key", "key")
        for name, column in wanted.items():
            steps = ("columns", name) if entry.states("columns", name) else ("columns",)
            steps = steps if entry.states("columns") else ("csv",)
            where, said = entry.at(*steps), entry.name(*steps)
            if not self._is_field(entry, name, where, said):
                continue
            index = sheet.index(column)
            if index is None:
                problem = sheet.missing(column, where, said)
                self.documents.problems += self.sheets.blame(sheet.name, [problem])
            else:
                columns[name] = index
        self._check_exact(entry, {**wanted, **_fields(entry)}, None)
        return columns

    def _is_field(self, entry: Entry, name: str, where: Location, said: str) -> bool:
        wrong, data = self.documents.wrong, name.startswith(DATA)
        if not data and name not in ("key", *FIELDS):
            hint = near(name, ("key", *FIELDS, "data.Student Number"))
            wrong(where, said, f"no user field {shown(name)}", hint)
            return False
        if data:
            self._check_data_type(name.removeprefix(DATA), where, said)
        if name not in ("key", *OF_ONE_PERSON) and entry.states(*name.split(".", 1)):
            message = f"{name} is stated both for everyone and by column"
            wrong(where, said, message, "keep one of them")
        return True

    def _user_of_row(
        self,
        entry: Entry,
        sheet: Sheet,
        columns: Mapping[str, int],
        row: Row,
        shared: Mapping[str, Stated],
    ) -> tuple[str, Location, dict[str, Stated]] | None:
        through = entry.at("csv")
        texts = {name: text for name, i in columns.items() if (text := row.cells[i].strip())}
        place = sheet.place(row, columns["key"], through)
        refusal = usable(texts.get("key", ""))
        if refusal:
            self.documents.wrong(place, "", refusal, "mend the cell, or remove the row")
        places = {name: sheet.place(row, columns[name], through) for name in texts}
        values = self._values(texts, places)
        if refusal:
            return None
        stated = {name: Stated(one, places[name]) for name, one in values.items() if name != "key"}
        return texts["key"], place, {**shared, **stated}

    def _values(self, texts: Mapping[str, str], places: Mapping[str, Location]) -> dict[str, Any]:
        """The cells of a row as the model takes them; nothing where one is wrong, which is said."""
        cells: dict[str, Any] = {}
        for name, text in texts.items():
            if name.startswith(DATA):
                cells.setdefault("data", {})[name.removeprefix(DATA)] = text
            else:
                cells[name] = _parts(text) if name in LISTS else text
        try:
            value = User.model_validate(cells)
        except ValidationError:
            self.documents.problems += _row_problems(texts, places)
            return {}
        return {name: _value(value, name) for name in texts}


def _value(value: User, name: str) -> Any:
    if name.startswith(DATA):
        return (value.data or {})[name.removeprefix(DATA)]
    return frozen(getattr(value, name))


def _parts(text: str) -> list[str]:
    """E-mails and roles in one cell: several are separated by commas or semicolons."""
    return [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]


def _row_problems(texts: Mapping[str, str], places: Mapping[str, Location]) -> Iterator[Problem]:
    for name, text in texts.items():
        where, field = places[name], name
        node: Node = Scalar(where, text)
        if name in LISTS:
            node = Sequence(where, tuple(Scalar(where, part) for part in _parts(text)))
        elif name.startswith(DATA):
            field, node = "data", Table(where, {name.removeprefix(DATA): node})
        problems, _, _ = check(Table(where, {field: node}), User)
        for one in problems:
            yield Problem(where, name, one.message.replace(shown(text), "this"), one.hint)


def _fields(entry: Entry) -> dict[str, Stated]:
    """What a user entry states of the user, by field."""
    stated = stated_fields(entry.node, entry.value)
    return {k: v for k, v in stated.items() if k in FIELDS or k.startswith(DATA)}


def _emails(user: Desired) -> Iterator[tuple[str, Location, str]]:
    """Each address of a user once, with the place of all."""
    stated = user.fields.get("emails")
    for text in sorted({one.casefold() for one in stated.value or ()} if stated else ()):
        if stated is not None:
            yield text, stated.location, "users"
