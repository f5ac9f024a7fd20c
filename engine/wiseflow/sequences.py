"""Sequences of flows in WISEflow: read from their main flow, and made one flow after another.

Source: WISEflow OpenAPI, "Sequence of Flows (FLOWcombine)".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.wiseflow.client import WiseflowApi

NO_MAIN_FLOW = {400, 404}
"""404: it is deleted; what was in a sequence then is gone for good."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a new flow stands: as the main flow of a sequence, or as the last part of `main`."""

    main: int | None = None


async def read_sequence(api: WiseflowApi, main: int) -> tuple[int, ...] | None:
    """The numbers of the parts in their order; None where it is no main flow of a sequence."""
    try:
        answer = await api.call("GET", "/flows/{flowId}/combine", ids={"flowId": main})
    except ApiError as error:
        if error.status not in NO_MAIN_FLOW:
            raise
        return None
    rows = sorted(answer.get("subFlows") or (), key=lambda row: int(row["order"]))
    return tuple(row["flowId"] for row in rows)


async def make_in_sequence(api: WiseflowApi, place: Place, body: Mapping[str, Any]) -> Any:
    """Makes a flow at its place. Twice makes two."""
    if place.main is None:
        return await api.call("POST", "/flows/combine", body=dict(body))
    ids = {"flowId": place.main}
    return await api.call("POST", "/flows/{flowId}/combine/sub-flows", ids=ids, body=dict(body))


async def copy_into_sequence(
    api: WiseflowApi, place: Place, source: int, body: Mapping[str, Any]
) -> Any:
    """Makes a copy at its place. Twice makes two."""
    if place.main is None:
        ids = {"flowId": source}
        return await api.call("POST", "/flows/{flowId}/combine/copy", ids=ids, body=dict(body))
    ids = {"mainFlowId": place.main, "copyFromFlowId": source}
    path = "/flows/{mainFlowId}/combine/subflows/{copyFromFlowId}/copy"
    return await api.call("POST", path, ids=ids, body=dict(body))
