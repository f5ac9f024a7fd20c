"""POST /users/search: users by values of user data types."""

from __future__ import annotations

from typing import Any

from engine.sandbox.wiseflow.bodies import ID, TEXT, array, record
from engine.sandbox.wiseflow.http import Answer, Call, Refusal, operation, page, page_of
from engine.sandbox.wiseflow.people import data_types, emails_of

_SEARCH = record({"dataTypes": array(record({"id": ID, "value": TEXT}))})

_MATCHES = {
    "exact": "value = ?",
    "casefold": "casefold(value) = casefold(?)",
    "partial": "instr(casefold(value), casefold(?)) > 0",
}


@operation("POST", "/users/search", body=_SEARCH)
def search_users(call: Call) -> Answer:
    """A page of the users that match, in the order of their ids."""
    offset, limit = page_of(call, 100)
    filters = call.body.get("dataTypes", [])
    if not filters:
        return _search_for_nothing(call, offset, limit)
    match = _MATCHES[call.quirks["user_search_match"]]
    joint = " INTERSECT " if call.quirks["user_search"] == "and" else " UNION "
    # Compound selects are limited to 500 terms in SQLite, OR terms of one select are not.
    if joint == " UNION ":
        terms = " OR ".join(f"(type_id = ? AND {match})" for _ in filters)
        chosen = f"SELECT DISTINCT user_id FROM user_data WHERE {terms}"  # noqa: S608
    else:
        chosen = joint.join(
            f"SELECT user_id FROM user_data WHERE type_id = ? AND {match}"  # noqa: S608
            for _ in filters
        )
    values = [value for filter_ in filters for value in (filter_["id"], filter_["value"])]
    ids = sorted(row[0] for row in call.store.all(chosen, *values))
    return page(_shown(call, ids[offset : offset + limit]), offset, limit, len(ids))


def _search_for_nothing(call: Call, offset: int, limit: int) -> Answer:
    answer = call.quirks["empty_user_search"]
    if answer == "refuse":
        raise Refusal(400, "Invalid request", ("dataTypes", "dataTypes must not be empty"))
    if answer == "none":
        return page([], offset, limit, 0)
    total = call.store.scalar("SELECT count(*) FROM users")
    rows = call.store.all("SELECT id FROM users ORDER BY id LIMIT ? OFFSET ?", limit, offset)
    return page(_shown(call, [row["id"] for row in rows]), offset, limit, total)


def _shown(call: Call, user_ids: list[int]) -> list[dict[str, Any]]:
    types = data_types(call)
    roles = {role["roleId"]: role["name"] for role in call.licence("roles")}
    return [_show(call, user_id, types, roles) for user_id in user_ids]


def _show(
    call: Call, user_id: int, types: dict[int, dict[str, Any]], roles: dict[int, str]
) -> dict[str, Any]:
    store = call.store
    user = store.all("SELECT * FROM users WHERE id = ?", user_id)[0]
    role_rows = store.all("SELECT role_id FROM user_roles WHERE user_id = ? ORDER BY id", user_id)
    data = store.all("SELECT * FROM user_data WHERE user_id = ? ORDER BY id", user_id)
    return {
        "id": user_id,
        "firstName": user["first_name"],
        "lastName": user["last_name"],
        "phone": user["phone"],
        "language": user["language"],
        "emails": emails_of(store, user_id),
        "roles": [{"id": row["role_id"], "name": roles[row["role_id"]]} for row in role_rows],
        "dataTypes": [
            {"id": row["type_id"], "name": types[row["type_id"]]["name"], "value": row["value"]}
            for row in data
        ],
        "deactivated": bool(user["deactivated"]),
    }
