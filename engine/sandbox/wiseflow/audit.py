"""The marking audit trail: what happened to the grade of a participant, and by whom."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from engine.sandbox.wiseflow.http import Answer, Call, operation, page, page_of
from engine.sandbox.wiseflow.participants import participant

if TYPE_CHECKING:
    from engine.sandbox.store import Row

# Ids are UUIDs in the document; the same row has the same one always.
_NAMESPACE = uuid.UUID("6f1d2a3e-7f6c-5b58-9a40-1d1f6f0b7c11")

_BEFORE = "FROM audit_events WHERE participant_id = ? AND (? = 0 OR at * 1000 < ?)"
_PAGE = f"SELECT * {_BEFORE} ORDER BY at DESC, id DESC LIMIT ?"
_TOTAL = f"SELECT count(*) {_BEFORE}"


@operation("GET", "/flows/{flowId}/participants/{participantId}/marking-audit-trail", bad_id=400)
def marking_audit_trail(call: Call) -> Answer:
    """A page of the events, latest first.

    The offset is a moment in milliseconds here, not a number of rows: what is older is shown.
    Source: WISEflow help, marking audit trail.
    """
    person = participant(call)
    offset, limit = page_of(call, 100, default=10)
    asked = (person["id"], offset, offset)
    rows = call.store.all(_PAGE, *asked, limit)
    total = call.store.scalar(_TOTAL, *asked)
    return page({"auditEvents": [_event(row) for row in rows]}, offset, limit, total)


def _event(row: Row) -> dict[str, Any]:
    """The grade is the stored value, a whole number; the timestamp counts seconds."""
    grade = None
    if row["grade"] is not None:
        grade = {"value": int(row["grade"]), "scaleId": row["scale"]}
    shown = {
        "id": str(uuid.uuid5(_NAMESPACE, str(row["id"]))),
        "grade": grade,
        "score": None,
        "points": None,
        "markingAuditNote": row["note"],
        "assessorUserId": row["assessor_user"],
        "type": row["type"],
        "timestamp": row["at"],
    }
    return shown if row["by_user"] is None else shown | {"triggeredBy": {"userId": row["by_user"]}}
