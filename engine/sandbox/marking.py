"""Who marks whom on a flow, and the audit trail that marking leaves behind.

Source of the types of audit events: WISEflow OpenAPI, audit-event-response.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from engine.sandbox.store import Store

SUBMITTED = "assessor.audit.log.submit.grade"
CONFLICTING = "assessor.audit.log.conflicting.grade"
FINALIZED = "assessor.audit.log.finalized.grade"
REMOVED = "assessor.audit.log.remove.grade"
REVIEWED = "reviewer.audit.log.finalized.grade"
UNLOCKED = "manager.audit.log.unlock.grade"
BY_MANAGER = "manager.audit.log.submit.grade"

AUDIT_INSERT = (
    "INSERT INTO audit_events (participant_id, type, at, by_user, assessor_user, grade, scale, "
    "note) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)

_DIRECT = (
    "SELECT l.participant_id, a.user_id FROM assessors a "
    "JOIN assessor_allocations l ON l.assessor_id = a.id WHERE a.flow_id = ? ORDER BY a.id"
)
_GROUPED = (
    "SELECT p.participant_id, a.user_id FROM assessor_groups g "
    "JOIN group_participants p ON p.group_id = g.id "
    "JOIN group_assessors m ON m.group_id = g.id JOIN assessors a ON a.id = m.assessor_id "
    "WHERE g.flow_id = ? ORDER BY a.id"
)


class AuditEvent(NamedTuple):
    """A row of a participant's audit trail; user ids say who acted and whose mark it is."""

    participant_id: int
    type: str
    at: int
    by_user: int | None
    assessor_user: int | None
    grade: str | None
    scale: int | None
    note: str | None = None


class Markers:
    """The user ids of those who mark a flow's participants."""

    def __init__(self, store: Store, flow_id: int) -> None:
        self._allocated: dict[int, list[int]] = {}
        for query in (_DIRECT, _GROUPED):
            for row in store.all(query, flow_id):
                self._allocated.setdefault(row[0], []).append(row[1])
        assessors = "SELECT user_id FROM assessors WHERE flow_id = ? ORDER BY id"
        self._everybody: list[int] = [row[0] for row in store.all(assessors, flow_id)]
        self.reviewer: int | None = store.scalar(
            "SELECT r.user_id FROM reviewers r JOIN flows f ON f.id = r.flow_id "
            "WHERE f.id = ? AND r.decides AND f.reviewer_approval ORDER BY r.id",
            flow_id,
        )
        """Who decides on the final grades, where the flow has reviewer approval."""
        self.manager: int | None = store.scalar(
            "SELECT user_id FROM managers WHERE flow_id = ? ORDER BY creator DESC, id", flow_id
        )

    def of(self, participant_id: int) -> list[int]:
        """At most two: the allocated assessors, else the flow's first ones."""
        return (self._allocated.get(participant_id) or self._everybody)[:2]


def finalized(markers: Markers, participant_id: int, at: int, **grade: Any) -> AuditEvent:
    """The grade becomes final: by the deciding reviewer, the last assessor, or a manager."""
    assessors = markers.of(participant_id)
    if markers.reviewer is not None:
        return AuditEvent(participant_id, REVIEWED, at, markers.reviewer, None, **grade)
    if assessors:
        return AuditEvent(participant_id, FINALIZED, at, assessors[-1], assessors[-1], **grade)
    return AuditEvent(participant_id, BY_MANAGER, at, markers.manager, None, **grade)
