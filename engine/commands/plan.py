"""`wisectl plan`: what an apply would do, and nothing sent that writes."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from engine.binding import Digester
from engine.commands.plan_key import plan_key
from engine.commands.session import journal_folder
from engine.errors import EngineError
from engine.exit_codes import of_plan
from engine.git import head
from engine.journal import last_members
from engine.pipeline import Planned, bind_plan, plan_now
from engine.planfile import Origin, plan_bytes
from engine.planner import Options
from engine.render.as_json import plan_document, render
from engine.render.terminal import render_plan
from engine.uniweb.client import open_uniweb
from engine.wiseflow.client import open_wiseflow

if TYPE_CHECKING:
    from pathlib import Path

    from engine.commands.session import Session
    from engine.guards import Allowance
    from engine.live import Conventions
    from engine.model import DesiredState
    from engine.render.style import Style


@dataclass(frozen=True, slots=True)
class PlanFlags:
    """What plan and apply have in common on the command line."""

    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    allow: tuple[Allowance, ...] = ()
    base: str | None = None
    """The commit whose manifests the plan is compared with, as the user names it."""

    def check(self, state: DesiredState) -> None:
        """Raises: EngineError, where a selector means nothing: a slip would look like success."""
        names = [str(address) for address in state.resources]
        for option, globs in (("--target", self.targets), ("--exclude", self.excludes)):
            for glob in globs:
                if not any(fnmatchcase(name, glob) for name in names):
                    raise EngineError(f"{option} {glob} matches nothing in the manifests")

    def options(self, session: Session, state: DesiredState) -> Options:
        """With what settings, manifests and the journal say beside the command line."""
        limits = session.guards
        return Options(
            self.targets,
            self.excludes,
            (*self.allow, *state.allowances),
            limits.max_removed,
            limits.max_updates,
            limits.updates_share,
            state.protected,
            last_members(journal_folder(session)),
            state.at_base,
        )


def make(
    session: Session, state: DesiredState, flags: PlanFlags, *, identified: bool = False
) -> Planned:
    """Reads both servers, read-only, and plans; `identified` for plans that are kept."""
    conventions = replace(session.conventions, identified=identified)
    return asyncio.run(_make(session, state, flags, conventions))


async def _make(
    session: Session, state: DesiredState, flags: PlanFlags, conventions: Conventions
) -> Planned:
    options = flags.options(session, state)
    async with open_wiseflow(session.wiseflow, read_only=True) as api:
        if session.uniweb is None:
            return await plan_now(session.name, state, conventions, api, None, options)
        async with open_uniweb(session.uniweb) as uniweb:
            read = uniweb.read_members
            return await plan_now(session.name, state, conventions, api, read, options)


def run(session: Session, flags: PlanFlags, detailed: bool, out: Path | None) -> int:
    """Prints the plan, and writes it to `out`; the exit code."""
    state = session.desired(flags.base)
    flags.check(state)
    planned = make(session, state, flags, identified=out is not None)
    style = session.style(state)
    if out:
        save(session, planned, flags, style, out)
    if session.invocation.json:
        print(render(plan_document(planned.plan, style)), end="")
    else:
        print(render_plan(planned.plan, style), end="")
    return of_plan(planned.plan, detailed)


def save(
    session: Session,
    planned: Planned,
    flags: PlanFlags,
    style: Style,
    out: Path,
    undo: str | None = None,
) -> None:
    """Writes the plan file whole or not at all; no value of a person stands in it."""
    key = plan_key(session)
    bound = bind_plan(planned, Digester(key), flags.allow)
    commit = head(session.invocation.root)
    base, scope = planned.plan.base, (flags.targets, flags.excludes)
    origin = Origin(session.name, planned.licence, commit, *scope, undo, base)
    environment = session.environment
    shows_all = environment is not None and environment.mask == "off"
    private = replace(style, color=False, mask=not shows_all, private=True)
    data = plan_bytes(planned.plan, bound, origin, private, key)
    place = out.resolve()
    if place.exists() and not place.is_file():
        raise EngineError(f"{out} is no plain file: name a new one, or a plan to replace")
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        draft.write_bytes(data)
        draft.replace(place)
    except OSError as error:
        raise EngineError(f"{out} cannot be written: {error.strerror}") from None
    session.invocation.say(f"Saved: {out}. Apply it with: wisectl apply {out}")
