"""Flows that are bound to their key by number: found, doubted, reopened where they were deleted.

The key is never written to such a flow, so that only the number and the title tell which one it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import ApiError
from engine.kind import RefusedError
from engine.model import Address
from engine.plan import Action, Change, FieldChange, Status
from engine.together import together
from engine.wiseflow import flows as api_flows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.kind import Work
    from engine.model import Adoption, Desired, Live
    from engine.wiseflow.client import WiseflowApi
    from engine.wiseflow.flows import FlowRow
    from engine.world import Findings, World

REOPEN = "reopen"
ADOPTED = "adopted flow"
"""The part that is not known where an adopted flow cannot be read."""

REFERENCES = "references"
"""A fact of an adopted flow: the external source references that it carries."""


async def find_adopted(
    api: WiseflowApi, world: World, flows: Mapping[str, Desired], found: dict[str, list[FlowRow]]
) -> None:
    """Puts each adopted flow in the place of what its key found; who carries the key is noted."""
    adopted = {key: one for key, one in sorted(flows.items()) if one.adopted}
    rows = await together(_read(api, world, one) for one in adopted.values())
    for (key, desired), row in zip(adopted.items(), rows, strict=True):
        number = desired.adopted.server_id if desired.adopted else 0
        if others := [other.id for other in found.get(key, ()) if other.id != number]:
            world.several[desired.address] = (number, *others)
        found[key] = [row] if row and not others else []


async def _read(api: WiseflowApi, world: World, desired: Desired) -> FlowRow | None:
    assert desired.adopted is not None  # noqa: S101 - told by the caller
    world.unread.pop((desired.address, ADOPTED), None)
    try:
        return await api_flows.find_by_number(api, desired.adopted.server_id)
    except ApiError as error:
        if error.exit_code != ApiError.exit_code:
            raise
        world.unread[desired.address, ADOPTED] = error.unread
        return None


# ---- doubts --------------------------------------------------------------------------------------


def is_in_doubt(desired: Desired, world: World, findings: Findings) -> bool:
    """Whether an adopted flow may not be the one that is meant: it is said, nothing is planned."""
    adopted = desired.adopted
    if adopted is None:
        return False
    doubt = next(_doubts(desired, adopted, world), None)
    if doubt:
        message, hint = doubt
        findings.problem(adopted.location, "adopt", message, hint)
    return doubt is not None


def is_unclear(key: str, world: World) -> bool:
    """Whether nothing is planned of a flow, because nobody can say which one it is."""
    address = Address("flow", key)
    desired = world.desired.get(address)
    adopted = desired.adopted if desired else None
    doubts = _doubts(desired, adopted, world) if desired and adopted else iter(())
    return address in world.several or next(doubts, None) is not None


def _doubts(desired: Desired, adopted: Adoption, world: World) -> Iterator[tuple[str, str]]:
    address, number = desired.address, adopted.server_id
    if reason := world.unread.get((address, ADOPTED)):
        yield f"flow #{number} {reason}", "it is left alone"
    if numbers := world.several.get(address):
        others = " and ".join(f"#{other}" for other in numbers[1:])
        message = f"{address} ({desired.location}) is adopted as #{number}, but {others} carries it"
        yield message, "take the key away there, or take this entry out"
    if live := world.live.get(address):
        yield from _doubts_of_live(desired, adopted, live, world)


def _doubts_of_live(
    desired: Desired, adopted: Adoption, live: Live, world: World
) -> Iterator[tuple[str, str]]:
    number, title = adopted.server_id, str(live.fields["title"]).strip()
    if api_flows.is_marker(live.fields.get("subtitle")):
        yield f"flow #{number} is a draft that is still being made", "adopt one that is finished"
    for reference in sorted(live.facts.get(REFERENCES, ())):
        if _is_key(reference, world) and reference.casefold() not in _own(desired, world):
            message = f"flow #{number} carries another key: {reference}"
            yield message, f"it cannot be {desired.address} ({desired.location}) too"
    if title not in {one.strip() for one in adopted.titles}:
        message = f'flow #{number} is called "{title}", not "{adopted.title}"'
        yield message, f'check server_id; if it is this one, write title: "{title}"'


def _is_key(reference: str, world: World) -> bool:
    """Where flows carry keys as their code, references are other people's."""
    prefix = world.keys.reference("")
    return bool(prefix) and reference.casefold().startswith(prefix)


def _own(desired: Desired, world: World) -> set[str]:
    keys = [desired.address.key, *([desired.moved_from.value] if desired.moved_from else [])]
    return {world.keys.reference(key).casefold() for key in keys}


def made_by(key: str, world: World) -> str:
    """The id of the change that brings about a flow which others need."""
    desired = world.desired.get(Address("flow", key))
    is_reopened = desired and desired.adopted and desired.is_made_again
    return f"flow/{key}:{REOPEN}" if is_reopened else f"flow/{key}"


# ---- gone, and reopened --------------------------------------------------------------------------


def missing(desired: Desired, findings: Findings) -> Iterator[Change]:
    """What becomes of an adopted flow that is not there: blocked, or reopened where people ask."""
    adopted = desired.adopted
    if adopted is None:
        return
    number, written = adopted.server_id, str(adopted.location)
    said = FieldChange("flow", None, f"#{number} {adopted.title}", written)
    again = f"a deleted flow is reopened by `recreate: [{desired.address}]`"
    if desired.is_made_again:
        yield Change(desired.address, REOPEN, Action.CREATE, desired.location, (said,))
        return
    reason = f"there is no flow #{number} in WISEflow"
    if not _was_adopted_at_base(desired, adopted):
        findings.problem(adopted.location, "adopt", reason, f"check server_id; {again}")
    yield Change(
        address=desired.address,
        part="",
        action=Action.CREATE,
        location=desired.location,
        fields=(said,),
        status=Status.BLOCKED,
        reasons=(f"{reason}: {again}",),
    )


def _was_adopted_at_base(desired: Desired, adopted: Adoption) -> bool:
    before = desired.base.adopted if desired.base else None
    return before is not None and before.server_id == adopted.server_id


async def reopen(address: Address, work: Work) -> None:
    """Reopens the deleted flow, and only then can see which one it is.

    Source: WISEflow OpenAPI, PATCH /flows/{flowId}/reopen.
    """
    adopted = work.world.desired[address].adopted
    if adopted is None:
        raise RefusedError("nobody says which flow it was: name it under `adopt`")
    number = adopted.server_id
    ids = {"flowId": number}
    try:
        await work.api.call("PATCH", "/flows/{flowId}/reopen", ids=ids, repeatable=True)
    except ApiError as error:
        if error.exit_code != ApiError.exit_code or not await _is_there(work.api, number):
            raise
    row = await api_flows.find_by_number(work.api, number)
    title = str(row.fields["title"]).strip() if row else ""
    if title not in {one.strip() for one in adopted.titles}:
        message = f'flow #{number} was reopened, but it is called "{title}"'
        raise RefusedError(f"{message}: delete it again in WISEflow if another one was meant")
    work.server_ids[address] = number


async def _is_there(api: WiseflowApi, number: int) -> bool:
    return await api_flows.find_by_number(api, number) is not None
