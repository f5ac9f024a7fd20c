"""What happened on flows: raw logs, and the structured participation events."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from engine.sandbox.wiseflow.bodies import array, integer, record, text
from engine.sandbox.wiseflow.http import Answer, Call, Refusal, operation, page, success

if TYPE_CHECKING:
    from engine.sandbox.store import Row

KEPT = 16 * 7 * 86_400  # seconds; source: WISEflow OpenAPI, tag of the log operations
MOST = 10_000

PARTICIPATION = (
    "FACIAL_RECOGNITION",
    "INDIVIDUAL_DEADLINE",
    "PARTICIPANT_PRESENCE",
    "CHARACTERS_TYPED",
    "PAPER_HANDED_IN",
    "PAPER_SAVED",
    "PAPER_WITHDRAWN",
    "FLOW_OPENED",
    "FEEDBACK_ACCESSED",
    "ASSIGNMENT_ACCESSED",
    "PROGRESS",
    "HEARTBEAT",
    "DEVICE_MONITOR_HEARTBEAT",
    "DEVICE_MONITOR_SCREENSHOT",
    "DEVICE_MONITOR_SESSION",
    "VOICE_DETECTION",
    "LOG",
)
_CONTEXTS = ("assessor", "participant", "administrator")

# The moment of a row in milliseconds, different for different rows of one second.
_SORT = "(e.at * 1000 + e.id % 1000)"

_EVENTS = record(
    {
        "flowId": integer(nullable=True),
        "userId": integer(nullable=True),
        "types": array(text(enum=PARTICIPATION)),
        "timestamp": record({"from": integer(required=True), "to": integer(required=True)}),
        "pagination": record({"limit": integer(least=1), "offset": integer(least=0)}),
    }
)


@operation("GET", "/flows/{flowId}/logs", bad_id=400)
def list_flow_logs(call: Call) -> Answer:
    """The log of a flow, oldest first, after the moment (milliseconds) that `offset` is."""
    context = call.query.get("type") or None
    if context is not None and context not in _CONTEXTS:
        raise Refusal(400, "Invalid query parameters", ("type", f"one of {', '.join(_CONTEXTS)}"))
    return _logs(call, call.flow_id, context)


@operation("GET", "/license/logs", bad_id=400)
def list_licence_logs(call: Call) -> Answer:
    """The log of all flows, oldest first, after the moment (milliseconds) that `offset` is."""
    return _logs(call, None, None)


def _logs(call: Call, flow_id: int | None, context: str | None) -> Answer:
    offset, limit = _number(call, "offset", 0), _number(call, "limit", MOST)
    if not 1 <= limit <= MOST:
        raise Refusal(400, "Invalid query parameters", ("limit", f"from 1 to {MOST}"))
    rows = call.store.all(
        f"SELECT e.*, {_SORT} AS sort FROM events e WHERE e.at > :kept AND {_SORT} > :offset "  # noqa: S608
        "AND (:flow IS NULL OR e.flow_id = :flow) "
        "AND (:context IS NULL OR e.context = :context) ORDER BY sort, e.id LIMIT :limit",
        kept=call.now - KEPT,
        offset=offset,
        flow=flow_id,
        context=context,
        limit=limit,
    )
    return success([_log(row) for row in rows])


def _log(row: Row) -> dict[str, Any]:
    source = {
        "flowId": row["flow_id"],
        "userId": row["user_id"],
        "context": row["context"],
        "event": row["type"],
        "timestamp": row["sort"],
        "data": json.loads(row["payload"]),
    }
    return {
        "_id": f"log-{row['id']}",
        "_source": json.dumps(source, ensure_ascii=False),
        "sort": [row["sort"]],
    }


def _number(call: Call, name: str, default: int) -> int:
    raw = call.query.get(name, "")
    if raw == "":
        return default
    if not (raw.isascii() and raw.isdigit() and len(raw) < 16):
        raise Refusal(400, "Invalid query parameters", (name, f"{name} must be an integer"))
    return int(raw)


@operation("POST", "/participation-events", body=_EVENTS)
def list_participation_events(call: Call) -> Answer:
    """A page of what participants did, oldest first; paging is in the body."""
    body = call.body
    if body.get("flowId") is not None and not call.store.one(
        "SELECT 1 FROM flows WHERE id = ?", body["flowId"]
    ):
        raise Refusal(403, "Flow not on license")
    paging = body.get("pagination", {})
    offset, limit = paging.get("offset", 0), paging.get("limit", 1000)
    types = body.get("types") or PARTICIPATION
    times = body.get("timestamp", {"from": 0, "to": 2**62})
    # The words have passed the enum, so that they can stand in the statement.
    where = (
        f"FROM events WHERE type IN ({', '.join(repr(type_) for type_ in types)}) "
        "AND context = 'participant' AND at BETWEEN :start AND :end "
        "AND (:flow IS NULL OR flow_id = :flow) AND (:user IS NULL OR user_id = :user)"
    )
    asked = {
        "start": times["from"],
        "end": times["to"],
        "flow": body.get("flowId"),
        "user": body.get("userId"),
    }
    total = call.store.scalar(f"SELECT count(*) {where}", **asked)
    rows = call.store.all(
        f"SELECT * {where} ORDER BY at, id LIMIT :limit OFFSET :offset",
        **asked,
        limit=limit,
        offset=offset,
    )
    return page([_event(row) for row in rows], offset, limit, total)


def _event(row: Row) -> dict[str, Any]:
    return {
        "timestamp": row["at"],
        "type": row["type"],
        "userId": row["user_id"],
        "flowId": row["flow_id"],
        "payload": row["payload"],
    }
