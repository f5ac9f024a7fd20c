"""What a plan may not do without being allowed to: limits over the whole plan, and hazards."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from engine.model import Address, Change, Guard, SeatsChange, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_REMOVED = 25
"""Removals that a plan may hold before they need to be allowed; `guards.max_removed` sets it."""

REMOVED_SHARE = 0.01
"""Of all managed seats: the limit is the greater of this share and `max_removed`."""

SMALLEST_HALF = 3
"""A set of fewer people may be replaced by halves."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an operator lets through: a name, an address with globs, and how many at most."""

    name: str
    address: str
    up_to: int | None = None

    def covers(self, name: str, address: Address, count: int) -> bool:
        if self.name != name or not fnmatchcase(str(address), self.address):
            return False
        return self.up_to is None or count <= self.up_to


NAMES = {
    "empty": "a set of people ends empty",
    "replaced": "more than half of a set of people leaves",
    "removals": "a plan takes away more seats than the limit",
    "starts-soon": "an exam that has started or starts within 48 hours is moved or taken from",
    "shorter": "a window becomes shorter",
    "deactivation": "participants are deactivated",
    "marking-started": "an assessor or reviewer leaves after marking started",
    "primary-email": "a deactivated e-mail becomes primary: an activation e-mail is sent",
    "last-hour": "a flow is activated within an hour of its start",
    "no-participants": "a flow without participants is activated",
}
"""The names that --allow knows, each with what it lets through."""


def parse_allowance(text: str) -> Allowance:
    """`NAME:ADDRESS` or `NAME:ADDRESS:N`, such as `empty:flow/math101-2027s`.

    Raises: ValueError with a sentence for people.
    """
    name, _, rest = text.partition(":")
    address, _, number = rest.partition(":")
    if name not in NAMES:
        raise ValueError(f'unknown allowance "{name}"; known: {", ".join(sorted(NAMES))}')
    if "/" not in address and address != "*":
        raise ValueError(f'"{text}" needs an address, such as {name}:flow/math101-2027s')
    if number and not number.isdecimal():
        raise ValueError(f'"{number}" in "{text}" is not a number of seats')
    return Allowance(name, address, int(number) if number else None)


def check_guards(
    changes: Sequence[Change], max_removed: int, managed_seats: int
) -> tuple[list[Guard], dict[str, list[str]]]:
    """Every guard that the plan touches, and for each change id the names that hold it."""
    guards: list[Guard] = []
    holds: dict[str, list[str]] = {}
    leaving = [change for change in changes if taken(change)]
    for change in leaving:
        for guard in _set_guards(change):
            guards.append(guard)
            holds.setdefault(change.id, []).append(guard.name)
    total = sum(taken(change) for change in leaving)
    limit = max(max_removed, int(managed_seats * REMOVED_SHARE))
    if total:
        refused = total > limit
        allow = f"removals:*:{total}" if refused else ""
        guards.append(Guard("removals", "the plan", f"at most {limit}", str(total), refused, allow))
        for change in leaving if refused else ():
            holds.setdefault(change.id, []).append("removals")
    return guards, holds


def taken(change: Change) -> int:
    """How many seats a change takes away or deactivates."""
    seats = change.seats
    return len(seats.remove) + len(seats.deactivate) if seats else 0


def _set_guards(change: Change) -> Iterable[Guard]:
    seats, count = change.seats, taken(change)
    if seats is None:
        return
    scope = f"{change.address} {seats.role}"
    before = _before_adds(seats)
    if seats.after == 0 and before:
        allow = f"empty:{change.address}:{count}"
        yield Guard("empty", scope, "at least 1 seat left", "0 left", True, allow)
    elif before >= SMALLEST_HALF and count * 2 > before:
        allow = f"replaced:{change.address}:{count}"
        yield Guard("replaced", scope, "at most half leaves", f"{count} of {before}", True, allow)


def _before_adds(seats: SeatsChange) -> int:
    return seats.live if seats.live is not None else seats.before


def hold(
    changes: Sequence[Change],
    holds: dict[str, list[str]],
    total_taken: int,
    allowances: Sequence[Allowance],
) -> list[Change]:
    """The changes, those held whose hazards or guards are not all allowed, with the flag to add."""
    return [_hold_one(change, holds, total_taken, allowances) for change in changes]


def _hold_one(
    change: Change,
    holds: dict[str, list[str]],
    total_taken: int,
    allowances: Sequence[Allowance],
) -> Change:
    if change.status is not Status.PLANNED:
        return change
    names = [hazard.name for hazard in change.hazards if hazard.holds]
    names += holds.get(change.id, [])
    reasons = []
    for name in names:
        count = total_taken if name == "removals" else taken(change)
        if not any(one.covers(name, change.address, count) for one in allowances):
            reasons.append(f"{NAMES[name]}; to allow it: --allow {_flag(name, change, count)}")
    if not reasons:
        return change
    return replace(change, status=Status.HELD, reasons=tuple(reasons))


def _flag(name: str, change: Change, count: int) -> str:
    address = "'*'" if name == "removals" else str(change.address)
    return f"{name}:{address}" + (f":{count}" if count else "")


def refused_guards(guards: Sequence[Guard], allowances: Sequence[Allowance]) -> tuple[Guard, ...]:
    """The guards as they stand once the allowances are counted in."""
    return tuple(replace(guard, refused=_still(guard, allowances)) for guard in guards)


def _still(guard: Guard, allowances: Sequence[Allowance]) -> bool:
    if not guard.refused:
        return False
    name, address, count = guard.allow.split(":")
    kind, _, key = address.partition("/")
    return not any(one.covers(name, Address(kind, key), int(count)) for one in allowances)
