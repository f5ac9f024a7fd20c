"""Sources of the student information system on flows."""

from __future__ import annotations

from engine.sandbox.wiseflow.http import Answer, Call, operation, success


def is_sis(call: Call) -> bool:
    """Whether the flow of the path is fed by the student information system."""
    return call.store.one("SELECT 1 FROM sources WHERE flow_id = ?", call.flow_id) is not None


@operation("GET", "/flows/{flowId}/sources")
def list_sources(call: Call) -> Answer:
    """The sources of a flow."""
    rows = call.store.all("SELECT * FROM sources WHERE flow_id = ? ORDER BY id", call.flow_id)
    return success(
        [
            {"sourceId": r["source_id"], "code": r["code"], "integration": r["integration"]}
            for r in rows
        ]
    )
