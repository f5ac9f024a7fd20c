"""A plan of many changes, grouped by cause: the same field, the same values, the same line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.model import Action, Address, Change, FieldChange, Plan, SeatsChange
from engine.render.blocks import NAMES, SYMBOLS, by_address, common_place, verbs
from engine.render.counts import action_by_address
from engine.render.text import Line, Span, Tone, counted, folded, line
from engine.render.values import View, label, shown

_ALONE = 3
"""So many causes of one field with one address each are told one by one, more as a number."""


class _Key(NamedTuple):
    """What makes two differences one cause."""

    order: int
    kind: str
    what: str
    how: str
    written: str


@dataclass(slots=True)
class Cause:
    """One reason for changes, and the addresses that it changes."""

    symbol: Span
    text: str
    written: str = ""
    noun: str = ""
    keys: set[str] = field(default_factory=set)
    people: list[str] = field(default_factory=list)
    seats: int = 0

    @property
    def size(self) -> int:
        return max(len(self.keys), self.seats)


def causes(changes: Iterable[Change], plan: Plan, view: View) -> list[Cause]:
    """All causes, the largest first within creations, updates and removals."""
    found: dict[_Key, Cause] = {}
    for address, steps in by_address(changes):
        action = action_by_address(steps)[address]
        if action is Action.UPDATE:
            _add_updates(found, steps, plan, view)
        else:
            _add_whole(found, address, action, steps)
    merged = _merge_singles(found)
    return [cause for _, cause in sorted(merged, key=lambda kc: (kc[0].order, -kc[1].size, kc[0]))]


def _add_whole(
    found: dict[_Key, Cause], address: Address, action: Action, steps: list[Change]
) -> None:
    """Creations and removals are one cause by kind and file, with the seats that come along."""
    here = min(step.location for step in steps)
    order = 0 if action is Action.CREATE else 2
    key = _Key(order, address.kind, "", "", here.file)
    cause = found.setdefault(key, Cause(SYMBOLS[action], "", here.file, address.kind))
    cause.keys.add(address.key)
    for step in steps:
        if step.seats:
            _add_seats(found, address, step.seats, order)


def _add_updates(found: dict[_Key, Cause], steps: list[Change], plan: Plan, view: View) -> None:
    for step in steps:
        for change in step.fields:
            key, text = _field_cause(step.address, change, plan, view)
            written = _file_and_line(change.written)
            cause = found.setdefault(
                key, Cause(SYMBOLS[Action.UPDATE], text, written, step.address.kind)
            )
            cause.keys.add(step.address.key)
        if step.seats:
            _add_seats(found, step.address, step.seats, 1)


def _field_cause(address: Address, change: FieldChange, plan: Plan, view: View) -> tuple[_Key, str]:
    before, after = (shown(v, view, plan.now) for v in (change.before, change.after))
    how = f"{before} → {after}"
    key = _Key(1, address.kind, label(change.path), how, _file_and_line(change.written))
    return key, f"{label(change.path)}  {how}"


def _add_seats(found: dict[_Key, Cause], address: Address, seats: SeatsChange, order: int) -> None:
    """Seats are one cause by role and verb; who loses a seat is always named."""
    for verb, tone, people in verbs(seats):
        word = verb.partition(" ")[2]
        key = _Key(order, address.kind, seats.role, word, "")
        cause = found.setdefault(key, Cause(Span(verb, tone), seats.role, "", address.kind))
        cause.keys.add(address.key)
        cause.seats += len(people)
        cause.people += [f"{seat.person} ({address.key})" for seat in people]
        written = common_place(people, "").partition(":")[0]
        cause.written = written if len(cause.keys) == 1 or cause.written == written else ""


def _file_and_line(written: str) -> str:
    """The place without its column and without what led there: causes are told by line."""
    parts = written.partition(" through ")[0].split(":")
    has_column = len(parts) > 2 and parts[-1].isdigit() and parts[-2].isdigit()
    return ":".join(parts[:-1] if has_column else parts)


def _merge_singles(found: dict[_Key, Cause]) -> list[tuple[_Key, Cause]]:
    """Many causes of one field that change one address each become one line with a number."""
    singles: dict[tuple[str, str], list[_Key]] = defaultdict(list)
    for key, cause in found.items():
        if cause.size == 1 and key.order == 1 and not cause.seats:
            singles[key.kind, key.what].append(key)
    for (kind, what), keys in singles.items():
        if len(keys) > _ALONE:
            merged = Cause(SYMBOLS[Action.UPDATE], f"{what}  each to its own value", "", kind)
            for key in keys:
                merged.keys |= found.pop(key).keys
            found[_Key(1, kind, what, "", "")] = merged
    return list(found.items())


def grouped(changes: Iterable[Change], plan: Plan, view: View, limit: int | None) -> Iterator[Line]:
    """The causes, each with the addresses it changes; after `limit` the largest only."""
    every = causes(changes, plan, view)
    told = every
    if limit is not None and len(every) > limit:
        largest = {id(c) for c in sorted(every, key=lambda c: -c.size)[:limit]}
        told = [cause for cause in every if id(cause) in largest]
    for cause in told:
        yield _headline(cause)
        yield from _members(cause, view)
    if len(told) < len(every):
        more = len(every) - len(told)
        yield line(f"  … and {counted(more, 'smaller cause')}: see -v, or --json")
    yield from _hazards(changes, view)


def _headline(cause: Cause) -> Line:
    number = counted(len(cause.keys), cause.noun)
    if cause.seats:
        number = f"{counted(cause.seats, 'seat')} in {number}"
    text = f" {cause.text}   {number}" if cause.text else f" {number}"
    return line(cause.symbol, text, Span(f"   {cause.written}", Tone.FAINT))


def _members(cause: Cause, view: View) -> Iterator[Line]:
    names = cause.people if cause.seats else sorted(cause.keys)
    is_bulk = cause.seats > NAMES and cause.symbol.tone is Tone.ADD
    if names and not (is_bulk and not view.verbose):
        yield line(f"    {folded(sorted(names), NAMES, verbose=view.verbose)}")


def _hazards(changes: Iterable[Change], view: View) -> Iterator[Line]:
    """What is dangerous without being held: above all, who is messaged."""
    told = sorted(
        (hazard.name, str(change.address), hazard.message)
        for change in changes
        for hazard in change.hazards
        if not hazard.holds
    )
    for name in dict.fromkeys(name for name, _, _ in told):
        rows = [(address, message) for found, address, message in told if found == name]
        yield line(Span(f"! {name}", Tone.ALERT), f"   {counted(len(rows), 'change')}")
        for address, message in rows if view.verbose else rows[:NAMES]:
            yield line(f"    {address}: {message}")
        if len(rows) > NAMES and not view.verbose:
            yield line(f"    and {len(rows) - NAMES} more (-v)")
