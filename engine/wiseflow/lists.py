"""What tells a whole answer from a part of one, as far as a single answer can.

A list without pages says nothing of how many rows are due. What is left to see: an answer that
lacks the envelope in which this operation comes, a row without its id, a row that comes twice, and
an empty list where WISEflow always has something. Second looks elsewhere are in `witness`.
"""

from __future__ import annotations

from typing import Any

from engine.wiseflow.reads import READS

ROW_IDS = {
    "POST /users/search": "id",
    "POST /flows/search": "flowId",
    "GET /flows/{flowId}/participants": "participantId",
    "GET /flows/{flowId}/assessors": "assessorId",
    "GET /flows/{flowId}/assessors/groups": "assessorId",
    "GET /flows/{flowId}/room-bookings": "roomBookingId",
    "GET /flows/{flowId}/sources/{sourceId}/participants": "participantId",
    "GET /license/rooms": "id",
}
"""The member that tells rows of paged lists apart. Source: WISEflow OpenAPI, these operations."""

WHOLE_ROW_IDS = {
    "GET /flow/{flowId}/assessments": "participantId",
    "GET /flows/{flowId}/managers": "managerId",
    "GET /flows/{flowId}/authors": "authorId",
    "GET /flows/{flowId}/reviewers": "reviewerId",
    "GET /flows/{flowId}/invigilators": "invigilatorId",
    "GET /flows/{flowId}/external-sources": "id",
    "GET /flows/{flowId}/sources": "sourceId",
    "GET /flows/{flowId}/assessor-groups": "id",
    "GET /flows/{flowId}/assessor-types": "id",
    "GET /license/assessor-types": "id",
    "GET /license/flow-types": "id",
    "GET /license/grading-scales": "id",
    "GET /license/roles": "roleId",
    "GET /license/sis/clients": "integrationId",
    "GET /license/user-data-types": "id",
    "GET /users/{userId}/emails": "emailId",
    "GET /users/{userId}/roles": "userRoleId",
    "GET /users/{userId}/user-data": "userDataId",
    "GET /webhooks": "id",
}
"""The same of lists that are answered whole."""

NEVER_EMPTY = {
    "GET /flows/{flowId}/managers": "a flow always has a manager",
    "GET /license/flow-types": "a licence always has flow types",
    "GET /license/roles": "a licence always has roles",
    "GET /license/user-data-types": "a licence always has user data types",
}
"""Source: POST /license/create/flow requires managers; protected roles are UNIwise's own."""

MEMBERS_DUE = {
    "GET /flows/{flowId}/metadata": "title",
    "GET /users/{userId}": "firstName",
    "GET /flows/{flowId}/anonymisation": "enabled",
    "GET /flows/{flowId}/grading-scale": "gradingScaleId",
    "GET /flows/{flowId}/marking/assessor-allocation-type": "allocationType",
    "GET /flows/{flowId}/timebox": "enabled",
}
"""Objects of which an empty one would say that something is off, or blank what is written back."""

BARE = frozenset(
    {
        "POST /oauth2/token",
        "GET /flow/{flowId}",
        "GET /flow/{flowId}/assessments",
        "GET /flow/{flowId}/assignments",
        "GET /flow/{flowId}/content",
        "GET /flow/{flowId}/groups",
        "GET /flow/{flowId}/user/{userId}/relation/{relation}",
        "GET /flows/{flowId}/assignments/{publishedReference}",
        "GET /flows/{flowId}/submissions/{submissionId}",
        "GET /license/info",
        "GET /license/rooms/{roomId}",
        "GET /license/sis/clients",
        "GET /license/submissions",
        "GET /user/eduPrincipalName/{orgId}",
        "GET /user/userDataType/{userDataType}/{value}",
        "GET /user/{userId}/flows",
        "GET /user/{userId}/flows/archived",
        "GET /user/{userId}/info",
    }
)
"""Reads that come without an envelope. Source: WISEflow OpenAPI, their answers."""


def envelope_due(operation: str) -> bool:
    """Whether the answer of a read comes in an envelope, so that a bare one is not its answer."""
    return operation in READS and operation not in BARE


def lacking(operation: str, payload: Any) -> str:
    """Why the payload of a read cannot be all there is; empty where nothing speaks against it."""
    if isinstance(payload, dict):
        name = MEMBERS_DUE.get(operation, "")
        return "" if not name or name in payload else f"the answer lacks {name}"
    if not payload and operation in NEVER_EMPTY:
        return f"the list is empty, but {NEVER_EMPTY[operation]}"
    name = WHOLE_ROW_IDS.get(operation, "")
    if not name:
        return ""
    ids = [row.get(name) if isinstance(row, dict) else None for row in payload]
    if not all(isinstance(one, int | str) for one in ids):
        return f"a row has no {name}"
    return "" if len(set(ids)) == len(ids) else "a row came twice"
