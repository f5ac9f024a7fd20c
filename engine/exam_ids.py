"""How unique exam ids pass from one participant to the next: each is one person's at a time. Pure.

Several who wait for each other's in a ring are let out of it by their head, who has none for a
moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.model import Value

    Slot = int | str
    """A participant by number, or somebody who is yet to come by name."""
    Wanted = Mapping[Any, Value]
    """What those are to have, by slot, whose exam id changes."""
    Held = Mapping[int, Value]
    """What each participant has."""


EXAM_ID = "unique_exam_id"
"""The flag of a seat."""


def heads(wanted: Wanted, held: Held) -> set[Slot]:
    """Who gives theirs up first, in each ring of those who wait for each other's."""
    ahead = _ahead(wanted, held)
    found: set[Slot] = set()
    seen: set[Slot] = set()
    for start in ahead:
        path: list[Slot] = []
        one: Slot = start
        while one in ahead and one not in seen:
            seen.add(one)
            path.append(one)
            one = ahead[one]
        if one in path:
            found.add(min(path[path.index(one) :], key=str))
    return found


def steps(wanted: Mapping[int, Value], held: Held) -> Iterator[tuple[int, Value]]:
    """What is written one after the other, so that each exam id is free when it is given."""
    first = heads(wanted, held)
    yield from ((number, None) for number in sorted(wanted) if number in first)
    ahead = {one: other for one, other in _ahead(wanted, held).items() if other not in first}
    for number in _last_first(sorted(wanted), ahead):
        yield number, wanted[number]


def stuck(wanted: Wanted, held: Held) -> set[Slot]:
    """Those whose exam id does not become free: somebody keeps it."""
    holders = _holders(held)
    kept = {slot for slot, value in wanted.items() if holders.get(value, slot) not in wanted}
    ahead = _ahead(wanted, held)
    while more := {one for one, other in ahead.items() if other in kept} - kept:
        kept |= more
    return kept


def late(wanted: Wanted, held: Held, freed: set[Value]) -> set[Slot]:
    """Those who get the exam id of somebody who goes, and those who get one of theirs."""
    found = {slot for slot, value in wanted.items() if value in freed}
    ahead = _ahead(wanted, held)
    while more := {one for one, other in ahead.items() if other in found} - found:
        found |= more
    return found


def _holders(held: Held) -> dict[Value, int]:
    return {value: number for number, value in held.items() if value is not None}


def _ahead(wanted: Wanted, held: Held) -> dict[Slot, int]:
    """For each who gets the exam id of somebody who gets another one: who that is."""
    holders = _holders(held)
    found = {slot: holders[value] for slot, value in wanted.items() if value in holders}
    return {slot: holder for slot, holder in found.items() if holder in wanted}


def _last_first(numbers: list[int], ahead: Mapping[Slot, int]) -> list[int]:
    """The numbers, each behind the one that is ahead of it; nobody waits in a ring any more."""
    done: dict[int, None] = {}
    for number in numbers:
        path = [number]
        while (other := ahead.get(path[-1])) is not None and other not in done:
            path.append(other)
        done |= dict.fromkeys(reversed(path))
    return list(done)
