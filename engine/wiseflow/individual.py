"""What single participants of a flow have of their own in WISEflow, read and written.

Source: WISEflow OpenAPI, /flows/{flowId}/participants/dates and, below
/flows/{flowId}/participants/{participantId}, dates, timebox and unique-exam-id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.errors import ApiError, PartialError
from engine.model import OFF
from engine.wiseflow.flows import moment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from engine.model import Value
    from engine.wiseflow.client import WiseflowApi

BATCH = 100
"""Participants a request; the document names no limit, a page of their list holds as many."""

WITHOUT_DATES = frozenset({"FLOWoral", "FLOWattend"})
"""Source: WISEflow OpenAPI, PATCH /flows/{flowId}/participants/dates, 403."""

_ONE = "/flows/{flowId}/participants/{participantId}"


def _ids(flow_id: int, participant: int) -> dict[str, int]:
    return {"flowId": flow_id, "participantId": participant}


async def read_dates(api: WiseflowApi, flow_id: int, participant: int) -> dict[str, Value]:
    """Start and end as they hold for a participant, whether of their own or the flow's."""
    answer = await api.call("GET", f"{_ONE}/dates", ids=_ids(flow_id, participant)) or {}
    window = answer.get("participation") or {}
    return {edge: moment(window.get(edge)) for edge in ("start", "end")}


async def write_dates(
    api: WiseflowApi, flow_id: int, dates: Mapping[int, Mapping[str, datetime]]
) -> dict[int, str]:
    """Sets starts and ends by participant; answers why for each who was refused.

    A date that is the flow's own clears that of the participant; what is not sent stays.
    """
    refused: dict[int, str] = {}
    chosen = sorted(dates)
    for at in range(0, len(chosen), BATCH):
        batch = chosen[at : at + BATCH]
        body = {"participants": [_dated(number, dates[number]) for number in batch]}
        answer = await _answer(api, flow_id, body)
        refused |= _refusals(answer)
        told = {row["id"] for row in answer.get("participants") or ()} | set(refused)
        if lost := set(batch) - told:
            message = f"{len(batch)} participants sent, nothing answered of {len(lost)}"
            raise ApiError("PATCH", f"/flows/{flow_id}/participants/dates", 200, message)
    return refused


async def _answer(api: WiseflowApi, flow_id: int, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was done for whom, whether all were done or not."""
    path = "/flows/{flowId}/participants/dates"
    try:
        answer: Mapping[str, Any] = await api.call(
            "PATCH", path, ids={"flowId": flow_id}, body=body, repeatable=True
        )
    except PartialError as error:
        if isinstance(error.data, dict) and "errors" in error.data:
            return error.data
        raise
    return answer


def _dated(participant: int, dates: Mapping[str, datetime]) -> dict[str, Any]:
    window = {edge: int(value.timestamp()) for edge, value in dates.items()}
    return {"id": participant, "participation": window}


def _refusals(answer: Mapping[str, Any]) -> dict[int, str]:
    rows: Sequence[Mapping[str, Any]] = answer.get("errors") or ()
    return {row["id"]: f"WISEflow answered {row.get('error')}" for row in rows}


async def read_timebox(api: WiseflowApi, flow_id: int, participant: int) -> Value:
    """Minutes as they hold for a participant, or off."""
    answer = await api.call("GET", f"{_ONE}/timebox", ids=_ids(flow_id, participant))
    return (answer.get("durationMinutes") if answer["enabled"] else None) or OFF


async def write_timebox(api: WiseflowApi, flow_id: int, participant: int, value: Value) -> None:
    """Sets the timebox; that of the flow makes the participant follow the flow again."""
    minutes = None if value == OFF else value
    body = {"enabled": minutes is not None, "durationMinutes": minutes}
    await api.call("PUT", f"{_ONE}/timebox", ids=_ids(flow_id, participant), body=body)


async def write_exam_id(
    api: WiseflowApi, flow_id: int, participant: int, value: str | None
) -> None:
    """Sets the unique exam id, or takes it away; one that is gone already is fine."""
    path, ids = f"{_ONE}/unique-exam-id", _ids(flow_id, participant)
    if value is not None:
        await api.call("PUT", path, ids=ids, body={"uniqueExamId": value})
        return
    try:
        await api.call("DELETE", path, ids=ids)
    except ApiError as error:
        if error.status != 404:
            raise


async def write_active(api: WiseflowApi, flow_id: int, participant: int, active: bool) -> None:
    ids, body = _ids(flow_id, participant), {"activated": active}
    await api.call("PUT", f"{_ONE}/activated", ids=ids, body=body)
