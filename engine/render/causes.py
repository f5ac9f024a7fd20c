"""Many changes, few causes: changes that are alike, written in one place, are told once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.model import Action, Address, Change, FieldChange

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason for many changes: the same field moved alike, or the same file creates."""

    action: Action
    kind: str
    text: str
    written: str
    addresses: tuple[Address, ...]
    field: FieldChange | None = None


def causes_of(changes: Sequence[Change]) -> list[Cause]:
    """The causes of planned changes, those of most addresses first. Seats are told by flow."""
    groups: dict[tuple[object, ...], list[tuple[Change, FieldChange | None]]] = {}
    for change in changes:
        for key, field in _keys(change):
            groups.setdefault(key, []).append((change, field))
    causes = [_cause(members) for members in groups.values()]
    return sorted(causes, key=lambda one: (-len(one.addresses), one.kind, one.text, one.addresses))


def _keys(change: Change) -> Iterable[tuple[tuple[object, ...], FieldChange | None]]:
    kind = change.address.kind
    if change.action is Action.CREATE:
        yield (kind, "create", change.location.file), None
        return
    for field in change.fields:
        place = field.written.partition(" ")[0]
        yield (kind, field.path, repr(field.before), repr(field.after), place), field


def _cause(members: list[tuple[Change, FieldChange | None]]) -> Cause:
    change, field = members[0]
    addresses = tuple(sorted({one.address for one, _ in members}))
    if field is None:
        names = ", ".join(address.key for address in addresses[:5])
        more = f" and {len(addresses) - 5} more" if len(addresses) > 5 else ""
        text = "" if len(addresses) == 1 else names + more
        return Cause(change.action, change.address.kind, text, change.location.file, addresses)
    return Cause(change.action, change.address.kind, field.path, field.written, addresses, field)
