"""`adopt` entries -> flows that are found by WISEflow's number instead of by their key."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.model import Address, Adoption, Desired
from engine.nodes import shown
from engine.words import near

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from engine.documents import Documents, Entry


def with_adoptions(
    documents: Documents,
    resources: Mapping[Address, Desired],
    environment: str,
    environments: Collection[str],
) -> dict[Address, Desired]:
    """The resources, those bound to a number that are adopted in the environment.

    Entries of other environments are checked all the same. What is to be `removed` can be adopted
    too: nothing else says where it is.
    """
    found = dict(resources)
    flows = {one.key.casefold(): one for one in resources if one.kind == "flow"}
    first: dict[tuple[str, str], Entry] = {}
    for entry in documents.of("adopt"):
        value = entry.value
        if value.environment and environments and value.environment not in environments:
            where, name = entry.at("environment"), entry.name("environment")
            message = f"no environment {shown(value.environment)} in the settings"
            documents.wrong(where, name, message, near(value.environment, environments))
        address = flows.get((value.flow or "").casefold())
        if value.flow and address is None:
            documents.dangling("flows", value.flow, entry.at("flow"), entry.name("flow"))
        is_alone = _is_alone(documents, entry, first)
        if address and is_alone and value.environment == environment and value.server_id:
            found[address] = replace(found[address], adopted=_adoption(entry, found[address]))
    return found


def _is_alone(documents: Documents, entry: Entry, first: dict[tuple[str, str], Entry]) -> bool:
    """Whether no entry before it binds the same key, or the same number, in its environment."""
    said = {"flow": (entry.value.flow or "").casefold(), "server_id": entry.value.server_id}
    is_alone = True
    for field, value in said.items():
        if not value or not entry.value.environment:
            continue
        other = first.setdefault((entry.value.environment, f"{field} {value}"), entry)
        if other is not entry:
            message = f"{field} {value} is adopted twice: here and at {other.at(field)}"
            documents.wrong(entry.at(field), entry.name(field), message, "keep one of them")
            is_alone = False
    return is_alone


def _adoption(entry: Entry, desired: Desired) -> Adoption:
    title = entry.value.title or ""
    titles = desired.titles | {title}
    return Adoption(entry.value.server_id, title, entry.at("server_id"), titles)
