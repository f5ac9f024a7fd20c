"""What a reviewer should know of single participants, though it changes nothing. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.individual import sitting, slot_of
from engine.model import DATES_OF, INDIVIDUAL, Address
from engine.plan import Note

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.errors import Location
    from engine.model import Desired, Live
    from engine.plan import Change
    from engine.world import Findings, World

KINDS_OF_TIMES = "accommodations or individual"


def note_own_times(
    desired: Desired, live: Live | None, changes: Iterable[Change], findings: Findings
) -> None:
    """Says that somebody has times of their own which no manifest states: they stay as they are."""
    edges = live.facts.get("edges") if live else None
    if not edges or live is None or live.facts["marked"]:
        return
    seats = live.roles.get(DATES_OF, ())
    for edge, word, choose in (("start", "a start", min), ("end", "an end", max)):
        known = [live.fields.get(f"participation.{edge}"), *(s.flags.get(edge) for s in seats)]
        moments = [moment for moment in known if moment]
        found = edges[edge]
        if moments and found and choose(found, choose(moments)) != choose(moments):
            moves = any(change.part == "dates" for change in changes)
            left = "it does not move along with the exam" if moves else "it stays as it is"
            message = f"somebody has {word} of their own that no manifest states: {left}"
            findings.note(desired.address, message, f"state it under {KINDS_OF_TIMES}")


def notes_of_nobody(world: World) -> Iterator[Note]:
    """A note for each entry none of whose people sits any of the exams that it selects."""
    applied: dict[Location, bool] = {}
    for address, desired in world.desired.items():
        for name in INDIVIDUAL if desired.is_stated else ():
            role = desired.roles.get(name)
            if role is None or any(p.profile in world.incomplete_profiles for p in role.profiles):
                continue
            sit = sitting(desired, world.live.get(address), world)
            is_unread = (address, "participants") in world.unread
            for one in role.seats:
                sits = is_unread or slot_of(one.person, world) in sit
                for flag in one.flags.values():
                    entry = flag.location.through or flag.location
                    applied[entry] = applied.get(entry, False) or sits
    for entry, is_applied in sorted(applied.items()):
        if not is_applied:
            message = (
                f"{entry.file}:{entry.line}: nobody whom it names sits an exam that it selects"
            )
            yield Note(Address("individual", "nobody"), message, "nobody is put on an exam by it")
