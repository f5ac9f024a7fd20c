"""Second looks: what a list does not show is asked for elsewhere before its absence counts.

A search that comes back shorter than it is, with a total to match, looks like any other. Where its
silence would make the engine create or add, another operation is asked, which cannot be wrong in
the same way. A second look costs a request each, so a sample is taken; what it finds is proof that
the list is not whole, what it does not find proves nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from engine.errors import ApiError, IncompleteReadError
from engine.together import together
from engine.wiseflow.flows import read_metadata

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from engine.wiseflow.client import WiseflowApi
    from engine.wiseflow.flows import FlowKeys
    from engine.wiseflow.licence import Licence

T = TypeVar("T")

LISTS = {
    "roles": "/license/roles",
    "data_types": "/license/user-data-types",
    "flow_types": "/license/flow-types",
}

MOST_USERS = 20
"""People who are asked for by name, of all whom a search did not find."""

MOST_SEATS = 3
"""People of one role on one flow whose own flows are read, of all whom its list lacks."""

INFO = {"roles": "licenseRoles", "data_types": "userDataTypes", "flow_types": "flowTypes"}
"""From the names of a Licence to the members of GET /license/info that list them too."""

RELATIONS = {
    "managers": "manager",
    "authors": "author",
    "assessors": "assessor",
    "reviewers": "reviewer",
    "invigilators": "invigilator",
    "participants": "participant",
}
"""From our roles to the members of GET /user/{userId}/flows. Source: WISEflow OpenAPI."""


async def doubt_names(
    api: WiseflowApi, licence: Licence, wanted: Mapping[str, Collection[str]]
) -> None:
    """Asks for the licence as a whole, where its lists lack names that the manifests use.

    `wanted` goes from names of INFO to names of roles, user data types and flow types.
    Raises: IncompleteReadError, where the licence has such a name.
    """
    unknown = {part: set(names) - set(getattr(licence, part)) for part, names in wanted.items()}
    if not any(unknown.values()):
        return
    info = await _look(api, "/license/info", {})
    for part, member in INFO.items():
        rows = info.get(member)
        names = {row.get("name") for row in rows or () if isinstance(row, dict)}
        if lost := sorted(unknown.get(part, set()) & names):
            path, message = LISTS[part], f'the list lacks "{lost[0]}", which the licence has'
            raise IncompleteReadError("GET", path, 200, message)


async def doubt_users(api: WiseflowApi, lacking: Sequence[tuple[int, str]]) -> None:
    """Asks for people by data type and value whom the bulk search did not find.

    Source: WISEflow OpenAPI, GET /user/userDataType/{userDataType}/{value}.
    Raises: IncompleteReadError, where one of them is there.
    """
    asked = [one for one in sample(lacking, MOST_USERS) if one[1] not in {"", ".", ".."}]
    found = await together(_is_user(api, *one) for one in asked)
    if any(found):
        missed = f"{sum(found)} of {len(asked)} who are there by name"
        message = f"the search did not find {missed}; run it again"
        raise IncompleteReadError("POST", "/users/search", 200, message)


async def _is_user(api: WiseflowApi, data_type: int, value: str) -> bool:
    path, ids = "/user/userDataType/{userDataType}/{value}", {"userDataType": data_type}
    return bool(await _look(api, path, {**ids, "value": value}))


async def doubt_seats(
    api: WiseflowApi, role: str, flow_id: int, there: Collection[int], wanted: Iterable[int]
) -> None:
    """Asks users whom a role's list lacks for their own flows, before they are added.

    Raises: IncompleteReadError, where one of them has the role on the flow.
    """
    lacking = sorted(set(wanted) - set(there))
    flows = await together(_flows(api, user_id) for user_id in sample(lacking, MOST_SEATS))
    if any(row.get("id") == flow_id for found in flows for row in _related(found, role)):
        message = f"the list lacks {RELATIONS[role]}s who have the flow among their own"
        raise IncompleteReadError("GET", f"/flows/{flow_id}/{role}", 200, message)


async def doubt_flows(
    api: WiseflowApi,
    keys: FlowKeys,
    lacking: Mapping[str, str],
    managers: Iterable[int],
    there: Collection[int],
) -> None:
    """Asks those who would manage new flows for the flows that they manage already.

    `lacking` goes from keys that no search found to titles; `there` are the flows that were found.
    Of a flow with one of these titles (of any, where nothing was found at all) its key is read.
    Raises: IncompleteReadError, where one of them carries a key that no search found.
    """
    theirs = await _managed(api, managers) if lacking else {}
    titles = {title.casefold() for title in lacking.values()}
    numbers = sorted(
        number
        for number, title in theirs.items()
        if number not in there and (not there or title.casefold() in titles)
    )
    found = await together(_key(api, keys, number) for number in sample(numbers, MOST_USERS))
    wanted = {keys.reference(key).casefold() for key in lacking}
    if any(wanted & references for references in found):
        message = "the search did not find a flow whose manager has it among their own"
        raise IncompleteReadError("POST", "/flows/search", 200, message)


async def _managed(api: WiseflowApi, managers: Iterable[int]) -> dict[int, str]:
    """The flows that some of these users manage, by number, with their titles."""
    asked = sample(sorted(set(managers)), MOST_USERS)
    found = await together(_flows(api, user_id) for user_id in asked)
    rows = [row for one in found for row in _related(one, "managers")]
    return {row["id"]: str(row.get("name") or "") for row in rows if isinstance(row.get("id"), int)}


async def _key(api: WiseflowApi, keys: FlowKeys, flow_id: int) -> set[str]:
    """What a flow carries where keys stand, folded; nothing where it cannot be read."""
    ids = {"flowId": flow_id}
    try:
        if keys.by == "code":
            return {str((await read_metadata(api, flow_id)).get("code") or "").casefold()}
        rows = await api.call("GET", "/flows/{flowId}/external-sources", ids=ids)
    except ApiError as error:
        if error.exit_code != ApiError.exit_code:
            raise
        return set()
    return {str(row.get("reference") or "").casefold() for row in rows}


async def _flows(api: WiseflowApi, user_id: int) -> Mapping[str, Any]:
    return await _look(api, "/user/{userId}/flows", {"userId": user_id})


def _related(flows: Mapping[str, Any], role: str) -> list[dict[str, Any]]:
    rows = flows.get(RELATIONS[role])
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


async def _look(api: WiseflowApi, path: str, ids: Mapping[str, int | str]) -> Mapping[str, Any]:
    """The answer, or nothing where there is none: a witness who is silent proves nothing."""
    answer: Any = None
    try:
        answer = await api.call("GET", path, ids=ids)
    except ApiError as error:
        if error.exit_code != ApiError.exit_code:
            raise
    return answer if isinstance(answer, dict) else {}


def sample(members: Sequence[T], most: int) -> list[T]:
    """At most so many of the members, the first and the last among them, spread evenly."""
    if len(members) <= most:
        return list(members)
    return [members[at * (len(members) - 1) // (most - 1)] for at in range(most)]
