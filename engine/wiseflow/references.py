"""External source references of a flow, in which it carries its key.

Source: WISEflow OpenAPI, /flows/{flowId}/external-sources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.wiseflow.client import WiseflowApi

    Form = Callable[[str], str]

FOLDED: Form = str.casefold
"""How references that are keys are compared."""
AS_WRITTEN: Form = str
"""How those of other systems are: they may differ in case alone."""


async def read_references(api: WiseflowApi, flow_id: int, form: Form = FOLDED) -> dict[str, int]:
    """From each reference that a flow carries to the number of that external source."""
    rows = await api.call("GET", "/flows/{flowId}/external-sources", ids={"flowId": flow_id})
    return {form(row["reference"]): row["id"] for row in rows or ()}


async def add_reference(
    api: WiseflowApi, flow_id: int, reference: str, form: Form = FOLDED
) -> None:
    """A second time is refused, and changes nothing: so a lost answer may be repeated."""
    try:
        await api.call(
            "POST",
            "/flows/{flowId}/external-sources",
            ids={"flowId": flow_id},
            body={"reference": reference, "description": "Managed by wisectl"},
            repeatable=True,
        )
    except ApiError:
        if form(reference) not in await read_references(api, flow_id, form):
            raise


async def remove_reference(
    api: WiseflowApi, flow_id: int, reference: str, form: Form = FOLDED
) -> None:
    """Takes a reference away, if the flow still carries it."""
    number = (await read_references(api, flow_id, form)).get(form(reference))
    if number is None:
        return
    try:
        await api.call(
            "DELETE",
            "/flows/{flowId}/external-sources/{flowExternalSourceId}",
            ids={"flowId": flow_id, "flowExternalSourceId": number},
            repeatable=True,
        )
    except ApiError:
        if form(reference) in await read_references(api, flow_id, form):
            raise
