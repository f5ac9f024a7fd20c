"""What a plan must not do, or not yet: changes that are blocked, held or allowed, and why. Pure."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from engine.guards import (
    GUARDS,
    HAZARDS,
    NAMES,
    Checked,
    Refusal,
    of_change,
    refused_again,
    taken,
    takes,
    told,
)
from engine.model import Address, Allowance
from engine.plan import Change, Guard, Note, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from engine.errors import Location
    from engine.world import World

OF_REMOVALS = frozenset(
    ("empty", "replaced", "removals", "starts-soon", "deactivation", "marking-started")
)
"""What `remove: ROLE` lets through: all that holds a removal but the lack of a manager."""

FORTNIGHT = timedelta(days=14)
"""How long a proposed entry lasts."""

IN_MANIFESTS = "in a pull request: allow: "
"""How a reason begins that holds entries for a manifest."""

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_OTHER_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))


# ---- protected -----------------------------------------------------------------------------------


def protect(changes: Iterable[Change], protected: Mapping[Address, Location]) -> list[Change]:
    """The changes, those blocked that endanger or take from what the manifests protect."""
    people = {one.key.casefold(): where for one, where in protected.items() if one.kind == "user"}
    return [_protect_one(change, protected.get(change.address), people) for change in changes]


def _protect_one(change: Change, where: Location | None, people: Mapping[str, Location]) -> Change:
    seats = change.seats
    leavers = (*seats.remove, *seats.deactivate) if seats and not seats.is_within else ()
    theirs = (people.get(one.person.casefold()) for one in leavers)
    if not (takes(change) or any(hazard.holds for hazard in change.hazards)):
        where = None
    where = where or next((place for place in theirs if place), None)
    if where is None or change.status is not Status.PLANNED:
        return change
    reason = f"protected at {where.file}:{where.line}"
    return replace(change, status=Status.BLOCKED, reasons=(reason,))


# ---- allowances ----------------------------------------------------------------------------------


def in_force(
    allowances: Iterable[Allowance], world: World
) -> tuple[tuple[Allowance, ...], list[Note]]:
    """The allowances that have an effect now, and a note on each that has none any more."""
    valid, notes = [], []
    for one in allowances:
        if one.until is None or one.until > world.now:
            valid.append(one)
            continue
        ended = f"{one.until.astimezone(world.zone):%Y-%m-%d %H:%M}"
        message = f"{one.location}: ended {ended}: nothing is allowed by it any more"
        about = Address("allow", f"remove-{one.role}" if one.role else one.name)
        notes.append(Note(about, message, "remove the entry, or have it reviewed again"))
    return tuple(valid), notes


@dataclass(frozen=True, slots=True)
class Ruling:
    """All that guards and hazards refuse, and what of it is allowed."""

    refusals: tuple[Refusal, ...]
    allowed: frozenset[tuple[str, str, str]]
    totals: Mapping[tuple[str, str], tuple[int, bool]]
    """By name and scope, what it comes to and whether that is worth saying."""

    def stands(self, refusal: Refusal) -> bool:
        """Whether something that could be done is refused, and not allowed."""
        return refusal.change.status is Status.PLANNED and refusal.key not in self.allowed

    def total(self, refusal: Refusal) -> int:
        return self.totals[refusal.name, refusal.scope][0]

    def flag(self, refusal: Refusal) -> str:
        """The exact value of --allow for what is refused, with the count that it comes to."""
        total, counted = self.totals[refusal.name, refusal.scope]
        return f"{refusal.name}:{refusal.scope}" + (f":{total}" if counted else "")


def rule(
    changes: Sequence[Change], guarded: Iterable[Refusal], allowances: Iterable[Allowance]
) -> Ruling:
    """What hazards and guards refuse, and what of it an allowance lets through as a whole."""
    refusals = [
        of_change(hazard.name, change)
        for change in changes
        for hazard in change.hazards
        if hazard.holds
    ]
    refusals += guarded
    leaving = [change for change in changes if taken(change)]
    allowed = {
        one.key for allowance in allowances for one in _allowed(allowance, refusals, leaving)
    }
    return Ruling(tuple(refusals), frozenset(allowed), _totals(refusals))


def _totals(refusals: Iterable[Refusal]) -> dict[tuple[str, str], tuple[int, bool]]:
    alike: dict[tuple[str, str], list[Refusal]] = {}
    for one in refusals:
        alike.setdefault((one.name, one.scope), []).append(one)
    return {
        slot: (_count(several), any(one.counted for one in several))
        for slot, several in alike.items()
    }


def _allowed(
    allowance: Allowance, refusals: Iterable[Refusal], leaving: Iterable[Change]
) -> list[Refusal]:
    """What an allowance lets through: all that it is about, or nothing where that is too much.

    By role, all who leave are counted, refused or not.
    """
    covered = [one for one in refusals if _concerns(allowance, one)]
    count = _count(covered)
    if allowance.role:
        count = sum(taken(change) for change in leaving if _is_left(allowance, change))
    return covered if allowance.allows(count) else []


def _is_left(allowance: Allowance, change: Change) -> bool:
    role = change.seats.people if change.seats else ""
    return role == allowance.role and allowance.names(change.address)


def _concerns(allowance: Allowance, refusal: Refusal) -> bool:
    if allowance.role:
        return refusal.name in OF_REMOVALS and _is_left(allowance, refusal.change)
    return allowance.name == refusal.name and allowance.names(refusal.about)


def _count(refusals: Iterable[Refusal]) -> int:
    """How much it comes to: what has one unit is counted once."""
    return sum({one.unit: one.amount for one in refusals}.values())


# ---- holding -------------------------------------------------------------------------------------


def hold(changes: Iterable[Change], ruling: Ruling, today: date) -> list[Change]:
    """The changes, those held of which anything is refused and not allowed."""
    refused: dict[str, list[Refusal]] = {}
    for refusal in ruling.refusals:
        if ruling.stands(refusal):
            refused.setdefault(refusal.change.id, []).append(refusal)
    return [
        _hold_one(change, refused[change.id], ruling, today) if change.id in refused else change
        for change in changes
    ]


def _hold_one(change: Change, refused: Sequence[Refusal], ruling: Ruling, today: date) -> Change:
    reasons = [
        f"{NAMES[one.name]}; to allow it: --allow {shlex.quote(ruling.flag(one))}"
        for one in refused
    ]
    entries = ", ".join(dict.fromkeys(_entries(refused, ruling, today)))
    reasons.append(f"{IN_MANIFESTS}[{entries}]")
    return replace(change, status=Status.HELD, reasons=tuple(reasons))


def let_through(ruling: Ruling) -> dict[str, tuple[str, ...]]:
    """By change what guards refused of it and an allowance let through; hazards it tells itself."""
    found: dict[str, tuple[str, ...]] = {}
    for one in ruling.refusals:
        if one.name in GUARDS and one.key in ruling.allowed:
            found[one.change.id] = (*found.get(one.change.id, ()), told(one))
    return found


def lapsed(
    changes: Sequence[Change],
    let_through: Mapping[str, Sequence[str]],
    allowances: Iterable[Allowance],
) -> dict[str, str]:
    """By change why it is held now: what allowed it has ended, or was taken back, since."""
    guarded = [
        refused_again(text, change) for change in changes for text in let_through.get(change.id, ())
    ]
    ruling = rule(changes, guarded, allowances)
    reasons: dict[str, list[str]] = {}
    for one in ruling.refusals:
        if ruling.stands(one):
            flag = shlex.quote(ruling.flag(one))
            said = f"{NAMES[one.name]}: allowed no more; to allow it: --allow {flag}"
            reasons.setdefault(one.change.id, []).append(said)
    return {name: "; ".join(several) for name, several in reasons.items()}


def shown_guards(checked: Iterable[Checked], ruling: Ruling) -> tuple[Guard, ...]:
    """The guards as they stand once the allowances are counted in, each with its flag."""
    return tuple(_shown(one, ruling) for one in checked)


def _shown(checked: Checked, ruling: Ruling) -> Guard:
    left = [one for one in checked.refusals if ruling.stands(one)]
    return replace(checked.guard, refused=bool(left), allow=ruling.flag(left[0]) if left else "")


# ---- entries for manifests -----------------------------------------------------------------------


def _entries(refused: Iterable[Refusal], ruling: Ruling, today: date) -> Iterator[str]:
    """Entries of `allow` that let through just this: YAML on one line each."""
    until = f'until: {today + FORTNIGHT}, reason: "say why"'
    names = {one.name for one in refused}
    for one in refused:
        if _leaves(one.change) and one.name in OF_REMOVALS:
            if one.name != "removals" or names.isdisjoint(OF_REMOVALS - {"removals"}):
                yield f"{{{_of_removal(one, ruling)}, {until}}}"
        else:
            yield f"{{{_of_other(one, ruling)}, {until}}}"


def _leaves(change: Change) -> bool:
    """Whether people leave a role; allocations and rooms can be no part of `remove`."""
    return taken(change) > 0 and change.seats is not None and not change.seats.is_within


def _of_removal(refusal: Refusal, ruling: Ruling) -> str:
    if refusal.name == "removals":
        return f"guard: removals, up_to: {ruling.total(refusal)}"
    seats = refusal.change.seats
    role = seats.people if seats else ""
    flows = _word(refusal.change.address.key)
    return f"remove: {role}, flows: [{flows}], up_to: {taken(refusal.change)}"


def _of_other(refusal: Refusal, ruling: Ruling) -> str:
    word = "hazard" if refusal.name in HAZARDS else "guard"
    said = f"{word}: {refusal.name}, "
    if refusal.name == "updates":
        return f"{said}kind: {refusal.about.kind}, up_to: {ruling.total(refusal)}"
    said += f"{refusal.about.kind}s: [{_word(refusal.about.key)}]"
    return f"{said}, up_to: {ruling.total(refusal)}" if refusal.counted else said


def _word(text: str) -> str:
    """A key as YAML: in quotes where it could be read as anything but text."""
    is_plain = _PLAIN.fullmatch(text) and text.casefold() not in _OTHER_WORDS
    return text if is_plain else json.dumps(text, ensure_ascii=False)
