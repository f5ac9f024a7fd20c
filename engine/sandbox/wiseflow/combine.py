"""Sequences of flows (FLOWcombine): a main flow, and sub-flows in the order of their making."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sandbox.wiseflow.bodies import array, integer, record, text
from engine.sandbox.wiseflow.copying import COPY, insert_copy
from engine.sandbox.wiseflow.create import (
    give_default_assessor_types,
    insert_flow,
    valid_managers,
)
from engine.sandbox.wiseflow.http import Answer, Call, Refusal, flow_row, operation, success

if TYPE_CHECKING:
    from engine.sandbox.store import Row

MOST = 20
"""Sub-flows of one main flow. Source: WISEflow OpenAPI, POST /flows/combine, 400."""

_FLOW = record(
    {
        "title": text(required=True, shortest=1, longest=255),
        "subtitle": text(nullable=True, longest=255),
        "type": text(required=True),
        "managers": array(integer(), required=True),
    }
)


def sub_flows(call: Call, main: int) -> list[Row]:
    """The sub-flows that are there, in their order."""
    return call.store.all(
        "SELECT * FROM flows WHERE main_flow = ? AND NOT deleted ORDER BY id", main
    )


def in_sequence(flow: Row) -> bool:
    return flow["main_flow"] is not None or bool(flow["is_main"])


def refuse_inner(call: Call) -> None:
    """Of a sequence only the last sub-flow is deleted, or a main flow without any."""
    main = call.flow["main_flow"]
    last = sub_flows(call, call.flow_id if main is None else main)[-1:]
    if [row["id"] for row in last] not in ([], [call.flow_id]):
        raise Refusal(400, "Only the last sub-flow, or a main flow without any, can be deleted")


def _insert(call: Call, **columns: Any) -> Answer:
    body = call.body
    if body["type"] not in [type_["name"] for type_ in call.licence("flow_types")]:
        raise Refusal(400, "Invalid flow type", ("type", f"there is no {body['type']}"))
    managers = valid_managers(call, body["managers"])
    columns |= {"title": body["title"], "subtitle": body.get("subtitle") or None}
    flow_id = insert_flow(call, body["type"], managers, **columns)
    give_default_assessor_types(call, flow_id)
    return success({"flowId": flow_id}, 201)


def _main(call: Call, flow_id: int) -> int:
    """The main flow, when there is a place left in its sequence."""
    if not flow_row(call, flow_id)["is_main"]:
        raise Refusal(404, "Main flow not found")
    if len(sub_flows(call, flow_id)) >= MOST:
        raise Refusal(400, f"A main flow has at most {MOST} sub-flows")
    return flow_id


@operation("POST", "/flows/combine", body=_FLOW)
def create_main_flow(call: Call) -> Answer:
    """The id of the main flow of a new sequence."""
    return _insert(call, is_main=1)


@operation("POST", "/flows/{flowId}/combine/sub-flows", body=_FLOW, bad_id=400, plain=(404,))
def create_sub_flow(call: Call) -> Answer:
    """The id of the new sub-flow, which comes last."""
    return _insert(call, main_flow=_main(call, call.flow_id))


@operation("POST", "/flows/{flowId}/combine/copy", body=COPY, bad_id=400)
def copy_main_flow(call: Call) -> Answer:
    """The id of the main flow of a new sequence, a copy of any flow."""
    return success({"flowId": insert_copy(call, call.flow, is_main=1)}, 201)


@operation(
    "POST", "/flows/{mainFlowId}/combine/subflows/{copyFromFlowId}/copy", body=COPY, bad_id=400
)
def copy_sub_flow(call: Call) -> Answer:
    """The id of the new sub-flow, a copy of any flow; it comes last."""
    main = _main(call, call.ids["mainFlowId"])
    source = flow_row(call, call.ids["copyFromFlowId"])
    return success({"flowId": insert_copy(call, source, main_flow=main)}, 201)


@operation("GET", "/flows/{flowId}/combine", bad_id=400, plain=(404,))
def get_sequence(call: Call) -> Answer:
    """The main flow and its sub-flows, numbered from 1."""
    if not call.flow["is_main"]:
        raise Refusal(400, "The flow is not the main flow of a sequence")
    numbered = enumerate(sub_flows(call, call.flow_id), start=1)
    return success(
        {
            "sourceFlow": _shown(call.flow),
            "subFlows": [{"order": order, **_shown(row)} for order, row in numbered],
        }
    )


def _shown(row: Row) -> dict[str, Any]:
    return {
        "flowId": row["id"],
        "title": row["title"] or "",
        "subtitle": row["subtitle"] or "",
    }
