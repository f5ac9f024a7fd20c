"""UNIWeb's rows in the sandbox's file, and the filters over them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from engine.sandbox.uniweb.errors import malformed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from engine.sandbox.store import Store

Row = dict[str, Any]

CONTENT_TYPES = ("members", "units", "groups")
_INDEXES = ("uniweb_id", "login_name", "employee_id")
_FIRST = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
_LAST = datetime(2038, 1, 19, 3, 14, 7, tzinfo=UTC)


class Rows:
    """Members, units and groups, with the schema and the lists that they refer to."""

    def __init__(self, store: Store) -> None:
        self._documents = {name: store.documents(f"uniweb_{name}") for name in CONTENT_TYPES}
        self._shared = store.documents("uniweb")
        store.on_seed(self._load)

    def _load(self, institution: Any) -> None:
        uniweb = institution.uniweb
        for name in CONTENT_TYPES:
            for row in uniweb.get(name, ()):
                self._documents[name][f"{row['id']:08}"] = row
        for name in ("schema", "options"):
            self._shared[name] = uniweb.get(name, {})

    def schema(self, content: str) -> dict[str, Any]:
        """The sections of a content type by path."""
        sections: dict[str, Any] = self._shared["schema"].get(content, {})
        return sections

    def options(self) -> dict[str, list[Row]]:
        """The lists from which fields are chosen; each choice has its labels by language."""
        options: dict[str, list[Row]] = self._shared["options"]
        return options

    def selected(self, content: str, wanted: Mapping[str, Any], id_: str | None) -> list[Row]:
        """The rows of a content type that every filter lets through, by id."""
        tests = [self._test(content, name, value) for name, value in wanted.items()]
        rows = self._documents[content].values()
        return [
            row
            for row in rows
            if (id_ is None or id_ == str(row["id"])) and all(test(row) for test in tests)
        ]

    def _test(self, content: str, name: str, value: Any) -> Callable[[Row], bool]:
        if name == "modified_since":
            moment = _moment(value)
            return lambda row: row["modified"] >= moment
        if content == "groups" or (content == "units" and name not in {"unit", "units"}):
            raise malformed(f'"{name}" is no filter of {content}.')
        return self._member_test(name, value)

    def _member_test(self, name: str, value: Any) -> Callable[[Row], bool]:
        if name == "unit":
            units = self._ids("units", value)
            return lambda row: not units.isdisjoint(_units(row))
        if name == "units":
            wanted = _id_set(value)
            return lambda row: not wanted.isdisjoint(map(str, _units(row)))
        if name == "title":
            titles = self._ids("titles", value)
            return lambda row: row["title"] in titles
        if name == "loginName":
            logins = {login.casefold() for login in _texts(name, value)}
            return lambda row: not logins.isdisjoint(_logins(row))
        raise malformed(f'There is no filter "{name}".')

    def _ids(self, list_name: str, value: Any) -> set[int]:
        """The ids of the choices that have one of these labels in either language."""
        labels = {label.strip().casefold() for label in _texts(list_name, value)}
        return {
            choice["id"]
            for choice in self.options().get(list_name, ())
            if labels & {choice["en"][0].casefold(), choice["fr"][0].casefold()}
        }


def index_of(row: Row, content: str, index_by: str) -> str:
    """The key of a row in an answer; raises RefusedError for an index that there is not."""
    if index_by not in _INDEXES or (content != "members" and index_by != "uniweb_id"):
        raise malformed(f'"{index_by}" is no index of {content}.')
    return str(row["id"] if index_by == "uniweb_id" else row[index_by])


def _units(row: Row) -> list[int]:
    """The units of a member; a unit is in itself."""
    return row["units"] if "units" in row else [row["id"]]


def _logins(row: Row) -> set[str]:
    return {row["login_name"].casefold(), row["user_name"].casefold(), str(row["id"])}


def _id_set(value: Any) -> set[str]:
    return {
        str(id_).strip() for id_ in (value if isinstance(value, list) else str(value).split(","))
    }


def _texts(name: str, value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(v, str | int) for v in values):
        raise malformed(f'The filter "{name}" must be text.')
    return [str(v) for v in values]


def _moment(value: Any) -> float:
    """Source of format and bounds: UNIWeb documentation, filter `modified_since`, in UTC."""
    try:
        moment = datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except (TypeError, ValueError):
        raise malformed('"modified_since" must be YYYY-MM-DD HH:MM:SS.') from None
    if not _FIRST <= moment <= _LAST:
        raise malformed('"modified_since" is out of range.')
    return moment.timestamp()
