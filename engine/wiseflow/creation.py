"""Creating a flow so that no fault, crash or second apply leaves two of them for one key.

WISEflow gives a flow no key of its own and no way to repeat a request safely. So a flow is made
with its whole subtitle set to a marker made from the key. Whoever comes later, after a crash or
from another machine, finds it by that marker and finishes it. The steps, in order:

    look for the marker, then for the key    found: finish that flow
    create with the marker as subtitle       answer lost: wait beyond the timeout, look again
    look for the marker again                a lower flow number: delete our own draft, look again
    give it its key, look for the key        the same rule
    its dates and description, and last      the marker leaves only when all else is done
    its metadata with the subtitle

A marked flow is never activated, and its fields have no history: nothing was promised yet.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.errors import ApiError, UnknownOutcomeError
from engine.wiseflow.flows import (
    FlowKeys,
    find_by_key,
    find_by_marker,
    has_assignment,
    marker,
    read_metadata,
    write_dates,
    write_description,
    write_metadata,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from engine.model import Value
    from engine.wiseflow.client import WiseflowApi

INCLUDABLE = {
    "settings": "settings",
    "assignments": "assignments",
    "rubrics": "rubrics",
    "coversheet": "coversheet",
    "additional_marking_material": "additionalMarkingMaterial",
    "permitted_internet_resources": "permittedInternetResources",
}
"""From words of `copy_from.include` to the configuration of POST /flows/{flowId}/copy."""

ROUNDS = 5
"""How often a creation looks again before it gives up: each round is one search and one try."""


@dataclass(frozen=True, slots=True)
class CopySource:
    """The flow that a new one is copied from, and what comes along."""

    flow_id: int
    include: frozenset[str]


@dataclass(frozen=True, slots=True)
class NewFlow:
    """All of a flow that its creation sets; `fields` named as in manifests, without dates."""

    key: str
    title: str
    managers: tuple[int, ...]
    type_id: int | None = None
    copy_from: CopySource | None = None
    fields: Mapping[str, Value] = field(default_factory=dict)
    dates: Mapping[str, datetime] = field(default_factory=dict)
    description: Value = ...
    """`...` where no description is stated."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: after a lost answer, between two looks, and for a flow to become visible."""

    lost_answer: float = 35.0
    between_looks: float = 0.5
    until_visible: float = 60.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


async def create_flow(
    api: WiseflowApi, keys: FlowKeys, new: NewFlow, patience: Patience = Patience()
) -> int:
    """The id of the one flow that carries the key, made or found, and finished.

    Raises: ApiError, when a call is refused or the flow cannot be told from its rivals.
    """
    lost = False
    for _ in range(ROUNDS):
        flow_id = await _found(api, keys, new.key)
        if flow_id is None and lost:
            # The lost request may still be on its way: only after its time is up is it gone.
            await patience.sleep(patience.lost_answer)
            flow_id = await _found(api, keys, new.key)
        if flow_id is None:
            flow_id = await _make(api, new)
            lost = flow_id is None
        if flow_id is None or not await _is_ours_to_keep(api, keys, new.key, flow_id, patience):
            continue
        await finish_flow(api, keys, new, flow_id)
        await _finished_visible(api, keys, new.key, flow_id, patience)
        return flow_id
    raise ApiError("POST", "/license/create/flow", 0, "the flow could not be told from its rivals")


async def finish_flow(api: WiseflowApi, keys: FlowKeys, new: NewFlow, flow_id: int) -> None:
    """Brings a marked flow to its end; each step may have been done before."""
    await _check_copy(api, new, flow_id)
    await _set_key(api, keys, new.key, flow_id)
    if new.dates:
        await write_dates(api, flow_id, new.dates)
    if new.description is not ...:
        await write_description(api, flow_id, new.description)
    await write_metadata(api, flow_id, await _final_metadata(api, keys, new))


async def _found(api: WiseflowApi, keys: FlowKeys, key: str) -> int | None:
    rows = await find_by_marker(api, key) or await find_by_key(api, keys, key)
    return rows[0].id if rows else None


async def _make(api: WiseflowApi, new: NewFlow) -> int | None:
    """The new flow's id, or None after a lost answer: then the caller looks before it repeats."""
    try:
        return await _send(api, new)
    except UnknownOutcomeError:
        return None


async def _send(api: WiseflowApi, new: NewFlow) -> int:
    if new.copy_from is None:
        body: dict[str, Any] = {"title": new.title, "subTitle": marker(new.key)}
        body |= {"type": new.type_id, "managers": list(new.managers)}
        return int((await api.call("POST", "/license/create/flow", body=body))["flowId"])
    include = new.copy_from.include
    configuration = {theirs: ours in include for ours, theirs in INCLUDABLE.items()}
    answer = await api.call(
        "POST",
        "/flows/{flowId}/copy",
        ids={"flowId": new.copy_from.flow_id},
        body={
            "managerUserIds": list(new.managers),
            "title": new.title,
            "subtitle": marker(new.key),
            "configuration": configuration | {"dates": False, "passwords": False},
        },
    )
    # The document types the answer as a list, a client in production reads an object.
    return int((answer[0] if isinstance(answer, list) else answer)["flowId"])


async def _is_ours_to_keep(
    api: WiseflowApi, keys: FlowKeys, key: str, flow_id: int, patience: Patience
) -> bool:
    """Waits until a search shows the flow, then lets the lowest number of all rivals win."""
    rows = await _visible(api, keys, key, flow_id, patience)
    lowest = min((row_id for row_id in rows), default=flow_id)
    if lowest >= flow_id:
        return True
    await _give_up(api, key, flow_id)
    return False


async def _visible(
    api: WiseflowApi, keys: FlowKeys, key: str, flow_id: int, patience: Patience
) -> set[int]:
    waited = 0.0
    while True:
        rows = await find_by_marker(api, key) + await find_by_key(api, keys, key)
        ids = {row.id for row in rows}
        if flow_id in ids:
            return ids
        if waited >= patience.until_visible:
            message = f"flow {flow_id} was made but no search shows it; run apply again"
            raise ApiError("POST", "/flows/search", 0, message)
        await patience.sleep(patience.between_looks)
        waited += patience.between_looks


async def _finished_visible(
    api: WiseflowApi, keys: FlowKeys, key: str, flow_id: int, patience: Patience
) -> None:
    """Waits, as long as it may take, until a search shows the flow as it is now.

    Else a plan made just after this apply would read the unfinished flow, and finish it again.
    """
    waited = 0.0
    while waited < patience.until_visible:
        rows = [row for row in await find_by_key(api, keys, key) if row.id == flow_id]
        if rows and rows[0].subtitle != marker(key):
            return
        await patience.sleep(patience.between_looks)
        waited += patience.between_looks


async def _give_up(api: WiseflowApi, key: str, flow_id: int) -> None:
    """Deletes our own draft, and only while it still carries the marker."""
    if (await read_metadata(api, flow_id)).get("subtitle") == marker(key):
        await api.call("DELETE", "/flows/{flowId}", ids={"flowId": flow_id})


async def _check_copy(api: WiseflowApi, new: NewFlow, flow_id: int) -> None:
    source = new.copy_from
    if source is None or "assignments" not in source.include:
        return
    if await has_assignment(api, source.flow_id) and not await has_assignment(api, flow_id):
        raise ApiError(
            "POST",
            f"/flows/{source.flow_id}/copy",
            0,
            f"flow {flow_id} was copied without its assignment; add it, or delete that flow",
        )


async def _set_key(api: WiseflowApi, keys: FlowKeys, key: str, flow_id: int) -> None:
    if keys.by != "external_source":
        return
    ids, reference = {"flowId": flow_id}, keys.reference(key)
    body = {"reference": reference, "description": "Managed by wisectl"}
    try:
        await api.call("POST", "/flows/{flowId}/external-sources", ids=ids, body=body)
    except ApiError:
        rows = await api.call("GET", "/flows/{flowId}/external-sources", ids=ids)
        if reference.casefold() not in {row["reference"].casefold() for row in rows or ()}:
            raise


async def _final_metadata(api: WiseflowApi, keys: FlowKeys, new: NewFlow) -> dict[str, Value]:
    fields = {"title": new.title, **new.fields}
    if "subtitle" not in fields:
        copied = new.copy_from and await read_metadata(api, new.copy_from.flow_id)
        fields["subtitle"] = copied.get("subtitle") if copied else None
    if keys.by == "code":
        fields["code"] = new.key
    return fields
