"""What is said of flows that a student information system feeds. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.model import Desired
    from engine.plan import FieldChange
    from engine.world import Findings, World


def note_sis(
    desired: Desired, changed: tuple[FieldChange, ...], findings: Findings, world: World
) -> None:
    """Adds a note on the fields that differ and are left alone, and why."""
    names = ", ".join(field.path for field in changed)
    unread = (desired.address, "sources") in world.unread
    hint = "a student information system feeds this flow and owns these fields"
    if unread:
        hint = "it could not be read whether a student information system feeds this flow"
    findings.note(desired.address, f"differs and is left alone: {names}", hint)
