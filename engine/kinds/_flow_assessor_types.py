"""Which assessor types a flow has, with their instructions. Pure.

WISEflow has no call that changes an instruction, and taking a type away leaves those who have it
without one: both are done only where nobody has the type.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.kinds._flow_settings import unknown_name
from engine.model import TYPE_OF, Desired, Live, Value
from engine.plan import Action, Change, FieldChange, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from engine.world import Findings, World

PART = "assessor_types"
LEAVE = f"{PART}.leave"
IN_USE = f"{PART}.in-use"
ROLE = "assessors"


def wanted_types(desired: Desired) -> dict[str, Value]:
    """Every type that is stated, with its instruction, True without one, None where it goes."""
    paths = (path for path in desired.fields if path.startswith(TYPE_OF))
    return {path.removeprefix(TYPE_OF): desired.fields[path].value for path in paths}


def types_of_seats(desired: Desired) -> set[str]:
    """The types that stated assessors are given: they are on the flow, listed or not."""
    role = desired.roles.get(ROLE)
    if role is None:
        return set()
    flags = [*(one.flags for one in role.seats), *(one.flags for one in role.profiles)]
    return {one["type"].value for one in flags if "type" in one}


def types_to_take(desired: Desired, there: Mapping[str, Value]) -> dict[str, Value]:
    """Types of a flow that go, or go and come with another instruction: whose users count."""
    wanted, kept = wanted_types(desired), types_of_seats(desired)
    listed = PART in desired.fields
    return {
        name: wanted.get(name)
        for name, value in there.items()
        if (name in wanted and wanted[name] != value)
        or (listed and name not in wanted and name not in kept)
    }


def live_types(live: Live) -> dict[str, Value]:
    """The types that were read of a flow, as `wanted_types`."""
    paths = (path for path in live.fields if path.startswith(TYPE_OF))
    return {path.removeprefix(TYPE_OF): live.fields[path] for path in paths}


@dataclass(frozen=True, slots=True)
class Holders:
    """How many assessors have each type: now, and once the planned seats are done."""

    before: Counter[str]
    after: Counter[str]


def _holders(live: Live, changes: Iterable[Change]) -> Holders:
    types = {seat.user_id: seat.flags.get("type") for seat in live.roles.get(ROLE, ())}
    before = Counter(name for name in types.values() if name)
    after = Counter(before)
    for seats in (change.seats for change in changes):
        if seats is None or seats.role != ROLE:
            continue
        for seat in seats.remove:
            after.subtract([name] if (name := types.get(seat.user_id or 0)) else [])
        for seat in (*seats.add, *seats.change):
            after.subtract(name for key, name in seat.before if key == "type" and name)
            after.update(name for key, name in seat.flags if key == "type" and name)
    return Holders(before, after)


def with_assessor_types(
    desired: Desired,
    live: Live | None,
    changes: list[Change],
    world: World,
    findings: Findings,
) -> list[Change]:
    """The changes and those of types: new ones before the seats, those that go after them."""
    stated = [path for path in desired.fields if path == PART or path.startswith(TYPE_OF)]
    if live is None or live.facts["marked"] or not stated:
        return changes
    # Which types are in use, only the list of assessors says.
    parts = (PART, ROLE)
    reasons = [r for part in parts if (r := world.unread.get((desired.address, part)))]
    if reason := next(iter(reasons), None):
        where = desired.fields[stated[0]].location
        findings.problem(where, PART, reason, "the types of the flow are left alone")
        return changes
    there, holders = live_types(live), _holders(live, changes)
    take = types_to_take(desired, there)
    refused = {path for path in stated if list(unknown_name(path, desired, world, findings))}
    groups = _grouped(desired, there, take, holders, refused)
    seats = [change.id for change in changes if change.seats and change.seats.role == ROLE]
    made = list(_changes(desired, there, groups, seats, holders))
    first = tuple(change.id for change in made if change.part == PART)
    return [
        *(replace(c, after=(*c.after, *first)) if c.part == ROLE else c for c in changes),
        *made,
    ]


def _grouped(
    desired: Desired,
    there: Mapping[str, Value],
    take: Mapping[str, Value],
    holders: Holders,
    refused: set[str],
) -> dict[str, dict[str, Value]]:
    """By part, each type with what it is to be: None where it goes."""
    groups: dict[str, dict[str, Value]] = {PART: {}, LEAVE: {}, IN_USE: {}}
    for name, value in wanted_types(desired).items():
        if value is not None and name not in there and TYPE_OF + name not in refused:
            groups[PART][name] = value
    for name, value in take.items():
        if not holders.before[name] and value is not None:
            groups[PART][name] = value
        elif not refused and holders.after[name] > 0:
            groups[IN_USE][name] = value
        elif not refused:
            groups[LEAVE][name] = value
    return groups


def _changes(
    desired: Desired,
    there: Mapping[str, Value],
    groups: Mapping[str, Mapping[str, Value]],
    seats: Sequence[str],
    holders: Holders,
) -> Iterator[Change]:
    for part, types in groups.items():
        if not types:
            continue
        is_held = any(holders.before[name] for name in types)
        change = Change(
            address=desired.address,
            part=part,
            action=Action.UPDATE,
            location=desired.location,
            # By name: the server's order is nobody's promise.
            fields=tuple(_field(desired, there, name, types[name]) for name in sorted(types)),
            # Whoever has the type leaves it first.
            needs=tuple(seats) if part == LEAVE and is_held else (),
        )
        if part == IN_USE:
            reason = f"assessors have the type: {', '.join(sorted(types))}"
            change = replace(change, status=Status.BLOCKED, reasons=(reason,))
        yield change


def _field(desired: Desired, there: Mapping[str, Value], name: str, value: Value) -> FieldChange:
    stated = desired.fields.get(TYPE_OF + name) or desired.fields[PART]
    return FieldChange(TYPE_OF + name, there.get(name), value, str(stated.location))
