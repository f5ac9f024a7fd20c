"""What a reviewer should know of single participants, though it changes nothing. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.individual import sitting, slot_of
from engine.model import INDIVIDUAL, Address
from engine.plan import Note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.errors import Location
    from engine.world import World


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
