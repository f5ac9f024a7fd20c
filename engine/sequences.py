"""`sequences` entries -> flows that know which sequence they are made in, and where."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.model import MAIN_OF, PARTS, Address, Desired, FlowSequence, Stated
from engine.nodes import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.documents import Documents, Entry
    from engine.errors import Location

Member = tuple[str, "Location", str]
"""A key, where it is written, and its name in messages."""


def with_sequences(
    documents: Documents, resources: Mapping[Address, Desired]
) -> dict[Address, Desired]:
    """The resources, main flows with their parts and parts with their main flow.

    Comes after adoptions: whoever is known by number only is found by it in its sequence, too.
    """
    found = dict(resources)
    flows = {one.key.casefold(): one for one in resources if one.kind == "flow"}
    first: dict[str, Location] = {}
    for entry in documents.of("sequences"):
        members = list(_members(entry))
        known = [_known(documents, one, flows, first) for one in members]
        addresses = [address for address in known if address is not None]
        if len(members) == len(addresses) == len(entry.value.parts or ()) + 1:
            _tell(found, entry, addresses, [place for _, place, _ in members])
    return found


def _members(entry: Entry) -> Iterator[Member]:
    if entry.value.main:
        yield entry.value.main, entry.at("main"), entry.name("main")
    for index, key in enumerate(entry.value.parts or ()):
        if key:
            yield key, entry.at("parts", index), entry.name("parts", index)


def _known(
    documents: Documents, member: Member, flows: Mapping[str, Address], first: dict[str, Location]
) -> Address | None:
    """The address of a flow that stands in no sequence before."""
    key, where, name = member
    other = first.setdefault(key.casefold(), where)
    if other is not where:
        message = f"{shown(key)} stands in sequences twice: here and at {other}"
        documents.wrong(where, name, message, "keep one of them: a flow is in one place only")
        return None
    address = flows.get(key.casefold())
    if address is None:
        documents.dangling("flows", key, where, name)
    return address


def _tell(
    found: dict[Address, Desired],
    entry: Entry,
    addresses: list[Address],
    places: list[Location],
) -> None:
    main, *parts = addresses
    numbers = {one.key: adopted.server_id for one in addresses if (adopted := found[one].adopted)}
    keys = tuple(one.key for one in parts)
    sequence = FlowSequence(main.key, keys, entry.location, numbers)
    stated = {PARTS: Stated(keys, entry.at("parts"))}
    found[main] = _with(found[main], sequence, stated)
    for address, place in zip(parts, places[1:], strict=True):
        found[address] = _with(found[address], sequence, {MAIN_OF: Stated(main.key, place)})


def _with(desired: Desired, sequence: FlowSequence, stated: Mapping[str, Stated]) -> Desired:
    return replace(desired, sequence=sequence, fields={**desired.fields, **stated})
