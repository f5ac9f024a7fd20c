"""`moved` entries -> resources that are found under the key that they had before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.model import Address, Desired, Stated
from engine.nodes import shown
from engine.words import near

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.documents import Documents, Entry

Folded = tuple[str, str]
ENDS = ("from", "to")


def with_moves(
    documents: Documents, resources: Mapping[Address, Desired]
) -> dict[Address, Desired]:
    """The resources, those that were moved with their old key; what contradicts is a problem."""
    found = dict(resources)
    known = {_folded(address): address for address in resources}
    entries = [one for one in documents.of("moved") if one.value.source and one.value.to]
    leaving = {_folded(_address(one.value.source)): one for one in reversed(entries)}
    first: dict[tuple[str, Folded], Entry] = {}
    for entry in entries:
        source, target = _address(entry.value.source), known.get(_folded(_address(entry.value.to)))
        if _is_alone(documents, entry, first) and _is_right(documents, entry, known, leaving):
            assert target is not None  # noqa: S101 - told by _is_right
            old = Stated(source.key, entry.at("from"))
            found[target] = replace(found[target], moved_from=old)
    return found


def _address(text: str) -> Address:
    kind, _, key = text.partition("/")
    return Address(kind, key.strip())


def _folded(address: Address) -> Folded:
    return address.kind, address.key.casefold()


def _is_alone(documents: Documents, entry: Entry, first: dict[tuple[str, Folded], Entry]) -> bool:
    """Whether no entry before it moves the same key, or to the same one."""
    said = {"from": entry.value.source, "to": entry.value.to}
    is_alone = True
    for end in ENDS:
        other = first.setdefault((end, _folded(_address(said[end]))), entry)
        if other is not entry:
            message = f"{said[end]} is moved twice: here and at {other.at(end)}"
            documents.wrong(entry.at(end), entry.name(end), message, "keep one of them")
            is_alone = False
    return is_alone


def _is_right(
    documents: Documents,
    entry: Entry,
    known: Mapping[Folded, Address],
    leaving: Mapping[Folded, Entry],
) -> bool:
    """Whether the old key has gone from the manifests, and the new one stands there."""
    source, target = entry.value.source, entry.value.to
    old, new = _folded(_address(source)), _folded(_address(target))
    there = known.get(old)
    on = leaving.get(new)
    if old == new:
        message, hint = f"{source} is moved to itself", "keys are compared without case"
        documents.wrong(entry.at("to"), entry.name("to"), message, hint)
    elif on is not None:
        message = f"{target} is moved on at {on.at('from')}"
        documents.wrong(entry.at("to"), entry.name("to"), message, f"write to: {on.value.to}")
    elif there is not None:
        message = f"{source} still stands in the manifests"
        hint = "a moved entry stands under its new key only"
        documents.wrong(entry.at("from"), entry.name("from"), message, hint)
    elif new not in known:
        names = [address.key for address in known.values() if address.kind == new[0]]
        message = f"no {new[0]} {shown(_address(target).key)} in the manifests"
        if f"{new[0]}s" not in documents.partial:
            hint = near(_address(target).key, names)
            documents.wrong(entry.at("to"), entry.name("to"), message, hint)
    else:
        return True
    return False
