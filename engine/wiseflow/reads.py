"""The operations that only read: all that a read-only command may send, and their shapes.

Method and path template as the WISEflow OpenAPI document 1.34.0 has them; searches are POST. Left
out are deprecated operations and recordings of people (voice, faces, screens), which nobody needs.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

READS: dict[str, type[list[object]] | type[dict[str, object]]] = {
    "POST /oauth2/token": dict,
    "GET /files/{fileId}/quarantine": dict,
    "GET /flow/{flowId}": dict,
    "GET /flow/{flowId}/assessments": list,
    "GET /flow/{flowId}/assessments/{participantId}": dict,
    "GET /flow/{flowId}/assignments": list,
    "GET /flow/{flowId}/content": dict,
    "GET /flow/{flowId}/groups": list,
    "GET /flow/{flowId}/user/{userId}/relation/{relation}": dict,
    "POST /flows/search": list,
    "GET /flows/{flowId}/anonymisation": dict,
    "GET /flows/{flowId}/assessor-groups": list,
    "GET /flows/{flowId}/assessor-groups/{assessorGroupId}": dict,
    "GET /flows/{flowId}/assessor-types": list,
    "GET /flows/{flowId}/assessors": list,
    "GET /flows/{flowId}/assessors/annotations": list,
    "GET /flows/{flowId}/assessors/common-comments": list,
    "GET /flows/{flowId}/assessors/groups": list,
    "GET /flows/{flowId}/assessors/marked-revision-files": list,
    "GET /flows/{flowId}/assessors/submission-comments": list,
    "GET /flows/{flowId}/assessors/{assessorId}/allocations": dict,
    "GET /flows/{flowId}/assignments/{publishedReference}": dict,
    "GET /flows/{flowId}/attendance/participants": dict,
    "GET /flows/{flowId}/attendance/participants/{participantId}": dict,
    "GET /flows/{flowId}/authors": list,
    "GET /flows/{flowId}/combine": dict,
    "GET /flows/{flowId}/dates": dict,
    "GET /flows/{flowId}/description": dict,
    "GET /flows/{flowId}/external-sources": list,
    "GET /flows/{flowId}/external-sources/participants/{participantId}": list,
    "GET /flows/{flowId}/external-sources/{flowExternalSourceId}": dict,
    "GET /flows/{flowId}/grading-scale": dict,
    "GET /flows/{flowId}/invigilators": list,
    "GET /flows/{flowId}/logs": list,
    "GET /flows/{flowId}/managers": list,
    "GET /flows/{flowId}/marking-stats/assessors/{assessorId}/scores": list,
    "GET /flows/{flowId}/marking-stats/responses": list,
    "GET /flows/{flowId}/marking-stats/scores": list,
    "GET /flows/{flowId}/marking/assessor-allocation-type": dict,
    "GET /flows/{flowId}/metadata": dict,
    "GET /flows/{flowId}/monitor-comments": list,
    "GET /flows/{flowId}/participants": list,
    "GET /flows/{flowId}/participants/{participantId}": dict,
    "GET /flows/{flowId}/participants/{participantId}/allocations": dict,
    "GET /flows/{flowId}/participants/{participantId}/dates": dict,
    "GET /flows/{flowId}/participants/{participantId}/item-based-marks": list,
    "GET /flows/{flowId}/participants/{participantId}/marking-audit-trail": dict,
    "GET /flows/{flowId}/participants/{participantId}/monitor-comments": list,
    "GET /flows/{flowId}/participants/{participantId}/rubrics": list,
    "GET /flows/{flowId}/participants/{participantId}/timebox": dict,
    "GET /flows/{flowId}/participants/{participantId}/unique-exam-id": dict,
    "GET /flows/{flowId}/periods": list,
    "GET /flows/{flowId}/remarking": dict,
    "GET /flows/{flowId}/reviewers": list,
    "GET /flows/{flowId}/reviewers/{reviewerId}/allocations": dict,
    "GET /flows/{flowId}/room-bookings": list,
    "GET /flows/{flowId}/room-bookings/{roomBookingId}/participants": list,
    "GET /flows/{flowId}/rubrics": list,
    "GET /flows/{flowId}/sources": list,
    "GET /flows/{flowId}/sources/{sourceId}/participants": list,
    "GET /flows/{flowId}/submissions": list,
    "GET /flows/{flowId}/submissions/{submissionId}": dict,
    "GET /flows/{flowId}/submissions/{submissionId}/files": list,
    "GET /flows/{flowId}/submissions/{submissionId}/files/{fileId}": dict,
    "GET /flows/{flowId}/submissions/{submissionId}/responses": dict,
    "GET /flows/{flowId}/timebox": dict,
    "GET /license/assessor-types": list,
    "GET /license/flow-purposes": list,
    "GET /license/flow-types": list,
    "GET /license/grading-scales": list,
    "GET /license/info": dict,
    "GET /license/logs": list,
    "GET /license/modules": dict,
    "GET /license/roles": list,
    "GET /license/roles/{roleId}/user-count": list,
    "GET /license/rooms": list,
    "GET /license/rooms/{roomId}": dict,
    "GET /license/rooms/{roomId}/flows": list,
    "GET /license/sis/clients": list,
    "GET /license/submissions": list,
    "GET /license/user-data-types": list,
    "POST /participation-events": list,
    "POST /sources/search": list,
    "GET /user/eduPrincipalName/{orgId}": dict,
    "GET /user/userDataType/{userDataType}/{value}": dict,
    "GET /user/{userId}/flows": dict,
    "GET /user/{userId}/flows/archived": dict,
    "GET /user/{userId}/info": dict,
    "POST /users/search": list,
    "GET /users/{userId}": dict,
    "GET /users/{userId}/emails": list,
    "GET /users/{userId}/roles": list,
    "GET /users/{userId}/user-data": list,
    "GET /webhooks": list,
    "GET /webhooks/{webhookId}": dict,
}
"""From operation to what its answer holds below the envelope: a list or an object."""

TEXT_IDS = frozenset({"orgId", "userDataType", "value", "publishedReference", "relation"})
"""Parts of paths that are text; all others are numbers."""


def is_read(method: str, path: str) -> bool:
    """Whether a request, its path below the API's base, is on the list."""
    steps = {unquote(segment) for segment in path.split("/")}
    return not steps & {".", ".."} and _ALLOWED.fullmatch(f"{method} {path}") is not None


def _pattern(read: str) -> str:
    return re.sub(r"\\\{(\w+)\\\}", _id_pattern, re.escape(read))


def _id_pattern(name: re.Match[str]) -> str:
    return "[^/]+" if name[1] in TEXT_IDS else "[0-9]+"


_ALLOWED = re.compile("|".join(f"(?:{_pattern(read)})" for read in READS))
