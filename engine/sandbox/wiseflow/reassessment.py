"""POST /flow/{flowId}/reassessment: the one flow in which another is examined again."""

from __future__ import annotations

from engine.sandbox.institution.licence import REASSESSMENT
from engine.sandbox.wiseflow.bodies import boolean, record
from engine.sandbox.wiseflow.copying import copied, copy_assessor_types
from engine.sandbox.wiseflow.create import insert_flow
from engine.sandbox.wiseflow.flow_terms import ARCHIVED, DRAFT
from engine.sandbox.wiseflow.http import Answer, Call, Refusal, bare, operation


@operation(
    "POST",
    "/flow/{flowId}/reassessment",
    body=record({"synchronize": boolean()}),
    needs_body=False,
    bare=(403, 404),
)
def reassess(call: Call) -> Answer:
    """The draft, with the settings of its flow and nobody on it; the second time the same one."""
    if REASSESSMENT not in [module["name"] for module in call.licence("modules")]:
        raise Refusal(403, "The licence does not have the reassessment module")
    there = call.store.one(
        "SELECT id FROM flows WHERE reassessment_of = ? AND NOT deleted", call.flow_id
    )
    if there is not None:
        return bare({"reassessmentFlowId": there["id"]})
    source = call.flow
    if source["state"] in (DRAFT, ARCHIVED):
        raise Refusal(403, "The flow is not active")
    columns = copied(source, ("settings",)) | {
        "title": source["title"],
        "subtitle": source["subtitle"],
        "examination_type": "REEXAMINATION",
        "reassessment_of": source["id"],
    }
    flow_id = insert_flow(call, source["type"], [], **columns)
    copy_assessor_types(call, source["id"], flow_id)
    is_queued = bool(call.body.get("synchronize")) and _has_source(call)
    return bare({"reassessmentFlowId": flow_id, "queuedForSynchronization": is_queued}, 201)


def _has_source(call: Call) -> bool:
    return call.store.one("SELECT 1 FROM sources WHERE flow_id = ?", call.flow_id) is not None
