"""Seats in WISEflow: who has which role on a flow. Six roles, alike but not equal."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.errors import ApiError, PartialError
from engine.model import LiveSeat, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from engine.wiseflow.client import WiseflowApi
    from engine.wiseflow.licence import Licence

BATCH = 100
"""Participants a request; the document names no limit, a page of the list holds as many."""


@dataclass(frozen=True, slots=True)
class Role:
    """One role's operations under /flows/{flowId}; `flags` from our names to WISEflow's.

    Source: WISEflow OpenAPI, /flows/{flowId}/participants, assessors, reviewers, invigilators,
    authors, managers. `page` is the page limit, 0 where the list is answered whole.
    """

    name: str
    seat_id: str
    page: int = 0
    flags: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"/flows/{{flowId}}/{self.name}"

    @property
    def seat_path(self) -> str:
        return f"{self.path}/{{{self.seat_id}}}"


REVIEWER_FLAGS = {
    "allocated_to_all": "isAllocatedToAll",
    "sees_assessments": "hasAccessToAssessmentInformation",
    "decides_final_grade": "canDecideOnFinalGrade",
}

PARTICIPANT_FLAGS = {"active": "activated", "unique_exam_id": "uniqueExamId"}

ROLES = {
    role.name: role
    for role in (
        Role("managers", "managerId"),
        Role("authors", "authorId"),
        Role("assessors", "assessorId", page=50, flags={"type": "assessorTypeId"}),
        Role("reviewers", "reviewerId", flags=REVIEWER_FLAGS),
        Role("invigilators", "invigilatorId", flags={"head": "isHeadInvigilator"}),
        Role("participants", "participantId", page=100, flags=PARTICIPANT_FLAGS),
    )
}
"""In the order in which seats are given: who can help the others comes first."""


async def read_seats(
    api: WiseflowApi, role: Role, flow_id: int, licence: Licence, user_key: str
) -> tuple[LiveSeat, ...]:
    """Everyone in the role, complete or an error, in the order of the seats' ids."""
    ids = {"flowId": flow_id}
    if role.page:
        rows = await api.pages("GET", role.path, limit=role.page, ids=ids)
    else:
        rows = await api.call("GET", role.path, ids=ids) or []
    seats = (_seat(role, row, licence, user_key) for row in rows)
    return tuple(sorted(seats, key=lambda seat: seat.seat_id))


def _seat(role: Role, row: Mapping[str, Any], licence: Licence, user_key: str) -> LiveSeat:
    user = row.get("user") or {}
    names = [e["value"] for e in user.get("externalIds") or () if e.get("name") == user_key]
    flags: dict[str, Value] = {ours: row.get(theirs) for ours, theirs in role.flags.items()}
    if "type" in flags:
        flags["type"] = licence.assessor_type_name(flags["type"])
    return LiveSeat(
        user_id=row["userId"] if "userId" in row else user["userId"],
        seat_id=row[role.seat_id],
        flags=flags,
        name=names[0] if names else "",
    )


@dataclass(frozen=True, slots=True)
class NewSeat:
    user_id: int
    flags: Mapping[str, Value] = field(default_factory=dict)


async def add_seats(
    api: WiseflowApi, role: Role, flow_id: int, seats: Sequence[NewSeat], licence: Licence
) -> dict[int, str]:
    """Gives the seats; answers why for each user id that did not get one."""
    if role.name == "participants":
        return await _add_participants(api, role, flow_id, seats)
    if role.name == "assessors":
        await _ensure_types(api, flow_id, {seat.flags.get("type") for seat in seats}, licence)
    answers = await asyncio.gather(
        *(_add_one(api, role, flow_id, seat, licence) for seat in seats), return_exceptions=True
    )
    return await _refused(
        api, role, flow_id, dict(zip([s.user_id for s in seats], answers, strict=True))
    )


async def _add_one(
    api: WiseflowApi, role: Role, flow_id: int, seat: NewSeat, licence: Licence
) -> None:
    body: dict[str, Any] = {"userId": seat.user_id}
    body |= _flags(role, seat.flags, licence)
    await api.call("POST", role.path, ids={"flowId": flow_id}, body=body, repeatable=True)


def _flags(role: Role, stated: Mapping[str, Value], licence: Licence) -> dict[str, Any]:
    """The flags as a new seat needs them: what is not stated is false, a type is left out."""
    if role.name == "assessors":
        name = stated.get("type")
        return {"assessorTypeId": licence.assessor_types[name]} if name else {}
    return {theirs: bool(stated.get(ours, False)) for ours, theirs in role.flags.items()}


async def _refused(
    api: WiseflowApi, role: Role, flow_id: int, answers: Mapping[int, object]
) -> dict[int, str]:
    """Of the refusals those that count: a duplicate is told in many ways, so look again."""
    errors = {user: e for user, e in answers.items() if isinstance(e, BaseException)}
    for error in errors.values():
        if not isinstance(error, ApiError):
            raise error
    if not errors:
        return {}
    there = {row_user(row) for row in await _rows(api, role, flow_id)}
    lacking = {user: error for user, error in errors.items() if user not in there}
    for error in lacking.values():
        if isinstance(error, ApiError) and error.exit_code != ApiError.exit_code:
            raise error
    return {user: str(error) for user, error in lacking.items()}


def row_user(row: Mapping[str, Any]) -> int:
    return int(row["userId"] if "userId" in row else row["user"]["userId"])


async def _rows(api: WiseflowApi, role: Role, flow_id: int) -> list[dict[str, Any]]:
    ids = {"flowId": flow_id}
    if role.page:
        return list(await api.pages("GET", role.path, limit=role.page, ids=ids))
    return list(await api.call("GET", role.path, ids=ids) or [])


async def _add_participants(
    api: WiseflowApi, role: Role, flow_id: int, seats: Sequence[NewSeat]
) -> dict[int, str]:
    refused: dict[int, str] = {}
    for at in range(0, len(seats), BATCH):
        batch = seats[at : at + BATCH]
        body = [{"userId": seat.user_id} for seat in batch]
        ids = {"flowId": flow_id}
        rows = await _answers(api, role, ids, body)
        if not isinstance(rows, list) or len(rows) != len(batch):
            message = f"{len(batch)} participants sent, {len(rows or ())} answered"
            raise ApiError("POST", f"/flows/{flow_id}/participants", 200, message)
        for seat, row in zip(batch, rows, strict=True):
            error = row.get("error")
            if error and error != "ALREADY_ON_FLOW":
                refused[seat.user_id] = f"WISEflow answered {error}"
    return refused


async def _answers(
    api: WiseflowApi, role: Role, ids: Mapping[str, int], body: list[dict[str, int]]
) -> Any:
    """One answer for each participant that was sent, whether all were added or not."""
    try:
        return await api.call("POST", role.path, ids=ids, body=body, repeatable=True)
    except PartialError as error:
        if isinstance(error.data, list) and len(error.data) == len(body):
            return error.data
        raise


async def _ensure_types(
    api: WiseflowApi, flow_id: int, names: Iterable[Value], licence: Licence
) -> None:
    """An assessor's type must stand on the flow before anyone can have it."""
    wanted = {licence.assessor_types[name] for name in names if name}
    if not wanted:
        return
    path, ids = "/flows/{flowId}/assessor-types", {"flowId": flow_id}
    there = {row["id"] for row in await api.call("GET", path, ids=ids) or ()}
    for type_id in sorted(wanted - there):
        await _add_type(api, path, ids, type_id)


async def _add_type(api: WiseflowApi, path: str, ids: Mapping[str, int], type_id: int) -> None:
    body = {"assessorTypeId": type_id}
    try:
        await api.call("POST", path, ids=ids, body=body, repeatable=True)
    except ApiError:
        if type_id not in {row["id"] for row in await api.call("GET", path, ids=ids) or ()}:
            raise


async def change_flags(
    api: WiseflowApi,
    role: Role,
    flow_id: int,
    seat: LiveSeat,
    stated: Mapping[str, Value],
    licence: Licence,
) -> None:
    """Sends the seat's flags whole: the stated ones laid over the live ones."""
    ids = {"flowId": flow_id, role.seat_id: seat.seat_id}
    if role.name == "participants":
        body: dict[str, Any] = {"activated": stated["active"]}
        await api.call("PUT", f"{role.seat_path}/activated", ids=ids, body=body)
        return
    if role.name == "assessors":
        await _ensure_types(api, flow_id, {stated.get("type")}, licence)
        name = stated.get("type")
        body = {"assessorTypeId": licence.assessor_types[name] if name else None}
    else:
        body = _flags(role, {**seat.flags, **stated}, licence)
    await api.call("PATCH", role.seat_path, ids=ids, body=body, repeatable=True)


async def remove_seat(api: WiseflowApi, role: Role, flow_id: int, seat_id: int) -> None:
    """Takes the seat away; one that is gone already is fine."""
    try:
        await api.call("DELETE", role.seat_path, ids={"flowId": flow_id, role.seat_id: seat_id})
    except ApiError as error:
        if error.status != 404:
            raise


async def deactivate(api: WiseflowApi, role: Role, flow_id: int, seat_id: int) -> None:
    """After activation a participant is never deleted, only deactivated."""
    ids = {"flowId": flow_id, role.seat_id: seat_id}
    await api.call("PUT", f"{role.seat_path}/activated", ids=ids, body={"activated": False})
