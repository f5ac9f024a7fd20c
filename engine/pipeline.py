"""The pipeline, told once: desired state, UNIWeb's fill, live world, plan, binding, outcomes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.applier import Control, apply_plan
from engine.binding import Binding, BoundPlan, Digester, bind, is_granted
from engine.fill import Filled, fill_from_uniweb
from engine.granting import give
from engine.kind import Work
from engine.kinds import KINDS
from engine.kinds._flow_plan import source_key
from engine.kinds._individual_notes import notes_of_nobody
from engine.live import find_world, read_world
from engine.model import Address, Desired
from engine.plan import Change, Plan, Status
from engine.planner import Options, make_plan
from engine.wiseflow.creation import Patience
from engine.wiseflow.licence import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.fill import MemberReader
    from engine.guards import Allowance
    from engine.live import Conventions
    from engine.model import DesiredState
    from engine.plan import Outcome
    from engine.wiseflow.client import WiseflowApi
    from engine.world import Grants, World


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with the world it was made from: what apply needs and the plan does not show."""

    plan: Plan
    world: World
    filled: Filled

    @property
    def licence(self) -> str:
        """The fingerprint of the licence; only where its roles were read too."""
        return fingerprint(self.world.licence, self.world.people.user_key)


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
    world = await read_world(api, filled.resources, conventions)
    world.incomplete_profiles = dict(filled.incomplete)
    world.member_counts = dict(filled.members)
    world.problems += filled.problems
    world.notes += notes_of_nobody(world)
    plan = make_plan(environment, world, KINDS, options)
    reads = dict(api.sent)
    plan = replace(plan, reads=dict(sorted(reads.items())), base=state.base, no_base=state.no_base)
    return Planned(plan, world, filled)


def bind_plan(
    planned: Planned,
    digester: Digester,
    allowances: tuple[Allowance, ...] = (),
    also: Iterable[Address] = (),
) -> BoundPlan:
    """The changes that are planned now, bound to what is stated and live of their objects.

    Objects of `also` are bound too, though nothing is planned of them.
    """
    changes = [c for c in planned.plan.changes if c.status is Status.PLANNED]
    world = planned.world
    by_address: dict[Address, list[Change]] = {a: [] for a in also if a in world.desired}
    touched = {change.address for change in changes}
    for change in planned.plan.changes:
        if change.address in touched:
            by_address.setdefault(change.address, []).append(change)
    normal = {kind.name: kind.normal for kind in KINDS.values()}
    ids = {change.id for change in changes}
    objects: dict[Address, Binding] = {}
    for address, mine in sorted(by_address.items()):
        items = bind(world.desired[address], mine, world, normal[address.kind], digester)
        objects[address] = {
            name: item if item.change in ids else item._replace(change="")
            for name, item in items.items()
        }
    return BoundPlan(changes, objects, digester, allowances, planned.plan.let_through)


async def fill_for(
    bound: BoundPlan, state: DesiredState, read_members: MemberReader | None, user_key: str
) -> Filled:
    """The desired resources that a plan changes, with UNIWeb's part: no other profile is read."""
    wanted = {change.address for change in bound.changes}
    resources = {a: d for a, d in state.resources.items() if a in wanted}
    return await fill_from_uniweb(replace(state, resources=resources), read_members, user_key)


async def find_for(
    bound: BoundPlan,
    filled: Filled,
    manifests: Mapping[Address, Desired],
    conventions: Conventions,
    api: WiseflowApi,
) -> World:
    """The world of the objects that a plan changes, before their lists are read."""
    wanted = {change.address for change in bound.changes}
    desired = {a: d for a, d in filled.resources.items() if a in wanted}
    desired = _adopted_sources(desired.values(), manifests) | desired
    # Only what is filled has the people whom UNIWeb alone names.
    stated = {**manifests, **filled.resources}
    world = await find_world(api, desired, stated, conventions)
    if _lacks_somebody(bound, world):
        world = await find_world(api, desired, stated, conventions, everybody=True)
    world.desired = give(world.desired, _granted(bound, world))
    world.incomplete_profiles = dict(filled.incomplete)
    made = {change.address.key for change in bound.changes if change.address.kind == "user"}
    world.absent = {
        Address("user", key)
        for identity, key in world.people.manifest.items()
        if key not in made and not world.people.found.get(identity)
    }
    return world


def _adopted_sources(
    flows: Iterable[Desired], manifests: Mapping[Address, Desired]
) -> dict[Address, Desired]:
    """What the flows are copied from, where no key but only a number tells which flow that is."""
    keys = {key for flow in flows if (key := source_key(flow))}
    found = {a: d for key in keys if (d := manifests.get(a := Address("flow", key))) and d.adopted}
    return {address: replace(one, roles={}) for address, one in found.items()}


def _lacks_somebody(bound: BoundPlan, world: World) -> bool:
    """Whether the plan seats anybody who is not found now, and whom it does not make either."""
    made = {change.address.key.casefold() for change in bound.changes}
    people = world.people
    names = {
        seat.person.casefold()
        for change in bound.changes
        if change.seats
        for seat in change.seats.add
    }
    return any(people.found.get((people.user_key, name)) == () for name in names - made)


def _granted(bound: BoundPlan, world: World) -> Grants:
    """The licence roles that a plan grants, and the manifests' seats still need."""
    found = {}
    for address in {*bound.objects} & {*world.needed} & {*world.desired}:
        mine = {
            name: where
            for name, where in world.needed[address].items()
            if is_granted(bound, address, name)
        }
        if mine:
            found[address] = mine
    return found


async def carry_out(
    bound: BoundPlan,
    world: World,
    api: WiseflowApi,
    control: Control,
    parallelism: int = 16,
    patience: Patience = Patience(),
) -> list[Outcome]:
    """What came of each change of a plan whose objects were found."""
    api.witness = control.journal
    return await apply_plan(bound, KINDS, Work(api, world, patience), parallelism, control)
