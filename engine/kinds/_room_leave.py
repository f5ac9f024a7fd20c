"""What becomes of a room whose entry left: it is deleted, unless a flow has it booked. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.kind import not_there
from engine.model import ROOM_OF, Standing
from engine.plan import Action, Change, FieldChange, Hazard, Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.model import Desired, Live
    from engine.world import Findings, World

FLOWS = "flows"
"""A fact of a room that is to go: the numbers of the flows that have booked it."""

SHOWN = 3


def leave(desired: Desired, world: World, findings: Findings) -> None:
    """A deletion, held; blocked while any flow, archived ones too, keeps a booking of the room."""
    address, live = desired.address, world.live.get(desired.address)
    if reason := world.unread.get((address, "")):
        findings.problem(desired.location, "", reason, "it is left alone")
    elif numbers := world.several.get(address):
        shown = " and ".join(f"#{number}" for number in numbers)
        message = f"left the manifests, but several rooms have its identifier: {shown}"
        findings.problem(desired.location, "key", message, "delete in WISEflow what nobody needs")
    elif live is None:
        not_there(desired, findings)
    else:
        findings.changes.append(_deletion(desired, live, world))


def _deletion(desired: Desired, live: Live, world: World) -> Change:
    reasons = tuple(_reasons(desired, live, world))
    at_base = " at base" if desired.standing is Standing.LEFT else ""
    hazard = Hazard("room-deletion", "the room is deleted", True)
    return Change(
        address=desired.address,
        part="",
        action=Action.REMOVE,
        location=desired.location,
        fields=(FieldChange("name", live.fields["name"], None, f"{desired.location}{at_base}"),),
        hazards=() if reasons else (hazard,),
        needs=tuple(sorted(_vacated(desired, world).values())),
        status=Status.BLOCKED if reasons else Status.PLANNED,
        reasons=reasons,
    )


def _reasons(desired: Desired, live: Live, world: World) -> Iterable[str]:
    if reason := world.unread.get((desired.address, FLOWS)):
        yield f"whether a flow has booked it {reason}"
    elif flows := [n for n in live.facts.get(FLOWS, ()) if n not in _vacated(desired, world)]:
        shown = ", ".join(f"#{number}" for number in flows[:SHOWN])
        shown += f" and {len(flows) - SHOWN} more" if len(flows) > SHOWN else ""
        yield f"flows have booked it: {shown}; cancel that first, or answer with `release`"
    if wanted := _wanted(desired, world):
        yield f"{wanted[0].address} books it ({wanted[0].location}): take that out first"


def _wanted(desired: Desired, world: World) -> list[Desired]:
    """The flows of the manifests that book the room, which nobody makes there any more."""
    path = f"{ROOM_OF}{desired.address.key}".casefold()
    return [
        one
        for one in world.desired.values()
        if one.is_stated
        and any(name.casefold() == path and stated.value for name, stated in one.fields.items())
    ]


def _vacated(desired: Desired, world: World) -> dict[int, str]:
    """The flows whose bookings of the room go by this plan, and by which change."""
    return world.vacated.get(desired.address.key.casefold(), {})
