"""Sequences of flows: which flow is made after which, and what cannot be brought about any more.

WISEflow has one way into a sequence: a flow is made in it, as the last. Nothing puts a flow that is
there into one, takes it out, or changes the order; so such a difference is blocked, and said.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.errors import ApiError
from engine.kind import RefusedError
from engine.kinds._flow_adopted import made_by
from engine.kinds._flow_settings_io import unread
from engine.model import MAIN_OF, PARTS, Address, Desired, FlowSequence, Live
from engine.plan import Action, Change, FieldChange, Status
from engine.together import together
from engine.wiseflow.flows import is_in_sequence, read_basics
from engine.wiseflow.sequences import Place, read_sequence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.kind import Work
    from engine.wiseflow.client import WiseflowApi
    from engine.world import Findings, World

PART = "sequence"
ASSESSORS = "assessors"
IS_PART = "is part of a sequence"


def keys_of_sequence(desired: Desired) -> set[str]:
    """Whom a flow's place is told by: the other flows of its sequence, found by key."""
    sequence = desired.sequence
    return {sequence.main, *sequence.parts} if sequence else set()


# ---- reading -------------------------------------------------------------------------------------


async def read_sequences(api: WiseflowApi, world: World) -> None:
    """Reads each stated sequence from its main flow, and tells its flows where they stand."""
    stated = {one.sequence.main: one.sequence for one in world.desired.values() if one.sequence}
    await together(_read(api, world, one) for _, one in sorted(stated.items()))
    for address, desired in world.desired.items():
        live = world.live.get(address)
        if desired.sequence and live and (address, PART) not in world.unread:
            _place(desired.sequence, live, world)


async def _read(api: WiseflowApi, world: World, sequence: FlowSequence) -> None:
    main = _number(sequence.main, sequence, world)
    if main is None:
        return
    try:
        numbers = await read_sequence(api, main)
        live = world.live.get(Address("flow", sequence.main))
        if numbers is not None or not (live and live.facts["marked"]):
            # A half-made flow of another sort is given up, and the main flow made in its place.
            world.sequences[sequence.main] = numbers
    except ApiError as error:
        if error.exit_code != ApiError.exit_code:
            raise
        members = (a for a, one in world.desired.items() if one.sequence == sequence)
        reason = error.unread
        world.unread |= {(address, PART): reason for address in members}


def _place(sequence: FlowSequence, live: Live, world: World) -> None:
    numbers = world.sequences.get(sequence.main)
    if live.address.key == sequence.main:
        live.fields[PARTS] = None if numbers is None else _names(sequence, numbers, world)
    else:
        live.fields[MAIN_OF] = sequence.main if live.server_id in (numbers or ()) else None


def _names(sequence: FlowSequence, numbers: tuple[int, ...], world: World) -> tuple[str, ...]:
    keys = {_number(key, sequence, world): key for key in sequence.parts}
    return tuple(keys.get(number, f"#{number}") for number in numbers)


def _number(key: str, sequence: FlowSequence, world: World) -> int | None:
    """WISEflow's number of a flow of the sequence, whether or not this plan is about it."""
    live = world.live.get(Address("flow", key))
    return live.server_id if live else sequence.numbers.get(key) or world.sources.get(key)


async def read_part(api: WiseflowApi, world: World, desired: Desired, live: Live) -> None:
    """Of a flow to which assessors are to be added: whether a sequence forbids it.

    Where the manifests call it a part themselves, or all assessors are there, nothing is asked.
    """
    if MAIN_OF in desired.fields or not {ASSESSORS} <= {*desired.roles} & {*live.roles}:
        return
    there = {seat.user_id for seat in live.roles[ASSESSORS]}
    if all(world.people.user_id(one.person) in there for one in desired.roles[ASSESSORS].seats):
        return
    try:
        basics = await read_basics(api, live.server_id)
    except ApiError as error:
        unread(world, live.address, ASSESSORS, error)
    else:
        live.facts[IS_PART] = basics.get("combinedMainFlowId") is not None


async def read_followers(api: WiseflowApi, live: Live, basics: Mapping[str, Any]) -> None:
    """Notes which parts stand after a flow that is to go: of a sequence only the last one can."""
    main = basics.get("combinedMainFlowId")
    live.facts["sequence"] = is_in_sequence(basics)
    numbers = () if main is None else await read_sequence(api, main) or ()
    after = basics.get("combinedSubFlowIds") or ()
    if live.server_id in numbers:
        after = numbers[numbers.index(live.server_id) + 1 :]
    live.facts["followers"] = tuple(after)


# ---- flows that are made -------------------------------------------------------------------------


def needs_of_place(desired: Desired, world: World) -> tuple[str, ...]:
    """The main flow and the parts before it, where they are to be made: that decides the order."""
    sequence = desired.sequence
    if sequence is None or MAIN_OF not in desired.fields:
        return ()
    return tuple(made_by(key, world) for key in (sequence.main, *_before(desired, sequence)))


def place_blocks(desired: Desired, world: World) -> Iterator[str]:
    """Why a flow cannot be made at its place."""
    sequence = desired.sequence
    if sequence is None or MAIN_OF not in desired.fields:
        return
    if reason := world.unread.get((desired.address, PART)):
        yield f"its sequence {reason}"
        return
    for key in _before(desired, sequence):
        if _is_outside(key, sequence, world):
            yield f"flow/{key} comes before it, and is there already outside of the sequence"
    if sequence.main not in world.sequences:
        return  # It is made first.
    numbers = world.sequences[sequence.main]
    if numbers is None:
        yield f"flow/{sequence.main} is there and no main flow: WISEflow cannot make it one"
        return
    before = {desired.address.key, *_before(desired, sequence)}
    later = [key for key in _names(sequence, numbers, world) if key not in before]
    if later and _number(desired.address.key, sequence, world) not in numbers:
        shown = ", ".join(later)
        yield f"a new part comes last, and {shown} is there already: state it after {shown}"


def _is_outside(key: str, sequence: FlowSequence, world: World) -> bool:
    """Whether a part is there, finished, and not in the sequence: it never comes into it."""
    live = world.live.get(Address("flow", key))
    numbers = world.sequences.get(sequence.main) or ()
    return live is not None and not live.facts["marked"] and live.server_id not in numbers


def shown_place(desired: Desired) -> tuple[FieldChange, ...]:
    """What a creation says of a main flow; which parts it gets is said by theirs."""
    if desired.sequence is None or PARTS not in desired.fields:
        return ()
    return (FieldChange(PART, None, "main flow", str(desired.sequence.location)),)


async def place_for(desired: Desired, work: Work) -> Place | None:
    """Where to make the flow; looks once more just before. Raises: RefusedError, ApiError."""
    sequence = desired.sequence
    if sequence is None:
        return None
    if PARTS in desired.fields:
        return Place()
    main = _made(sequence.main, sequence, work)
    there = None if main is None else await read_sequence(work.api, main)
    if main is None or there is None:
        raise RefusedError(f"flow/{sequence.main} is no main flow of a sequence in WISEflow")
    for key in _before(desired, sequence):
        if _made(key, sequence, work) not in there:
            raise RefusedError(f"flow/{key} comes before it in the sequence, and is not there yet")
    return Place(main)


def _made(key: str, sequence: FlowSequence, work: Work) -> int | None:
    made = work.server_ids.get(Address("flow", key))
    return made if made is not None else _number(key, sequence, work.world)


def _before(desired: Desired, sequence: FlowSequence) -> tuple[str, ...]:
    return sequence.parts[: sequence.parts.index(desired.address.key)]


# ---- flows that are there ------------------------------------------------------------------------


def with_sequence(
    desired: Desired, live: Live | None, changes: list[Change], world: World, findings: Findings
) -> list[Change]:
    """The changes, and what of the sequence differs; assessors are not added to its parts."""
    sequence = desired.sequence
    path = PARTS if sequence and desired.address.key == sequence.main else MAIN_OF
    if (sequence and path == MAIN_OF) or (live and live.facts.get(IS_PART)):
        changes = [_without_assessors(change) for change in changes]
    if sequence is None:
        return changes
    if live is None or live.facts["marked"] or path not in desired.fields:
        return changes
    if reason := world.unread.get((desired.address, PART)):
        where = desired.fields[path].location
        findings.problem(where, path, reason, "nothing is made in this sequence")
        return changes
    reason = _main_reason(desired, live, findings) if path == PARTS else _part_reason(live)
    return [*changes, _blocked(desired, live, path, reason)] if reason else changes


def _without_assessors(change: Change) -> Change:
    """Source: WISEflow OpenAPI, POST /flows/{flowId}/assessors, 403."""
    seats = change.seats
    if seats is None or seats.role != ASSESSORS or not seats.add:
        return change
    reason = "assessors are not added to a part of a sequence through the API: add them in WISEflow"
    return replace(change, status=Status.BLOCKED, reasons=(*change.reasons, reason))


def _main_reason(desired: Desired, live: Live, findings: Findings) -> str:
    there = live.fields.get(PARTS)
    if there is None:
        return "it is there and no main flow of a sequence: WISEflow cannot make it one"
    stated = desired.fields[PARTS].value
    if strangers := [name for name in there if name not in stated]:
        message = f"parts in WISEflow but not in the manifests: {', '.join(strangers)}"
        hint = "a part leaves a sequence only when it is deleted"
        findings.note(desired.address, message, hint)
    known = [name for name in there if name in stated]
    if known == [name for name in stated if name in there]:
        return ""
    return f"the order is that in which parts were made: state {', '.join(known)}"


def _part_reason(live: Live) -> str:
    if live.fields.get(MAIN_OF) is not None:
        return ""
    return "it is there already: WISEflow cannot put a flow into a sequence, only make it there"


def _blocked(desired: Desired, live: Live, path: str, reason: str) -> Change:
    stated = desired.fields[path]
    before = live.fields.get(path)
    return Change(
        address=desired.address,
        part=PART,
        action=Action.UPDATE,
        location=stated.location,
        fields=(FieldChange(path, before, stated.value, str(stated.location)),),
        status=Status.BLOCKED,
        reasons=(reason,),
    )
