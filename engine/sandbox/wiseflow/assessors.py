"""Assessors of a flow and the assessor types they can have there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sandbox.wiseflow.bodies import ID, TEXT, array, integer, record, text
from engine.sandbox.wiseflow.http import (
    Answer,
    Call,
    Refusal,
    bare,
    operation,
    page,
    page_of,
    success,
)
from engine.sandbox.wiseflow.people import (
    basic_user,
    data_types,
    external_ids,
    short_user,
    unique_emails,
    user_exists,
    users_by_data,
    users_by_email,
)

if TYPE_CHECKING:
    from engine.sandbox.store import Row

_PATH = "/flows/{flowId}/assessors"
_ONE = _PATH + "/{assessorId}"
_TYPES = "/flows/{flowId}/assessor-types"

_DATA = record({"userDataTypeId": ID, "value": TEXT})
_NEW = record(
    {"userId": integer(), "email": text(), "userData": _DATA, "assessorTypeId": integer()}
)
_OLDER_NEW = array(record({"type": integer(), "email": text(), "userData": _DATA}))


def assessor(call: Call) -> Row:
    """The assessor of the path, or 404."""
    row = call.store.one(
        "SELECT * FROM assessors WHERE id = ? AND flow_id = ?",
        call.ids["assessorId"],
        call.flow_id,
    )
    if row is None:
        raise Refusal(404, "Assessor not found")
    return row


def _rows(call: Call, condition: str = "", *values: Any) -> list[Row]:
    return call.store.all(
        "SELECT a.*, u.first_name, u.last_name FROM assessors a JOIN users u ON u.id = a.user_id "  # noqa: S608
        f"WHERE a.flow_id = ? {condition}",
        call.flow_id,
        *values,
    )


def _shown(row: Row) -> dict[str, Any]:
    """The document has a number that cannot be null: type "None" is left out."""
    type_ = {} if row["type_id"] is None else {"assessorTypeId": row["type_id"]}
    return {"assessorId": row["id"], "user": short_user(row), **type_}


def _flow_types(call: Call) -> list[int]:
    rows = call.store.all(
        "SELECT type_id FROM flow_assessor_types WHERE flow_id = ? ORDER BY position", call.flow_id
    )
    return [row["type_id"] for row in rows]


def _check_type(call: Call, type_id: int | None) -> None:
    if type_id is not None and type_id not in _flow_types(call):
        raise Refusal(404, "Assessor type not found on flow")


@operation("GET", _PATH, bad_id=400)
def list_assessors(call: Call) -> Answer:
    """A page of the assessors: 50 at most."""
    offset, limit = page_of(call, 50)
    total = call.store.scalar("SELECT count(*) FROM assessors WHERE flow_id = ?", call.flow_id)
    rows = _rows(call, "ORDER BY a.id LIMIT ? OFFSET ?", limit, offset)
    return page([_shown(row) for row in rows], offset, limit, total)


@operation("POST", _PATH, body=_NEW, bad_id=400, refuses_archived=True)
def add_assessor(call: Call) -> Answer:
    """The new assessor; adding one twice is refused."""
    if call.flow["main_flow"] is not None:
        raise Refusal(403, "Flow is a flow in a combination of flows")
    user_id = _find(call)
    type_id = call.body.get("assessorTypeId")
    _check_type(call, type_id)
    if _rows(call, "AND a.user_id = ?", user_id):
        status = int(call.quirks["duplicate_assessor"])
        raise Refusal(status, "User is already assessor on flow")
    seat = call.store.insert("assessors", flow_id=call.flow_id, user_id=user_id, type_id=type_id)
    return success(_shown(_rows(call, "AND a.id = ?", seat)[0]), 201)


def _find(call: Call) -> int:
    """The user that the body means."""
    body = call.body
    if "userId" in body:
        found = [body["userId"]] if user_exists(call.store, body["userId"]) else []
    elif "email" in body:
        if not unique_emails(call):
            raise Refusal(400, "Unique emails are required on license to look up by email")
        found = users_by_email(call.store, body["email"])
    elif "userData" in body:
        data = body["userData"]
        if data["userDataTypeId"] not in data_types(call):
            raise Refusal(400, "The user data type is not on the license")
        found = users_by_data(call.store, data["userDataTypeId"], data["value"])
    else:
        raise Refusal(400, "Missing data to identify the user")
    if len(found) > 1:
        raise Refusal(400, "Multiple users with same identifier found")
    if not found:
        raise Refusal(404, "User not found")
    return int(found[0])


@operation(
    "PATCH",
    _ONE,
    body=record({"assessorTypeId": integer(nullable=True, required=True)}),
    refuses_archived=True,
)
def change_assessor(call: Call) -> Answer:
    """The assessor with another type; null is type "None"."""
    row = assessor(call)
    _check_type(call, call.body["assessorTypeId"])
    call.store.run(
        "UPDATE assessors SET type_id = ? WHERE id = ?", call.body["assessorTypeId"], row["id"]
    )
    return success(_shown(_rows(call, "AND a.id = ?", row["id"])[0]))


@operation("DELETE", _ONE, refuses_archived=True)
def delete_assessor(call: Call) -> Answer:
    """Nothing; allocations go with the assessor."""
    row = assessor(call)
    for table in ("assessor_allocations", "group_assessors"):
        call.store.run(f"DELETE FROM {table} WHERE assessor_id = ?", row["id"])  # noqa: S608
    call.store.run("DELETE FROM assessors WHERE id = ?", row["id"])
    return success()


@operation("GET", "/flow/{flowId}/assessors", bare=(404,))
def list_assessors_older(call: Call) -> Answer:
    """All assessors in the older shape, bare; deprecated."""
    rows = _rows(call, "ORDER BY a.id")
    ids = external_ids(call, [row["user_id"] for row in rows]) if rows else {}
    types = _flow_types(call)
    return bare([_older(call, row, ids[row["user_id"]], types) for row in rows])


def _older(call: Call, row: Row, ids: list[dict[str, str]], types: list[int]) -> dict[str, Any]:
    user = call.store.all("SELECT * FROM users WHERE id = ?", row["user_id"])[0]
    place = types.index(row["type_id"]) if row["type_id"] in types else 2
    participants = call.store.all(
        "SELECT participant_id FROM assessor_allocations WHERE assessor_id = ?", row["id"]
    )
    groups = call.store.all("SELECT group_id FROM group_assessors WHERE assessor_id = ?", row["id"])
    return {
        "id": row["id"],
        "user": basic_user(user, ids),
        "type": min(place, 2),
        "participantIds": [found[0] for found in participants],
        "assessorGroupIds": [found[0] for found in groups],
    }


@operation(
    "POST",
    "/flow/{flowId}/assessors/add",
    body=_OLDER_NEW,
    bad_id=400,
    bare=(400, 403, 404),
    refuses_archived=True,
)
def add_assessors_older(call: Call) -> Answer:
    """Those who could not be added, bare; needs two assessor types on the flow. Deprecated."""
    types = _flow_types(call)
    if len(types) < 2:
        raise Refusal(404, "There are not two assessor types on the flow")
    failed: list[dict[str, Any]] = []
    for entry in call.body:
        try:
            call.body = entry
            user_id = _find(call)
            if _rows(call, "AND a.user_id = ?", user_id):
                raise Refusal(400, "Already assessor on flow")
            type_id = types[1 if entry.get("type") == 1 else 0]
            call.store.insert("assessors", flow_id=call.flow_id, user_id=user_id, type_id=type_id)
        except Refusal as refusal:
            code = {404: "AA001"}.get(refusal.status, "AA002")
            failed.append({"message": refusal.message, "code": code, "request": entry})
    return bare({"failed": failed})


@operation("GET", _TYPES)
def list_types(call: Call) -> Answer:
    """The assessor types of a flow."""
    return success(_shown_types(call))


def _shown_types(call: Call) -> list[dict[str, Any]]:
    rows = call.store.all(
        "SELECT * FROM flow_assessor_types WHERE flow_id = ? ORDER BY position", call.flow_id
    )
    return [{"id": row["type_id"], "instruction": row["instruction"]} for row in rows]


@operation(
    "POST",
    _TYPES,
    body=record({"assessorTypeId": ID, "instruction": text(longest=500)}),
    bad_id=400,
    refuses_archived=True,
)
def add_type(call: Call) -> Answer:
    """The assessor type that was added; it has to be on the licence."""
    type_id, instruction = call.body["assessorTypeId"], call.body.get("instruction")
    if all(type_["id"] != type_id for type_ in call.licence("assessor_types")):
        raise Refusal(400, "The assessor type is not on the license")
    if type_id in _flow_types(call):
        raise Refusal(400, "The assessor type is already added to the flow")
    call.store.run(
        "INSERT INTO flow_assessor_types SELECT ?, ?, ?, coalesce(max(position), -1) + 1 "
        "FROM flow_assessor_types WHERE flow_id = ?",
        call.flow_id,
        type_id,
        instruction,
        call.flow_id,
    )
    return success({"id": type_id, "instruction": instruction}, 201)


@operation("DELETE", _TYPES + "/{assessorTypeId}", refuses_archived=True)
def delete_type(call: Call) -> Answer:
    """Nothing; assessors of the type are left with type "None"."""
    removed = call.store.run(
        "DELETE FROM flow_assessor_types WHERE flow_id = ? AND type_id = ?",
        call.flow_id,
        call.ids["assessorTypeId"],
    )
    if not removed:
        raise Refusal(404, "Assessor type not found on flow")
    call.store.run(
        "UPDATE assessors SET type_id = NULL WHERE flow_id = ? AND type_id = ?",
        call.flow_id,
        call.ids["assessorTypeId"],
    )
    return success()
