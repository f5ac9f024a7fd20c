"""Drafts like another flow, without its people and references: POST /flows/{flowId}/copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sandbox.wiseflow.bodies import array, boolean, integer, record, text
from engine.sandbox.wiseflow.create import insert_flow, valid_managers
from engine.sandbox.wiseflow.http import Answer, Call, Refusal, operation, success

if TYPE_CHECKING:
    from collections.abc import Collection

    from engine.sandbox.store import Row

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
COPY = record(
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


@operation("POST", "/flows/{flowId}/copy", body=COPY, bad_id=400)
def copy_flow(call: Call) -> Answer:
    """Id and type of the new draft; the first manager is its creator."""
    made = {"flowId": insert_copy(call, call.flow), "flowType": call.flow["type"]}
    return success([made] if call.quirks["copy_data"] == "array" else made, 201)


def insert_copy(call: Call, source: Row, **columns: Any) -> int:
    """The id of a new draft like the source, as the body of the request wants it."""
    body = call.body
    configuration = _DEFAULTS | body.get("configuration", {})
    chosen = {name for name, is_chosen in configuration.items() if is_chosen}
    if "dates" in chosen and "settings" not in chosen:
        raise Refusal(400, "Invalid request body", ("dates", "dates requires settings"))
    managers = valid_managers(call, body["managerUserIds"])
    title = source["title"] if body.get("title") is None else body["title"]
    if not title:
        raise Refusal(404, "No title was found in request or source flow")
    subtitle = source["subtitle"] if body.get("subtitle") is None else body["subtitle"]
    columns |= {"title": title, "subtitle": subtitle, **copied(source, chosen)}
    call.touched.discard(source["id"])
    flow_id = insert_flow(call, source["type"], managers, **columns)
    if "settings" in chosen:
        copy_assessor_types(call, source["id"], flow_id)
    return flow_id


def copy_assessor_types(call: Call, source: int, flow_id: int) -> None:
    call.store.run(
        "INSERT INTO flow_assessor_types SELECT ?, type_id, instruction, position "
        "FROM flow_assessor_types WHERE flow_id = ?",
        flow_id,
        source,
    )


def copied(source: Row, chosen: Collection[str]) -> dict[str, Any]:
    """Columns taken over from the source, by words of the request's configuration."""
    names = list(_SETTINGS if "settings" in chosen else ())
    if "dates" in chosen:
        names += _DATES
    if "assignments" in chosen:
        names.append("assignments")
    if not {"additionalMarkingMaterial", "rubrics"}.isdisjoint(chosen):
        names.append("content")
    return {name: source[name] for name in names}
