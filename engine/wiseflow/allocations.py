"""Who marks and reviews whom in WISEflow: assessors, reviewers and assessor groups of a flow.

Source: WISEflow OpenAPI, /flows/{flowId}/assessors/{assessorId}/allocations, reviewers and
assessor-groups. All at once only where nobody is allocated yet, then one by one: so nothing that
others do meanwhile is undone.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import ApiError, IncompleteReadError

if TYPE_CHECKING:
    from collections.abc import Collection, Coroutine, Iterable, Mapping, Sequence

    from engine.wiseflow.client import WiseflowApi

_GROUPS = "/flows/{flowId}/assessor-groups"
_GROUP = f"{_GROUPS}/{{assessorGroupId}}"
NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Allocations:
    """The operations on the participants of one owner, whose id in paths is `owner_id`."""

    owner_id: str
    path: str
    bulk: str
    """The method by which all are allocated at once."""
    bulk_path: str = ""
    """Where that is not `path`."""

    @property
    def one(self) -> str:
        return f"{self.path}/participants/{{participantId}}"


OF = {
    "assessors": Allocations(
        "assessorId", "/flows/{flowId}/assessors/{assessorId}/allocations", "POST"
    ),
    "reviewers": Allocations(
        "reviewerId", "/flows/{flowId}/reviewers/{reviewerId}/allocations", "PUT"
    ),
    "assessor_groups": Allocations(
        "assessorGroupId", f"{_GROUP}/allocations", "PUT", f"{_GROUP}/allocations/participants"
    ),
}
"""By the role of whoever the participants are allocated to."""


@dataclass(frozen=True, slots=True)
class Group:
    """One assessor group, with the seats of its assessors and participants."""

    id: int
    title: str
    assessors: tuple[int, ...]
    participants: tuple[int, ...]
    is_fed: bool = False
    """Whether it has an id of another system: then WISEflow does not delete it."""

    def seats(self, members: str) -> tuple[int, ...]:
        return self.assessors if members == "assessors" else self.participants


async def read_groups(api: WiseflowApi, flow_id: int) -> list[Group]:
    """All groups of a flow that is allocated by group."""
    rows = await api.call("GET", _GROUPS, ids={"flowId": flow_id}) or []
    return [_group(row, flow_id) for row in rows]


def _group(row: Mapping[str, Any], flow_id: int) -> Group:
    assessors, participants = row.get("assessorIds"), row.get("participantIds")
    if assessors is None or participants is None:
        path, message = f"/flows/{flow_id}/assessor-groups", "a group's members are not told"
        raise IncompleteReadError("GET", path, 200, message)
    is_fed = bool(row.get("externalId"))
    return Group(row["id"], row["title"], tuple(assessors), tuple(participants), is_fed)


async def read_reviewed(api: WiseflowApi, flow_id: int, reviewer_id: int) -> tuple[int, ...]:
    """The seats of the participants whom a reviewer has; nobody, where the reviewer has all."""
    path = OF["reviewers"].path
    answer = await api.call("GET", path, ids={"flowId": flow_id, "reviewerId": reviewer_id})
    if not isinstance(answer.get("participantIds"), list):
        raise IncompleteReadError("GET", path, 200, "the reviewer's participants are not told")
    return tuple(answer["participantIds"])


# ---- writing -------------------------------------------------------------------------------------


async def allocate(
    api: WiseflowApi,
    of: Allocations,
    ids: Mapping[str, int],
    there: Collection[int],
    coming: Sequence[int],
) -> None:
    """Allocates participants, by their seats, to whoever `ids` names, who has those `there`.

    All at once a second time is refused for assessors, and changes nothing.
    """
    if there:
        await _one_by_one(api, "POST", of.one, ids, "participantId", coming)
    elif coming:
        body = {"participantIds": list(coming)}
        await api.call(of.bulk, of.bulk_path or of.path, ids=ids, body=body, repeatable=True)


async def deallocate(
    api: WiseflowApi, of: Allocations, ids: Mapping[str, int], leaving: Iterable[int]
) -> None:
    await _one_by_one(api, "DELETE", of.one, ids, "participantId", leaving)


async def _one_by_one(
    api: WiseflowApi,
    method: str,
    path: str,
    ids: Mapping[str, int],
    name: str,
    numbers: Iterable[int],
) -> None:
    """One call for each number; adding again and taking what is gone change nothing."""

    async def call(number: int) -> None:
        try:
            await api.call(method, path, ids={**ids, name: number}, repeatable=True)
        except ApiError as error:
            if method == "POST" or error.status != NOT_FOUND:
                raise

    await _all([call(number) for number in numbers])


async def _all(calls: list[Coroutine[Any, Any, None]]) -> None:
    """Every call, then the first error: what the others do is not cut off."""
    answers = await asyncio.gather(*calls, return_exceptions=True)
    errors = [answer for answer in answers if isinstance(answer, BaseException)]
    for error in errors:
        if not isinstance(error, ApiError) or error.unknown or error.exit_code != 1:
            raise error
    if errors:
        raise errors[0]


# ---- groups --------------------------------------------------------------------------------------


async def create_group(
    api: WiseflowApi, flow_id: int, title: str, assessors: Sequence[int]
) -> None:
    """A new group. Of two that were made at once, the later one is given up by its maker."""
    body = {"title": title, "assessorIds": list(assessors)}
    made = (await api.call("POST", _GROUPS, ids={"flowId": flow_id}, body=body))["id"]
    alike = [one.id for one in await read_groups(api, flow_id) if is_titled(one, title)]
    if made != min(alike, default=made):
        await delete_group(api, flow_id, made)


def is_titled(group: Group, title: str) -> bool:
    """Whether a group has a title: compared without case, as keys are."""
    return group.title.strip().casefold() == title.casefold()


async def delete_group(api: WiseflowApi, flow_id: int, group_id: int) -> None:
    """Takes a group away; one that is gone already is fine."""
    ids = {"flowId": flow_id, "assessorGroupId": group_id}
    try:
        await api.call("DELETE", _GROUP, ids=ids)
    except ApiError as error:
        if error.status != NOT_FOUND:
            raise


async def change_assessors(
    api: WiseflowApi, method: str, ids: Mapping[str, int], assessors: Iterable[int]
) -> None:
    """Adds assessors to a group (POST), or takes them out of it (DELETE)."""
    path = f"{_GROUP}/allocations/assessors/{{assessorId}}"
    await _one_by_one(api, method, path, ids, "assessorId", assessors)
