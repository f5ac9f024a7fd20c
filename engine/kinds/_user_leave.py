"""What becomes of a person whose entry left: a login is disabled only when asked for. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.kind import not_there, release
from engine.model import Standing
from engine.plan import Action, Change, FieldChange, Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.model import Desired, Live
    from engine.world import Findings, World

FLOWS = "flows"
"""A fact of somebody who is to be removed: the titles of the flows that still have the person."""

SHOWN = 3


def leave(desired: Desired, world: World, findings: Findings) -> None:
    """Without `removed` the person is released; with it the login is disabled, if no flow is left.

    A user cannot be deleted. Source: WISEflow OpenAPI, DELETE /users/{userId}.
    """
    live = world.live.get(desired.address)
    if desired.standing is not Standing.REMOVED:
        release(desired, world, findings)
    elif numbers := world.several.get(desired.address):
        shown = " and ".join(f"#{number}" for number in numbers)
        message = f"several people in WISEflow carry this key: {shown}"
        findings.problem(desired.location, "removed", message, "take it away from all but one")
    elif live is None:
        not_there(desired, findings)
    elif live.fields["login"] == "enabled":
        findings.changes.append(_closing(desired, live, world))


def _closing(desired: Desired, live: Live, world: World) -> Change:
    reasons = tuple(_reasons(desired, live, world))
    return Change(
        address=desired.address,
        part="attributes",
        action=Action.UPDATE,
        location=desired.location,
        fields=(FieldChange("login", "enabled", "disabled", str(desired.location)),),
        status=Status.BLOCKED if reasons else Status.PLANNED,
        reasons=reasons,
    )


def _reasons(desired: Desired, live: Live, world: World) -> Iterable[str]:
    if live.server_id in world.seated():
        yield "the manifests still name the person on a flow"
    if reason := world.unread.get((desired.address, FLOWS)):
        yield f"whether a flow still has the person {reason}"
    elif titles := live.facts[FLOWS]:
        shown = ", ".join(titles[:SHOWN])
        shown += f" and {len(titles) - SHOWN} more" if len(titles) > SHOWN else ""
        yield f"flows still have the person: {shown}"
