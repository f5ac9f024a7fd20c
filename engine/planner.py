"""From a desired and a live world to a plan: pure, the same bytes for the same inputs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from engine.bookings import vacated
from engine.granting import give, granted, grants_first, notes_of_lacking
from engine.guards import (
    MAX_REMOVED,
    MAX_UPDATES,
    UPDATES_SHARE,
    Limits,
    check_guards,
    notes_of_unmeasured,
)
from engine.holding import hold, in_force, let_through, protect, rule, shown_guards
from engine.kind import Kind, in_order
from engine.model import IN_ROOMS, INDIVIDUAL, Address, Allowance, Desired, Owner, Standing
from engine.origins import Origins, note_left
from engine.plan import Action, Change, Guard, Note, Plan, Status
from engine.world import Findings, World

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from engine.errors import Location
    from engine.world import Grants


@dataclass(frozen=True, slots=True)
class Options:
    """What operator, settings and manifests ask of a plan.

    Targets and excludes are addresses with globs.
    """

    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    allowances: tuple[Allowance, ...] = ()
    max_removed: int = MAX_REMOVED
    max_updates: int = MAX_UPDATES
    updates_share: int = UPDATES_SHARE
    protected: Mapping[Address, Location] = field(default_factory=dict)
    """What nothing is taken from, and where the manifests say so."""
    last_counts: Mapping[str, int] = field(default_factory=dict)
    """By profile how many members UNIWeb answered the last time."""
    base: frozenset[Address] | None = None
    """What stood in the manifests at base; None where there is no base."""

    def selects(self, address: Address) -> bool:
        name = str(address)
        chosen = not self.targets or any(fnmatchcase(name, glob) for glob in self.targets)
        return chosen and not any(fnmatchcase(name, glob) for glob in self.excludes)


def make_plan(
    environment: str, world: World, kinds: Mapping[str, Kind], options: Options = Options()
) -> Plan:
    """Every change that brings the live world to the desired one, in a stable order."""
    findings = _find(world, kinds, options)
    changes, guards, through = _guarded(findings, world, options)
    grants = granted(changes, world, options.selects)
    findings.notes += notes_of_lacking(changes, grants, world)
    if grants:
        findings = _with_grants(grants, findings, world, kinds)
        changes, guards, through = _guarded(findings, world, options)
    touched = {change.address for change in changes}
    chosen = [a for a, d in world.desired.items() if d.is_stated and options.selects(a)]
    return Plan(
        environment=environment,
        now=world.now,
        changes=tuple(changes),
        guards=guards,
        let_through=through,
        problems=tuple(sorted({*findings.problems, *world.problems})),
        notes=tuple(
            sorted({*findings.notes, *world.notes}, key=lambda n: (n.address, n.message, n.hint))
        ),
        unchanged=sum(1 for address in chosen if address not in touched),
        starts=_starts(world),
        complete=not (options.targets or options.excludes),
        incomplete=bool(world.unread or world.incomplete_profiles),
    )


def _guarded(
    findings: Findings, world: World, options: Options
) -> tuple[list[Change], tuple[Guard, ...], dict[str, tuple[str, ...]]]:
    """The changes as they stand after guards, hazards and allowances, the guards, and by change
    what of them was let through.
    """
    found = sorted(findings.changes, key=lambda change: (change.address, change.part))
    changes = protect(found, options.protected)
    limits = Limits(
        options.max_removed,
        options.max_updates,
        options.updates_share,
        options.last_counts,
        options.base,
    )
    checked = check_guards(changes, world, limits)
    allowances, notes = in_force(options.allowances, world)
    findings.notes += [*notes, *notes_of_unmeasured(changes, world, options.last_counts)]
    ruling = rule(changes, [refusal for one in checked for refusal in one.refusals], allowances)
    held = hold(changes, ruling, world.now.astimezone(world.zone).date())
    return _pass_on(held), shown_guards(checked, ruling), let_through(ruling)


def _find(world: World, kinds: Mapping[str, Kind], options: Options) -> Findings:
    """What goes is planned after all that stays, which may be what still holds it."""
    findings = Findings()
    chosen = [one for _, one in sorted(world.desired.items()) if _is_planned(one, world, options)]
    for kind in in_order(kinds):
        for desired in (one for one in chosen if one.is_stated):
            if desired.address.kind == kind.name:
                plan_one(kind, desired, world, findings)
        world.absent |= _not_created(kind.name, world, findings)
    world.vacated = vacated(findings.changes, world)
    for kind in in_order(kinds):
        for desired in (one for one in chosen if not one.is_stated):
            if desired.address.kind == kind.name:
                plan_one(kind, desired, world, findings)
    return findings


def _is_planned(desired: Desired, world: World, options: Options) -> bool:
    return desired.address not in world.twins and options.selects(desired.address)


def _with_grants(
    grants: Grants, findings: Findings, world: World, kinds: Mapping[str, Kind]
) -> Findings:
    """The findings, with the users who are granted something planned anew, and seats after them."""
    world.desired = give(world.desired, grants)
    kept = [change for change in findings.changes if change.address not in grants]
    found = replace(findings, changes=grants_first(kept, grants, world))
    for kind in kinds.values():
        for address in sorted(grants):
            if address.kind == kind.name:
                plan_one(kind, world.desired[address], world, found)
    return found


def plan_one(kind: Kind, desired: Desired, world: World, findings: Findings) -> None:
    """Adds the changes, notes and problems of one resource, stated or left, with their origins."""
    if kind.live is None:
        return
    if desired.standing is Standing.RELEASED:
        return
    found = Findings()
    tell = kind.live.plan if desired.is_stated else kind.leave
    tell(desired, world, found)
    origins = Origins(desired, world.live.get(desired.address), world, kind.normal)
    if left := origins.left_alone(found.changes):
        changes, found = found.changes, Findings()
        for change in changes:
            note_left(change, (one.path for one in change.fields if one.path in left), found)
        fields = {path: one for path, one in desired.fields.items() if path not in left}
        tell(replace(desired, fields=fields), world, found)
    findings.changes += origins.told(found.changes, found)
    findings.notes += [*found.notes, *_roles_let_go(desired)]
    findings.problems += found.problems


def _roles_let_go(desired: Desired) -> Iterator[Note]:
    """A role that no manifest names any more is not managed any more: nobody leaves it."""
    before = desired.base.roles.values() if desired.base and desired.is_stated else ()
    stated = {role.slot for role in desired.roles.values()} | {*INDIVIDUAL, IN_ROOMS}
    for role in sorted((one for one in before if one.slot not in stated), key=lambda one: one.slot):
        if role.owner is None or _is_still_there(role.owner, desired):
            message = "stood at base and is stated no more: released, nobody is taken away"
            hint = f"`{role.role.rpartition('.')[2]}: []` would empty it"
            yield Note(desired.address, f"{role.said}: {message}", hint)


def _is_still_there(owner: Owner, desired: Desired) -> bool:
    """Whether somebody whose allocation is stated no more is stated; a group goes as a whole."""
    if owner.person is None:
        sets = (one.owner for one in desired.roles.values())
        return any(one is not None and one.identity == owner.identity for one in sets)
    role = desired.roles.get(owner.role)
    identity = owner.person.identity
    return role is not None and any(seat.person.identity == identity for seat in role.seats)


def _not_created(kind: str, world: World, findings: Findings) -> set[Address]:
    """Who is not live and not about to be: left out by a target, or blocked."""
    created = {
        change.address
        for change in findings.changes
        if change.action is Action.CREATE and change.status is Status.PLANNED
    }
    wanted = {a for a, desired in world.desired.items() if a.kind == kind and desired.is_stated}
    return wanted - created - set(world.live)


def _pass_on(changes: Sequence[Change]) -> list[Change]:
    """A change that needs one which will not be done is not done either, and says why."""
    by_id = {change.id: change for change in changes}
    settled: dict[str, Change] = {}

    def settle(change: Change, path: tuple[str, ...]) -> Change:
        if change.id in settled or change.id in path:
            return settled.get(change.id, change)
        needed = [settle(by_id[n], (*path, change.id)) for n in change.needs if n in by_id]
        stopped = [one for one in needed if one.status is not Status.PLANNED]
        if change.status is Status.PLANNED and stopped:
            status = min((one.status for one in stopped), key=_SEVERITY.index)
            reasons = tuple(f"needs {one.id}, which is {one.status}" for one in stopped)
            change = replace(change, status=status, reasons=reasons)
        settled[change.id] = change
        return change

    return [settle(change, ()) for change in changes]


_SEVERITY = [Status.BLOCKED, Status.HELD, Status.WAITING, Status.PLANNED]


def _starts(world: World) -> dict[str, datetime]:
    """When each exam starts: as it is live, else as it is desired."""
    starts = {}
    for address, desired in sorted(world.desired.items()):
        live = world.live.get(address)
        stated = desired.fields.get("participation.start")
        moment = live.fields.get("participation.start") if live else None
        moment = moment or (stated.value if stated else None)
        if address.kind == "flow" and moment:
            starts[address.key] = moment
    return starts
