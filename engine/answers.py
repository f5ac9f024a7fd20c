"""What people answer about what left, has vanished, or is in the archive.

`removed`, `release`, `recreate` and `unarchive`: lists of addresses.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.documents import twice
from engine.model import Address, Desired, Standing
from engine.nodes import shown
from engine.words import near

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.documents import Documents, Mention

LEAVES = {"removed": Standing.REMOVED, "release": Standing.RELEASED}
"""Lists of what does not stand in the manifests any more, and what becomes of it."""

AGAIN, BACK = "recreate", "unarchive"


def with_answers(
    documents: Documents, resources: Mapping[Address, Desired], all_known: bool
) -> dict[Address, Desired]:
    """The resources with what the lists say of them; what contradicts itself is a problem.

    `all_known` tells whether every file that could name a user was read.
    """
    found = dict(resources)
    folded = {_folded(address): address for address in resources}
    named: dict[tuple[str, str], Mention] = {}
    for word, standing in LEAVES.items():
        for mention, address in _mentions(documents, word):
            there = resources.get(folded.get(_folded(address), address))
            if _is_free(documents, mention, there, named):
                found[address] = Desired(address, mention.location, {}, standing=standing)
    for word in (AGAIN, BACK):
        for mention, address in _mentions(documents, word):
            known = folded.get(_folded(address))
            if known is not None:
                found[known] = _answered(documents, word, mention, found[known])
            elif all_known or address.kind != "user":
                names = [one.key for one in resources if one.kind == address.kind]
                message = f"no {address.kind} {shown(address.key)} in the manifests"
                documents.wrong(mention.location, mention.name, message, near(address.key, names))
    return found


def _answered(documents: Documents, word: str, mention: Mention, desired: Desired) -> Desired:
    """The resource with the answer, which may not fit it."""
    if word == AGAIN:
        return replace(desired, is_made_again=True)
    stated = desired.fields.get("lifecycle")
    if desired.address.kind != "flow":
        documents.wrong(mention.location, mention.name, "only flows are archived", "take it out")
    elif stated is not None and stated.value == "archived":
        message = f"{mention.text} is to be archived at {stated.location}"
        documents.wrong(mention.location, mention.name, message, "keep one of them")
    return replace(desired, unarchive=mention.location)


def _mentions(documents: Documents, word: str) -> Iterator[tuple[Mention, Address]]:
    mentions = documents.mentions.get(word, [])
    documents.problems += twice(((one.text, one.location, one.name) for one in mentions), word)
    for one in mentions:
        kind, _, key = one.text.partition("/")
        yield one, Address(kind, key.strip())


def _is_free(
    documents: Documents,
    mention: Mention,
    there: Desired | None,
    named: dict[tuple[str, str], Mention],
) -> bool:
    """Whether neither an entry nor another list speaks of the address too: one of them is wrong."""
    kind, _, key = mention.text.partition("/")
    other = named.setdefault((kind, key.casefold()), mention)
    place = there.location if there else other.location if other is not mention else None
    if place is not None:
        message = f"{mention.text} stands at {place} too"
        documents.wrong(mention.location, mention.name, message, "keep one of them")
    return place is None


def _folded(address: Address) -> tuple[str, str]:
    return address.kind, address.key.casefold()
