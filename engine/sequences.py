"""`sequences` entries -> flows that know which sequence they are made in, and where."""

from __future__ import annotations

from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
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


def refuse_circles(documents: Documents, resources: Mapping[Address, Desired]) -> None:
    """A problem where flows could never be made: each a copy of, or a part after, the other."""
    flows = {a.key.casefold(): one for a, one in resources.items() if a.kind == "flow"}
    needs = {key: {*_before(one)} & {*flows} - {key} for key, one in flows.items()}
    while circle := _circle(needs):
        copy = next(key for key in circle if _source(flows[key]) in circle)
        where = flows[copy].fields["copy_from"].location
        source = shown(flows[_source(flows[copy])].address.key)
        message = f"a copy of {source}, which can be made only after it"
        hint = "copy it from another flow, or change the order in `sequences`"
        documents.wrong(where, "copy_from", message, hint)
        needs[copy] = set()


def _before(flow: Desired) -> Iterator[str]:
    """The folded keys of flows that have to be there before it is made."""
    if source := _source(flow):
        yield source
    sequence = flow.sequence
    if sequence is not None and MAIN_OF in flow.fields:
        first = sequence.parts[: sequence.parts.index(flow.address.key)]
        yield from (key.casefold() for key in (sequence.main, *first))


def _source(flow: Desired) -> str:
    copied = flow.fields.get("copy_from")
    return str(dict(copied.value)["flow"]).casefold() if copied and copied.value else ""


def _circle(needs: Mapping[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        return sorted(error.args[1])
    return []


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
