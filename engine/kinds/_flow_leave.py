"""What becomes of a flow whose entry left the manifests: its state decides. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.kind import not_there, release
from engine.kinds._flow_adopted import is_in_doubt
from engine.kinds._flow_plan import leftovers, source_key
from engine.model import PARTS, Standing
from engine.plan import Action, Change, FieldChange, Hazard, Status
from engine.wiseflow.flows import CONCLUDED, DRAFT, STATE_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.model import Address, Desired, Live
    from engine.world import Findings, World


def leave(desired: Desired, world: World, findings: Findings) -> None:
    """A draft is deleted, which is held; what people may have seen is never: it blocks.

    A flow that is over is released. What WISEflow does not hold any more needs nothing.
    """
    address, live = desired.address, world.live.get(desired.address)
    if is_in_doubt(desired, world, findings):
        return
    if numbers := world.several.get(address):
        shown = " and ".join(f"#{number}" for number in numbers)
        message = f"left the manifests, but several flows in WISEflow carry its key: {shown}"
        findings.problem(desired.location, "key", message, "delete in WISEflow what nobody needs")
    elif live is None:
        not_there(desired, findings)
    elif live.facts["state"] >= CONCLUDED:
        release(desired, world, findings)
    else:
        first = list(leftovers(desired, live))
        needs = (*(one.id for one in first), *_copies(desired, world), *_followers(live, world))
        findings.changes += [*first, replace(_deletion(desired, live, world), needs=needs)]


def _copies(desired: Desired, world: World) -> list[str]:
    """The flows that are still to be copied from this one: they are made before it goes."""
    key = desired.address.key.casefold()
    return sorted(
        str(address)
        for address, one in world.desired.items()
        if address not in world.live and address.kind == "flow"
        if (source_key(one) or "").casefold() == key
    )


def _followers(live: Live, world: World) -> list[str]:
    """The deletions of the parts after it in its sequence: the last one goes first."""
    numbers = live.facts.get("followers", ())
    return sorted(str(address) for number in numbers if (address := _leaving(number, world)))


def _leaving(number: int, world: World) -> Address | None:
    """The draft of this number that leaves the manifests too."""
    for address, one in world.live.items():
        goes = world.desired[address].standing in (Standing.LEFT, Standing.REMOVED)
        if one.server_id == number and address.kind == "flow" and goes:
            return address
    return None


def _deletion(desired: Desired, live: Live, world: World) -> Change:
    at_base = " at base" if desired.standing is Standing.LEFT else ""
    written = f"{desired.location}{at_base}"
    shown = {"title": live.fields["title"], "lifecycle": live.fields["lifecycle"]}
    reasons = tuple(_reasons(desired, live, world))
    return Change(
        address=desired.address,
        part="",
        action=Action.REMOVE,
        location=desired.location,
        fields=tuple(FieldChange(path, value, None, written) for path, value in shown.items()),
        hazards=() if reasons else (_hazard(desired, live),),
        status=Status.BLOCKED if reasons else Status.PLANNED,
        reasons=reasons,
    )


def _hazard(desired: Desired, live: Live) -> Hazard:
    count = len(live.roles.get("participants", ()))
    people = f"{count} participant{'s' * (count != 1)}"
    message = f"the draft is deleted, with {people} on it"
    was = desired.base.fields if desired.base else {}
    if live.facts.get("sequence") or PARTS in was:
        message += ", and for good: what was in a sequence cannot be reopened"
    return Hazard("deletion", message, True)


def _reasons(desired: Desired, live: Live, world: World) -> Iterable[str]:
    """Why a flow is not deleted though its entry is gone."""
    state = live.facts["state"]
    if state != DRAFT:
        yield (
            f"its entry left the manifests, but it is {STATE_NAMES[state]}: only drafts are "
            "deleted; put the entry back, or answer with `release`"
        )
        return
    if live.facts["sis"]:
        yield "a student information system feeds it: take its sources away first, or `release` it"
    stay = [n for n in live.facts.get("followers", ()) if _leaving(n, world) is None]
    if stay:
        shown = ", ".join(f"#{number}" for number in stay)
        yield f"of a sequence WISEflow deletes only the last part, and {shown} comes after it"
    for part in ("", "participants"):
        if reason := world.unread.get((desired.address, part)):
            yield f"{part} {reason}".strip()
