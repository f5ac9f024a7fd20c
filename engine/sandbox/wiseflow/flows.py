"""One flow: what it is called and how it is set up."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from engine.sandbox.wiseflow.bodies import Shape, array, boolean, integer, record, text
from engine.sandbox.wiseflow.combine import sub_flows
from engine.sandbox.wiseflow.flow_terms import EXAMINATION_TYPES, PURPOSES, TYPE_NUMBERS
from engine.sandbox.wiseflow.http import Answer, Call, Refusal, bare, operation, success
from engine.sandbox.wiseflow.people import data_types
from engine.sandbox.wiseflow.sis import is_sis

if TYPE_CHECKING:
    from engine.sandbox.store import Row

_METADATA = record(
    {
        "title": text(required=True, shortest=1, longest=255),
        "subtitle": text(nullable=True, longest=255),
        "code": text(nullable=True, longest=255),
        "term": text(nullable=True, longest=255),
        "examinationType": text(required=True, enum=EXAMINATION_TYPES),
        "purpose": text(required=True, enum=PURPOSES),
    }
)


def set_columns(call: Call, **columns: Any) -> None:
    """Change columns of the flow of the path."""
    sets = ", ".join(f"{name} = ?" for name in columns)
    call.store.run(
        f"UPDATE flows SET {sets} WHERE id = ?",  # noqa: S608 - names from this package
        *columns.values(),
        call.flow_id,
    )


def basic_flow(call: Call, row: Row) -> dict[str, Any]:
    """A flow in the older shape, with numbers for words."""
    codes = call.store.all("SELECT code FROM sources WHERE flow_id = ? ORDER BY id", row["id"])
    return {
        "id": row["id"],
        "name": row["title"] or "",
        "subName": row["subtitle"] or "",
        "creationDate": row["created"],
        "type": TYPE_NUMBERS[row["type"]],
        "state": row["state"],
        "variant": EXAMINATION_TYPES.index(row["examination_type"]),
        "purpose": PURPOSES.index(row["purpose"]),
        "participantStartDate": row["participation_start"] or 0,
        "participantEndDate": row["participation_end"] or 0,
        "assessorStartDate": row["marking_start"] or 0,
        "assessorEndDate": row["marking_end"] or 0,
        "sisInformation": [{"code": code[0]} for code in codes],
    }


@operation("GET", "/flow/{flowId}", bare=(404,))
def get_flow(call: Call) -> Answer:
    """A flow in the older shape, bare."""
    combined: dict[str, Any] = {}
    if call.flow["main_flow"] is not None:
        combined["combinedMainFlowId"] = call.flow["main_flow"]
    if subs := sub_flows(call, call.flow_id):
        combined["combinedSubFlowIds"] = [row["id"] for row in subs]
    return bare(basic_flow(call, call.flow) | combined)


@operation("GET", "/flows/{flowId}/metadata")
def get_metadata(call: Call) -> Answer:
    """Title, subtitle, code, term, examination type, purpose."""
    row = call.flow
    return success(
        {
            "title": row["title"] or "",
            "subtitle": row["subtitle"],
            "code": row["code"],
            "term": row["term"],
            "examinationType": row["examination_type"],
            "purpose": row["purpose"],
        }
    )


@operation("PUT", "/flows/{flowId}/metadata", body=_METADATA, bad_id=400, refuses_archived=True)
def put_metadata(call: Call) -> Answer:
    """The metadata after the change; what is not sent is emptied."""
    body = call.body
    set_columns(
        call,
        title=body["title"],
        subtitle=body.get("subtitle"),
        code=body.get("code"),
        term=body.get("term"),
        examination_type=body["examinationType"],
        purpose=body["purpose"],
    )
    names = ("title", "subtitle", "code", "term", "examinationType", "purpose")
    return success({name: body.get(name) for name in names})


@operation("GET", "/flows/{flowId}/description")
def get_description(call: Call) -> Answer:
    """The description, empty where there is none."""
    row = call.flow
    return success(
        {
            "description": row["description"] or "",
            "updatedByUserId": None,
            "updatedBy": "" if row["description"] is None else "API",
            "updated": row["description_updated"] or 0,
        }
    )


@operation(
    "PUT",
    "/flows/{flowId}/description",
    body=record({"description": text(required=True, longest=50_000)}),
    bad_id=400,
)
def put_description(call: Call) -> Answer:
    """Nothing; 201 for the first description of a flow."""
    status = 201 if call.flow["description"] is None else 200
    set_columns(call, description=call.body["description"], description_updated=call.now)
    return success(status=status)


@operation("GET", "/flows/{flowId}/timebox")
def get_timebox(call: Call) -> Answer:
    """Whether the flow is timeboxed, and for how many minutes."""
    return success(_timebox(bool(call.flow["timebox_enabled"]), call.flow["timebox_minutes"]))


@operation(
    "PUT",
    "/flows/{flowId}/timebox",
    body=record({"enabled": boolean(), "durationMinutes": integer(nullable=True, least=1)}),
    refuses_archived=True,
)
def put_timebox(call: Call) -> Answer:
    """The timebox after the change; a timebox that is on needs minutes."""
    enabled = call.body.get("enabled", bool(call.flow["timebox_enabled"]))
    minutes = call.body.get("durationMinutes", call.flow["timebox_minutes"])
    if enabled and minutes is None:
        message = "durationMinutes is required where the timebox is enabled"
        raise Refusal(400, "Invalid request body", ("durationMinutes", message))
    set_columns(call, timebox_enabled=int(enabled), timebox_minutes=minutes)
    return success(_timebox(enabled, minutes))


def _timebox(enabled: bool, minutes: int | None) -> dict[str, Any]:
    return {"enabled": enabled, "durationMinutes": minutes}


@operation("GET", "/flows/{flowId}/grading-scale")
def get_grading_scale(call: Call) -> Answer:
    """The id of the grading scale."""
    return success({"gradingScaleId": call.flow["grading_scale"]})


@operation(
    "PUT",
    "/flows/{flowId}/grading-scale",
    body=record({"gradingScaleId": Shape("number", required=True)}),
    bad_id=400,
    refuses_archived=True,
)
def put_grading_scale(call: Call) -> Answer:
    """Nothing; all grades of the flow are gone afterwards."""
    if is_sis(call):
        raise Refusal(403, "The grading scale of a flow with a SIS source cannot be changed")
    scale = call.body["gradingScaleId"]
    if all(known["id"] != scale for known in call.licence("grading_scales")):
        message = f"there is no grading scale {scale}"
        raise Refusal(400, "Invalid grading scale", ("gradingScaleId", message))
    set_columns(call, grading_scale=int(scale))
    call.store.run(
        "DELETE FROM grades WHERE participant_id IN (SELECT id FROM participants "
        "WHERE flow_id = ?)",
        call.flow_id,
    )
    return success()


_ANONYMISATION = record(
    {
        "participantIndex": boolean(),
        "userDataTypeId": integer(nullable=True),
        "uniqueExamId": boolean(),
    }
)
_ANONYMISATION_PATH = "/flows/{flowId}/anonymisation"
_OFF = {"participantIndex": False, "userDataTypeId": None, "uniqueExamId": False}


@operation("GET", _ANONYMISATION_PATH, plain=(404,))
def get_anonymisation(call: Call) -> Answer:
    """Whether participants are anonymised, and by what."""
    kept = call.flow["anonymisation"]
    return success({"enabled": kept is not None, "type": json.loads(kept) if kept else _OFF})


@operation(
    "PUT",
    _ANONYMISATION_PATH,
    body=_ANONYMISATION,
    bad_id=400,
    plain=(400, 404),
    refuses_archived=True,
)
def put_anonymisation(call: Call) -> Answer:
    """The anonymisation; 201 where there was none."""
    chosen = _OFF | {name: call.body[name] for name in _OFF if name in call.body}
    if sum(bool(value) or type(value) is int for value in chosen.values()) != 1:
        raise Refusal(400, "Exactly one way of anonymisation has to be set")
    if chosen["userDataTypeId"] is not None:
        _check_data_type(call, int(chosen["userDataTypeId"]))
    status = 201 if call.flow["anonymisation"] is None else 200
    set_columns(call, anonymisation=json.dumps(chosen))
    return success(chosen, status)


def _check_data_type(call: Call, type_id: int) -> None:
    type_ = data_types(call).get(type_id)
    if type_ is None:
        raise Refusal(404, "User data type not found")
    if type_["protected"] or not type_["visible"]:
        raise Refusal(400, "The user data type must be visible and not protected")
    lacking = call.store.one(
        "SELECT 1 FROM participants p WHERE p.flow_id = ? AND NOT EXISTS "
        "(SELECT 1 FROM user_data d WHERE d.user_id = p.user_id AND d.type_id = ?)",
        call.flow_id,
        type_id,
    )
    if lacking is not None:
        raise Refusal(400, "All participants are required to have the user data type set")


@operation("DELETE", _ANONYMISATION_PATH, bad_id=400, plain=(200, 400, 404), refuses_archived=True)
def delete_anonymisation(call: Call) -> Answer:
    """Nothing; 400 where the flow has no anonymisation."""
    if call.flow["anonymisation"] is None:
        raise Refusal(400, "The flow has no anonymisation")
    set_columns(call, anonymisation=None)
    return success()


_ECTS = re.compile(r"[0-9]+(\.[0-9]+)?")
_SETTINGS = record(
    {
        "settings": array(
            record(
                {
                    "name": text(required=True, enum=("ECTS",)),
                    "value": text(required=True, nullable=True),
                }
            ),
            required=True,
        )
    }
)


@operation("PUT", "/flows/{flowId}/settings", body=_SETTINGS, bad_id=400, refuses_archived=True)
def put_settings(call: Call) -> Answer:
    """The settings that were changed; they cannot be read back."""
    settings = call.body["settings"]
    for setting in settings:
        value = setting["value"]
        if value is not None and not _ECTS.fullmatch(value):
            message = "ECTS must be null or zero or a positive number"
            raise Refusal(400, "Invalid request body", ("ECTS", message))
        set_columns(call, ects=value)
    return success([{"name": s["name"], "value": s["value"]} for s in settings])


_ALLOCATION_TYPE = "/flows/{flowId}/marking/assessor-allocation-type"


@operation("GET", _ALLOCATION_TYPE, refuses_archived=True)
def get_allocation_type(call: Call) -> Answer:
    """How participants are allocated to assessors."""
    return success({"allocationType": call.flow["allocation_type"]})


@operation(
    "PUT",
    _ALLOCATION_TYPE,
    body=record(
        {"allocationType": text(required=True, enum=("SINGLE_ASSESSOR", "GROUPED"))},
    ),
    bad_id=400,
    refuses_archived=True,
)
def put_allocation_type(call: Call) -> Answer:
    """The allocation type; 403 once groups have participants."""
    if call.store.one(
        "SELECT 1 FROM assessor_groups g JOIN group_participants a ON a.group_id = g.id "
        "WHERE g.flow_id = ?",
        call.flow_id,
    ):
        raise Refusal(403, "The flow has assessor group allocations")
    set_columns(call, allocation_type=call.body["allocationType"])
    return success({"allocationType": call.body["allocationType"]})
