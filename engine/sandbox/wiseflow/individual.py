"""What can differ for a single participant beside the dates: timebox and unique exam id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sandbox.wiseflow.bodies import FLAG, integer, record, text
from engine.sandbox.wiseflow.http import Answer, Call, Refusal, empty, operation, success
from engine.sandbox.wiseflow.participants import exam_id_taken, participant
from engine.sandbox.wiseflow.sis import is_sis

if TYPE_CHECKING:
    from engine.sandbox.store import Row

_TIMEBOX = "/flows/{flowId}/participants/{participantId}/timebox"
_EXAM_ID = "/flows/{flowId}/participants/{participantId}/unique-exam-id"


def _timebox(call: Call, row: Row) -> dict[str, Any]:
    """The timebox that holds: once it differs it no longer follows the flow's."""
    own = row["timebox_enabled"] is not None
    started = call.store.one("SELECT 1 FROM submissions WHERE participant_id = ?", row["id"])
    return {
        "enabled": bool(row["timebox_enabled"] if own else call.flow["timebox_enabled"]),
        "durationMinutes": (row["timebox_minutes"] if own else call.flow["timebox_minutes"]) or 0,
        "isStarted": started is not None,
    }


@operation("GET", _TIMEBOX)
def get_timebox(call: Call) -> Answer:
    """The timebox that holds for a participant."""
    return success(_timebox(call, participant(call)))


@operation(
    "PUT",
    _TIMEBOX,
    body=record(
        {"enabled": FLAG, "durationMinutes": integer(required=True, nullable=True, least=1)}
    ),
    bad_id=400,
    refuses_archived=True,
)
def put_timebox(call: Call) -> Answer:
    """The timebox after the change; 403 where the flow has none or participation is over."""
    row = participant(call)
    if not call.flow["timebox_enabled"]:
        raise Refusal(403, "Timebox is not enabled for the flow")
    end = row["participation_end"] or call.flow["participation_end"]
    if end is not None and end <= call.now:
        raise Refusal(403, "The participation end date has been reached")
    enabled, minutes = call.body["enabled"], call.body["durationMinutes"]
    if enabled and minutes is None:
        message = "durationMinutes must not be null where the timebox is enabled"
        raise Refusal(400, "Invalid request", ("durationMinutes", message))
    general = (bool(call.flow["timebox_enabled"]), call.flow["timebox_minutes"])
    follows = (enabled, minutes) == general
    call.store.run(
        "UPDATE participants SET timebox_enabled = ?, timebox_minutes = ? WHERE id = ?",
        None if follows else int(enabled),
        None if follows else minutes,
        row["id"],
    )
    return success(_timebox(call, participant(call)))


@operation("GET", _EXAM_ID)
def get_exam_id(call: Call) -> Answer:
    """The unique exam id; 404 where there is none."""
    row = participant(call)
    if row["exam_id"] is None:
        raise Refusal(404, "UniqueExamId is not set")
    return success({"uniqueExamId": row["exam_id"]})


@operation(
    "PUT",
    _EXAM_ID,
    body=record({"uniqueExamId": text(required=True, shortest=1, longest=255)}),
    bad_id=400,
    refuses_archived=True,
)
def put_exam_id(call: Call) -> Answer:
    """The unique exam id after the change; 403 on a flow that the SIS feeds."""
    row = participant(call)
    if is_sis(call):
        raise Refusal(403, "Flow is created with SIS")
    exam_id = call.body["uniqueExamId"]
    if exam_id_taken(call, exam_id, but=row["id"]):
        message = "another participant of the flow has this unique exam id"
        raise Refusal(400, "Invalid request", ("uniqueExamId", message))
    call.store.run("UPDATE participants SET exam_id = ? WHERE id = ?", exam_id, row["id"])
    return success({"uniqueExamId": exam_id})


@operation("DELETE", _EXAM_ID, refuses_archived=True)
def delete_exam_id(call: Call) -> Answer:
    """No body."""
    row = participant(call)
    if is_sis(call):
        raise Refusal(403, "Flow is created with SIS")
    call.store.run("UPDATE participants SET exam_id = NULL WHERE id = ?", row["id"])
    return empty()
