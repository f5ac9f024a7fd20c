"""`wisectl apply`: plans, asks, and carries it out."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from engine.commands.lock import locked
from engine.commands.plan import PlanFlags, make
from engine.commands.progress import Progress
from engine.errors import DeclinedError, EngineError
from engine.exit_codes import of_apply
from engine.model import Outcome, Status
from engine.pipeline import apply_now
from engine.render.as_json import apply_document, render
from engine.render.terminal import render_outcomes, render_plan
from engine.wiseflow.client import open_wiseflow

if TYPE_CHECKING:
    from engine.commands.session import Session
    from engine.pipeline import Planned


def run(session: Session, flags: PlanFlags, approved: bool, parallelism: int | None) -> int:
    """Prints the plan, asks where nobody approved before, applies; the exit code."""
    invocation = session.invocation
    if not approved and (invocation.json or not sys.stdin.isatty()):
        raise EngineError("off a terminal apply needs --auto-approve: review the plan first")
    state = session.desired()
    with locked(session):
        planned = make(session, state, flags)
        style = session.style(state)
        if not invocation.json:
            print(render_plan(planned.plan, style), flush=True)
        todo = sum(1 for change in planned.plan.changes if change.status is Status.PLANNED)
        if todo and not approved:
            _ask(todo)
        outcomes = _carry_out(session, planned, todo, parallelism) if todo else []
    if invocation.json:
        print(render(apply_document(planned.plan, outcomes, style)), end="")
    elif todo:
        print(render_outcomes(planned.plan, outcomes, style), end="")
    return of_apply(planned.plan, outcomes)


def _ask(todo: int) -> None:
    answer = input(f"Carry out these {todo} changes in WISEflow? Only yes is a yes: ")
    if answer.strip().casefold() != "yes":
        raise DeclinedError("Nothing was written.")


def _carry_out(
    session: Session, planned: Planned, todo: int, parallelism: int | None
) -> list[Outcome]:
    width = parallelism or session.parallelism
    with Progress(todo, session.invocation) as progress:

        async def work() -> list[Outcome]:
            async with open_wiseflow(session.wiseflow, read_only=False) as api:
                return await apply_now(planned, api, progress.report, width)

        return asyncio.run(work())
