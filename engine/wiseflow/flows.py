"""Flows in WISEflow: found by key or creation marker, read part by part, written part by part."""

from __future__ import annotations

import hashlib
import re
from base64 import b32encode
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, get_args

from engine.creation import Candidate, first_and_leftovers
from engine.errors import ApiError, IncompleteReadError
from engine.together import together
from engine.wiseflow.shapes import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from engine.model import Value
    from engine.wiseflow.client import WiseflowApi

SEARCH_LIMIT = 100
"""Rows a page. Source: WISEflow OpenAPI, POST /flows/search, `limit`."""

DRAFT, ACTIVATED, STARTED, ENDED, CONCLUDED, ARCHIVED = range(6)
STATES = {name: number for number, name in enumerate(get_args(State))}
"""Source: WISEflow OpenAPI, POST /flows/search and GET /flow/{flowId}."""

TYPE_NUMBERS = {
    2: "FLOWassign",
    4: "FLOWlock",
    8: "FLOWmulti",
    16: "FLOWhandin",
    32: "FLOWoral",
    64: "FLOWattend",
}
VARIANTS = ("ORDINARY", "REEXAMINATION", "REMARKING")
PURPOSES = ("EXAMINATION", "COURSE_WORK", "BACHELOR", "MASTER")
"""Words for numbers. Source: WISEflow OpenAPI, `basic-flow`."""

STATE_NAMES = ("a draft", "activated", "running", "past its end", "concluded", "archived")


@dataclass(frozen=True, slots=True)
class FlowKeys:
    """How flows carry their key: as external source reference `wisectl-<key>`, or as flow code."""

    by: str = "external_source"

    def reference(self, key: str) -> str:
        return f"wisectl-{key}" if self.by == "external_source" else key


MARKER_WORD = "wisectl"


def marker(key: str) -> str:
    """The subtitle that a flow carries while it is being created: `wisectl` and 20 characters."""
    digest = hashlib.sha256(key.casefold().encode()).digest()
    return MARKER_WORD + b32encode(digest).decode().lower()[:20]


def is_marker(subtitle: str | None) -> bool:
    """Whether it is the marker of any key: what carries it is not finished."""
    return re.fullmatch(MARKER_WORD + "[a-z2-7]{20}", subtitle or "") is not None


@dataclass(frozen=True, slots=True)
class FlowRow:
    """One flow as the search answers; `fields` named as in manifests, dates aware UTC."""

    id: int
    state: int
    subtitle: str | None
    references: frozenset[str]
    fields: Mapping[str, Value] = field(default_factory=dict)
    leftovers: tuple[int, ...] = ()
    """Drafts beside this flow that still carry the creation marker of its key: to be given up."""

    def as_candidate(self, key: str) -> Candidate:
        """Settled without the marker, and also with it where people may be on the flow."""
        return Candidate(self.id, self.subtitle != marker(key) or self.state > DRAFT)

    def is_half_made_as_another(self, key: str, type_name: str | None) -> bool:
        """Whether it is a draft under the marker whose type is not the one that is wanted."""
        is_ours = type_name is None or self.fields.get("type") == type_name
        return not is_ours and self.state == DRAFT and self.subtitle == marker(key)


def moment(seconds: Any) -> datetime | None:
    """A date of WISEflow; an empty one may come back as the epoch, which is no date."""
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _row(row: Mapping[str, Any]) -> FlowRow:
    participation, marking = row.get("participation") or {}, row.get("marking") or {}
    subtitle = row.get("subtitle") or None
    return FlowRow(
        id=row["flowId"],
        state=STATES[row["state"]],
        subtitle=subtitle,
        references=frozenset(row.get("externalSourceReferences") or ()),
        fields={
            "title": row.get("title") or "",
            "subtitle": subtitle,
            "type": row.get("type"),
            "purpose": row.get("purpose"),
            "examination_type": row.get("variant"),
            "participation.start": moment(participation.get("start")),
            "participation.end": moment(participation.get("end")),
            "marking.start": moment(marking.get("start")),
            "marking.end": moment(marking.get("end")),
        },
    )


async def search_flows(api: WiseflowApi, body: Mapping[str, Any]) -> list[FlowRow]:
    """Every flow that a search finds, in the order of their numbers."""
    rows = await api.pages("POST", "/flows/search", limit=SEARCH_LIMIT, body=dict(body))
    return sorted((_row(row) for row in rows), key=lambda row: row.id)


async def list_flows(api: WiseflowApi, most: int) -> list[FlowRow] | None:
    """Every flow of the licence, or None where there are more than `most`.

    The first page tells how many there are, and is the whole list where they fit on it.
    """
    place = {"offset": 0, "limit": SEARCH_LIMIT}
    first = await api.request("POST", "/flows/search", params=place, body={})
    if first.total is not None and first.total > most:
        return None
    if first.total == len(first.payload) == len({row.get("flowId") for row in first.payload}):
        return sorted((_row(row) for row in first.payload), key=lambda row: row.id)
    return await search_flows(api, {})


async def find_by_marker(api: WiseflowApi, key: str) -> list[FlowRow]:
    """Flows whose whole subtitle is the marker; the search matches parts, we compare whole."""
    rows = await search_flows(api, {"metadata": {"subtitle": marker(key)}})
    return [row for row in rows if row.subtitle == marker(key)]


async def find_by_key(api: WiseflowApi, keys: FlowKeys, key: str) -> list[FlowRow]:
    """Flows that carry the key, compared without case on our side, whatever the search matches."""
    wanted = keys.reference(key)
    if keys.by == "external_source":
        rows = await search_flows(api, {"metadata": {"externalSourceReference": wanted}})
        return [row for row in rows if carries(row, wanted)]
    rows = await search_flows(api, {"metadata": {"code": wanted}})
    codes = await together(_read_code(api, row.id) for row in rows)
    return [
        row for row, code in zip(rows, codes, strict=True) if code.casefold() == wanted.casefold()
    ]


async def _read_code(api: WiseflowApi, flow_id: int) -> str:
    """The flow's code; none where it is gone, though a search that lags still shows it."""
    try:
        return (await read_metadata(api, flow_id)).get("code") or ""
    except ApiError as error:
        if error.status != 404:
            raise
        return ""


async def find_by_number(api: WiseflowApi, flow_id: int) -> FlowRow | None:
    """One flow as it says itself, whatever a search shows; None where there is no such flow.

    Source: WISEflow OpenAPI, GET /flow/{flowId}, `basic-flow`.
    """
    ids = {"flowId": flow_id}
    try:
        basics = await read_basics(api, flow_id)
        sources = await api.call("GET", "/flows/{flowId}/external-sources", ids=ids)
    except ApiError as error:
        if error.status != 404:
            raise
        return None
    return FlowRow(
        id=flow_id,
        state=int(basics["state"]),
        subtitle=basics.get("subName") or None,
        references=frozenset(row["reference"] for row in sources or ()),
        fields={
            "title": basics.get("name") or "",
            "subtitle": basics.get("subName") or None,
            "type": TYPE_NUMBERS.get(basics.get("type", -1)),
            "purpose": dict(enumerate(PURPOSES)).get(basics.get("purpose", -1)),
            "examination_type": dict(enumerate(VARIANTS)).get(basics.get("variant", -1)),
            "participation.start": moment(basics.get("participantStartDate")),
            "participation.end": moment(basics.get("participantEndDate")),
            "marking.start": moment(basics.get("assessorStartDate")),
            "marking.end": moment(basics.get("assessorEndDate")),
        },
    )


def carries(row: FlowRow, reference: str) -> bool:
    return reference.casefold() in {found.casefold() for found in row.references}


async def find_flows(
    api: WiseflowApi, keys: FlowKeys, wanted: Iterable[str]
) -> dict[str, list[FlowRow]]:
    """For each key the flow that has precedence, with its leftovers; several, if people must say.

    Precedence is that of engine/creation.py. Reads the whole list where that takes fewer requests
    than a search for each key.
    """
    ordered = sorted(set(wanted))
    if ordered and keys.by == "external_source":
        rows = await list_flows(api, SEARCH_LIMIT * len(ordered))
        if rows is not None:
            return {key: _resolved(_among(rows, keys, key), key) for key in ordered}
    # Marker before key: a flow that is being finished gets its key before it loses its marker.
    body = {"metadata": {"subtitle": MARKER_WORD}}
    marked = await search_flows(api, body) if ordered else []
    keyed = await together(find_by_key(api, keys, key) for key in ordered)
    return {
        key: _resolved([*(row for row in marked if row.subtitle == marker(key)), *rows], key)
        for key, rows in zip(ordered, keyed, strict=True)
    }


def _among(rows: Sequence[FlowRow], keys: FlowKeys, key: str) -> list[FlowRow]:
    reference = keys.reference(key)
    return [row for row in rows if carries(row, reference) or row.subtitle == marker(key)]


def _resolved(rows: Iterable[FlowRow], key: str) -> list[FlowRow]:
    """The rows that stand for the key; where a flow comes twice, the later row knows better."""
    by_id = {row.id: row for row in rows}
    kept, leftovers = first_and_leftovers(row.as_candidate(key) for row in by_id.values())
    return [replace(by_id[number], leftovers=tuple(leftovers)) for number in kept]


async def read_sis_flows(api: WiseflowApi) -> frozenset[int]:
    """The ids of the flows that a student information system feeds.

    Fed and not fed together are all flows: else one of the searches was not answered to its end.
    A server that heeds only `true` answers all of them as not fed, which says nothing.
    Raises: IncompleteReadError, after two attempts.
    """
    for _ in range(2):
        fed = frozenset(row.id for row in await search_flows(api, {"metadata": {"isSis": True}}))
        others, every = await together(
            api.total("POST", "/flows/search", body=body)
            for body in ({"metadata": {"isSis": False}}, {})
        )
        if others == every or len(fed) + others == every:
            return fed
    message = f"{len(fed)} flows are fed by a SIS and {others} are not, but there are {every}"
    raise IncompleteReadError("POST", "/flows/search", 200, message)


async def read_state(api: WiseflowApi, flow_id: int) -> int:
    """The flow's state now, 0 to 5. Source: WISEflow OpenAPI, GET /flow/{flowId}."""
    return int((await read_basics(api, flow_id))["state"])


async def read_basics(api: WiseflowApi, flow_id: int) -> Mapping[str, Any]:
    """What the flow says of itself in short; 404 where it is deleted."""
    answer: Mapping[str, Any] = await api.call("GET", "/flow/{flowId}", ids={"flowId": flow_id})
    return answer


def is_in_sequence(basics: Mapping[str, Any]) -> bool:
    """Whether the flow is a part of a sequence of flows, where deleting is at once and for good.

    Source: WISEflow OpenAPI, `basic-flow` and DELETE /flows/{flowId}.
    """
    return bool(basics.get("combinedMainFlowId") or basics.get("combinedSubFlowIds"))


async def delete_flow(api: WiseflowApi, flow_id: int) -> None:
    """It can be reopened until WISEflow forgets it. Source: OpenAPI, DELETE /flows/{flowId}."""
    await api.call("DELETE", "/flows/{flowId}", ids={"flowId": flow_id}, repeatable=True)


async def read_metadata(api: WiseflowApi, flow_id: int) -> dict[str, Any]:
    """The whole metadata object, to be changed and written back whole."""
    return dict(await api.call("GET", "/flows/{flowId}/metadata", ids={"flowId": flow_id}))


async def read_description(api: WiseflowApi, flow_id: int) -> str | None:
    answer = await api.call("GET", "/flows/{flowId}/description", ids={"flowId": flow_id})
    return (answer or {}).get("description") or None


async def has_assignment(api: WiseflowApi, flow_id: int) -> bool:
    """Whether participants would find an assignment on the flow."""
    rows = await api.call("GET", "/flow/{flowId}/assignments", ids={"flowId": flow_id})
    return any(row.get("assignment") or row.get("publishedReference") for row in rows or [])


METADATA = {
    "title": "title",
    "subtitle": "subtitle",
    "term": "term",
    "code": "code",
    "purpose": "purpose",
    "examination_type": "examinationType",
}
"""From manifest fields to those of GET and PUT /flows/{flowId}/metadata."""


Moments = dict[str, "datetime | None"]


async def read_dates(api: WiseflowApi, flow_id: int) -> tuple[Moments, Moments]:
    """Both windows as the flow itself has them, and the first start and last end of anybody.

    Source: WISEflow OpenAPI, GET /flows/{flowId}/dates.
    """
    answer = await api.call("GET", "/flows/{flowId}/dates", ids={"flowId": flow_id}) or {}
    windows = {name: answer.get(name) or {} for name in ("participation", "marking")}
    general = {
        f"{name}.{edge}": moment(window.get(edge))
        for name, window in windows.items()
        for edge in ("start", "end")
    }
    own = {"start": "earliestIndividualStart", "end": "latestIndividualEnd"}
    edges = {edge: moment(windows["participation"].get(name)) for edge, name in own.items()}
    return general, edges


async def write_metadata(
    api: WiseflowApi,
    flow_id: int,
    fields: Mapping[str, Value],
    there: Mapping[str, Any] | None = None,
) -> None:
    """Overlays the fields (named as in manifests) on what the server has just answered."""
    body = dict(there) if there else await read_metadata(api, flow_id)
    body |= {METADATA[name]: value for name, value in fields.items()}
    await api.call("PUT", "/flows/{flowId}/metadata", ids={"flowId": flow_id}, body=body)


async def write_dates(api: WiseflowApi, flow_id: int, dates: Mapping[str, datetime]) -> None:
    """Sends both windows together: one of them alone may leave an invalid pair behind."""
    body: dict[str, dict[str, int]] = {}
    for path, value in dates.items():
        window, edge = path.split(".")
        body.setdefault(window, {})[edge] = int(value.timestamp())
    await api.call(
        "PATCH", "/flows/{flowId}/dates", ids={"flowId": flow_id}, body=body, repeatable=True
    )


async def write_description(api: WiseflowApi, flow_id: int, text: str | None) -> None:
    await api.call(
        "PUT",
        "/flows/{flowId}/description",
        ids={"flowId": flow_id},
        body={"description": text or ""},
    )
