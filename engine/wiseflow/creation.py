"""What flows supply to engine/creation.py: how they are found, made, finished and given up.

The marker is a flow's whole subtitle while it is being made. Finishing gives it its key, its dates,
description and settings, and last, in one request, its metadata with the subtitle that it is to
have. A marked flow is never activated, and its fields have no history: nothing was promised yet.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine import creation
from engine.creation import PATIENCE, Candidate, Patience, Stage
from engine.errors import ApiError, UnknownOutcomeError
from engine.wiseflow.flows import (
    DRAFT,
    METADATA,
    FlowKeys,
    find_by_key,
    find_by_marker,
    has_assignment,
    is_marker,
    marker,
    read_basics,
    read_metadata,
    read_state,
    write_dates,
    write_description,
    write_metadata,
)
from engine.wiseflow.reassessments import make_reassessment
from engine.wiseflow.references import add_reference, read_references
from engine.wiseflow.sequences import (
    Place,
    copy_into_sequence,
    make_in_sequence,
    read_sequence,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from datetime import datetime

    from engine.model import Value
    from engine.wiseflow.client import WiseflowApi
    from engine.wiseflow.flows import FlowRow

__all__ = ["CopySource", "NewFlow", "Patience", "create_flow", "give_up_leftovers"]

INCLUDABLE = {
    "settings": "settings",
    "assignments": "assignments",
    "rubrics": "rubrics",
    "coversheet": "coversheet",
    "additional_marking_material": "additionalMarkingMaterial",
    "permitted_internet_resources": "permittedInternetResources",
}
"""From words of `copy_from.include` to the configuration of POST /flows/{flowId}/copy."""


@dataclass(frozen=True, slots=True)
class CopySource:
    """The flow that a new one is copied from, and what comes along."""

    flow_id: int
    include: frozenset[str]
    is_reassessment: bool = False
    """Whether what is made is its reassessment, of which there is one."""


@dataclass(frozen=True, slots=True)
class NewFlow:
    """All of a flow that its creation sets; `fields` named as in manifests, without dates."""

    key: str
    title: str
    managers: tuple[int, ...]
    type: str | None = None
    type_id: int | None = None
    copy_from: CopySource | None = None
    place: Place | None = None
    """In a sequence of flows; None for a flow of its own."""
    fields: Mapping[str, Value] = field(default_factory=dict)
    dates: Mapping[str, datetime] = field(default_factory=dict)
    description: Value = ...
    """`...` where no description is stated."""
    settle: Callable[[int], Awaitable[None]] | None = None
    """Sets what else the flow is to have, by its number; doing it twice is doing it once."""


async def create_flow(
    api: WiseflowApi, keys: FlowKeys, new: NewFlow, patience: Patience = PATIENCE
) -> int:
    """The id of the one flow that carries the key, made or found, and finished.

    A flow that somebody else has finished meanwhile is left as it is: the next plan compares it.
    Raises: ApiError, when a call is refused or the flow cannot be told from its rivals.
    """
    if new.copy_from is not None and new.copy_from.is_reassessment:
        return await _reassess(FlowCreation(api, keys, new.key, new), new.copy_from)
    return await creation.create_once(FlowCreation(api, keys, new.key, new), patience)


async def _reassess(creation: FlowCreation, source: CopySource) -> int:
    """The id of the one reassessment of a flow, which WISEflow makes or finds, and ours finishes.

    Asked for twice it is the same one, so it needs no marker: its key comes last, and one without
    a key is finished as if it were new, as long as it is a draft.
    Raises: ApiError, where it is another flow of ours, or active under no key.
    """
    api, number = creation.api, await make_reassessment(creation.api, source.flow_id)
    metadata = await read_metadata(api, number)
    if await creation.carries_key(number, metadata):
        return number
    other = await creation.other_key(number)
    if other or await read_state(api, number) != DRAFT:
        known = (
            f"known as {other}: keep that key, or name both under `moved`"
            if other
            else "active already: name it under `adopt`"
        )
        message = f"flow #{number} is its reassessment, and {known}"
        raise ApiError(*creation.operation, 200, message)
    await creation.finish_reassessment(number)
    return number


async def give_up_leftovers(api: WiseflowApi, keys: FlowKeys, key: str) -> list[int]:
    """Deletes the drafts under the key's marker beside the flow that is finished; their ids.

    Raises: ApiError, also when several finished flows carry the key.
    """
    return await creation.give_up_leftovers(FlowTraces(api, keys, key))


@dataclass(frozen=True, slots=True)
class FlowTraces:
    """The flows of one key, made by whomever. See `engine.creation.Traces`."""

    api: WiseflowApi
    keys: FlowKeys
    key: str

    @property
    def operation(self) -> tuple[str, str]:
        return ("POST", "/license/create/flow")

    async def find_marked(self) -> list[Candidate]:
        return await self._candidates(await find_by_marker(self.api, self.key))

    async def find_keyed(self) -> list[Candidate]:
        return await self._candidates(await find_by_key(self.api, self.keys, self.key))

    async def _candidates(self, rows: Iterable[FlowRow]) -> list[Candidate]:
        return [row.as_candidate(self.key) for row in rows]

    async def stage(self, number: int) -> Stage:
        try:
            metadata = await read_metadata(self.api, number)
            if metadata.get("subtitle") == marker(self.key):
                return Stage.MARKED
            carries = await self.carries_key(number, metadata)
        except ApiError as error:
            if error.status != 404:
                raise
            return Stage.GONE
        return Stage.FINISHED if carries else Stage.GONE

    async def give_up(self, number: int) -> None:
        if await self.stage(number) is not Stage.MARKED:
            return
        try:
            if await read_state(self.api, number) == DRAFT:
                await self.api.call("DELETE", "/flows/{flowId}", ids={"flowId": number})
        except ApiError as error:
            if error.status != 404:
                raise

    async def other_key(self, number: int) -> str | None:
        """Another key of ours that a flow carries."""
        if self.keys.by == "code":
            return None
        found = await read_references(self.api, number)
        return next((one for one in sorted(found) if one.startswith(self.keys.reference(""))), None)

    async def carries_key(self, number: int, metadata: Mapping[str, Any]) -> bool:
        if self.keys.by == "code":
            return (metadata.get("code") or "").casefold() == self.key.casefold()
        reference = self.keys.reference(self.key).casefold()
        return reference in await read_references(self.api, number)


@dataclass(frozen=True, slots=True)
class FlowCreation(FlowTraces):
    """One flow to be made: new, or as a copy. See `engine.creation.Creation`."""

    new: NewFlow

    @property
    def operation(self) -> tuple[str, str]:
        source = self.new.copy_from
        if source is not None and source.is_reassessment:
            return ("POST", f"/flow/{source.flow_id}/reassessment")
        if self.new.place is not None:
            return ("POST", "/flows/combine")
        return ("POST", f"/flows/{source.flow_id}/copy" if source else "/license/create/flow")

    async def _candidates(self, rows: Iterable[FlowRow]) -> list[Candidate]:
        """Those of our type, at our place; a half-made one of another is given up.

        Neither can be changed.
        """
        fitting = []
        for row in rows:
            is_another = row.is_half_made_as_another(self.key, self.new.type)
            if is_another or await self._is_elsewhere(row):
                await self.give_up(row.id)
            else:
                fitting.append(row.as_candidate(self.key))
        return fitting

    async def _is_elsewhere(self, row: FlowRow) -> bool:
        """Whether a half-made flow is not in the sequence that ours is to be made in."""
        place = self.new.place
        if place is None or row.as_candidate(self.key).settled:
            return False
        try:
            if place.main is None:
                return await read_sequence(self.api, row.id) is None
            basics = await read_basics(self.api, row.id)
        except ApiError as error:
            if error.status != 404:
                raise
            return False
        return basics.get("combinedMainFlowId") != place.main

    async def make(self) -> int | None:
        try:
            source = self.new.copy_from
            answer = await (self._send() if source is None else self._send_copy(source))
        except UnknownOutcomeError:
            return None
        # The document types the answer to a copy as a list, a client in production reads an object.
        made = answer[0] if isinstance(answer, list) and answer else answer
        number = made.get("flowId") if isinstance(made, dict) else None
        return number if isinstance(number, int) else None

    async def finish(self, number: int) -> bool:
        await self._check_copy(number)
        await self._set_key(number)
        await self._fill(number)
        return await self._set_metadata(number)

    async def finish_reassessment(self, number: int) -> None:
        await self._fill(number)
        fields = {"title": self.new.title, **self.new.fields}
        if self.keys.by == "code":
            fields["code"] = self.key
        await write_metadata(self.api, number, fields)
        await self._set_key(number)

    async def _fill(self, number: int) -> None:
        if self.new.dates:
            await write_dates(self.api, number, self.new.dates)
        if self.new.description is not ...:
            await write_description(self.api, number, self.new.description)
        if self.new.settle is not None:
            await self.new.settle(number)

    async def _send(self) -> Any:
        new = self.new
        body: dict[str, Any] = {"title": new.title, "managers": list(new.managers)}
        if new.place is not None:
            body |= {"subtitle": marker(self.key), "type": new.type}
            return await make_in_sequence(self.api, new.place, body)
        body |= {"subTitle": marker(self.key), "type": new.type_id}
        return await self.api.call("POST", "/license/create/flow", body=body)

    async def _send_copy(self, source: CopySource) -> Any:
        configuration = {theirs: ours in source.include for ours, theirs in INCLUDABLE.items()}
        body: dict[str, Any] = {
            "managerUserIds": list(self.new.managers),
            "title": self.new.title,
            "subtitle": marker(self.key),
            "configuration": configuration | {"dates": False, "passwords": False},
        }
        if self.new.place is not None:
            return await copy_into_sequence(self.api, self.new.place, source.flow_id, body)
        ids = {"flowId": source.flow_id}
        return await self.api.call("POST", "/flows/{flowId}/copy", ids=ids, body=body)

    async def _check_copy(self, number: int) -> None:
        source = self.new.copy_from
        if source is None or "assignments" not in source.include:
            return
        if await has_assignment(self.api, number):
            return
        if await has_assignment(self.api, source.flow_id):
            message = (
                f"flow {number} was copied without its assignment; add it, or delete that flow"
            )
            raise ApiError(*self.operation, 0, message)

    async def _set_key(self, number: int) -> None:
        if self.keys.by != "external_source":
            return
        await add_reference(self.api, number, self.keys.reference(self.key))

    async def _set_metadata(self, number: int) -> bool:
        """Overlays the flow's metadata, unless another apply has finished it meanwhile."""
        fields = await self._final_fields()
        body = await read_metadata(self.api, number)
        if body.get("subtitle") != marker(self.key):
            return False
        body |= {METADATA[name]: value for name, value in fields.items()}
        ids = {"flowId": number}
        await self.api.call("PUT", "/flows/{flowId}/metadata", ids=ids, body=body)
        return True

    async def _final_fields(self) -> dict[str, Value]:
        fields = {"title": self.new.title, **self.new.fields}
        if "subtitle" not in fields:
            fields["subtitle"] = await self._source_subtitle()
        if self.keys.by == "code":
            fields["code"] = self.key
        return fields

    async def _source_subtitle(self) -> str | None:
        """Raises: ApiError where that is a marker: the copy would pass for a rival of its source"""
        source = self.new.copy_from
        if source is None:
            return None
        subtitle = (await read_metadata(self.api, source.flow_id)).get("subtitle")
        if is_marker(subtitle):
            message = f"flow {source.flow_id}, its source, is not finished itself; run apply again"
            raise ApiError(*self.operation, 0, message)
        return subtitle
