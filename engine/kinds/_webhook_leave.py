"""What becomes of a webhook whose entry left: it is deleted, once that is allowed. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.kind import not_there
from engine.model import Standing
from engine.plan import Action, Change, FieldChange, Hazard

if TYPE_CHECKING:
    from engine.model import Desired
    from engine.world import Findings, World


def leave(desired: Desired, world: World, findings: Findings) -> None:
    """A deletion of all versions, held: its receiver would be told nothing any more."""
    address, live = desired.address, world.live.get(desired.address)
    if reason := world.unread.get((address, "")):
        findings.problem(desired.location, "", reason, "it is left alone")
        return
    if live is None:
        not_there(desired, findings)
        return
    at_base = " at base" if desired.standing is Standing.LEFT else ""
    written = f"{desired.location}{at_base}"
    message = "the webhook is deleted: its receiver is told nothing any more"
    change = Change(
        address=address,
        part="",
        action=Action.REMOVE,
        location=desired.location,
        fields=tuple(
            FieldChange(path, live.fields[path], None, written) for path in ("url", "events")
        ),
        hazards=(Hazard("webhook-deletion", message, True),),
    )
    findings.changes.append(change)
