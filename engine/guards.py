"""What a plan may not do without being allowed to: limits over the whole plan. Pure.

No limit grows with what is added to a plan: removals are held against the sets that they are taken
from, updates against what is live already, a UNIWeb read against the one before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from engine.model import INDIVIDUAL, OFF, Address, Allowance, set_of
from engine.plan import Action, Change, FieldChange, Guard, Note, SeatsChange

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from engine.model import Value
    from engine.world import World

__all__ = ["GUARDS", "HAZARDS", "NAMES", "Allowance", "check_guards", "parse_allowance", "taken"]

MAX_REMOVED = 25
"""Removals that a plan may hold before they need to be allowed; `guards.max_removed` sets it."""

REMOVED_SHARE = 1
"""Per cent of the people in the sets that somebody leaves: the limit is the greater of the two."""

MAX_UPDATES = 10
UPDATES_SHARE = 30
"""Objects of one kind whose values are replaced, and per cent of those that are live."""

MEMBERS_SHARE = 90
"""Per cent of the members that UNIWeb answered last time: fewer is taken for a failure there."""

SMALLEST_HALF = 3
"""A set of fewer people may be replaced by halves."""

GUARDS = {
    "empty": "a set of people ends empty",
    "replaced": "more than half of a set of people leaves",
    "removals": "a plan takes away more seats than the limit",
    "updates": "a plan replaces values of more objects of one kind than the limit",
    "no-manager": "a flow ends without a manager",
    "uniweb": "UNIWeb answers far fewer members than the last time",
}
"""Limits over a whole plan, each with what an allowance lets through."""

HAZARDS = {
    "starts-soon": "an exam that has started or starts within 48 hours is moved or taken from",
    "shorter": "a window, a timebox or the time of an oral exam becomes shorter",
    "grading-scale": "the grading scale changes: grades are reset, submitted rubrics deleted",
    "anonymisation": "the anonymisation changes after the exam has started",
    "deactivation": "participants are deactivated",
    "marking-started": "an assessor, reviewer or allocation goes after marking started",
    "primary-email": "a deactivated e-mail becomes primary: an activation e-mail is sent",
    "last-hour": "a flow is activated within an hour of its start",
    "no-participants": "a flow without participants is activated",
    "deletion": "a draft is deleted",
    "room-deletion": "a room is deleted",
    "webhook-deletion": "a webhook is deleted",
    "room-booking": "a room's booking goes with people in it",
    "period": "a period of an oral exam goes with people in it",
    "unarchive": "a flow comes back from the archive: its marking end moves to today",
    "sis-attach": "a student information system takes a flow over: its dates and people",
    "sis-remove": "a source of a flow goes: who came through it is not kept up to date",
    "reference": "a reference goes by which another system finds a flow",
}
"""What makes one change dangerous, each with what an allowance lets through."""

NAMES = GUARDS | HAZARDS
"""The names that --allow knows."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a plan may take before it must be allowed; 0 means none at all."""

    max_removed: int = MAX_REMOVED
    max_updates: int = MAX_UPDATES
    updates_share: int = UPDATES_SHARE
    last_counts: Mapping[str, int] = field(default_factory=dict)
    """By profile how many members UNIWeb answered the last time."""
    base: frozenset[Address] | None = None
    """What stood in the manifests at base: nothing else counts as there before."""


class Refusal(NamedTuple):
    """One change that one guard or hazard holds, and how it is counted.

    `about` is what an allowance must name; `scope` what the printed flag names. What has one
    `unit` is counted once. `counted` is False where the amount goes without saying.
    """

    name: str
    change: Change
    about: Address
    scope: str
    unit: str
    amount: int
    counted: bool = True

    @property
    def key(self) -> tuple[str, str, str]:
        return self.name, self.change.id, str(self.about)


class Checked(NamedTuple):
    """A guard that the plan comes near, and what it refuses: nothing while within the limit."""

    guard: Guard
    refusals: tuple[Refusal, ...] = ()


def parse_allowance(text: str) -> Allowance:
    """`NAME:ADDRESS` or `NAME:ADDRESS:N`, such as `empty:flow/math101-2027s`.

    Raises: ValueError with a sentence for people.
    """
    name, _, rest = text.partition(":")
    address, _, number = rest.rpartition(":") if rest.count(":") else (rest, "", "")
    if name not in NAMES:
        raise ValueError(f'unknown allowance "{name}"; known: {", ".join(sorted(NAMES))}')
    if "/" not in address and address != "*":
        raise ValueError(f'"{text}" needs an address, such as {name}:flow/math101-2027s')
    if number and not (number.isascii() and number.isdecimal()):
        raise ValueError(f'"{number}" in "{text}" is not a number')
    return Allowance(name, address, int(number) if number else None)


def taken(change: Change) -> int:
    """How many seats a change takes away or deactivates."""
    seats = change.seats
    return len(seats.remove) + len(seats.deactivate) if seats else 0


def check_guards(changes: Sequence[Change], world: World, limits: Limits) -> list[Checked]:
    """Every guard that the plan comes near, the refused ones with what they refuse."""
    leaving = [change for change in changes if taken(change)]
    checked = [found for change in leaving for found in _set_guards(change)]
    checked += _removals([one for one in leaving if one.seats and not one.seats.is_within], limits)
    for kind in sorted({change.address.kind for change in changes}):
        checked += _updates(kind, [c for c in changes if c.address.kind == kind], world, limits)
    for profile in sorted(limits.last_counts):
        checked += _members(profile, changes, world, limits)
    return checked


# ---- sets of people ------------------------------------------------------------------------------


def _set_guards(change: Change) -> Iterator[Checked]:
    """Whether a set ends empty or is replaced: those who come do not make up for those who go."""
    seats, count = change.seats, taken(change)
    if seats is None:
        return
    before = _there(seats)
    if seats.after == 0 and before:
        yield _of_set("empty", change, "at least 1 seat left", "0 left", refused=True)
    elif before >= SMALLEST_HALF:
        refused = count * 2 > before
        yield _of_set("replaced", change, "at most half leaves", f"{count} of {before}", refused)
    if seats.role == "managers" and seats.after == 0:
        yield _of_set("no-manager", change, "at least 1 manager", "0 left", refused=True)


def _of_set(name: str, change: Change, limit: str, value: str, refused: bool) -> Checked:
    role = set_of(change.seats.people) if change.seats else ""
    guard = Guard(name, f"{change.address} {role}", limit, value, refused)
    return Checked(guard, (of_change(name, change),) if refused else ())


def of_change(name: str, change: Change) -> Refusal:
    """What holds one change for its own sake: who leaves is counted, else the object once."""
    address, count = change.address, taken(change)
    unit = change.id if count else str(address)
    return Refusal(name, change, address, str(address), unit, count or 1, count > 0)


def _of_removals(change: Change) -> Refusal:
    return Refusal("removals", change, change.address, "*", change.id, taken(change))


def _of_updates(change: Change) -> Refusal:
    address = change.address
    return Refusal("updates", change, address, f"{address.kind}/*", str(address), 1)


def _of_members(change: Change, profile: str, lacking: int) -> Refusal:
    about = Address("profile", profile)
    return Refusal("uniweb", change, about, str(about), str(about), lacking)


def told(refusal: Refusal) -> str:
    """A guard's refusal in short, for a plan file: `refused_again` makes it of that and the change.

    It names nobody: only the guard, and of UNIWeb's the profile and how many it lacks.
    """
    if refusal.name == "uniweb":
        return f"uniweb {refusal.amount} {refusal.about.key}"
    return refusal.name


def refused_again(text: str, change: Change) -> Refusal:
    """The refusal that was `told` of the change."""
    name, _, rest = text.partition(" ")
    if name == "uniweb":
        lacking, _, profile = rest.partition(" ")
        return _of_members(change, profile, int(lacking))
    of_plan = {"removals": _of_removals, "updates": _of_updates}
    return of_plan[name](change) if name in of_plan else of_change(name, change)


def _there(seats: SeatsChange) -> int:
    """How many were there before anybody came."""
    return seats.live if seats.live is not None else seats.before


# ---- over the whole plan -------------------------------------------------------------------------


def _removals(leaving: Sequence[Change], limits: Limits) -> Iterator[Checked]:
    """All who leave, against the sets that they leave: other sets do not lift the limit."""
    total = sum(taken(change) for change in leaving)
    there = sum(_there(change.seats) for change in leaving if change.seats)
    limit = _greater(limits.max_removed, there * REMOVED_SHARE // 100)
    if total:
        refused = [_of_removals(one) for one in leaving]
        guard = Guard("removals", "the plan", f"at most {limit}", str(total), total > limit)
        yield Checked(guard, tuple(refused) if total > limit else ())


def _greater(number: int, share: int) -> int:
    """The greater of a number and a share; 0 means zero, whatever the share is."""
    return max(number, share) if number else 0


def _updates(
    kind: str, changes: Iterable[Change], world: World, limits: Limits
) -> Iterator[Checked]:
    """Objects whose values are replaced, against all that are live: new ones do not count."""
    replacing = [change for change in changes if _replaces(change)]
    total = len({change.address for change in replacing})
    there = [one for one in world.desired if one.kind == kind and one in world.live]
    live = sum(1 for one in there if limits.base is None or one in limits.base)
    limit = _greater(limits.max_updates, live * limits.updates_share // 100)
    if total:
        refused = [_of_updates(one) for one in replacing]
        value = f"{total} of {live}"
        guard = Guard("updates", f"{kind}/*", f"at most {limit}", value, total > limit)
        yield Checked(guard, tuple(refused) if total > limit else ())


# ---- UNIWeb --------------------------------------------------------------------------------------


def _members(
    profile: str, changes: Iterable[Change], world: World, limits: Limits
) -> Iterator[Checked]:
    """Whether a read brought far fewer than the last one, and all that would follow from it."""
    last, now = limits.last_counts[profile], world.member_counts.get(profile)
    if now is None or now >= last:
        return
    least = -(-last * MEMBERS_SHARE // 100)
    about = Address("profile", profile)
    refused = [
        _of_members(one, profile, last - now)
        for one in changes
        if now < least and _comes_from(profile, one, world)
    ]
    limit = f"at least {least} of the {last} members of the last time"
    yield Checked(Guard("uniweb", str(about), limit, str(now), now < least), tuple(refused))


def notes_of_unmeasured(
    changes: Iterable[Change], world: World, last_counts: Mapping[str, int]
) -> Iterator[Note]:
    """Profiles by whose word somebody leaves, while nobody knows how many there were before."""
    leaving = [change for change in changes if taken(change)]
    for profile, count in sorted(world.member_counts.items()):
        if profile not in last_counts and any(_comes_from(profile, c, world) for c in leaving):
            message = f"UNIWeb answered {count} members, and people leave by its word"
            hint = "how many it answered the last time is not known here: see that these are all"
            yield Note(Address("profile", profile), message, hint)


def _comes_from(profile: str, change: Change, world: World) -> bool:
    """Whether a value of the change, or anyone who comes or goes, is the word of a profile."""
    desired = world.desired.get(change.address)
    if desired is None:
        return False
    if desired.profile == profile and any(f.written.startswith("uniweb:") for f in change.fields):
        return True
    role = desired.roles.get(change.seats.role) if change.seats else None
    if role is None or change.seats is None:
        return False
    mentions = {str(one.location) for one in role.profiles if one.profile == profile}
    comes = any(seat.written in mentions for seat in change.seats.add)
    return bool(mentions) and (comes or taken(change) > 0)


# ---- what takes, and what only gives -------------------------------------------------------------

GIVEN = {("lifecycle", "active"), ("login", "enabled"), ("timebox", OFF)}
"""Values that only give, whatever they replace."""

TAKEN = {("login", "disabled"), ("anonymisation", OFF)}
"""Values that take something away, and put nothing in its place."""

EMPTY = (None, "", (), OFF)
"""Values with which nothing is lost."""


def _replaces(change: Change) -> bool:
    """Whether a value that is live is replaced or blanked, by a field or by a seat's flag."""
    if change.action is not Action.UPDATE:
        return False
    if change.seats and change.seats.role in INDIVIDUAL:
        return bool(change.hazards)
    flags = change.seats.change if change.seats else ()
    return any(map(replaces, change.fields)) or any(
        value and value != dict(seat.flags).get(name)
        for seat in flags
        for name, value in seat.before
    )


def replaces(field: FieldChange) -> bool:
    """Whether a value is lost: adding to a list and lengthening a window lose none."""
    before, after = field.before, field.after
    if before in EMPTY or before is True or (field.path, after) in GIVEN:
        return False
    if isinstance(before, datetime) and isinstance(after, datetime):
        return after > before if field.path.endswith(".start") else after < before
    if field.path == "timebox":
        return bool(after < before)
    if field.path == "emails" and before[0].casefold() != (after or ("",))[0].casefold():
        return True
    return not _members_of(before) <= _members_of(after)


def takes(change: Change) -> bool:
    """Whether a change takes a seat, an object or a value away and puts none in its place."""
    return (
        change.action is Action.REMOVE
        or taken(change) > 0
        or any(_blanks(field) for field in change.fields)
    )


def _blanks(field: FieldChange) -> bool:
    if field.after in (None, "", ()) or isinstance(field.before, tuple):
        return bool(field.before) and not _members_of(field.before) <= _members_of(field.after)
    return (field.path, field.after) in TAKEN


def _members_of(value: Value) -> set[Value]:
    """The values of a list, else the one value; e-mails and roles without case."""
    if isinstance(value, tuple):
        return {one.casefold() if isinstance(one, str) else one for one in value}
    return {value} - {None, ""}
