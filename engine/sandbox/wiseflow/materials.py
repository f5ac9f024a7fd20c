"""What participants and assessors are given: assignments and other content of a flow."""

from __future__ import annotations

import json

from engine.sandbox.wiseflow.http import Answer, Call, bare, operation

_PARTS = ("general", "participation", "assessment", "assessmentGuidelines")


@operation("GET", "/flow/{flowId}/assignments", bare=(404,))
def list_assignments(call: Call) -> Answer:
    """The assignments of a flow, bare."""
    return bare(json.loads(call.flow["assignments"]))


@operation("GET", "/flow/{flowId}/content", bare=(404,))
def get_content(call: Call) -> Answer:
    """Files and links of a flow by their use, bare."""
    kept = json.loads(call.flow["content"])
    return bare(
        {
            part: kept.get(part)
            or {"containerId": call.flow_id * 10 + number, "files": [], "links": []}
            for number, part in enumerate(_PARTS, 1)
        }
    )
