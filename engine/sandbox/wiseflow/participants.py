"""Participants of a flow: list, add, look at, remove, switch off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sandbox.wiseflow.bodies import array, boolean, integer, record, text
from engine.sandbox.wiseflow.flow_terms import ARCHIVED, DRAFT
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
    emails_of,
    external_ids,
    unique_emails,
    users_by_data,
    users_by_email,
)
from engine.sandbox.wiseflow.sis import is_sis

if TYPE_CHECKING:
    from engine.sandbox.store import Row

_PATH = "/flows/{flowId}/participants"
_ONE = _PATH + "/{participantId}"

_NEW = array(
    record(
        {
            "userId": integer(),
            "email": text(),
            "userData": record({"id": integer(), "value": text()}),
            "uniqueExamId": text(),
        }
    )
)
_OLDER_NEW = array(
    record(
        {
            "email": text(),
            "userData": record({"userDataTypeId": integer(), "value": text()}),
            "uniqueExamId": text(),
        }
    )
)

# Source: WISEflow OpenAPI, POST /flow/{flowId}/participants/add.
_OLDER_CODES = {
    "AP001": "User not found",
    "AP002": "Already participant on flow",
    "AP003": "Multiple users with same identifier found",
    "AP004": "Unique emails are required on license in order to lookup users by email",
    "AP005": "UserDataTypeId is not present on license",
    "AP006": "Request must have either email or userData",
}


def participant(call: Call) -> Row:
    """The participant of the path, or 404."""
    row = call.store.one(
        "SELECT * FROM participants WHERE id = ? AND flow_id = ?",
        call.ids["participantId"],
        call.flow_id,
    )
    if row is None:
        raise Refusal(404, "Participant not found")
    return row


def participants_of(call: Call, ids: list[int]) -> None:
    """400 for none or duplicates, 404 where one is not on the flow."""
    if not ids or len(set(ids)) != len(ids):
        raise Refusal(
            400, "Invalid request body", ("participantIds", "send different participants")
        )
    known = {
        row["id"]
        for row in call.store.all("SELECT id FROM participants WHERE flow_id = ?", call.flow_id)
    }
    if not known.issuperset(ids):
        raise Refusal(404, "Participant not found")


@operation("GET", _PATH, bad_id=400)
def list_participants(call: Call) -> Answer:
    """A page of the participants in the order of their numbers."""
    offset, limit = page_of(call, 100)
    total = call.store.scalar("SELECT count(*) FROM participants WHERE flow_id = ?", call.flow_id)
    if offset > total and call.quirks["past_end"] == "500":
        raise Refusal(500, "Unexpected error")
    return page(
        _shown(call, "p.flow_id = ? ORDER BY p.number LIMIT ? OFFSET ?", limit, offset),
        offset,
        limit,
        total,
    )


@operation("GET", _ONE)
def get_participant(call: Call) -> Answer:
    """One participant."""
    row = participant(call)
    return success(_shown(call, "p.flow_id = ? AND p.id = ?", row["id"])[0])


def _shown(call: Call, condition: str, *values: Any) -> list[dict[str, Any]]:
    rows = call.store.all(
        "SELECT p.id AS participant_id, p.number, p.activated, p.exam_id, s.id AS submission, "  # noqa: S608
        "u.* FROM participants p JOIN users u ON u.id = p.user_id "
        f"LEFT JOIN submissions s ON s.participant_id = p.id WHERE {condition}",
        call.flow_id,
        *values,
    )
    ids = external_ids(call, [row["id"] for row in rows]) if rows else {}
    assessors, groups = _allocated(call, [row["participant_id"] for row in rows])
    return [
        {
            "user": basic_user(row, ids[row["id"]]),
            "participantId": row["participant_id"],
            **_exam_id(row["exam_id"]),
            "userId": row["id"],
            "number": row["number"],
            "activated": bool(row["activated"]),
            "submissionId": row["submission"],
            "groupId": None,
            "assessorIds": assessors.get(row["participant_id"], []),
            "assessorGroupIds": groups.get(row["participant_id"], []),
        }
        for row in rows
    ]


def _exam_id(exam_id: str | None) -> dict[str, str]:
    """The document has a string that cannot be null: without one the member is left out."""
    return {} if exam_id is None else {"uniqueExamId": exam_id}


def _allocated(call: Call, ids: list[int]) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    marks = ",".join("?" * len(ids))
    found: tuple[dict[int, list[int]], dict[int, list[int]]] = ({}, {})
    for into, table, column in (
        (found[0], "assessor_allocations", "assessor_id"),
        (found[1], "group_participants", "group_id"),
    ):
        for row in call.store.all(
            f"SELECT participant_id, {column} FROM {table} "  # noqa: S608
            f"WHERE participant_id IN ({marks}) ORDER BY {column}",
            *ids,
        ):
            into.setdefault(row[0], []).append(row[1])
    return found


@operation("POST", _PATH, body=_NEW, bare=(404,))
def add_participants(call: Call) -> Answer:
    """An entry for each one of the request, at the same index."""
    if call.flow["state"] == ARCHIVED and call.quirks["archived_participants"] == "403":
        raise Refusal(403, "Flow is archived")
    return success([_add(call, entry) for entry in call.body])


def _add(call: Call, entry: dict[str, Any]) -> dict[str, Any]:
    users = _find(call, entry)
    if users is None or call.flow["state"] == ARCHIVED or len(users) > 1:
        return {"error": "UNEXPECTED"}
    if not users:
        return {"error": "USER_NOT_FOUND"}
    held = _seat(call, users[0])
    if held is not None:
        return {"error": "ALREADY_ON_FLOW", **_added(call, held)}
    exam_id = None if is_sis(call) else entry.get("uniqueExamId")
    if exam_id is not None and exam_id_taken(call, exam_id):
        return {"error": "UNEXPECTED"}
    insert_participant(call, users[0], exam_id)
    seat = _seat(call, users[0])
    assert seat is not None  # noqa: S101 - it was just inserted
    return _added(call, seat)


def exam_id_taken(call: Call, exam_id: str, but: int = 0) -> bool:
    """Whether another participant of the flow has this unique exam id."""
    row = call.store.one(
        "SELECT 1 FROM participants WHERE flow_id = ? AND exam_id = ? AND id != ?",
        call.flow_id,
        exam_id,
        but,
    )
    return row is not None


def insert_participant(call: Call, user_id: int, exam_id: str | None) -> int:
    """The id of a new participant; numbers count up within the flow."""
    number = call.store.scalar(
        "SELECT coalesce(max(number), 0) + 1 FROM participants WHERE flow_id = ?", call.flow_id
    )
    return call.store.insert(
        "participants",
        flow_id=call.flow_id,
        user_id=user_id,
        number=number,
        activated=1,
        exam_id=exam_id,
        sis=0,
    )


def _find(call: Call, entry: dict[str, Any]) -> list[int] | None:
    """The users that an entry means, or None where it cannot mean any."""
    if "userId" in entry:
        found = call.store.one("SELECT id FROM users WHERE id = ?", entry["userId"])
        return [] if found is None else [found["id"]]
    if "email" in entry:
        return users_by_email(call.store, entry["email"]) if unique_emails(call) else None
    data = entry.get("userData", {})
    if "id" not in data or "value" not in data or data["id"] not in data_types(call):
        return None
    return users_by_data(call.store, data["id"], data["value"])


def _seat(call: Call, user_id: int) -> Row | None:
    return call.store.one(
        "SELECT p.id AS participant_id, p.number, p.exam_id, u.* FROM participants p "
        "JOIN users u ON u.id = p.user_id WHERE p.flow_id = ? AND p.user_id = ?",
        call.flow_id,
        user_id,
    )


def _added(call: Call, row: Row) -> dict[str, Any]:
    return {
        "participant": {
            "id": row["participant_id"],
            "index": row["number"],
            **_exam_id(row["exam_id"]),
        },
        "user": {
            "id": row["id"],
            "firstName": row["first_name"],
            "lastName": row["last_name"],
            "emails": emails_of(call.store, row["id"]),
        },
    }


@operation(
    "POST",
    "/flow/{flowId}/participants/add",
    body=_OLDER_NEW,
    bare=(404,),
    refuses_archived=True,
)
def add_participants_older(call: Call) -> Answer:
    """Ids of those who were added, and why others were not, bare."""
    failed: list[dict[str, Any]] = []
    ids: list[int] = []
    for entry in call.body:
        code, users = _older_find(call, entry)
        if not code and _seat(call, users[0]) is not None:
            code = "AP002"
        if code:
            failed.append({"message": _OLDER_CODES[code], "code": code, "request": entry})
        else:
            exam_id = None if is_sis(call) else entry.get("uniqueExamId")
            ids.append(insert_participant(call, users[0], exam_id))
    return bare({"failed": failed, "ids": ids})


def _older_find(call: Call, entry: dict[str, Any]) -> tuple[str, list[int]]:
    """The code of why an entry means nobody, or "" and its one user."""
    data = entry.get("userData", {})
    users: list[int] = []
    code = ""
    if "email" in entry:
        if unique_emails(call):
            users = users_by_email(call.store, entry["email"])
        else:
            code = "AP004"
    elif "userDataTypeId" not in data or "value" not in data:
        code = "AP006"
    elif data["userDataTypeId"] not in data_types(call):
        code = "AP005"
    else:
        users = users_by_data(call.store, data["userDataTypeId"], data["value"])
    if not code and len(users) != 1:
        code = "AP003" if users else "AP001"
    return code, users


@operation("DELETE", _ONE, refuses_archived=True)
def delete_participant(call: Call) -> Answer:
    """Nothing; 403 once the flow is activated."""
    row = participant(call)
    if call.flow["state"] != DRAFT:
        raise Refusal(403, "Flow is activated")
    for table in ("assessor_allocations", "reviewer_allocations", "group_participants"):
        call.store.run(f"DELETE FROM {table} WHERE participant_id = ?", row["id"])  # noqa: S608
    for table in ("booking_participants", "slots", "submissions", "grades", "audit_events"):
        call.store.run(f"DELETE FROM {table} WHERE participant_id = ?", row["id"])  # noqa: S608
    call.store.run("DELETE FROM participants WHERE id = ?", row["id"])
    return success()


@operation(
    "PUT",
    _ONE + "/activated",
    body=record({"activated": boolean(required=True)}),
    bad_id=400,
    refuses_archived=True,
)
def set_activated(call: Call) -> Answer:
    """Nothing."""
    row = participant(call)
    call.store.run(
        "UPDATE participants SET activated = ? WHERE id = ?", int(call.body["activated"]), row["id"]
    )
    return success()
