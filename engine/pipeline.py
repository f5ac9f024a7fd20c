"""The pipeline, told once: desired state, UNIWeb's fill, live world, plan, outcomes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from engine.applier import Report, apply_plan
from engine.fill import fill_from_uniweb
from engine.kind import Work
from engine.kinds import KINDS
from engine.live import read_world
from engine.planner import Options, make_plan
from engine.wiseflow.creation import Patience
from engine.wiseflow.flows import FlowKeys

if TYPE_CHECKING:
    from engine.fill import MemberReader
    from engine.model import DesiredState, Outcome, Plan
    from engine.wiseflow.client import WiseflowApi
    from engine.world import World


@dataclass(frozen=True, slots=True)
class Conventions:
    """How the licence carries keys, from the settings."""

    user_key: str
    flow_key: str = "external_source"
    time_zone: str | None = None
    licence: str | None = None
    """The fingerprint that the settings pin; another licence stops every command."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with the world it was made from: what apply needs and the plan does not show."""

    plan: Plan
    world: World


async def plan_now(
    environment: str,
    state: DesiredState,
    conventions: Conventions,
    api: WiseflowApi,
    read_members: MemberReader | None,
    options: Options = Options(),
) -> Planned:
    """Reads both servers and plans. Sends nothing that writes: `api` is opened read-only."""
    filled = await fill_from_uniweb(state, read_members, conventions.user_key)
    keys = FlowKeys(conventions.flow_key)
    world = await read_world(api, filled.resources, conventions.user_key, keys, conventions.licence)
    if conventions.time_zone:
        world.zone = ZoneInfo(conventions.time_zone)
    world.incomplete_profiles = dict(filled.incomplete)
    world.problems += filled.problems
    plan = make_plan(environment, world, KINDS, options)
    reads = dict(api.sent)
    return Planned(replace(plan, reads=dict(sorted(reads.items()))), world)


async def apply_now(
    planned: Planned,
    api: WiseflowApi,
    report: Report,
    parallelism: int = 16,
    patience: Patience = Patience(),
) -> list[Outcome]:
    """Carries out what was planned; `api` is opened for writing."""
    work = Work(api, planned.world, patience)
    return await apply_plan(planned.plan, KINDS, work, parallelism, report)
