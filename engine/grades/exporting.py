"""One export from end to end: find its flows, read, join, compare, deliver, finish.

find        by key, archived ones too; what is not concluded waits, unless the manifest says so
read        engine/grades/reading.py, some flows ahead of what is delivered
join        engine/grades/joining.py: grades with people, and what keeps some back
deliver     within the destination's turn: compare with its ledger, write what is new or changed
finish      files are put in place; batches were sent flow by flow
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.errors import ApiError, EngineError
from engine.grades.comparing import compare, renamed
from engine.grades.joining import join
from engine.grades.model import Difference, FlowFacts, FlowReport, Trouble
from engine.grades.reading import read_flow
from engine.grades.receiver import MOVES, FlowError, lines_of
from engine.grades.scales import number_of
from engine.grades.telling_apart import not_told_apart
from engine.kinds._flow_adopted import is_unclear
from engine.live import find_world
from engine.model import Address
from engine.wiseflow.assessments import read_scales
from engine.wiseflow.flows import CONCLUDED, STATE_NAMES

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
    from datetime import datetime

    from engine.grades.model import Delivered, GradeExport, Item
    from engine.grades.reading import Reading
    from engine.grades.receiver import Receiver, Refused
    from engine.grades.scales import Scale
    from engine.live import Conventions
    from engine.model import Desired, DesiredState, Live
    from engine.wiseflow.assessments import ScaleRow
    from engine.wiseflow.client import WiseflowApi
    from engine.world import World

OTHERS = (
    "most people have another identifier than they were delivered under: where known_by was "
    "changed, set it back, or give the export another key and place"
)

AHEAD = 3
"""Flows that are read while one is delivered: what they hold is in memory."""


@dataclass(slots=True)
class ExportReport:
    """What became of one export."""

    export: GradeExport
    flows: list[FlowReport]
    recovered: int = 0
    """Grades that a run which was cut off had left on their way, and that this one finished."""
    unfinished: int = 0
    """The same, where nothing may be written: they are still on their way."""
    written: tuple[str, ...] = ()
    failed: str = ""
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of the flows of all exports before any grade is read."""

    world: World
    scales: Mapping[int, ScaleRow]


async def find_flows(
    api: WiseflowApi, state: DesiredState, conventions: Conventions, keys: set[str]
) -> Found:
    """Finds flows by key, with nothing that only plans need. Raises: ApiError, EngineError."""
    desired = {
        address: _bare(one)
        for address, one in state.resources.items()
        if address.kind == "flow" and address.key in keys
    }
    world = await find_world(api, desired, desired, conventions)
    scales = await read_scales(api) if world.live else {}
    return Found(world, scales)


def _bare(flow: Desired) -> Desired:
    """The flow as far as it takes to find it."""
    kept = {name: one for name, one in flow.fields.items() if name == "type"}
    return replace(flow, fields=kept, roles={}, sequence=None)


async def run_export(
    api: WiseflowApi,
    export: GradeExport,
    flows: Mapping[str, Desired],
    found: Found,
    receiver: Receiver,
    report: Callable[[FlowReport], None],
    *,
    dry_run: bool,
) -> ExportReport:
    """Delivers what is new or changed, flow by flow; `dry_run` only says what that is.

    One flow that fails does not stop the others; a destination that fails does, as it would fail
    them all. Raises: nothing that a server or a destination did.
    """
    done = ExportReport(export, [])
    try:
        if dry_run:
            done.unfinished = receiver.unfinished()
        else:
            done.recovered = await receiver.recover()
        async with aclosing(_readings(api, export, flows, found)) as readings:
            async for flow, reading in readings:
                one = reading
                if isinstance(one, _Read):
                    one = await _deliver(export, flow, one, receiver, dry_run=dry_run)
                report(one)
                # A term's grades would be in memory otherwise.
                done.flows.append(replace(one, items=()))
        if not dry_run:
            done.written = await receiver.finish()
    except EngineError as error:
        done.failed, done.exit_code = str(error), error.exit_code
        if export.to.path and not dry_run:
            done.flows = [_not_arrived(one) for one in done.flows]
    return done


def _not_arrived(flow: FlowReport) -> FlowReport:
    """The flow without what moves: files come last, and none of it is in them yet."""
    kept = {one: count for one, count in flow.counts.items() if one not in MOVES}
    return replace(flow, counts=kept)


@dataclass(frozen=True, slots=True)
class _Read:
    """A flow that was read."""

    facts: FlowFacts
    reading: Reading


async def _readings(
    api: WiseflowApi, export: GradeExport, flows: Mapping[str, Desired], found: Found
) -> AsyncGenerator[tuple[str, _Read | FlowReport], None]:
    """Each flow of the export in its order, read ahead a little."""
    alike = not_told_apart(export, flows, found.world.live)
    ahead: deque[tuple[str, asyncio.Task[_Read | FlowReport]]] = deque()
    waiting = deque(export.flows)
    try:
        while waiting or ahead:
            while waiting and len(ahead) < AHEAD:
                key = waiting.popleft()
                task = asyncio.create_task(_read(api, export, flows[key], found, alike))
                ahead.append((key, task))
            key, task = ahead.popleft()
            yield key, await task
    finally:
        for _, task in ahead:
            task.cancel()
        await asyncio.gather(*(task for _, task in ahead), return_exceptions=True)


async def _read(
    api: WiseflowApi,
    export: GradeExport,
    flow: Desired,
    found: Found,
    alike: Mapping[str, str],
) -> _Read | FlowReport:
    key, world = flow.address.key, found.world
    if key in alike:
        return FlowReport(key, failed=alike[key])
    live = world.live.get(Address("flow", key))
    why = _not_to_read(export, key, live, world)
    if why or live is None:
        return why or FlowReport(key)
    lacking = [name for name in export.data_types if name not in world.licence.data_types]
    if lacking:
        return FlowReport(key, failed=f'the licence has no user data type "{lacking[0]}"')
    try:
        reading = await read_flow(api, live.server_id, export, world.licence, found.scales)
    except ApiError as error:
        if error.exit_code != ApiError.exit_code:
            raise
        return FlowReport(key, failed=error.unread)
    return _Read(_facts(flow, live, export, reading.scale, world), reading)


def _not_to_read(
    export: GradeExport, key: str, live: Live | None, world: World
) -> FlowReport | None:
    """Why a flow's grades are not read; None where they are."""
    if is_unclear(key, world):
        return FlowReport(key, failed="nobody can say which flow it is: `wisectl plan` tells why")
    if others := [one for one in _same(live, world) if one != key]:
        return FlowReport(key, failed=f"it and flow/{others[0]} are one in WISEflow")
    if live is None:
        return FlowReport(key, waiting="it is not in WISEflow")
    if live.facts["marked"]:
        return FlowReport(key, waiting="it is still being made")
    state = live.facts["state"]
    if state < CONCLUDED and not export.before_marking_ends:
        end: datetime | None = live.fields.get("marking.end")
        until = f", marking ends {end.astimezone(world.zone):%a %d %b %Y %H:%M}" if end else ""
        return FlowReport(key, waiting=f"it is {STATE_NAMES[state]}{until}")
    return None


def _same(live: Live | None, world: World) -> list[str]:
    """The keys that come to one flow in WISEflow: its grades would be delivered for each."""
    number = live.server_id if live else None
    return [address.key for address, one in world.live.items() if one.server_id == number]


async def _deliver(
    export: GradeExport, flow: str, read: _Read, receiver: Receiver, *, dry_run: bool
) -> FlowReport:
    """Compares within the destination's turn, so that of two runs the later one sees the first."""
    joined = join(flow, read.reading, export)
    try:
        with receiver.open(flow) as opened:
            items = compare(joined, opened.known)
            if _are_others(items, opened.known):
                raise FlowError(OTHERS)
            moving = [item for item in items if item.difference in MOVES]
            if moving and not dry_run:
                opened.write(lines_of(flow, read.facts, moving))
    except FlowError as error:
        return FlowReport(flow, failed=str(error))
    refused = [] if dry_run else await receiver.send()
    troubles = [*joined.troubles, *renamed(flow, items)]
    taken, lost = _without(moving, refused)
    troubles += [
        Trouble(flow, one.grade.number, one.grade.person, why, "ask whoever receives them")
        for one, why in lost
        if one.grade
    ]
    withdrawn = [item for item in items if item.difference is Difference.WITHDRAWN]
    told = (*taken, *withdrawn)
    unchanged = sum(item.difference is Difference.UNCHANGED for item in items)
    return FlowReport(
        flow,
        items=told,
        counts=Counter([item.difference for item in told]) | {Difference.UNCHANGED: unchanged},
        troubles=tuple(sorted(troubles, key=lambda one: (one.number or 0, one.message))),
        without=joined.without,
        exported=joined.exported,
    )


def _are_others(items: Sequence[Item], known: Mapping[str, Delivered]) -> bool:
    """Whether most of those who were delivered would be so once more, as somebody else."""
    return len(renamed("", items)) > max(2, len(known) // 2)


def _without(
    moving: list[Item], refused: list[Refused]
) -> tuple[list[Item], list[tuple[Item, str]]]:
    """What was delivered, and what the destination did not take, with its reason."""
    reasons = {person: one.message for one in refused for person in one.people}
    taken, lost = [], []
    for item in moving:
        why = reasons.get(item.grade.person) if item.grade else None
        if why is None:
            taken.append(item)
        else:
            lost.append((item, why))
    return taken, lost


# ---- facts ---------------------------------------------------------------------------------------


def _facts(
    flow: Desired, live: Live, export: GradeExport, scale: Scale | None, world: World
) -> FlowFacts:
    stated = {name: flow.fields[name].value for name in ("code", "term") if name in flow.fields}
    least, most = _bounds(scale, export)
    return FlowFacts(
        title=live.fields.get("title") or "",
        subtitle=live.fields.get("subtitle") or "",
        flow_code=stated.get("code") or "",
        term=stated.get("term") or "",
        starts=_day(live.fields.get("participation.start"), world),
        ends=_day(live.fields.get("participation.end"), world),
        least=least,
        most=most,
        read=_day(world.now, world),
    )


def _day(moment: datetime | None, world: World) -> str:
    """The day that it was where the exam is."""
    return f"{moment.astimezone(world.zone):%Y-%m-%d}" if moment else ""


def _bounds(scale: Scale | None, export: GradeExport) -> tuple[str, str]:
    """The least and the greatest number among the codes; 0 and 1 where none is a number."""
    if scale is None:
        return "0", "1"
    codes = export.codes.get(scale.name)
    values = list(codes.values()) if codes else [*scale.options.values()]
    if not values:
        values = [str(one) for one in (scale.least, scale.most) if one is not None]
    numbers = sorted(number for one in values if (number := number_of(one)) is not None)
    return (f"{numbers[0]:f}", f"{numbers[-1]:f}") if numbers else ("0", "1")
