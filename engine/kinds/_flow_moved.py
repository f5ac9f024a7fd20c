"""A flow whose key was renamed: found under the old key, and given the new one.

The new key is added before the old one is taken away, so that at every moment one of them finds it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.errors import ApiError
from engine.kinds._flow_adopted import REFERENCES
from engine.kinds._flow_settings_io import unread
from engine.plan import Action, Change, FieldChange, Status
from engine.wiseflow import flows as api_flows
from engine.wiseflow.references import add_reference, read_references, remove_reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.kind import Work
    from engine.model import Desired, Live
    from engine.wiseflow.client import WiseflowApi
    from engine.wiseflow.flows import FlowRow
    from engine.world import Findings, World

KEY = "key"
BOTH = ", "
"""Between two keys that one flow carries: a run was cut off between adding and taking away."""


def take_moved(world: World, flows: Mapping[str, Desired], found: dict[str, list[FlowRow]]) -> None:
    """Puts what the old keys found in the place of their new ones; two flows are one too many."""
    for key, desired in flows.items():
        if desired.moved_from is None or desired.adopted is not None:
            continue
        rows = {row.id: row for row in (*found.get(desired.moved_from.value, ()), *found[key])}
        if len(rows) > 1:
            world.several[desired.address] = tuple(sorted(rows))
        found[key] = [*rows.values()] if len(rows) == 1 else []


async def read_key(api: WiseflowApi, world: World, desired: Desired, live: Live) -> None:
    """Which of the two keys the flow carries, from itself: a search may lag."""
    if desired.moved_from is None or desired.adopted is not None:
        return
    old, new = desired.moved_from.value, desired.address.key
    keys = world.keys
    try:
        if keys.by == "code":
            code = (await api_flows.read_metadata(api, live.server_id)).get("code") or ""
            there = {code.casefold()}
        else:
            there = set(await read_references(api, live.server_id))
    except ApiError as error:
        unread(world, live.address, KEY, error)
        return
    carried = [key for key in (old, new) if keys.reference(key).casefold() in there]
    live.fields[KEY] = BOTH.join(carried)


def is_moved_in_doubt(desired: Desired, world: World, findings: Findings) -> bool:
    """Whether it cannot be told which flow was moved: it is said, and nothing is planned."""
    moved = desired.moved_from
    if moved is None or desired.adopted is not None:
        return False
    live, old = world.live.get(desired.address), f"{desired.address.kind}/{moved.value}"
    doubt = ""
    if numbers := world.several.get(desired.address):
        shown = " and ".join(f"#{number}" for number in numbers)
        doubt = f"{old} and {desired.address} ({desired.location}) are several flows: {shown}"
        findings.problem(moved.location, "moved", doubt, "take the key away from all but one")
    elif live and live.fields.get("subtitle") == api_flows.marker(moved.value):
        doubt = f"flow #{live.server_id} is half made under its old key"
        hint = "delete that draft in WISEflow, or let it be finished under its old key first"
        findings.problem(moved.location, "moved", doubt, hint)
    elif reason := world.unread.get((desired.address, KEY)):
        doubt = f"which key the flow carries {reason}"
        findings.problem(moved.location, "moved", doubt, "it is left alone")
    return bool(doubt)


def note_old_key(desired: Desired, live: Live | None, world: World, findings: Findings) -> None:
    """Says of an archived flow that its key cannot be written over, so that the line must stay."""
    moved = desired.moved_from
    if moved is None or live is None or world.keys.by == "code":
        return
    there = {one.casefold() for one in live.facts.get(REFERENCES, ())}
    if world.keys.reference(desired.address.key).casefold() not in there:
        message = f"archived under its old key {moved.value}, which cannot be changed there"
        findings.note(desired.address, message, f"leave the line at {moved.location} in")


def with_move(
    desired: Desired,
    live: Live | None,
    changes: list[Change],
    given_up: Iterable[Change],
    world: World,
) -> list[Change]:
    """The changes, with that of the key where the flow still carries the old one."""
    moved, there = desired.moved_from, live.fields.get(KEY, "") if live else ""
    if moved is None or there in ("", desired.address.key):
        return changes
    fed = live is not None and live.facts["sis"] and world.keys.by == "code"
    reason = "a student information system feeds it and owns its code, which is its key"
    change = Change(
        address=desired.address,
        part=KEY,
        action=Action.UPDATE,
        location=moved.location,
        fields=(FieldChange(KEY, there, desired.address.key, str(moved.location)),),
        # Half-made drafts beside it are found by the key that it has now.
        needs=tuple(one.id for one in given_up),
        status=Status.BLOCKED if fed else Status.PLANNED,
        reasons=(reason,) if fed else (),
    )
    # Where the key is the flow's code, both write its metadata whole.
    others = [
        replace(one, after=(*one.after, change.id)) if one.part == "metadata" else one
        for one in changes
    ]
    return [change, *others]


async def write_key(change: Change, flow_id: int, work: Work) -> None:
    """Adds the new key, then takes the old one away; any step may have been done."""
    moved, keys = work.world.desired[change.address].moved_from, work.world.keys
    if moved is None:
        return
    if keys.by == "code":
        await api_flows.write_metadata(work.api, flow_id, {"code": change.address.key})
        work.world.live[change.address].facts.pop("metadata", None)
        return
    await add_reference(work.api, flow_id, keys.reference(change.address.key))
    await remove_reference(work.api, flow_id, keys.reference(moved.value))
