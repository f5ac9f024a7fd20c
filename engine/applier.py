"""Carries out a plan: in the order of its needs, many at once, failures kept to what needs them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from graphlib import TopologicalSorter

from engine.errors import ApiError, AuthenticationError, BudgetError, UnknownOutcomeError
from engine.kind import Kind, RefusedError, Work
from engine.model import Change, Outcome, Plan, Result, Status

Report = Callable[[Outcome], None]
"""Called with each outcome as it comes."""


async def apply_plan(
    plan: Plan, kinds: Mapping[str, Kind], work: Work, parallelism: int, report: Report
) -> list[Outcome]:
    """What came of each planned change, in the plan's order. One failure stops only its own."""
    changes = {change.id: change for change in plan.changes if change.status is Status.PLANNED}
    by_kind = {kind.name: kind for kind in kinds.values()}
    run = _Run(changes, by_kind, work, asyncio.Semaphore(parallelism), report)
    await run.all()
    return [run.outcomes[name] for name in changes]


class _Run:
    """One apply: what is ready is started, what is done makes more ready."""

    def __init__(
        self,
        changes: Mapping[str, Change],
        kinds: Mapping[str, Kind],
        work: Work,
        limit: asyncio.Semaphore,
        report: Report,
    ) -> None:
        self.changes, self.kinds, self.work = changes, kinds, work
        self.limit, self.report = limit, report
        self.outcomes: dict[str, Outcome] = {}
        self.stopped: str = ""

    async def all(self) -> None:
        sorter = TopologicalSorter({name: self._first(c) for name, c in self.changes.items()})
        sorter.prepare()
        running: dict[asyncio.Task[Outcome], str] = {}
        while sorter.is_active():
            for name in sorted(sorter.get_ready()):
                running[asyncio.create_task(self._one(self.changes[name]))] = name
            finished, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in finished:
                name = running.pop(task)
                self.outcomes[name] = task.result()
                self.report(task.result())
                sorter.done(name)

    def _first(self, change: Change) -> Iterable[str]:
        return [name for name in (*change.needs, *change.after) if name in self.changes]

    async def _one(self, change: Change) -> Outcome:
        for name in change.needs:
            before = self.outcomes.get(name)
            if before and before.result is not Result.DONE:
                return Outcome(change, Result.BLOCKED, name)
        async with self.limit:
            if self.stopped:
                return Outcome(change, Result.NOT_TRIED, self.stopped)
            return await self._write(change)

    async def _write(self, change: Change) -> Outcome:
        live = self.kinds[change.address.kind].live
        if live is None:
            return Outcome(change, Result.FAILED, "this kind is not written")
        try:
            await live.write(change, self.work)
        except (AuthenticationError, BudgetError) as error:
            self.stopped = str(error)
            return Outcome(change, Result.FAILED, str(error), error.exit_code)
        except UnknownOutcomeError as error:
            return Outcome(change, Result.UNKNOWN, str(error), error.exit_code)
        except (ApiError, RefusedError) as error:
            return Outcome(change, Result.FAILED, str(error), 1)
        return Outcome(change, Result.DONE)
