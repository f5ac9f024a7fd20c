"""POST /license/create/flow: a new flow with the licence's defaults. Twice makes two."""

from __future__ import annotations

from typing import Any

from engine.sandbox.clock import at_nine_tomorrow
from engine.sandbox.wiseflow.bodies import ID, array, integer, record, text
from engine.sandbox.wiseflow.http import Answer, Call, Refusal, bare, operation
from engine.sandbox.wiseflow.people import user_exists

_FLOW = record(
    {
        "title": text(required=True, shortest=1, longest=255),
        "subTitle": text(longest=255),
        "type": ID,
        "managers": array(integer(), required=True),
    }
)

# Types that have slots or attendance instead of a participation period.
WITHOUT_DATES = frozenset({"FLOWoral"})

_HOUR = 3600
_DAY = 86_400


def default_dates(call: Call, type_: str) -> dict[str, int | None]:
    """The dates of a new flow.

    Participation starts next day at 09:00 and lasts 5 hours; marking starts two days after its
    end at 12:00 and ends 4 weeks later. Source: WISEflow help, "Integration logic".
    """
    if type_ in WITHOUT_DATES or call.quirks["empty_dates"] == "epoch":
        return dict.fromkeys(
            ("participation_start", "participation_end", "marking_start", "marking_end")
        )
    start = at_nine_tomorrow(call.now)
    end = start + 5 * _HOUR
    marking = at_nine_tomorrow(end, days=2, hour=12)
    return {
        "participation_start": start,
        "participation_end": end,
        "marking_start": marking,
        "marking_end": marking + 28 * _DAY,
    }


def insert_flow(call: Call, type_: str, managers: list[int], **columns: Any) -> int:
    """The id of a new draft with its managers, the first of them its creator."""
    flow: dict[str, Any] = {
        "title": None,
        "subtitle": None,
        "type": type_,
        "code": None,
        "term": None,
        "examination_type": "ORDINARY",
        "purpose": "EXAMINATION",
        "created": call.now,
        "activated": 0,
        "archived": 0,
        "deleted": 0,
        "timebox_enabled": 0,
        "grading_scale": call.licence("grading_scales")[0]["id"],
        "allocation_type": "SINGLE_ASSESSOR",
        "reviewer_approval": 0,
        "sis_allocation": 0,
        "item_based_marking": 0,
        "assignments": "[]",
        "content": "{}",
        **default_dates(call, type_),
        **columns,
    }
    flow_id = call.store.insert("flows", **flow)
    if flow["code"] is None:
        call.store.run("UPDATE flows SET code = ? WHERE id = ?", f"F{flow_id}", flow_id)
    for index, user_id in enumerate(managers):
        call.store.insert("managers", flow_id=flow_id, user_id=user_id, creator=int(index == 0))
    call.touched.add(flow_id)
    return flow_id


def give_default_assessor_types(call: Call, flow_id: int) -> None:
    """Put the licence's default assessor types on a new flow."""
    defaults = [type_ for type_ in call.licence("assessor_types") if type_.get("flowDefault")]
    call.store.many(
        "INSERT INTO flow_assessor_types VALUES (?, ?, NULL, ?)",
        [(flow_id, type_["id"], position) for position, type_ in enumerate(defaults)],
    )


def valid_managers(call: Call, user_ids: list[int]) -> list[int]:
    """The users without repetition; 400 where there is none or one does not exist."""
    unknown = [user_id for user_id in user_ids if not user_exists(call.store, user_id)]
    if unknown or not user_ids:
        what = f"user {unknown[0]} does not exist" if unknown else "a flow needs a manager"
        raise Refusal(400, "Invalid managers", ("managers", what))
    return list(dict.fromkeys(user_ids))


@operation("POST", "/license/create/flow", body=_FLOW)
def create_flow(call: Call) -> Answer:
    """The id of the new draft, bare."""
    body = call.body
    types = {type_["id"]: type_["name"] for type_ in call.licence("flow_types")}
    if body["type"] not in types:
        raise Refusal(400, "Invalid flow type", ("type", f"there is no flow type {body['type']}"))
    managers = valid_managers(call, body["managers"])
    flow_id = insert_flow(
        call,
        types[body["type"]],
        managers,
        title=body["title"],
        subtitle=body.get("subTitle") or None,
    )
    give_default_assessor_types(call, flow_id)
    return bare({"flowId": flow_id}, 201)
