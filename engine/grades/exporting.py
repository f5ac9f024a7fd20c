"""One export from end to end: find its flows, read, join, compare, deliver, finish.

find        engine/grades/finding.py: by key, archived ones too; what is not concluded waits
read        engine/grades/reading.py, some flows ahead of what is delivered
join        engine/grades/joining.py: grades with people, and what keeps some back
deliver     within the destination's turn: compare with its ledger, write what is new or changed
finish      files are put in place; batches were sent flow by flow
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from engine.errors import ApiError, EngineError
from engine.grades.comparing import compare, renamed, unused
from engine.grades.finding import facts_of, not_to_read
from engine.grades.joining import join, refuse_elsewhere
from engine.grades.model import Difference, FlowReport, Trouble
from engine.grades.reading import read_flow
from engine.grades.receiver import MOVES, FlowError, Sent, lines_of
from engine.grades.telling_apart import not_told_apart
from engine.model import Address

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

    from engine.grades.finding import Found
    from engine.grades.joining import Joined
    from engine.grades.model import Delivered, FlowFacts, GradeExport, Item
    from engine.grades.reading import Reading
    from engine.grades.receiver import Receiver, Stamp
    from engine.model import Desired
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
    in_git: tuple[str, ...] = ()
    """Files with grades that git does not ignore."""
    failed: str = ""
    exit_code: int = 0


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
        _refuse_no_data_type(export, found.world)
        if dry_run:
            done.unfinished = receiver.unfinished()
        else:
            done.recovered = await receiver.recover()
        work = _Work(api, export, flows, found, receiver)
        async with aclosing(_readings(work)) as readings:
            async for flow, reading in readings:
                one = await _delivered(work, flow, reading, dry_run=dry_run)
                report(one)
                # A term's grades would be in memory otherwise.
                gone = tuple(i for i in one.items if i.difference is Difference.WITHDRAWN)
                done.flows.append(replace(one, items=gone))
                if one.error:
                    raise one.error
        if not dry_run:
            done.written = await receiver.finish()
    except EngineError as error:
        done.failed, done.exit_code = str(error), error.exit_code
        if export.to.path and not dry_run:
            done.flows = [_not_arrived(one) for one in done.flows]
    return done


def _refuse_no_data_type(export: GradeExport, world: World) -> None:
    lacking = [name for name in export.data_types if name not in world.licence.data_types]
    if world.live and lacking:
        known = ", ".join(sorted(world.licence.data_types)) or "none"
        message = f'the licence has no user data type "{lacking[0]}"'
        raise EngineError(f"{message}; it has {known}: name one of them in {export.location}")


def _not_arrived(flow: FlowReport) -> FlowReport:
    """The flow without what moves: files come last, and none of it is in them yet."""
    kept = {one: count for one, count in flow.counts.items() if one not in MOVES}
    return replace(flow, counts=kept)


@dataclass(frozen=True, slots=True)
class _Work:
    """One export, with all that it takes to read and to deliver its flows."""

    api: WiseflowApi
    export: GradeExport
    flows: Mapping[str, Desired]
    found: Found
    receiver: Receiver
    people: dict[str, tuple[int, str]] = field(default_factory=dict)
    """By identifier who has it, and on which flow: all that were delivered or compared so far."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A flow that was read."""

    facts: FlowFacts
    reading: Reading
    stamp: Stamp
    """The destination's, before it was read."""


async def _readings(work: _Work) -> AsyncGenerator[tuple[str, _Read | FlowReport], None]:
    """Each flow of the export in its order, read ahead a little."""
    alike = not_told_apart(work.export, work.flows, work.found.world.live)
    ahead: deque[tuple[str, asyncio.Task[_Read | FlowReport]]] = deque()
    waiting = deque(work.export.flows)
    try:
        while waiting or ahead:
            while waiting and len(ahead) < AHEAD:
                key = waiting.popleft()
                task = asyncio.create_task(_read(work, key, alike.get(key, "")))
                ahead.append((key, task))
            key, task = ahead.popleft()
            yield key, await task
    finally:
        for _, task in ahead:
            task.cancel()
        await asyncio.gather(*(task for _, task in ahead), return_exceptions=True)


async def _read(work: _Work, key: str, alike: str = "") -> _Read | FlowReport:
    if alike:
        return FlowReport(key, failed=alike)
    export, found = work.export, work.found
    live = found.world.live.get(Address("flow", key))
    why = not_to_read(export, key, found)
    if why or live is None:
        return why or FlowReport(key)
    stamp = work.receiver.stamp(key)
    try:
        reading = await read_flow(
            work.api, live.server_id, export, found.world.licence, found.scales
        )
    except ApiError as error:
        if error.exit_code != ApiError.exit_code:
            raise
        return FlowReport(key, failed=error.unread)
    facts = facts_of(work.flows[key], live, export, reading.scale, found.world)
    return _Read(facts, reading, stamp)


async def _delivered(
    work: _Work, flow: str, read: _Read | FlowReport, *, dry_run: bool
) -> FlowReport:
    """What became of a flow; read again where another run has delivered it meanwhile.

    That one may have read later than we did: its grades would be replaced by older ones.
    """
    while isinstance(read, _Read):
        read = await _deliver(work, flow, read, dry_run=dry_run) or await _read(work, flow)
    return read


async def _deliver(work: _Work, flow: str, read: _Read, *, dry_run: bool) -> FlowReport | None:
    """Compares within the destination's turn, so that of two runs the later one sees the first."""
    joined = join(flow, read.reading, work.export)
    refuse_elsewhere(flow, joined, work.people)
    sent = Sent()
    try:
        with work.receiver.open(flow) as opened:
            if opened.stamp != read.stamp:
                return None
            taken_back = work.export.taken_back.get(flow, frozenset())
            items = compare(joined, opened.known, taken_back)
            joined.troubles += unused(flow, taken_back, items, opened.known)
            if _are_others(items, opened.known):
                raise FlowError(OTHERS)
            moving = [item for item in items if item.difference in MOVES]
            lines = lines_of(flow, read.facts, moving)
            if lines and dry_run:
                sent = Sent(opened.check(lines))
            elif lines:
                opened.write(lines)
    except FlowError as error:
        return FlowReport(flow, failed=str(error))
    if not dry_run:
        sent = await work.receiver.send()
    return _report(flow, joined, items, sent)


def _report(flow: str, joined: Joined, items: list[Item], sent: Sent) -> FlowReport:
    troubles = [*joined.troubles, *renamed(flow, items)]
    reasons = {person: one.message for one in sent.refused for person in one.people}
    moving = [item for item in items if item.difference in MOVES]
    for item in moving:
        if item.person in reasons:
            why, hint = reasons[item.person], "ask whoever receives them"
            troubles.append(Trouble(flow, item.number, item.person, why, hint))
    left = {*reasons, *(person for one, person in sent.left if one == flow)}
    told = [item for item in moving if item.person not in left]
    told += [item for item in items if item.difference is Difference.WITHDRAWN]
    unchanged = sum(item.difference is Difference.UNCHANGED for item in items)
    return FlowReport(
        flow,
        items=tuple(told),
        counts=Counter([item.difference for item in told]) | {Difference.UNCHANGED: unchanged},
        troubles=tuple(sorted(troubles, key=lambda one: (one.number or 0, one.message))),
        without=joined.without,
        exported=joined.exported,
        error=sent.error,
    )


def _are_others(items: Sequence[Item], known: Mapping[str, Delivered]) -> bool:
    """Whether most of those who were delivered would be so once more, as somebody else."""
    return len(renamed("", items)) > max(2, len(known) // 2)
