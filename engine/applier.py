"""Carries out a bound plan: in the order of its needs, many at once, failures kept to their own.

At an object's first change its lists are read once more, the object is planned afresh, and what
the fresh plan has in common with the bound one is written (docs/decisions/0013).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from engine.binding import Binding, BoundPlan, bind
from engine.comparing import INPUT_MOVED, NOT_POSSIBLE, impossible, moved
from engine.creation import LEFTOVERS
from engine.errors import ApiError, JournalError
from engine.guards import NAMES
from engine.holding import in_force, lapsed, protect, rule
from engine.kind import Kind, RefusedError, Work
from engine.plan import Action, Change, Outcome, Result, Status
from engine.planner import plan_one
from engine.world import Findings

if TYPE_CHECKING:
    from engine.journal import Journal
    from engine.model import Address

Report = Callable[[Outcome], None]
"""Called with each outcome as it comes."""

STALE, HELD, INTERRUPTED = 7, 6, 130
"""Exit codes of outcomes that no error explains; engine/exit_codes.py has them all."""

STOPPED = "interrupted before its turn"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may be written of one object: nothing, with the reason, or for each change its steps."""

    refusal: str = ""
    exit_code: int = STALE
    steps: Mapping[str, Sequence[Change]] = field(default_factory=dict)
    """By id of the bound change; a change that is not here is done already."""
    impossible: frozenset[str] = frozenset()
    """Bound changes that the object does not allow any more, its state having moved on."""


@dataclass(slots=True)
class Control:
    """What is done to a run from outside: told of each outcome, asked to stop."""

    report: Report = lambda _: None
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    journal: Journal | None = None


async def apply_plan(
    plan: BoundPlan, kinds: Mapping[str, Kind], work: Work, parallelism: int, control: Control
) -> list[Outcome]:
    """What came of each change, in the plan's order. One failure stops only its own."""
    run = _Run(plan, kinds, work, asyncio.Semaphore(parallelism), control)
    try:
        await run.all()
    except asyncio.CancelledError:
        run.abandon()
    return [run.outcomes[change.id] for change in plan.changes]


class _Run:
    """One apply: what is ready is started, what is done makes more ready."""

    def __init__(
        self,
        plan: BoundPlan,
        kinds: Mapping[str, Kind],
        work: Work,
        limit: asyncio.Semaphore,
        control: Control,
    ) -> None:
        self.plan, self.work, self.limit, self.control = plan, work, limit, control
        self.changes = {change.id: change for change in plan.changes}
        self.kinds = {kind.name: kind for kind in kinds.values()}
        self.live = {kind.name: kind.live for kind in kinds.values() if kind.live}
        self.outcomes: dict[str, Outcome] = {}
        self.running: dict[asyncio.Task[Outcome], str] = {}
        self.verdicts: dict[Address, asyncio.Task[Verdict]] = {}
        self.sent: set[str] = set()
        """Changes of which a request may have been sent."""
        self.stopped: tuple[str, int] | None = None
        self.allowances, _ = in_force(plan.allowances, work.world)
        self.lapsed = lapsed(plan.changes, plan.let_through, self.allowances)

    async def all(self) -> None:
        sorter = TopologicalSorter({name: self._first(c) for name, c in self.changes.items()})
        sorter.prepare()
        try:
            await self._in_turn(sorter)
        except Exception:
            # What is in flight comes to its end, whatever went wrong with another change.
            await asyncio.gather(*self.running, return_exceptions=True)
            raise

    async def _in_turn(self, sorter: TopologicalSorter[str]) -> None:
        while sorter.is_active():
            for name in sorted(sorter.get_ready()):
                self.running[asyncio.create_task(self._one(self.changes[name]))] = name
            finished, _ = await asyncio.wait(self.running, return_when=asyncio.FIRST_COMPLETED)
            for task in finished:
                name = self.running.pop(task)
                self._settle(name, task.result())
                sorter.done(name)

    def abandon(self) -> None:
        """Stops at once: what is on its way may happen or not, and the rest is not tried."""
        for task in (*self.running, *self.verdicts.values()):
            task.cancel()
        for name, change in self.changes.items():
            if name not in self.outcomes:
                result = Result.UNKNOWN if name in self.sent else Result.NOT_TRIED
                self._settle(name, Outcome(change, result, "stopped at once", INTERRUPTED))

    def _settle(self, name: str, outcome: Outcome) -> None:
        self.outcomes[name] = outcome
        if self.control.journal:
            self.control.journal.settled(outcome)
        self.control.report(outcome)

    def _first(self, change: Change) -> Iterable[str]:
        return [name for name in (*change.needs, *change.after) if name in self.changes]

    async def _one(self, change: Change) -> Outcome:
        for name in change.needs:
            before = self.outcomes.get(name)
            if before and before.result not in (Result.DONE, Result.ALREADY_DONE):
                return Outcome(change, Result.BLOCKED, name, before.exit_code)
        if change.id in self.plan.refused:
            return Outcome(change, Result.NOT_TRIED, self.plan.refused[change.id], STALE)
        if change.id in self.lapsed:
            return Outcome(change, Result.NOT_TRIED, self.lapsed[change.id], HELD)
        async with self.limit:
            if self.control.stop.is_set():
                return Outcome(change, Result.NOT_TRIED, STOPPED, INTERRUPTED)
            if self.stopped:
                return Outcome(change, Result.NOT_TRIED, *self.stopped)
            try:
                return await self._carry_out(change)
            except JournalError as error:
                return self._unwitnessed(change, error)

    def _unwitnessed(self, change: Change, error: JournalError) -> Outcome:
        """What nobody would know of is not sent, and nothing after it."""
        self.stopped = self.stopped or (str(error), error.exit_code)
        result = Result.FAILED if change.id in self.sent else Result.NOT_TRIED
        return Outcome(change, result, str(error), error.exit_code)

    async def _carry_out(self, change: Change) -> Outcome:
        verdict = await self._verdict(change.address)
        if verdict.refusal:
            return Outcome(change, Result.FAILED, verdict.refusal, verdict.exit_code)
        if change.id in verdict.impossible:
            return Outcome(change, Result.FAILED, NOT_POSSIBLE, STALE)
        steps = verdict.steps.get(change.id)
        if not steps:
            return Outcome(change, Result.ALREADY_DONE)
        for step in steps:
            if reasons := self._held_by_now(change, step):
                return Outcome(change, Result.NOT_TRIED, reasons, HELD)
            if step.status is not Status.PLANNED:
                message = f"it is {step.status} by now: {'; '.join(step.reasons)}"
                return Outcome(change, Result.FAILED, message, STALE)
        for step in steps:
            outcome = await self._write(change, step)
            if outcome.result is not Result.DONE:
                return outcome
        return Outcome(change, Result.DONE)

    def _held_by_now(self, change: Change, step: Change) -> str:
        """The hazards that were not there, or not allowed, when the change was planned."""
        known = {hazard.name for hazard in change.hazards}
        ruling = rule([step], (), self.allowances)
        held = [one for one in ruling.refusals if one.name not in known and ruling.stands(one)]
        return "; ".join(
            f"held by now: {NAMES[one.name]}: --allow {ruling.flag(one)}" for one in held
        )

    async def _verdict(self, address: Address) -> Verdict:
        """What may be written of the object: found out once, before its first write."""
        if address not in self.verdicts:
            self.verdicts[address] = asyncio.create_task(self._look(address))
        return await asyncio.shield(self.verdicts[address])

    async def _look(self, address: Address) -> Verdict:
        if address not in self.work.world.desired:
            return Verdict(INPUT_MOVED)
        planned = self.plan.objects[address]
        parts = frozenset(c.part for c in self.changes.values() if c.address == address)
        try:
            fresh, binding = await self._plan_afresh(address, parts)
        except ApiError as error:
            self._heed(error)
            return Verdict(f"it could not be read before writing: {error}", error.exit_code)
        if isinstance(fresh, str):
            return Verdict(fresh, ApiError.exit_code)

        def nothing(name: str) -> str:
            return self.plan.digester.of(name, None)

        if reasons := moved(planned, binding, nothing):
            return Verdict("; ".join(reasons))
        steps: dict[str, list[Change]] = {}
        by_id = {change.id: change for change in protect(fresh, self.plan.protected)}
        for name, item in binding.items():
            if item.verb and name in planned and planned[name].change in self.changes:
                mine = steps.setdefault(planned[name].change, [])
                if by_id[item.change] not in mine:
                    mine.append(by_id[item.change])
        bound = {item.change for item in planned.values()}
        steps |= {n: [by_id[n]] for n in set(self.changes) - bound if n in by_id}
        self._sweeping(address, steps, by_id)
        ordered = {name: sorted(mine, key=_creations_first) for name, mine in steps.items()}
        return Verdict(steps=ordered, impossible=impossible(planned, binding, nothing))

    def _sweeping(
        self, address: Address, steps: dict[str, list[Change]], by_id: Mapping[str, Change]
    ) -> None:
        """A creation that was killed once it had finished its object gives up what is beside it."""
        creation = self.changes.get(str(address))
        is_made = creation and creation.action is Action.CREATE and creation.id not in by_id
        if is_made and (leftovers := by_id.get(f"{address}:{LEFTOVERS}")):
            steps.setdefault(str(address), []).append(leftovers)

    async def _plan_afresh(
        self, address: Address, parts: frozenset[str]
    ) -> tuple[list[Change] | str, Binding]:
        """The object's changes as they are now, or why they cannot be known; and their binding."""
        world = self.work.world
        if address in world.live:
            await self.live[address.kind].reread(self.work.api, world, address, parts)
        return self._planned(address)

    def _planned(
        self, address: Address, others: frozenset[str] = frozenset()
    ) -> tuple[list[Change] | str, Binding]:
        """`others` are parts that need not have been read: they are being written meanwhile."""
        world = self.work.world
        desired, kind = world.desired[address], self.kinds[address.kind]
        if reason := world.incomplete_profiles.get(desired.profile or ""):
            return f"UNIWeb was not read: {reason}", {}
        for (where, part), reason in world.unread.items():
            if where == address and part not in others:
                return f"{part} {reason}".strip(), {}
        findings = Findings()
        plan_one(kind, desired, world, findings)
        digester = self.plan.digester
        return findings.changes, bind(desired, findings.changes, world, kind.normal, digester)

    async def _write(self, change: Change, step: Change, tries: int = 2) -> Outcome:
        if self.control.journal:
            await self.control.journal.starting(step, self.work.user_number)
        self.sent.add(change.id)
        try:
            await self.live[change.address.kind].write(step, self.work)
        except ApiError as error:
            self._heed(error)
            return await self._read_back(change, step, error, tries - 1)
        except RefusedError as error:
            return Outcome(change, Result.FAILED, str(error), ApiError.exit_code)
        return Outcome(change, Result.DONE)

    def _heed(self, error: ApiError) -> None:
        """Refused credentials and a spent budget stop the run: the next call fares no better."""
        if error.exit_code != ApiError.exit_code:
            self.stopped = self.stopped or (str(error), error.exit_code)

    async def _read_back(
        self, change: Change, step: Change, error: ApiError, tries: int
    ) -> Outcome:
        """What a failed call came to: a lost answer, or a refusal of what is done already.

        Another apply may have been faster, or the call's own first attempt. What a lost answer
        left undone is done, once its request cannot arrive any more.
        """
        refused = 400 <= error.status < 500 and error.exit_code == ApiError.exit_code
        left = await self._left(change, step) if error.unknown or refused else [step]
        if left and error.unknown and tries:
            await self.work.patience.sleep(self.work.patience.lost_answer)
            left = await self._left(change, step)
            if left and not self.stopped:
                return await self._go_on(change, left, tries)
        if left is not None and not left:
            said = "the answer was lost" if error.unknown else "it was refused"
            return Outcome(change, Result.DONE, f"{said}; read back: it is done")
        result = Result.UNKNOWN if left is None and error.unknown else Result.FAILED
        return Outcome(change, result, str(error), error.exit_code)

    async def _go_on(self, change: Change, left: Sequence[Change], tries: int) -> Outcome:
        for step in left:
            outcome = await self._write(change, step, tries)
            if outcome.result is not Result.DONE:
                return outcome
        return Outcome(change, Result.DONE, "an answer was lost; read back, and gone on with")

    async def _left(self, change: Change, step: Change) -> list[Change] | None:
        """What is still to be done of a change; None where nobody can tell."""
        api, world, address = self.work.api, self.work.world, step.address
        try:
            await self.live[address.kind].look_again(api, world, address, frozenset({step.part}))
        except ApiError:
            return None
        others = frozenset(c.part for c in self.changes.values() if c.address == address)
        fresh, binding = self._planned(address, others - {step.part})
        if isinstance(fresh, str) or (address not in world.live and not self._may_be_gone(step)):
            return None
        planned = self.plan.objects[address]
        mine = {name for name, item in planned.items() if item.change == change.id}
        ids = {step.id, *(i.change for name, i in binding.items() if name in mine and i.verb)}
        return sorted((one for one in fresh if one.id in ids), key=_creations_first)

    def _may_be_gone(self, step: Change) -> bool:
        """Whether that an object is not there any more is what the step was to bring about."""
        desired = self.work.world.desired.get(step.address)
        return desired is not None and not desired.is_stated


def _creations_first(change: Change) -> tuple[bool, str]:
    return change.action is not Action.CREATE, change.id
