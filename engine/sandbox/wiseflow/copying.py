"""POST /flows/{flowId}/copy: a draft like another flow, without its people and references."""

from __future__ import annotations

from typing import Any

from engine.sandbox.wiseflow.bodies import array, boolean, integer, record, text
from engine.sandbox.wiseflow.create import insert_flow, valid_managers
from engine.sandbox.wiseflow.http import Answer, Call, Refusal, operation, success

# What is copied unless the request says otherwise. Source: WISEflow OpenAPI.
_DEFAULTS = {
    "settings": True,
    "dates": False,
    "passwords": True,
    "coversheet": False,
    "assignments": False,
    "additionalMarkingMaterial": False,
    "rubrics": False,
    "permittedInternetResources": False,
}
_COPY = record(
    {
        "managerUserIds": array(integer(), required=True),
        "title": text(nullable=True, longest=255),
        "subtitle": text(nullable=True, longest=255),
        "configuration": record({name: boolean() for name in _DEFAULTS}),
    }
)
_SETTINGS = (
    "term",
    "examination_type",
    "purpose",
    "description",
    "description_updated",
    "timebox_enabled",
    "timebox_minutes",
    "grading_scale",
    "anonymisation",
    "allocation_type",
    "reviewer_approval",
    "ects",
    "item_based_marking",
)
_DATES = ("participation_start", "participation_end", "marking_start", "marking_end")


@operation("POST", "/flows/{flowId}/copy", body=_COPY, bad_id=400)
def copy_flow(call: Call) -> Answer:
    """Id and type of the new draft; the first manager is its creator."""
    body, source = call.body, call.flow
    chosen = _DEFAULTS | body.get("configuration", {})
    if chosen["dates"] and not chosen["settings"]:
        raise Refusal(400, "Invalid request body", ("dates", "dates requires settings"))
    managers = valid_managers(call, body["managerUserIds"])
    title = source["title"] if body.get("title") is None else body["title"]
    if not title:
        raise Refusal(404, "No title was found in request or source flow")
    subtitle = source["subtitle"] if body.get("subtitle") is None else body["subtitle"]
    columns = {"title": title, "subtitle": subtitle, **_copied(call, chosen)}
    call.touched.discard(call.flow_id)
    flow_id = insert_flow(call, source["type"], managers, **columns)
    if chosen["settings"]:
        call.store.run(
            "INSERT INTO flow_assessor_types SELECT ?, type_id, instruction, position "
            "FROM flow_assessor_types WHERE flow_id = ?",
            flow_id,
            source["id"],
        )
    made = {"flowId": flow_id, "flowType": source["type"]}
    return success([made] if call.quirks["copy_data"] == "array" else made, 201)


def _copied(call: Call, chosen: dict[str, bool]) -> dict[str, Any]:
    """Columns taken over from the source."""
    names = list(_SETTINGS if chosen["settings"] else ())
    if chosen["dates"]:
        names += _DATES
    if chosen["assignments"]:
        names.append("assignments")
    if chosen["additionalMarkingMaterial"] or chosen["rubrics"]:
        names.append("content")
    return {name: call.flow[name] for name in names}
