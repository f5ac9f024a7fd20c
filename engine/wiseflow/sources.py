"""Sources of the student information system on a flow.

Source: WISEflow OpenAPI, GET /flows/{flowId}/sources, POST /flow/{flowId}/source/add, DELETE
/flow/{flowId}/source/remove/{sourceCode}/integration/{integrationId}.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, NamedTuple

from engine.errors import ApiError

if TYPE_CHECKING:
    from engine.wiseflow.client import WiseflowApi


class Source(NamedTuple):
    """What feeds a flow: an integration of the licence, by name, and what it looks up there."""

    integration: str
    code: str


async def read_sources(api: WiseflowApi, flow_id: int) -> frozenset[Source]:
    """All sources of a flow."""
    rows = await api.call("GET", "/flows/{flowId}/sources", ids={"flowId": flow_id})
    return frozenset(Source(row["integration"], row["code"]) for row in rows or ())


async def add_source(api: WiseflowApi, flow_id: int, source: Source, integration_id: int) -> None:
    """A second time is refused, and changes nothing: so a lost answer may be repeated.

    Title and dates are never overwritten on the spot; what follows is the system's own matter.
    """
    body = {"sourceCode": source.code, "integrationId": str(integration_id)}
    try:
        await api.call(
            "POST",
            "/flow/{flowId}/source/add",
            ids={"flowId": flow_id},
            body=body | {"useSisMetaData": False, "useSisDates": False},
            repeatable=True,
        )
    except ApiError:
        if source not in await read_sources(api, flow_id):
            raise


async def remove_source(
    api: WiseflowApi, flow_id: int, source: Source, integration_id: int
) -> None:
    """Takes a source away; one that is gone already is gone."""
    code = base64.b64encode(source.code.encode()).decode()
    ids: dict[str, int | str] = {"flowId": flow_id, "sourceCode": code}
    ids["integrationId"] = integration_id
    try:
        await api.call(
            "DELETE",
            "/flow/{flowId}/source/remove/{sourceCode}/integration/{integrationId}",
            ids=ids,
            repeatable=True,
        )
    except ApiError:
        if source in await read_sources(api, flow_id):
            raise
