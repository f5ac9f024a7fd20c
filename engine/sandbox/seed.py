"""Fill the tables from an institution: plain dicts in, rows out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.sandbox.store import Store

Rows = list[tuple[Any, ...]]
Dict = dict[str, Any]

LICENCE_LISTS = (
    "licence",
    "roles",
    "user_data_types",
    "flow_types",
    "grading_scales",
    "assessor_types",
    "flow_purposes",
    "modules",
    "sis_clients",
)

_FLOW_INSERT = """INSERT INTO flows (id, title, subtitle, type, code, term, examination_type,
    purpose, created, activated, archived, deleted, participation_start, participation_end,
    marking_start, marking_end, description, description_updated, timebox_enabled,
    timebox_minutes, grading_scale, anonymisation, allocation_type, reviewer_approval, ects,
    sis_allocation, item_based_marking, main_flow, assignments, content)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
    ?)"""


def load_institution(store: Store, institution: Any, now: int) -> None:
    """Write every row of the institution as of a Unix time; the tables must be empty."""
    licence = store.documents("licence")
    for name in LICENCE_LISTS:
        licence[name] = getattr(institution, name)
    load_users(store, institution.users, now)
    load_flows(store, institution.flows, now)
    for room in getattr(institution, "rooms", ()):
        columns = {"id": room["id"]} if "id" in room else {}
        store.insert("rooms", **columns, body=json.dumps(room, ensure_ascii=False))


def load_users(store: Store, users: Iterable[Dict], now: int) -> None:
    """Write users with what belongs to them."""
    people: Rows = []
    emails: Rows = []
    roles: Rows = []
    data: Rows = []
    for user in users:
        people.append(_user_row(user, now))
        emails += [_email_row(user["id"], email) for email in user.get("emails", ())]
        roles += [(user["id"], role) for role in user.get("roles", ())]
        data += [(user["id"], d["userDataTypeId"], d["value"]) for d in user.get("data", ())]
    store.many("INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, ?, ?)", people)
    store.many(
        "INSERT INTO emails (user_id, email, folded, is_primary, external, activated, "
        "notifications) VALUES (?, ?, ?, ?, ?, ?, ?)",
        emails,
    )
    store.many("INSERT INTO user_roles (user_id, role_id) VALUES (?, ?)", roles)
    store.many("INSERT INTO user_data (user_id, type_id, value) VALUES (?, ?, ?)", data)


def _user_row(user: Dict, now: int) -> tuple[Any, ...]:
    return (
        user["id"],
        user["firstName"],
        user["lastName"],
        user.get("phone") or "",
        user.get("language") or "en_GB",
        int(user.get("loginDeactivated", False)),
        user.get("created", now - 40_000_000),
        user.get("lastLogin", 0),
    )


def _email_row(user_id: int, email: Dict) -> tuple[Any, ...]:
    return (
        user_id,
        email["email"],
        email["email"].casefold(),
        int(email.get("primary", False)),
        int(email.get("fromExternalSource", False)),
        int(email.get("activated", True)),
        int(email.get("receiveNotifications", True)),
    )


def load_flows(store: Store, flows: Iterable[Dict], now: int) -> None:
    """Write flows with their lists and seats."""
    for flow in flows:
        store.run(_FLOW_INSERT, *_flow_row(flow, now))
        _load_flow_lists(store, flow, now)
        _load_staff(store, flow)
        store.many(
            "INSERT INTO participants (flow_id, user_id, number, activated, exam_id, sis) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            [
                (
                    flow["id"],
                    seat["userId"],
                    number,
                    int(seat.get("activated", True)),
                    seat.get("uniqueExamId"),
                    int(seat.get("sis", False)),
                )
                for number, seat in enumerate(flow.get("participants", ()), 1)
            ],
        )


def _flow_row(flow: Dict, now: int) -> tuple[Any, ...]:
    participation = flow.get("participation") or {}
    marking = flow.get("marking") or {}
    timebox = flow.get("timebox") or {}
    description = flow.get("description")
    return (
        flow["id"],
        flow.get("title"),
        flow.get("subtitle"),
        flow["type"],
        flow.get("code"),
        flow.get("term"),
        flow.get("examinationType") or "ORDINARY",
        flow.get("purpose") or "EXAMINATION",
        flow.get("created", now - 8_000_000),
        int(flow.get("activated", False)),
        int(flow.get("archived", False)),
        int(flow.get("deleted", False)),
        participation.get("start"),
        participation.get("end"),
        marking.get("start"),
        marking.get("end"),
        description,
        None if description is None else flow.get("created", now - 8_000_000),
        int(timebox.get("enabled", False)),
        timebox.get("durationMinutes"),
        flow.get("gradingScaleId"),
        _anonymisation(flow),
        flow.get("allocationType") or "SINGLE_ASSESSOR",
        int(bool(flow.get("reviewerApproval", False))),
        flow.get("ects"),
        int(bool(flow.get("sisAllocation", False))),
        int(bool(flow.get("itemBasedMarking", False))),
        flow.get("mainFlow"),
        json.dumps(flow.get("assignments") or [], ensure_ascii=False),
        json.dumps(flow.get("content") or {}, ensure_ascii=False),
    )


def _anonymisation(flow: Dict) -> str | None:
    """The type of an anonymisation in the shape of its GET, as JSON."""
    given = flow.get("anonymisation")
    return json.dumps(given["type"]) if given and given["enabled"] else None


def _load_flow_lists(store: Store, flow: Dict, now: int) -> None:
    id_ = flow["id"]
    for source in flow.get("sources", ()):
        store.insert(
            "sources",
            flow_id=id_,
            source_id=source["sourceId"],
            code=source["code"],
            integration=str(source["integration"]),
        )
    for source in flow.get("externalSources", ()):
        store.insert(
            "external_sources",
            flow_id=id_,
            reference=source["reference"],
            description=source.get("description"),
            created=now,
            updated=now,
            state="NONE",
        )
    for position, type_ in enumerate(flow.get("assessorTypes", ())):
        store.run(
            "INSERT INTO flow_assessor_types VALUES (?, ?, ?, ?)",
            id_,
            type_["id"],
            type_.get("instruction"),
            position,
        )


def _load_staff(store: Store, flow: Dict) -> None:
    id_ = flow["id"]
    for index, user_id in enumerate(flow.get("managers", ())):
        store.insert("managers", flow_id=id_, user_id=user_id, creator=int(index == 0))
    for user_id in flow.get("authors", ()):
        store.insert("authors", flow_id=id_, user_id=user_id)
    for seat in flow.get("assessors", ()):
        store.insert(
            "assessors", flow_id=id_, user_id=seat["userId"], type_id=seat.get("assessorTypeId")
        )
    for seat in flow.get("reviewers", ()):
        store.insert(
            "reviewers",
            flow_id=id_,
            user_id=seat["userId"],
            to_all=int(seat.get("isAllocatedToAll", False)),
            sees=int(seat.get("hasAccessToAssessmentInformation", False)),
            decides=int(seat.get("canDecideOnFinalGrade", False)),
        )
    for seat in flow.get("invigilators", ()):
        store.insert(
            "invigilators",
            flow_id=id_,
            user_id=seat["userId"],
            head=int(seat.get("isHeadInvigilator", False)),
        )
