# ruff: noqa: N815 - members are named as WISEflow names them
"""The members of rows that are read, with their types: a row of another shape was not read.

Only what the engine uses; what else a row has is nobody's business here. Source: WISEflow OpenAPI,
the answers of these operations.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

Number = Annotated[int, Field(ge=0, lt=2**53)]
Moment = Annotated[int, Field(ge=0, le=253_402_300_799)]
"""Seconds since 1970, to the end of the last year that a date can have."""
Text = str | None
State = Literal[
    "NOT_ACTIVATED",
    "ACTIVATED",
    "PARTICIPATION_STARTED",
    "PARTICIPATION_ENDED",
    "CONCLUDED",
    "ARCHIVED",
]
"""The states of a flow, in the order of a life."""


class _Row(BaseModel):
    model_config = ConfigDict(strict=True)


class _Window(_Row):
    start: Moment | None = None
    end: Moment | None = None


class _Flow(_Row):
    flowId: Number
    state: State
    title: Text = None
    subtitle: Text = None
    type: Text = None
    purpose: Text = None
    variant: Text = None
    externalSourceReferences: list[str] | None = None
    participation: _Window | None = None
    marking: _Window | None = None


class _Named(_Row):
    name: str


class _Value(_Row):
    id: Number
    value: str | int


class _User(_Row):
    id: Number
    firstName: Text = None
    lastName: Text = None
    phone: Text = None
    language: Text = None
    emails: list[str] | None = None
    roles: list[_Named] | None = None
    dataTypes: list[_Value] | None = None


class _External(_Row):
    name: Text = None
    value: Text = None


class _Person(_Row):
    userId: Number
    externalIds: list[_External] | None = None


class _Seat(_Row):
    user: _Person


class _Sitter(_Row):
    firstName: Text = None
    lastName: Text = None
    externalIds: list[_External] | None = None


class _Participant(_Row):
    participantId: Number
    userId: Number
    user: _Sitter | None = None
    number: int | None = None
    activated: bool | None = None
    submissionId: Number | None = None
    uniqueExamId: str | int | None = None


class _Assessment(_Row):
    participantId: Number
    grade: Text = None
    date: Moment | None = None
    adminGrade: Text = None
    adminGradeDate: Moment | None = None
    exportState: int | None = None


class _Option(_Row):
    grade: str
    value: str


class _Options(_Row):
    options: list[_Option] | None = None


class _Numbers(_Row):
    min: int | None = None
    max: int | None = None
    modifier: int | None = None
    decimals: int | None = None
    pattern: Text = None


class _Booking(_Row):
    roomBookingId: Number
    roomId: Number
    start: Moment = Field(alias="from")
    end: Moment = Field(alias="to")


class _Room(_Row):
    id: Number
    identifier: Text
    name: Text = None
    description: Text = None
    building: Text = None
    address: Text = None
    campus: Text = None
    capacity: int | None = None
    canBeBooked: bool | None = None


class _Webhook(_Row):
    id: Number
    title: str
    url: Text = None
    events: list[str] | None = None
    isActive: bool | None = None


class _Metadata(_Row):
    title: Text = None
    subtitle: Text = None
    term: Text = None
    code: Text = None


class _Basics(_Row):
    type: int | None = None
    name: Text = None
    subName: Text = None
    purpose: int | None = None
    variant: int | None = None
    participantStartDate: Moment | None = None
    participantEndDate: Moment | None = None
    assessorStartDate: Moment | None = None
    assessorEndDate: Moment | None = None


class _Reference(_Row):
    id: Number
    reference: str


class _Source(_Row):
    sourceId: Number
    integration: str
    code: str


class _Listed(_Row):
    """What the licence has, by name."""

    id: Number
    name: str


class _Scale(_Listed):
    list: _Options | None = None
    input: _Numbers | None = None


class _Pattern(_Listed):
    pattern: Text = None


class _LicenceRole(_Row):
    roleId: Number
    name: str


class _AssessorType(_Row):
    id: Number
    title: str


class _Client(_Row):
    integrationId: Number
    name: Text = None
    institutionCode: Text = None


SHAPES: dict[str, Any] = {
    "GET /license/user-data-types": list[_Pattern],
    "GET /license/roles": list[_LicenceRole],
    "GET /license/flow-types": list[_Listed],
    "GET /license/assessor-types": list[_AssessorType],
    "GET /license/grading-scales": list[_Scale],
    "GET /license/sis/clients": list[_Client],
    "GET /flow/{flowId}": _Basics,
    "GET /flow/{flowId}/assessments": list[_Assessment],
    "GET /flows/{flowId}/external-sources": list[_Reference],
    "GET /flows/{flowId}/sources": list[_Source],
    "POST /flows/search": list[_Flow],
    "POST /users/search": list[_User],
    "GET /flows/{flowId}/managers": list[_Seat],
    "GET /flows/{flowId}/authors": list[_Seat],
    "GET /flows/{flowId}/assessors": list[_Seat],
    "GET /flows/{flowId}/reviewers": list[_Seat],
    "GET /flows/{flowId}/invigilators": list[_Seat],
    "GET /flows/{flowId}/participants": list[_Participant],
    "GET /flows/{flowId}/room-bookings": list[_Booking],
    "GET /flows/{flowId}/metadata": _Metadata,
    "GET /license/rooms": list[_Room],
    "GET /license/rooms/{roomId}": _Room,
    "GET /webhooks": list[_Webhook],
}


@cache
def _adapter(operation: str) -> TypeAdapter[Any] | None:
    shape = SHAPES.get(operation)
    return None if shape is None else TypeAdapter(shape)


def misshapen(operation: str, payload: Any) -> str:
    """Why the payload of a read is not as it is documented; empty where it is. Shows no value."""
    adapter = _adapter(operation)
    if adapter is None:
        return ""
    try:
        adapter.validate_python(payload)
    except ValidationError as error:
        where = [part for part in error.errors(include_input=False)[0]["loc"] if part != "user"]
        names = ".".join(str(part) for part in where if isinstance(part, str))
        return f"{names or 'a row'} is not as it is documented"
    return ""
