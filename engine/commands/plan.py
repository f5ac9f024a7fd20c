"""`wisectl plan`: what an apply would do, and nothing sent that writes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.exit_codes import of_plan
from engine.pipeline import Planned, plan_now
from engine.planner import Options
from engine.render.as_json import plan_document, render
from engine.render.terminal import render_plan
from engine.uniweb.client import open_uniweb
from engine.wiseflow.client import open_wiseflow

if TYPE_CHECKING:
    from engine.commands.session import Session
    from engine.guards import Allowance
    from engine.model import DesiredState


@dataclass(frozen=True, slots=True)
class PlanFlags:
    """What plan and apply have in common on the command line."""

    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    allow: tuple[Allowance, ...] = ()

    def options(self, max_removed: int) -> Options:
        return Options(self.targets, self.excludes, self.allow, max_removed)


def make(session: Session, state: DesiredState, flags: PlanFlags) -> Planned:
    """Reads both servers, read-only, and plans."""
    return asyncio.run(_make(session, state, flags))


async def _make(session: Session, state: DesiredState, flags: PlanFlags) -> Planned:
    options = flags.options(session.max_removed)
    async with open_wiseflow(session.wiseflow, read_only=True) as api:
        if session.uniweb is None:
            return await plan_now(session.name, state, session.conventions, api, None, options)
        async with open_uniweb(session.uniweb) as uniweb:
            read = uniweb.read_members
            return await plan_now(session.name, state, session.conventions, api, read, options)


def run(session: Session, flags: PlanFlags, detailed: bool) -> int:
    """Prints the plan; the exit code."""
    state = session.desired()
    planned = make(session, state, flags)
    style = session.style(state)
    if session.invocation.json:
        print(render(plan_document(planned.plan, style)), end="")
    else:
        print(render_plan(planned.plan, style), end="")
    return of_plan(planned.plan, detailed)
