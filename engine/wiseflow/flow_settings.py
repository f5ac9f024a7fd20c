"""Settings of a flow in WISEflow, each read and written by operations of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import ApiError
from engine.model import DATA_OF, OFF
from engine.wiseflow.seats import row_user

if TYPE_CHECKING:
    from engine.model import Value
    from engine.wiseflow.client import WiseflowApi
    from engine.wiseflow.licence import Licence

Read = Callable[["WiseflowApi", int, "Licence"], Awaitable["Value"]]
Write = Callable[["WiseflowApi", int, "Licence", "Value"], Awaitable[None]]

ALLOCATIONS = {"single": "SINGLE_ASSESSOR", "grouped": "GROUPED"}
"""Source: WISEflow OpenAPI, /flows/{flowId}/marking/assessor-allocation-type."""

ANONYMISATIONS = {"participant_index": "participantIndex", "unique_exam_id": "uniqueExamId"}
"""Source: WISEflow OpenAPI, /flows/{flowId}/anonymisation."""

PARTICIPANTS = 100
"""Rows a page. Source: WISEflow OpenAPI, GET /flows/{flowId}/participants, `limit`."""

_TIMEBOX = "/flows/{flowId}/timebox"
_SCALE = "/flows/{flowId}/grading-scale"
_ANONYMISATION = "/flows/{flowId}/anonymisation"
_ALLOCATION = "/flows/{flowId}/marking/assessor-allocation-type"
_TYPES = "/flows/{flowId}/assessor-types"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: the field in manifests, which is its part too, and how it is read and written.

    Without `read` WISEflow does not answer it.
    """

    name: str
    write: Write
    read: Read | None = None


async def _read_timebox(api: WiseflowApi, flow_id: int, _: Licence) -> Value:
    answer = await api.call("GET", _TIMEBOX, ids={"flowId": flow_id})
    return (answer.get("durationMinutes") if answer["enabled"] else None) or OFF


async def _write_timebox(api: WiseflowApi, flow_id: int, _: Licence, value: Value) -> None:
    minutes = None if value == OFF else value
    body = {"enabled": minutes is not None, "durationMinutes": minutes}
    await api.call("PUT", _TIMEBOX, ids={"flowId": flow_id}, body=body)


async def _read_scale(api: WiseflowApi, flow_id: int, licence: Licence) -> Value:
    number = (await api.call("GET", _SCALE, ids={"flowId": flow_id}))["gradingScaleId"]
    names = {known: name for name, known in licence.grading_scales.items()}
    return names.get(number, f"#{number}")


async def _write_scale(api: WiseflowApi, flow_id: int, licence: Licence, value: Value) -> None:
    body = {"gradingScaleId": licence.grading_scales[value]}
    await api.call("PUT", _SCALE, ids={"flowId": flow_id}, body=body)


async def count_grades(api: WiseflowApi, flow_id: int) -> int:
    """How many participants have a grade."""
    return len(await read_graded(api, flow_id))


async def read_graded(api: WiseflowApi, flow_id: int) -> list[int]:
    """The seats of participants with a grade. Source: OpenAPI, GET /flow/{flowId}/assessments."""
    rows = await api.call("GET", "/flow/{flowId}/assessments", ids={"flowId": flow_id}) or []
    return [row["participantId"] for row in rows if row.get("grade") or row.get("adminGrade")]


async def _read_anonymisation(api: WiseflowApi, flow_id: int, licence: Licence) -> Value:
    answer = await api.call("GET", _ANONYMISATION, ids={"flowId": flow_id})
    chosen: dict[str, Any] = answer.get("type") or {}
    if not answer["enabled"]:
        return OFF
    for ours, theirs in ANONYMISATIONS.items():
        if chosen.get(theirs):
            return ours
    number = chosen.get("userDataTypeId")
    names = {one.id: one.name for one in licence.data_types.values()}
    return DATA_OF + names.get(number or 0, f"#{number}")


async def _write_anonymisation(
    api: WiseflowApi, flow_id: int, licence: Licence, value: Value
) -> None:
    """Exactly one way may stand in a request; taking away what is away already is refused."""
    ids = {"flowId": flow_id}
    if value in ANONYMISATIONS:
        await api.call("PUT", _ANONYMISATION, ids=ids, body={ANONYMISATIONS[value]: True})
    elif value != OFF:
        data_type = licence.data_types[value.removeprefix(DATA_OF)]
        await api.call("PUT", _ANONYMISATION, ids=ids, body={"userDataTypeId": data_type.id})
    else:
        try:
            await api.call("DELETE", _ANONYMISATION, ids=ids)
        except ApiError:
            if await _read_anonymisation(api, flow_id, licence) != OFF:
                raise


async def participants_without(api: WiseflowApi, flow_id: int, data_type: str) -> frozenset[int]:
    """Users on the flow without a value of the data type; those whose data is not told are not.

    Source: WISEflow OpenAPI, GET /flows/{flowId}/participants: `externalIds` need not be there.
    """
    path, ids = "/flows/{flowId}/participants", {"flowId": flow_id}
    rows = await api.pages("GET", path, limit=PARTICIPANTS, ids=ids)
    return frozenset(row_user(row) for row in rows if data_type not in _told(row, data_type))


def _told(row: Mapping[str, Any], otherwise: str) -> set[str]:
    """The names of a participant's user data; `otherwise` where they are not told."""
    told = (row.get("user") or {}).get("externalIds")
    return {otherwise} if told is None else {str(one.get("name")) for one in told}


async def _read_allocation(api: WiseflowApi, flow_id: int, _: Licence) -> Value:
    found = (await api.call("GET", _ALLOCATION, ids={"flowId": flow_id}))["allocationType"]
    return next((ours for ours, theirs in ALLOCATIONS.items() if theirs == found), found)


async def _write_allocation(api: WiseflowApi, flow_id: int, _: Licence, value: Value) -> None:
    body = {"allocationType": ALLOCATIONS[value]}
    await api.call("PUT", _ALLOCATION, ids={"flowId": flow_id}, body=body)


async def count_grouped(api: WiseflowApi, flow_id: int) -> int:
    """How many participants assessor groups have; only asked of flows allocated by group."""
    path = "/flows/{flowId}/assessor-groups"
    rows = await api.call("GET", path, ids={"flowId": flow_id}) or []
    return len({number for row in rows for number in row.get("participantIds") or ()})


async def _write_ects(api: WiseflowApi, flow_id: int, _: Licence, value: Value) -> None:
    body = {"settings": [{"name": "ECTS", "value": value}]}
    await api.call("PUT", "/flows/{flowId}/settings", ids={"flowId": flow_id}, body=body)


SETTINGS = (
    Setting("grading_scale", _write_scale, _read_scale),
    Setting("timebox", _write_timebox, _read_timebox),
    Setting("anonymisation", _write_anonymisation, _read_anonymisation),
    Setting("ects", _write_ects),
    Setting("allocation", _write_allocation, _read_allocation),
)
"""In the order in which a plan shows them."""

BY_NAME = {setting.name: setting for setting in SETTINGS}


# ---- assessor types ------------------------------------------------------------------------------


async def read_assessor_types(
    api: WiseflowApi, flow_id: int, licence: Licence
) -> dict[str, str | None]:
    """The instruction of each assessor type on the flow, by the type's name."""
    rows = await api.call("GET", _TYPES, ids={"flowId": flow_id}) or []
    said = {row["id"]: (row.get("instruction") or "").strip() or None for row in rows}
    return {licence.assessor_type_name(number) or "": text for number, text in said.items()}


async def add_assessor_type(
    api: WiseflowApi, flow_id: int, licence: Licence, name: str, instruction: str | None
) -> None:
    """Adding one twice is refused, and changes nothing: so a lost answer may be repeated."""
    body: dict[str, Any] = {"assessorTypeId": licence.assessor_types[name]}
    body |= {"instruction": instruction} if instruction else {}
    try:
        await api.call("POST", _TYPES, ids={"flowId": flow_id}, body=body, repeatable=True)
    except ApiError:
        there = await read_assessor_types(api, flow_id, licence)
        if there.get(name, ...) != instruction:
            raise


async def remove_assessor_type(api: WiseflowApi, flow_id: int, licence: Licence, name: str) -> None:
    """Whoever has the type would be left without one. One that is gone already is fine."""
    number = licence.assessor_types.get(name)
    number = int(name.removeprefix("#")) if number is None else number
    ids = {"flowId": flow_id, "assessorTypeId": number}
    try:
        await api.call("DELETE", f"{_TYPES}/{{assessorTypeId}}", ids=ids)
    except ApiError as error:
        if error.status != 404:
            raise
