"""Many changes, few causes: the same field, the same values, written in the same place."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from engine.model import Address, set_of
from engine.plan import Action, Change, FieldChange, Plan, SeatsChange
from engine.render.blocks import SYMBOLS, by_address, common_place, verbs, without_column
from engine.render.counts import action_by_address
from engine.render.text import Span, Tone
from engine.render.values import difference, label

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.render.style import Style

_ALONE = 3
"""So many causes of one field with one address each are told one by one, more as a number."""


class _Key(NamedTuple):
    """What makes two differences one cause; `order` puts creations first, removals last."""

    order: int
    kind: str
    what: str
    how: str
    written: str


@dataclass(slots=True)
class Cause:
    """One reason for changes: the addresses that it changes, or the seats of a role."""

    symbol: Span
    text: str
    written: str
    kind: str
    addresses: set[Address] = field(default_factory=set)
    people: list[tuple[str, Address]] = field(default_factory=list)

    @property
    def size(self) -> int:
        return max(len(self.addresses), len(self.people))

    @property
    def takes(self) -> bool:
        return self.symbol.tone is Tone.REMOVE


def causes_of(
    changes: Iterable[Change], plan: Plan, style: Style, *, seats: bool = True
) -> list[Cause]:
    """All causes: creations, then updates, then removals, the largest first in each.

    With `seats` false the seats are left out, for plans that tell them flow by flow.
    """
    found: dict[_Key, Cause] = {}
    for address, steps in by_address(changes):
        action = action_by_address(steps)[address]
        if action is not Action.UPDATE:
            _add_whole(found, address, action, steps)
        for step in steps:
            if action is Action.UPDATE:
                _add_fields(found, step, plan, style)
            if step.seats and seats:
                _add_seats(found, address, step.seats)
    merged = _merge_singles(found)
    return [cause for _, cause in sorted(merged, key=lambda pair: _rank(*pair))]


def _rank(key: _Key, cause: Cause) -> tuple[int, int, _Key]:
    return key.order, -cause.size, key


def _add_whole(
    found: dict[_Key, Cause], address: Address, action: Action, steps: list[Change]
) -> None:
    """Creations and removals are one cause by kind and file."""
    file = min(step.location for step in steps).file
    key = _Key(0 if action is Action.CREATE else 3, address.kind, "", "", file)
    found.setdefault(key, Cause(SYMBOLS[action], "", file, address.kind)).addresses.add(address)


def _add_fields(found: dict[_Key, Cause], step: Change, plan: Plan, style: Style) -> None:
    for change in step.fields:
        before, after = difference(step.address, change, style, plan.now)
        what = label(change.path, style, plan.now)
        how, written = f"{before} → {after}", _source(change)
        key = _Key(1, step.address.kind, what, how, written)
        text = f"{what}  {how}"
        cause = found.setdefault(key, Cause(SYMBOLS[Action.UPDATE], text, written, key.kind))
        cause.addresses.add(step.address)


def _source(change: FieldChange) -> str:
    """Where many values come from: the line of a manifest, a CSV file, a field of UNIWeb."""
    place = without_column(change.written).partition(" through ")[0]
    if place.startswith("uniweb:"):
        return f"uniweb: {place.partition(' ')[2]}"
    file = place.partition(":")[0]
    return file if file.endswith(".csv") else place


def _add_seats(found: dict[_Key, Cause], address: Address, seats: SeatsChange) -> None:
    """Seats are one cause by role, verb and file."""
    for verb, tone, people in verbs(seats):
        file = common_place(people).partition(":")[0]
        order = 4 if tone is Tone.REMOVE else 2
        what = set_of(seats.role).replace("_", " ")
        key = _Key(order, address.kind, what, verb, file)
        cause = found.setdefault(key, Cause(Span(verb, tone), what, file, address.kind))
        cause.addresses.add(address)
        cause.people += [(seat.person, address) for seat in people]


def _merge_singles(found: dict[_Key, Cause]) -> list[tuple[_Key, Cause]]:
    """Many causes of one field that change one address each become one, with a number."""
    singles: dict[tuple[str, str, str], list[_Key]] = defaultdict(list)
    for key, cause in found.items():
        if cause.size == 1 and key.order == 1:
            singles[key.kind, key.what, key.written.partition(":")[0]].append(key)
    for (kind, what, file), keys in singles.items():
        if len(keys) > _ALONE:
            merged = Cause(SYMBOLS[Action.UPDATE], f"{what}  each to its own value", file, kind)
            for key in keys:
                merged.addresses |= found.pop(key).addresses
            found[_Key(1, kind, what, "", file)] = merged
    return list(found.items())
