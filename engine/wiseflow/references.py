"""External source references of a flow, in which it carries its key.

Source: WISEflow OpenAPI, /flows/{flowId}/external-sources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import ApiError

if TYPE_CHECKING:
    from engine.wiseflow.client import WiseflowApi


async def read_references(api: WiseflowApi, flow_id: int) -> dict[str, int]:
    """From each reference that a flow carries, folded, to the number of that external source."""
    found = await read_other_references(api, flow_id)
    return {reference.casefold(): number for reference, number in found.items()}


async def read_other_references(api: WiseflowApi, flow_id: int) -> dict[str, int]:
    """The same as they are written: those of other systems may differ in case alone."""
    rows = await api.call("GET", "/flows/{flowId}/external-sources", ids={"flowId": flow_id})
    return {row["reference"]: row["id"] for row in rows or ()}


async def add_reference(api: WiseflowApi, flow_id: int, reference: str) -> None:
    """A second time is refused, and changes nothing: so a lost answer may be repeated."""
    try:
        await _add(api, flow_id, reference)
    except ApiError:
        if reference.casefold() not in await read_references(api, flow_id):
            raise


async def add_other_reference(api: WiseflowApi, flow_id: int, reference: str) -> None:
    """The same of another system's, as it is written."""
    try:
        await _add(api, flow_id, reference)
    except ApiError:
        if reference not in await read_other_references(api, flow_id):
            raise


async def _add(api: WiseflowApi, flow_id: int, reference: str) -> None:
    await api.call(
        "POST",
        "/flows/{flowId}/external-sources",
        ids={"flowId": flow_id},
        body={"reference": reference, "description": "Managed by wisectl"},
        repeatable=True,
    )


async def remove_reference(api: WiseflowApi, flow_id: int, reference: str) -> None:
    """Takes a reference away, if the flow still carries it."""
    folded = reference.casefold()
    number = (await read_references(api, flow_id)).get(folded)
    if number is None:
        return
    try:
        await _remove(api, flow_id, number)
    except ApiError:
        if folded in await read_references(api, flow_id):
            raise


async def remove_other_reference(api: WiseflowApi, flow_id: int, reference: str) -> None:
    """The same of another system's, as it is written."""
    number = (await read_other_references(api, flow_id)).get(reference)
    if number is None:
        return
    try:
        await _remove(api, flow_id, number)
    except ApiError:
        if reference in await read_other_references(api, flow_id):
            raise


async def _remove(api: WiseflowApi, flow_id: int, number: int) -> None:
    await api.call(
        "DELETE",
        "/flows/{flowId}/external-sources/{flowExternalSourceId}",
        ids={"flowId": flow_id, "flowExternalSourceId": number},
        repeatable=True,
    )
