"""What each action answers, in the language that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sandbox.uniweb.errors import malformed, not_permitted
from engine.sandbox.uniweb.paths import Selection, selections
from engine.sandbox.uniweb.rows import CONTENT_TYPES, Row, Rows, index_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.sandbox.uniweb.parsing import Query

WRITES = ("add", "edit", "clear", "updatePicture")
ADMINISTRATION = ("getRoles", "getPermissions", "getRolesPermissions")
LANGUAGES = ("en", "fr")


def answer(query: Query, rows: Rows) -> Any:
    """The JSON value of the answer; raises RefusedError."""
    if query.action in WRITES or query.action in ADMINISTRATION:
        raise not_permitted(query.action)
    action = _ACTIONS.get(query.action)
    if action is None:
        raise malformed(f'There is no action "{query.action}".')
    if query.language not in LANGUAGES:
        raise malformed(f'There is no language "{query.language}".')
    found = action(query, rows)
    return found or []  # PHP writes an empty array, with keys or without, as a list


def _read(query: Query, rows: Rows) -> dict[str, Any]:
    content = _content(query)
    wanted = _wanted(query, rows, content)
    labels = _labels(rows, query.language)
    found = rows.selected(content, query.filter, query.id)
    return {
        index_of(row, content, query.index_by): _row(row, content, labels)
        if wanted is None
        else _sections(row, wanted, labels)
        for row in found
    }


def _members(query: Query, rows: Rows) -> dict[str, Any]:
    labels = _labels(rows, query.language)
    found = rows.selected("members", query.filter, query.id)
    return {index_of(r, "members", query.index_by): _row(r, "members", labels) for r in found}


def _units(query: Query, rows: Rows) -> dict[str, Any]:
    labels = _labels(rows, query.language)
    found = rows.selected("units", query.filter, query.id)
    return {str(row["id"]): _row(row, "units", labels) for row in found}


def _titles(query: Query, rows: Rows) -> dict[str, Any]:
    titles = rows.options().get("titles", ())
    return {str(title["id"]): title[query.language][0] for title in titles}


def _info(query: Query, rows: Rows) -> dict[str, Any]:
    """Sections with their fields: title, type, and for a choice the list it is made from."""
    content = _content(query)
    schema = rows.schema(content)
    return {
        selection.path: {
            "title": schema[selection.path]["title"],
            "type": schema[selection.path]["kind"],
            "fields": _fields(schema, selection),
        }
        for selection in _wanted(query, rows, content) or map(Selection, schema)
    }


def _options(query: Query, rows: Rows) -> dict[str, Any]:
    """What can be chosen in each field that is a choice, as `[id, label, parent, …]`."""
    content = _content(query)
    schema, options = rows.schema(content), rows.options()
    answers: dict[str, Any] = {}
    for selection in _wanted(query, rows, content) or map(Selection, schema):
        lists = {
            name: field["options"]
            for name, field in _fields(schema, selection).items()
            if "options" in field
        }
        for name, list_name in lists.items():
            choices = [[c["id"], *c[query.language]] for c in options[list_name]]
            answers.setdefault(selection.path, {})[name] = choices
    return answers


_ACTIONS: dict[str, Callable[[Query, Rows], dict[str, Any]]] = {
    "read": _read,
    "info": _info,
    "options": _options,
    "getMembers": _members,
    "getUnits": _units,
    "getTitles": _titles,
}


def _content(query: Query) -> str:
    if query.content not in CONTENT_TYPES:
        raise malformed(f"The content type must be one of {', '.join(CONTENT_TYPES)}.")
    return query.content


def _wanted(query: Query, rows: Rows, content: str) -> list[Selection] | None:
    """The sections asked for, None where the content type's own rows are."""
    if query.resources is None or query.resources == []:
        return None
    found = selections(query.resources, rows.schema(content))
    return [s for s in found if not query.only_public or s.path.startswith("profile/")]


def _fields(schema: dict[str, Any], selection: Selection) -> dict[str, Any]:
    fields: dict[str, Any] = schema[selection.path]["fields"]
    return {n: f for n, f in fields.items() if selection.fields is None or n in selection.fields}


Labels = dict[tuple[str, int], list[str]]


def _labels(rows: Rows, language: str) -> Labels:
    """The labels of every choice (its own, its parent's, …) in one language."""
    return {
        (name, choice["id"]): choice[language]
        for name, choices in rows.options().items()
        for choice in choices
    }


def _row(row: Row, content: str, labels: Labels) -> dict[str, Any]:
    """A row of the content type itself, without its sections."""
    if content != "members":
        name = labels.get(("units", row["id"])) or [row["en"]]
        own = {"uniweb_id": row["id"], "name": name[0]}
        return own | {k: row[k] for k in ("type", "parent") if k in row}
    information = row["sections"].get("profile/membership_information", {})
    return {
        "uniweb_id": row["id"],
        "login_name": row["login_name"],
        "employee_id": row["employee_id"],
        "first_name": information.get("first_name", ""),
        "last_name": information.get("last_name", ""),
        "title": _written_out({"option": ["titles", row["title"]]}, labels),
    }


def _sections(row: Row, wanted: list[Selection], labels: Labels) -> Any:
    found = {
        s.path: _section(row["sections"][s.path], s.fields, labels)
        for s in wanted
        if s.path in row["sections"]
    }
    return found or []


def _section(section: Any, fields: tuple[str, ...] | None, labels: Labels) -> Any:
    if isinstance(section, list):
        return [_section(item, fields, labels) for item in section]
    if not isinstance(section, dict):
        return section
    return {
        name: _written_out(value, labels)
        for name, value in section.items()
        if fields is None or name in fields
    }


def _written_out(value: Any, labels: Labels) -> Any:
    """A choice becomes `[id, label, parent, …]`; anything else is as it stands."""
    if isinstance(value, dict) and set(value) == {"option"}:
        list_name, id_ = value["option"]
        return [id_, *labels[list_name, id_]]
    return value
