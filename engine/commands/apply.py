"""`wisectl apply`: plans, asks, and carries it out; or carries out a plan that people reviewed."""

from __future__ import annotations

import asyncio
import os
import platform
import secrets
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from engine.applier import Control
from engine.binding import BoundPlan, Digester
from engine.commands.interrupt import run_interruptible, unless_stopped
from engine.commands.journal import account
from engine.commands.lock import locked
from engine.commands.plan import PlanFlags, make
from engine.commands.plan_key import plan_key
from engine.commands.progress import Progress
from engine.commands.session import journal_folder
from engine.commands.show import bytes_of
from engine.commands.undo import state_of
from engine.errors import DeclinedError, EngineError, StaleError
from engine.exit_codes import of_apply
from engine.git import head
from engine.journal import Journal, Run, read, runs
from engine.pipeline import bind_plan, carry_out, fill_for, find_for
from engine.plan import Status
from engine.planfile import SavedPlan, bound_plan, read_plan
from engine.render.as_json import apply_document, plan_document, render
from engine.render.style import counted
from engine.render.terminal import render_outcomes, render_plan
from engine.reviewed import only_reviewed
from engine.uniweb.client import open_uniweb
from engine.wiseflow.client import open_wiseflow
from engine.wiseflow.licence import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from engine.commands.session import Session
    from engine.fill import Filled
    from engine.model import DesiredState
    from engine.pipeline import Planned
    from engine.plan import Outcome, Plan


@dataclass(frozen=True, slots=True)
class ApplyFlags:
    """What apply has beyond plan."""

    plan_file: Path | None = None
    reviewed: Path | None = None
    approved: bool = False
    parallelism: int | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is about to be carried out, and what it was made from."""

    plan: Plan
    bound: BoundPlan
    state: DesiredState
    filled: Filled
    source: str
    digest: str
    saved: SavedPlan | None = None


def run(session: Session, flags: PlanFlags, how: ApplyFlags) -> int:
    """Prints what is done and what came of it; the exit code."""
    invocation = session.invocation
    asks = not (how.approved or how.plan_file or how.reviewed)
    if asks and (invocation.json or not _is_asked()):
        raise EngineError(
            "off a terminal apply needs a plan file, --reviewed or --auto-approve: "
            "review the plan first"
        )
    if how.plan_file and (how.reviewed or flags.targets or flags.excludes):
        raise EngineError("a plan file says itself what it is about: leave the other flags out")
    with locked(session):
        _tell_of_the_last_run(session)
        prepared = _prepare(session, flags, how)
        todo = len(prepared.bound.changes)
        if todo and asks:
            _ask(todo)
        control = Control()
        outcomes = _carry_out(session, prepared, control, how.parallelism) if todo else []
    style = session.style(prepared.state)
    if invocation.json:
        print(render(apply_document(prepared.plan, outcomes, style)), end="")
    elif todo:
        print(render_outcomes(prepared.plan, outcomes, style), end="")
    return of_apply(prepared.plan, outcomes, interrupted=control.stop.is_set())


def _tell_of_the_last_run(session: Session) -> None:
    files = runs(journal_folder(session))
    if files and account(read(files[-1])).exit_code is None:
        text = "The last run was cut off: what it may have done is read anew (wisectl journal)."
        session.invocation.say(text)


def _prepare(session: Session, flags: PlanFlags, how: ApplyFlags) -> Prepared:
    if how.plan_file:
        return _from_file(session, flags, how.plan_file)
    reviewed = _read(session, how.reviewed) if how.reviewed else None
    if reviewed:
        flags = replace(flags, base=flags.base or reviewed.origin.base)
    state = session.desired(flags.base)
    flags.check(state)
    if reviewed:
        flags = _as_reviewed(flags, reviewed, session, state)
    planned = make(session, state, flags, identified=reviewed is not None)
    if reviewed:
        bound = _reviewed_part(session, planned, reviewed, flags)
    else:
        bound = bind_plan(planned, Digester(secrets.token_bytes(32)), flags.allow)
    bound = _with_manifests(bound, state)
    style = session.style(state)
    if not session.invocation.json:
        print(render_plan(planned.plan, style), flush=True)
    source = "reviewed" if reviewed else "apply"
    digest = str(plan_document(planned.plan, replace(style, mask=True, private=True))["digest"])
    return Prepared(planned.plan, bound, state, planned.filled, source, digest)


def _reviewed_part(
    session: Session, planned: Planned, reviewed: SavedPlan, flags: PlanFlags
) -> BoundPlan:
    key = plan_key(session)
    reviewed.check_live(planned.licence, planned.world.now)
    there = bound_plan(reviewed, planned.world.desired, key)
    addresses = {change.address for change in there.changes}
    return only_reviewed(bind_plan(planned, Digester(key), flags.allow, addresses), there)


def _with_manifests(bound: BoundPlan, state: DesiredState) -> BoundPlan:
    """What the manifests allow and protect now holds while the plan is carried out."""
    allowances = (*bound.allowances, *state.allowances)
    return replace(bound, allowances=allowances, protected=state.protected)


def _as_reviewed(
    flags: PlanFlags, reviewed: SavedPlan, session: Session, state: DesiredState
) -> PlanFlags:
    """What was reviewed with its scope and its allowances is planned with them again."""
    allowed = bound_plan(reviewed, state.resources, plan_key(session)).allowances
    return replace(
        flags,
        targets=flags.targets or reviewed.origin.targets,
        excludes=flags.excludes or reviewed.origin.excludes,
        allow=(*flags.allow, *allowed),
    )


def _read(session: Session, path: Path) -> SavedPlan:
    """The file's bytes are those that are verified."""
    saved = read_plan(bytes_of(path), plan_key(session))
    saved.check(session.name)
    return saved


def _from_file(session: Session, flags: PlanFlags, path: Path) -> Prepared:
    saved = _read(session, path)
    undo = saved.origin.undo
    state = state_of(session, undo).state if undo else _as_planned(session, flags, saved)
    bound = bound_plan(saved, state.resources, plan_key(session))
    bound = replace(bound, allowances=(*bound.allowances, *flags.allow))
    bound = _with_manifests(bound, state)
    filled = asyncio.run(_fill(session, bound, state))
    if not session.invocation.json:
        base = f"base {saved.origin.base[:7]}" if saved.origin.base else "no base"
        made = f"made {saved.created:%a %d %b %Y %H:%M} UTC, {base}"
        print(f"{path}: {made}, {counted(len(bound.changes), 'change')}")
        for line in _left_out(saved.plan):
            print(line)
    return Prepared(saved.plan, bound, state, filled, "plan file", saved.digest, saved)


SHOWN_HELD = 10


def _left_out(plan: Plan) -> Iterator[str]:
    """What the plan held when it was made: nothing that is allowed now puts it in."""
    held = [change for change in plan.changes if change.status is Status.HELD]
    if held:
        yield f"{counted(len(held), 'change')} held when it was made, and not in it:"
        yield from (
            f"  {change.id}: {'; '.join(change.reasons[:1])}" for change in held[:SHOWN_HELD]
        )
        if len(held) > SHOWN_HELD:
            yield f"  and {len(held) - SHOWN_HELD} more"
        yield "To carry them out, allow them when you plan, and apply that plan."


def _as_planned(session: Session, flags: PlanFlags, saved: SavedPlan) -> DesiredState:
    """What the manifests mean beside the plan's own base. Raises: StaleError without it."""
    state = session.desired(flags.base or saved.origin.base)
    if state.base != saved.origin.base:
        made = saved.origin.base[:7] if saved.origin.base else "none"
        message = f"the plan was made with another base ({made}); {state.no_base}".rstrip("; ")
        raise StaleError(f"{message}: plan again; nothing was written")
    return state


async def _fill(session: Session, bound: BoundPlan, state: DesiredState) -> Filled:
    user_key = session.conventions.user_key
    if session.uniweb is None:
        return await fill_for(bound, state, None, user_key)
    async with open_uniweb(session.uniweb) as uniweb:
        return await fill_for(bound, state, uniweb.read_members, user_key)


def _is_asked() -> bool:
    """Whether somebody is there to answer; what was closed on purpose answers nothing."""
    return sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()


def _ask(todo: int) -> None:
    answer = input(f"Carry out these {todo} changes in WISEflow? Only yes is a yes: ")
    if answer.strip().casefold() != "yes":
        raise DeclinedError("Nothing was written.")


def _carry_out(
    session: Session, prepared: Prepared, control: Control, parallelism: int | None
) -> list[Outcome]:
    with Progress(len(prepared.bound.changes), session.invocation) as progress:

        async def work(stop: asyncio.Event) -> list[Outcome]:
            control.report, control.stop = progress.report, stop
            return await _apply(session, prepared, control, parallelism)

        return run_interruptible(work)


async def _apply(
    session: Session, prepared: Prepared, control: Control, parallelism: int | None
) -> list[Outcome]:
    # The journal says of which licence it tells: undo asks.
    conventions = replace(session.conventions, identified=True)
    bound, filled = prepared.bound, prepared.filled
    async with open_wiseflow(session.wiseflow, read_only=False) as api:
        finding = find_for(bound, filled, prepared.state.resources, conventions, api)
        world = await unless_stopped(control.stop, finding)
        licence = fingerprint(world.licence, conventions.user_key)
        if prepared.saved:
            prepared.saved.check_live(licence, world.now)
        control.journal = _journal(session, prepared, licence)
        try:
            width = parallelism or session.parallelism
            outcomes = await carry_out(bound, world, api, control, width)
            code = of_apply(prepared.plan, outcomes, interrupted=control.stop.is_set())
            await control.journal.end(code)
        finally:
            await control.journal.close()
        return outcomes


def _journal(session: Session, prepared: Prepared, licence: str) -> Journal:
    names = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "USER", "USERNAME")
    run_of = Run(
        environment=session.name,
        who=next((os.environ[name] for name in names if os.environ.get(name)), "somebody"),
        host=platform.node(),
        commit=head(session.invocation.root),
        plan=prepared.digest,
        licence=licence,
        source=prepared.source,
        members=_trusted(prepared),
    )
    return Journal(journal_folder(session), run_of, datetime.now(UTC))


def _trusted(prepared: Prepared) -> dict[str, int]:
    """The counts of profiles that no guard refuses: a short read is nothing to measure by."""
    refused = {one.scope for one in prepared.plan.guards if one.name == "uniweb" and one.refused}
    members = prepared.filled.members.items()
    return {key: count for key, count in members if f"profile/{key}" not in refused}
