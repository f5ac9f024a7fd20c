"""Everything in the sandbox as plain lists, for tests to look at."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from engine.sandbox.tables import SEAT_TABLES, STATE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.sandbox.store import Row, Store

_STATES = (
    "NOT_ACTIVATED",
    "PARTICIPATION_NOT_STARTED",
    "PARTICIPATION_STARTED",
    "PARTICIPATION_ENDED",
    "CONCLUDED",
    "ARCHIVED",
)


def dump_state(store: Store) -> dict[str, Any]:
    """The clock, and lists of users, flows and the rest; deleted flows are marked `deleted`."""
    with store.transaction(write=False):
        return {
            "now": store.clock.now(),
            "users": _users(store),
            "flows": _flows(store),
            "rooms": [{"id": r["id"], **json.loads(r["body"])} for r in _table(store, "rooms")],
            "webhooks": [
                dict(row) | {"events": json.loads(row["events"]), "active": bool(row["active"])}
                for row in _table(store, "webhooks")
            ],
            "deliveries": [
                dict(row) | {"body": json.loads(row["body"])} for row in _table(store, "deliveries")
            ],
            "messages": [dict(row) for row in _table(store, "messages")],
        }


def _table(store: Store, name: str) -> list[Row]:
    return store.all(f"SELECT * FROM {name} ORDER BY id")  # noqa: S608


def _grouped(rows: list[Row], key: str) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row[key], []).append(dict(row))
    return found


def _users(store: Store) -> list[dict[str, Any]]:
    emails = _grouped(_table(store, "emails"), "user_id")
    roles = _grouped(_table(store, "user_roles"), "user_id")
    data = _grouped(_table(store, "user_data"), "user_id")
    return [
        {
            "id": user["id"],
            "firstName": user["first_name"],
            "lastName": user["last_name"],
            "phone": user["phone"],
            "language": user["language"],
            "loginDeactivated": bool(user["deactivated"]),
            "emails": [
                {
                    "emailId": email["id"],
                    "email": email["email"],
                    "primary": bool(email["is_primary"]),
                    "fromExternalSource": bool(email["external"]),
                    "activated": bool(email["activated"]),
                    "receiveNotifications": bool(email["notifications"]),
                }
                for email in emails.get(user["id"], ())
            ],
            "roles": [role["role_id"] for role in roles.get(user["id"], ())],
            "data": [
                {"userDataId": d["id"], "userDataTypeId": d["type_id"], "value": d["value"]}
                for d in data.get(user["id"], ())
            ],
        }
        for user in _table(store, "users")
    ]


def _flows(store: Store) -> list[dict[str, Any]]:
    seats = {table: _grouped(_table(store, table), "flow_id") for table in SEAT_TABLES}
    lists = {
        "sources": _grouped(_table(store, "sources"), "flow_id"),
        "external_sources": _grouped(_table(store, "external_sources"), "flow_id"),
        "types": _grouped(
            store.all("SELECT * FROM flow_assessor_types ORDER BY position"), "flow_id"
        ),
        "bookings": _grouped(_table(store, "room_bookings"), "flow_id"),
        "groups": _grouped(_table(store, "assessor_groups"), "flow_id"),
        "periods": _grouped(_table(store, "periods"), "flow_id"),
    }
    slots = _grouped(store.all("SELECT * FROM slots ORDER BY position, id"), "period_id")
    allocations = {
        "assessors": _ids(store, "assessor_allocations", "assessor_id"),
        "reviewers": _ids(store, "reviewer_allocations", "reviewer_id"),
        "group_assessors": _pairs(store, "group_assessors", "assessor_id"),
        "group_participants": _pairs(store, "group_participants", "participant_id"),
        "bookings": _ids(store, "booking_participants", "booking_id"),
    }
    outcomes = {
        "submissions": {r["participant_id"]: dict(r) for r in _table(store, "submissions")},
        "grades": {r["participant_id"]: dict(r) for r in _table(store, "grades")},
    }
    rows = store.all(
        f"SELECT f.*, {STATE} AS state FROM flows f ORDER BY f.id",  # noqa: S608
        now=store.clock.now(),
    )
    return [
        _flow(row)
        | _flow_lists(row["id"], lists, allocations)
        | _seats(row["id"], seats, allocations, outcomes)
        | {
            "periods": [
                _period(p, slots.get(p["id"], ())) for p in lists["periods"].get(row["id"], ())
            ]
        }
        for row in rows
    ]


def _period(row: dict[str, Any], slots: Iterable[dict[str, Any]]) -> dict[str, Any]:
    body = {"id": row["id"], "order": row["position"], **json.loads(row["body"])}
    return body | {"slots": [{"id": slot["id"], **json.loads(slot["body"])} for slot in slots]}


def _ids(store: Store, table: str, owner: str) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for row in store.all(f"SELECT * FROM {table} ORDER BY 1, 2"):  # noqa: S608
        found.setdefault(row[owner], []).append(row["participant_id"])
    return found


def _pairs(store: Store, table: str, member: str) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for row in store.all(f"SELECT * FROM {table} ORDER BY 1, 2"):  # noqa: S608
        found.setdefault(row["group_id"], []).append(row[member])
    return found


def _flow(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "title": row["title"],
        "subtitle": row["subtitle"],
        "type": row["type"],
        "state": _STATES[row["state"]],
        "activated": bool(row["activated"]),
        "archived": bool(row["archived"]),
        "deleted": bool(row["deleted"]),
        "code": row["code"],
        "term": row["term"],
        "examinationType": row["examination_type"],
        "purpose": row["purpose"],
        "created": row["created"],
        "participation": {"start": row["participation_start"], "end": row["participation_end"]},
        "marking": {"start": row["marking_start"], "end": row["marking_end"]},
        "description": row["description"],
        "timebox": {
            "enabled": bool(row["timebox_enabled"]),
            "durationMinutes": row["timebox_minutes"],
        },
        "gradingScaleId": row["grading_scale"],
        "anonymisation": {
            "enabled": row["anonymisation"] is not None,
            "type": json.loads(row["anonymisation"] or "null"),
        },
        "allocationType": row["allocation_type"],
        "reviewerApproval": bool(row["reviewer_approval"]),
        "ects": row["ects"],
        "assignments": json.loads(row["assignments"]),
        "mainFlowId": row["main_flow"],
        "isMainFlow": bool(row["is_main"]),
        "reassessmentOf": row["reassessment_of"],
    }


def _flow_lists(flow_id: int, lists: Any, allocations: Any) -> dict[str, Any]:
    return {
        "sources": [
            {"sourceId": s["source_id"], "code": s["code"], "integration": s["integration"]}
            for s in lists["sources"].get(flow_id, ())
        ],
        "externalSources": [
            {
                "id": s["id"],
                "reference": s["reference"],
                "description": s["description"],
                "state": s["state"],
            }
            for s in lists["external_sources"].get(flow_id, ())
        ],
        "assessorTypes": [
            {"id": t["type_id"], "instruction": t["instruction"]}
            for t in lists["types"].get(flow_id, ())
        ],
        "roomBookings": [
            {
                "id": b["id"],
                "roomId": b["room_id"],
                **json.loads(b["body"]),
                "participantIds": allocations["bookings"].get(b["id"], []),
            }
            for b in lists["bookings"].get(flow_id, ())
        ],
        "assessorGroups": [
            {
                "id": g["id"],
                "title": g["title"],
                "assessorIds": allocations["group_assessors"].get(g["id"], []),
                "participantIds": allocations["group_participants"].get(g["id"], []),
            }
            for g in lists["groups"].get(flow_id, ())
        ],
    }


def _seats(flow_id: int, seats: Any, allocations: Any, outcomes: Any) -> dict[str, Any]:
    def of(table: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = seats[table].get(flow_id, [])
        return found

    def seat(name: str, row: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {name: row["id"], "userId": row["user_id"], **more}

    return {
        "managers": [seat("managerId", r, isCreator=bool(r["creator"])) for r in of("managers")],
        "authors": [seat("authorId", r) for r in of("authors")],
        "assessors": [
            seat(
                "assessorId",
                r,
                assessorTypeId=r["type_id"],
                participantIds=allocations["assessors"].get(r["id"], []),
            )
            for r in of("assessors")
        ],
        "reviewers": [
            seat(
                "reviewerId",
                r,
                isAllocatedToAll=bool(r["to_all"]),
                hasAccessToAssessmentInformation=bool(r["sees"]),
                canDecideOnFinalGrade=bool(r["decides"]),
                participantIds=allocations["reviewers"].get(r["id"], []),
            )
            for r in of("reviewers")
        ],
        "invigilators": [
            seat("invigilatorId", r, isHeadInvigilator=bool(r["head"])) for r in of("invigilators")
        ],
        "participants": [_participant(r, seat, outcomes) for r in of("participants")],
    }


def _participant(row: dict[str, Any], seat: Any, outcomes: Any) -> dict[str, Any]:
    submission = outcomes["submissions"].get(row["id"])
    grade = outcomes["grades"].get(row["id"])
    shown: dict[str, Any] = seat(
        "participantId",
        row,
        number=row["number"],
        activated=bool(row["activated"]),
        sis=bool(row["sis"]),
        uniqueExamId=row["exam_id"],
        participation={"start": row["participation_start"], "end": row["participation_end"]},
        marking={"end": row["marking_end"]},
        timebox=None
        if row["timebox_enabled"] is None
        else {
            "enabled": bool(row["timebox_enabled"]),
            "durationMinutes": row["timebox_minutes"],
        },
        handedIn=None if submission is None else bool(submission["handed_in"]),
        grade=None if grade is None else grade["grade"],
        adminGrade=None if grade is None else grade["admin_grade"],
        exportState=None if grade is None else grade["export_state"],
    )
    return shown
