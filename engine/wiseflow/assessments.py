"""Grades in WISEflow, who has them and what they mean: read flow by flow, never written.

Grades are read-only in the API. Source: WISEflow OpenAPI, `assessment`, `grading-scale`,
`flow-participant-response` and `flow-participant-info`; docs/decisions/0023.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.together import together

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.wiseflow.client import WiseflowApi

SEATS = 100
"""Rows a page. Source: WISEflow OpenAPI, GET /flows/{flowId}/participants, `limit`."""

EXPORTED = 2
"""Delivered by WISEflow's own client for student information systems. Source: `exportState`."""


class Assessment(NamedTuple):
    """What WISEflow holds of one participant's grade; texts are grades as they are stored."""

    participant: int
    grade: str = ""
    at: int | None = None
    admin_grade: str = ""
    admin_at: int | None = None
    export_state: int = 0


@dataclass(frozen=True, slots=True)
class Sitter:
    """One participant of a flow; `ids` by user data type, as far as the list tells them."""

    participant: int
    user: int
    number: int
    active: bool
    submission: int | None
    name: str
    ids: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class ScaleRow(NamedTuple):
    """One grading scale of the licence: a list of options, or numbers."""

    id: int
    name: str
    options: Mapping[str, str]
    """From the stored to the entered grade."""
    numbers: Mapping[str, Any]


async def read_assessments(api: WiseflowApi, flow_id: int) -> list[Assessment]:
    """Every assessment of a flow, those without a grade too; one answer, which has no pages."""
    rows = await api.call("GET", "/flow/{flowId}/assessments", ids={"flowId": flow_id}) or []
    return [_assessment(row) for row in rows]


def _assessment(row: Mapping[str, Any]) -> Assessment:
    return Assessment(
        row["participantId"],
        row.get("grade") or "",
        row.get("date"),
        row.get("adminGrade") or "",
        row.get("adminGradeDate"),
        row.get("exportState") or 0,
    )


async def read_sitters(api: WiseflowApi, flow_id: int) -> dict[int, Sitter]:
    """Every participant of a flow, by seat."""
    ids = {"flowId": flow_id}
    rows = await api.pages("GET", "/flows/{flowId}/participants", limit=SEATS, ids=ids)
    return {row["participantId"]: _sitter(row) for row in rows}


def _sitter(row: Mapping[str, Any]) -> Sitter:
    user = row.get("user") or {}
    ids: dict[str, list[str]] = {}
    for one in user.get("externalIds") or ():
        if one.get("name") and one.get("value"):
            ids.setdefault(one["name"], []).append(str(one["value"]))
    return Sitter(
        row["participantId"],
        row["userId"],
        row.get("number") or 0,
        row.get("activated") is not False,
        row.get("submissionId"),
        f"{user.get('firstName') or ''} {user.get('lastName') or ''}".strip(),
        {name: tuple(dict.fromkeys(values)) for name, values in ids.items()},
    )


async def read_ids(
    api: WiseflowApi, users: Iterable[int], names: Mapping[int, str]
) -> dict[int, dict[str, tuple[str, ...]]]:
    """By user the values of user data types, `names` by their ids: a request for each user."""
    numbers = sorted(set(users))
    answers = await together(_read_ids(api, number, names) for number in numbers)
    return dict(zip(numbers, answers, strict=True))


async def _read_ids(
    api: WiseflowApi, user: int, names: Mapping[int, str]
) -> dict[str, tuple[str, ...]]:
    rows = await api.call("GET", "/users/{userId}/user-data", ids={"userId": user}) or []
    found: dict[str, tuple[str, ...]] = {}
    for row in rows:
        if name := names.get(row["userDataTypeId"]):
            found[name] = (*found.get(name, ()), str(row["value"]))
    return found


async def read_scales(api: WiseflowApi) -> dict[int, ScaleRow]:
    """The licence's grading scales by id."""
    rows = await api.call("GET", "/license/grading-scales") or []
    return {row["id"]: _scale(row) for row in rows}


def _scale(row: Mapping[str, Any]) -> ScaleRow:
    options = (row.get("list") or {}).get("options") or ()
    stored = {str(one["value"]): str(one["grade"]) for one in options}
    return ScaleRow(row["id"], row["name"], stored, row.get("input") or {})


async def read_scale_id(api: WiseflowApi, flow_id: int) -> int:
    """The number of the grading scale that a flow's grades are on."""
    ids = {"flowId": flow_id}
    answer = await api.call("GET", "/flows/{flowId}/grading-scale", ids=ids)
    return int(answer["gradingScaleId"])


async def read_alternatives(
    api: WiseflowApi, flow_id: int, submissions: Iterable[int]
) -> dict[int, tuple[str, int | None]]:
    """By seat the alternative grades on some submissions, such as Sick, and when they were set.

    No list has them: it costs a request for each submission.
    """
    answers = await together(
        _read_submission(api, flow_id, number) for number in sorted(set(submissions))
    )
    found = {}
    for answer in answers:
        for person in answer.get("participants") or ():
            grade = person.get("alternativeGrade") or {}
            if grade.get("grade"):
                seat = person["id"] if "id" in person else person["participantId"]
                found[seat] = (str(grade["grade"]), _seconds(grade.get("date")))
    return found


async def _read_submission(api: WiseflowApi, flow_id: int, number: int) -> Mapping[str, Any]:
    ids = {"flowId": flow_id, "submissionId": number}
    answer: Mapping[str, Any] = await api.call(
        "GET", "/flows/{flowId}/submissions/{submissionId}", ids=ids
    )
    return answer


def _seconds(text: str | None) -> int | None:
    """Seconds since 1970 of an ISO time."""
    try:
        return int(datetime.fromisoformat(text).timestamp()) if text else None
    except ValueError:
        return None
