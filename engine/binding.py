"""What a plan is bound to: per stated field, list member and seat, before and after. Pure.

A binding holds keyed digests only, so that it can be kept in files; comparing two of them says
what of an object may still be written (DESIGN section 5, "Two-sided").
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from engine.exam_ids import EXAM_ID, heads
from engine.individual import general_after, general_live, mentioned, own, values, wanted
from engine.model import ACTIVE_OF, BY_NUMBER, EXAM_IDS, INDIVIDUAL, OFF, DesiredRole
from engine.plan import VERBS
from engine.variables import Secret

if TYPE_CHECKING:
    from engine.errors import Location
    from engine.kind import Normal
    from engine.model import Address, Allowance, Desired, LiveSeat, Value
    from engine.plan import Change, SeatsChange
    from engine.world import World

WIDTH = 16
"""Hexadecimal digits of a digest: 64 bits, so that no two of a plan's million values meet."""

UNREADABLE = "?"
"""Stands for what the server does not answer, such as what a flow was copied from."""


DELETED = "-"
"""Stands for all that is stated of a deleted flow, which can be reopened but not read."""
_DELETED = object()


OR = "|"
"""Between the digests of two states in one of which an item is."""


class Either(NamedTuple):
    """What is there, and what is there for a moment on the way to what comes."""

    before: Value
    between: Value


class Item(NamedTuple):
    """One field, list member or seat: digests of what is stated, live, and live when done.

    `verb` is empty where nothing is to be done; `change` is the id of the change that does it, in
    a bound plan empty where that is not carried out.
    """

    stated: str
    before: str
    after: str
    verb: str = ""
    change: str = ""


Binding = Mapping[str, Item]
"""From the digest of an item's name to the item, for one object."""


class Digester:
    """Makes digests that tell nothing without the key: the same value in two places differs."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, *parts: Value) -> str:
        text = json.dumps(parts, default=_plain, separators=(",", ":"), sort_keys=True)
        return hmac.digest(self._key, text.encode(), "sha256").hex()[:WIDTH]


def _plain(value: Value) -> Value:
    if isinstance(value, Secret):
        return value.value.get_secret_value()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    return sorted(str(one) for one in value)


@dataclass(frozen=True, slots=True)
class BoundPlan:
    """The changes to carry out, in order, and what they are bound to."""

    changes: Sequence[Change]
    objects: Mapping[Address, Binding]
    digester: Digester
    allowances: tuple[Allowance, ...] = ()
    let_through: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By change what guards refused of it when it was planned, and was allowed."""
    protected: Mapping[Address, Location] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    """Changes, by id, that are only listed, with the reason: nobody has reviewed them."""


def bind(
    desired: Desired, changes: Iterable[Change], world: World, normal: Normal, digester: Digester
) -> dict[str, Item]:
    """The items of one object, as `changes` (those planned of it) would change them."""
    binding: dict[str, Item] = {}
    for name, stated, before, after, verb, change in _items(desired, list(changes), world, normal):
        digest = digester.of(str(desired.address), name)
        unknown = UNREADABLE if before is ... else DELETED if before is _DELETED else ""
        states = before if isinstance(before, Either) else (before,)
        now = unknown or OR.join(digester.of(digest, one) for one in states)
        then = now if not verb else digester.of(digest, after)
        binding[digest] = Item(digester.of(digest, stated), now, then, verb, change)
    return binding


GRANTED = "granted/"


def is_granted(bound: BoundPlan, address: Address, role: str) -> bool:
    """Whether a plan gives somebody the licence role because of a seat."""
    return bound.digester.of(str(address), GRANTED + role) in bound.objects[address]


CLEARED = ".cleared"
"""How the change ends by which people follow the exam, before it has no timebox any more."""

Row = tuple[str, "Value", "Value", "Value", str, str]
"""Name, stated, before, after, verb, id of the change; `...` before is unreadable."""


def _items(desired: Desired, changes: list[Change], world: World, normal: Normal) -> Iterator[Row]:
    is_unread = desired.adopted is not None and desired.address not in world.live
    for name, stated, *states, verb, change in _stated_items(desired, changes, world, normal):
        # What of a deleted flow is stated can be compared only once it is reopened.
        before, after = (_DELETED, _DELETED) if is_unread else states
        yield name, stated, before, after, verb, change


def _stated_items(
    desired: Desired, changes: list[Change], world: World, normal: Normal
) -> Iterator[Row]:
    if desired.adopted:
        yield _heading("adopt", [desired.adopted.server_id, desired.adopted.title])
    for name in sorted(desired.granted):
        yield _heading(GRANTED + name, name)
    yield from _field_items(desired, changes, world, normal)
    for role in desired.roles.values():
        yield _heading(role.slot, [role.membership, "all"] if role.is_all else role.membership)
        if role.role in INDIVIDUAL:
            yield from _individual_items(desired, role, changes, world)
        else:
            yield from _seat_items(desired, role, changes, world)
    planned = {change.seats.role for change in changes if change.seats} - set(desired.roles)
    for name in sorted(planned & set(INDIVIDUAL)):
        # Whoever may sit the exam again is stated nowhere else.
        nobody = DesiredRole(name, (), "managed", desired.location)
        yield from _individual_items(desired, nobody, changes, world)


def _heading(name: str, stated: Value) -> Row:
    """An item that only says what the manifests state: `null` and `[]` have no members."""
    return name, ["stated", stated], None, None, "", ""


def _field_items(
    desired: Desired, changes: list[Change], world: World, normal: Normal
) -> Iterator[Row]:
    planned = {one.path: (one, change.id) for change in changes for one in change.fields}
    live = world.live.get(desired.address)
    for path in sorted({*desired.fields, *planned}):
        stated: dict[str, Value] = {}
        if path not in desired.fields and (live is None or path not in live.fields):
            continue  # neither stated nor read: what the change itself looks for once more
        if path in desired.fields:
            stated = members(normal(path, desired.fields[path].value))
            yield _heading(path, [stated, path.partition(".")[0] in desired.exact])
        if path in planned:
            one, change = planned[path]
            before, after = (members(normal(path, v)) for v in (one.before, one.after))
            rows = _member_items(path, stated, {} if one.is_loose else before, after, change)
            yield from (_loose(row) if one.is_loose else row for row in rows)
        elif live is not None and path not in live.fields:
            yield from ((f"{path}/{name}", one, ..., ..., "", "") for name, one in stated.items())
        else:
            there = members(normal(path, live.fields[path])) if live else {}
            yield from _member_items(path, stated, there, there, "")


def _loose(row: Row) -> Row:
    name, stated, _, after, _, change = row
    return name, stated, ..., after, "set", change


def members(value: Value) -> dict[str, Value]:
    """A value as members: those of a list one by one, a plain value as the one member ""."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, str):
        value = value.strip()
    return {} if value is None or value in ("", ()) else {"": value}


def _member_items(
    path: str,
    stated: Mapping[str, Value],
    before: Mapping[str, Value],
    after: Mapping[str, Value],
    change: str,
) -> Iterator[Row]:
    for name in sorted({*stated, *before, *after}):
        was, will = before.get(name), after.get(name)
        if name in stated or was != will:
            verb = "set" if was != will else ""
            yield f"{path}/{name}", stated.get(name), was, will, verb, change if verb else ""


def _seat_items(
    desired: Desired, role: DesiredRole, changes: list[Change], world: World
) -> Iterator[Row]:
    planned = _planned_seats(role.role, changes)
    live = world.live.get(desired.address)
    seats = {seat.user_id: seat for seat in live.roles.get(role.role, ())} if live else {}
    # Whether somebody may sit the exam is bound once: where it is said of them alone, there.
    own = mentioned(desired.roles.get(ACTIVE_OF), world) if role.role == "participants" else {}
    for name, (number, flags) in sorted(_wanted(role, world).items()):
        verb, change = planned.pop(name, ("", ""))
        seat = seats.pop(number, None) if number else None
        before = _seat_state(seat, flags, is_own=(number or name) in own)
        after = (True, {n: value for n, value in flags.items() if value}) if verb else before
        yield f"{role.slot}/{name}", flags, before, after, verb, change
    for number, seat in sorted(seats.items()):
        verb, change = planned.pop(f"#{number}", ("", ""))
        before = _seat_state(seat, {})
        after = (False, {}) if verb == "deactivate" else None if verb else before
        yield f"{role.slot}/#{number}", None, before, after, verb, change
    # Who comes because everybody does is named by no manifest.
    for name, (verb, change) in sorted(planned.items()):
        yield f"{role.slot}/{name}", None, None, (True, {}), verb, change


def _individual_items(
    desired: Desired, role: DesiredRole, changes: list[Change], world: World
) -> Iterator[Row]:
    """What single people have of their own, times and exam ids, whether or not they sit the exam.

    Before the exam is moved and after it, whoever has nothing of their own is the same; so is
    whoever was not asked for, because nobody can have a timebox where the exam has none.
    """
    live = world.live.get(desired.address)
    now, then = general_live(live), general_after(desired, live, changes, world)
    planned = _planned_seats(role.role, changes)
    given = _given(role.role, changes)
    there = {seat.user_id: seat for seat in live.roles.get(role.role, ())} if live else {}
    stated = {
        world.people.name(one.person, world.licence).casefold(): one
        for one in mentioned(role, world).values()
    }
    numbers = {name: world.people.user_id(one.person) for name, one in stated.items()}
    first = _first(numbers, given, there) if role.role == EXAM_IDS else set()
    for name, number in numbers.items():
        # Somebody who was made meanwhile has a number now, and is the same.
        if number and name not in planned and f"#{number}" in planned:
            planned[name] = planned.pop(f"#{number}")
    for name in sorted({*stated, *planned}):
        one, number = stated.get(name), numbers.get(name)
        verb, change = planned.get(name, ("", ""))
        seat = there.get(number or given.get(name, (None, {}))[0] or 0)
        flags, changed = values(one.flags) if one else None, given.get(name, (None, {}))[1]
        names = {*wanted(role.role, flags or {}, then), *changed}
        if then.timebox in (OFF, None) and not change.endswith(CLEARED):
            names.discard("timebox")  # It goes with that of the exam, planned or not.
        found = {key: seat.flags.get(key) for key in names} if seat else {}
        before = own(found, now, then)
        # Who follows the exam until it has no timebox has none of their own then.
        follows = (now, then) if then.timebox == OFF else (then,)
        after = own({**before, **changed}, *follows) if verb else before
        states = Either(before, {}) if number in first else before
        yield f"{role.role}/{name}", flags, states, after, verb, change


def _first(
    numbers: Mapping[str, int | None],
    given: Mapping[str, tuple[int | None, Mapping[str, Value]]],
    there: Mapping[int, LiveSeat],
) -> set[int | str]:
    """Those who have no exam id for a moment: a crash can leave them so."""
    ids = {numbers.get(name) or name: flags[EXAM_ID] for name, (_, flags) in given.items()}
    return heads(ids, {number: seat.flags.get(EXAM_ID) for number, seat in there.items()})


def _given(role: str, changes: Iterable[Change]) -> dict[str, tuple[int | None, dict[str, Value]]]:
    """By folded name the number of whom a plan gives something of their own, and what."""
    active: dict[str, dict[str, Value]] = {
        "deactivate": {"active": False},
        "reactivate": {"active": True},
    }
    return {
        seat.person.casefold(): (seat.user_id, active.get(verb) or dict(seat.flags))
        for change in changes
        if change.seats and change.seats.role == role
        for verb in VERBS
        for seat in getattr(change.seats, verb)
    }


def _wanted(role: DesiredRole, world: World) -> dict[str, tuple[int | None, dict[str, Value]]]:
    """Everyone stated, by the folded name that the plan shows: number where live, stated flags."""
    wanted: dict[str, tuple[int | None, dict[str, Value]]] = {}
    for seat in role.seats:
        name = world.people.name(seat.person, world.licence).casefold()
        # Of somebody whom only a journal names, the key is not always read.
        name = f"#{seat.person.value}" if seat.person.data_type == BY_NUMBER else name
        number, flags = world.people.user_id(seat.person), wanted.get(name, (None, {}))[1]
        stated = {key: one.value for key, one in seat.flags.items() if key != "active"}
        wanted[name] = (number, {**flags, **stated})
    return wanted


def _seat_state(
    seat: LiveSeat | None, stated: Mapping[str, Value], *, is_own: bool = False
) -> Value:
    """What of a seat a plan is bound to: whether it is active, and the flags that are stated."""
    if seat is None:
        return None
    flags = {name: seat.flags.get(name) for name in stated}
    return is_own or seat.flags.get("active") is not False, {n: v for n, v in flags.items() if v}


def _planned_seats(role: str, changes: Iterable[Change]) -> dict[str, tuple[str, str]]:
    """From the folded name, or `#number` of whom no manifest names, to verb and change."""
    planned: dict[str, tuple[str, str]] = {}
    for change in changes:
        if change.seats and change.seats.role == role:
            planned |= {name: (verb, change.id) for name, verb in _verbs(change.seats)}
    return planned


def _verbs(seats: SeatsChange) -> Iterator[tuple[str, str]]:
    for verb in VERBS:
        for seat in getattr(seats, verb):
            is_named = seat.user_id is None
            yield seat.person.casefold() if is_named else f"#{seat.user_id}", verb
