"""What moves a flow from state to state by call; all else is moved by the clock."""

from __future__ import annotations

from engine.sandbox.wiseflow.combine import in_sequence, refuse_inner
from engine.sandbox.wiseflow.flow_terms import ARCHIVED, CONCLUDED, DRAFT
from engine.sandbox.wiseflow.flows import set_columns
from engine.sandbox.wiseflow.http import Answer, Call, Refusal, operation, success


@operation("PATCH", "/flows/{flowId}/activate")
def activate(call: Call) -> Answer:
    """Nothing; everybody on the flow gets a message."""
    if call.flow["state"] != DRAFT:
        raise Refusal(403, "Only inactive flows can be activated")
    set_columns(call, activated=1)
    call.store.run(
        "INSERT INTO messages (kind, flow_id, user_id, sent) SELECT 'FLOW_ACTIVATED', flow_id, "
        "user_id, ? FROM participants WHERE flow_id = ? AND activated ORDER BY number",
        call.now,
        call.flow_id,
    )
    call.store.insert(
        "events",
        flow_id=call.flow_id,
        user_id=0,
        context="administrator",
        type="FLOW_ACTIVATED",
        at=call.now,
        payload="{}",
    )
    return success()


@operation("PATCH", "/flows/{flowId}/archive", bad_id=400)
def archive(call: Call) -> Answer:
    """Nothing; only a concluded flow can be archived."""
    if call.flow["state"] != CONCLUDED:
        raise Refusal(400, "Only concluded flows can be archived")
    set_columns(call, archived=1)
    return success()


@operation("PATCH", "/flows/{flowId}/unarchive", bad_id=400)
def unarchive(call: Call) -> Answer:
    """Nothing; the end of marking moves to today, so that it is not archived again at once."""
    if call.flow["state"] != ARCHIVED:
        raise Refusal(400, "Only archived flows can be unarchived")
    set_columns(call, archived=0, marking_end=call.now)
    return success()


@operation("DELETE", "/flows/{flowId}", bad_id=400)
def delete_flow(call: Call) -> Answer:
    """Nothing; the flow can be reopened, unless it was in a sequence: then it is gone at once."""
    refuse_inner(call)
    set_columns(call, deleted=1)
    return success()


@operation("PATCH", "/flows/{flowId}/reopen", bad_id=400, sees_deleted=True)
def reopen(call: Call) -> Answer:
    """Nothing; 400 for a flow that is not deleted."""
    if call.flow["deleted"] and in_sequence(call.flow):
        raise Refusal(404, "Flow not found")
    if not call.flow["deleted"]:
        raise Refusal(400, "The flow is not deleted")
    set_columns(call, deleted=0)
    return success()
