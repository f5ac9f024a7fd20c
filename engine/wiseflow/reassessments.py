"""Reassessments: the one flow in which another one is examined again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import UnknownOutcomeError

if TYPE_CHECKING:
    from engine.wiseflow.client import WiseflowApi


async def make_reassessment(api: WiseflowApi, source: int) -> int:
    """The number of the one reassessment of a flow, made or, where it is there, found.

    Source: WISEflow OpenAPI, POST /flow/{flowId}/reassessment.
    Raises: ApiError, where the flow is not active or the licence has no such module.
    """
    # Asked for twice it is the same one: a lost answer is asked for again.
    answer = await api.call(
        "POST",
        "/flow/{flowId}/reassessment",
        ids={"flowId": source},
        body={"synchronize": False},
        repeatable=True,
    )
    number = answer.get("reassessmentFlowId") if isinstance(answer, dict) else None
    if isinstance(number, int) and not isinstance(number, bool):
        return number
    path = f"/flow/{source}/reassessment"
    raise UnknownOutcomeError("POST", path, 200, "its answer names no flow")
