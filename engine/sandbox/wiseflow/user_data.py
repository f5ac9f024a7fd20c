"""User data of a user: values of the licence's data types."""

from __future__ import annotations

import re
from typing import Any

from engine.sandbox.wiseflow.bodies import ID, Shape, Wrong, array, record, wrongs
from engine.sandbox.wiseflow.http import Answer, Call, Refusal, operation, partly, success
from engine.sandbox.wiseflow.people import data_types

# The document types the value as an integer; values are strings. Both are taken.
_ANYTHING = Shape("string", required=True)
_NEW = array(record({"userDataTypeId": ID}))
_CHANGED = array(record({"userDataId": ID}))

_PATH = "/users/{userId}/user-data"


def add_value(call: Call, user_id: int, type_id: int, value: str, *, overwrite: bool) -> str | None:
    """Give a user a value; None, or the reason why not.

    A single-valued type that has a value is overwritten where `overwrite` says so.
    """
    type_ = data_types(call)[type_id]
    held = call.store.all(
        "SELECT id, value FROM user_data WHERE user_id = ? AND type_id = ? ORDER BY id",
        user_id,
        type_id,
    )
    if any(row["value"] == value for row in held):
        return None if overwrite else f"the user has the value {value} already"
    replaced = None
    if held and not type_["supportsMultipleValues"]:
        if not overwrite:
            return f"{type_['name']} takes one value for a user"
        replaced = held[0]["id"]
    reason = _unfit(call, user_id, type_, value)
    if reason is not None:
        return reason
    if replaced is not None:
        call.store.run("UPDATE user_data SET value = ? WHERE id = ?", value, replaced)
    else:
        call.store.insert("user_data", user_id=user_id, type_id=type_id, value=value)
    return None


def _unfit(call: Call, user_id: int, type_: dict[str, Any], value: str) -> str | None:
    """Why a value cannot be a user's value of a type, or None."""
    if type_["pattern"] and not re.search(type_["pattern"], value):
        return f"the value does not match {type_['pattern']}"
    if type_["unique"] and call.store.one(
        "SELECT 1 FROM user_data WHERE type_id = ? AND value = ? AND user_id != ?",
        type_["id"],
        value,
        user_id,
    ):
        return f"the value is already used by another user, and {type_['name']} is unique"
    return None


def _shown(call: Call, condition: str, *values: Any) -> list[dict[str, Any]]:
    types = data_types(call)
    rows = call.store.all(
        f"SELECT * FROM user_data WHERE {condition} ORDER BY id",  # noqa: S608
        *values,
    )
    return [
        {
            "userDataId": row["id"],
            "userDataTypeId": row["type_id"],
            "description": types[row["type_id"]]["name"],
            "metaTypeName": types[row["type_id"]]["type"],
            "value": row["value"],
        }
        for row in rows
    ]


@operation("GET", _PATH, bad_id=400)
def list_user_data(call: Call) -> Answer:
    """The values of a user."""
    return success(_shown(call, "user_id = ?", call.user["id"]))


@operation("POST", _PATH, body=_NEW, bad_id=400)
def add_user_data(call: Call) -> Answer:
    """The values that were added; success is false where some were not."""
    user_id = call.user["id"]
    types = data_types(call)
    errors: list[Wrong] = []
    added: list[dict[str, Any]] = []
    seen: set[Any] = set()
    for entry in call.body:
        value, type_id = _value(entry), entry["userDataTypeId"]
        whole = call.quirks["duplicate_data_type"] == "ignored"
        sign = type_id if whole else (type_id, value)
        if sign in seen:
            continue
        seen.add(sign)
        if type_id not in types:
            reason: str | None = f"user data type {type_id} is not on the licence"
        else:
            reason = add_value(call, user_id, type_id, value, overwrite=False)
        if reason is None:
            added += _shown(
                call, "user_id = ? AND type_id = ? AND value = ?", user_id, type_id, value
            )
        else:
            errors.append(("userData", reason))
    return partly(added, errors, 201)


@operation("PATCH", _PATH, body=_CHANGED, bad_id=400)
def change_user_data(call: Call) -> Answer:
    """The values that were changed; success is false where some were not."""
    ids = [entry["userDataId"] for entry in call.body]
    if len(set(ids)) != len(ids):
        raise Refusal(400, "Duplicate userDataId", ("userDataId", "an id is sent twice"))
    errors: list[Wrong] = []
    changed: list[dict[str, Any]] = []
    for entry in call.body:
        reason = _change(call, entry["userDataId"], _value(entry))
        if reason is None:
            changed += _shown(call, "id = ?", entry["userDataId"])
        else:
            errors.append(("userData", reason))
    return partly(changed, errors, 201)


def _change(call: Call, data_id: int, value: str) -> str | None:
    row = call.store.one(
        "SELECT * FROM user_data WHERE id = ? AND user_id = ?", data_id, call.user["id"]
    )
    if row is None:
        return f"user data {data_id} is not on the user"
    if call.store.one(
        "SELECT 1 FROM user_data WHERE user_id = ? AND type_id = ? AND value = ? AND id != ?",
        call.user["id"],
        row["type_id"],
        value,
        data_id,
    ):
        return f"the user has the value {value} already"
    reason = _unfit(call, call.user["id"], data_types(call)[row["type_id"]], value)
    if reason is None:
        call.store.run("UPDATE user_data SET value = ? WHERE id = ?", value, data_id)
    return reason


@operation("DELETE", _PATH + "/{userDataId}", bad_id=400)
def delete_user_data(call: Call) -> Answer:
    """Nothing; 400 for the last value of a required type."""
    row = call.store.one(
        "SELECT * FROM user_data WHERE id = ? AND user_id = ?",
        call.ids["userDataId"],
        call.user["id"],
    )
    if row is None:
        raise Refusal(404, "User data not found on user")
    count = call.store.scalar(
        "SELECT count(*) FROM user_data WHERE user_id = ? AND type_id = ?",
        call.user["id"],
        row["type_id"],
    )
    if count == 1 and data_types(call)[row["type_id"]].get("required"):
        raise Refusal(400, "The last value of a required type cannot be deleted")
    call.store.run("DELETE FROM user_data WHERE id = ?", row["id"])
    return success()


def _value(entry: dict[str, Any]) -> str:
    value = entry.get("value")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if "value" not in entry:
        raise Refusal(400, "Invalid request body", ("value", "value is required"))
    found = list(wrongs(_ANYTHING, value, "value"))
    if found:
        raise Refusal(400, "Invalid request body", *found)
    return str(value)
