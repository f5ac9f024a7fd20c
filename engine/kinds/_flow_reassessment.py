"""When a flow can be made in which another is examined again: once that one is active. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.activation import PART as ACTIVATION
from engine.model import Address
from engine.reassessments import reassessed
from engine.wiseflow.flows import ARCHIVED, DRAFT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.model import Desired
    from engine.world import World


def needs_of_reassessment(desired: Desired, world: World) -> Iterator[str]:
    """The activation of the flow that is examined again, where this plan is to bring it about."""
    source = reassessed(desired)
    if source is not None and _is_draft(source, world) and _is_to_be_active(source, world):
        yield f"flow/{source}:{ACTIVATION}"


def reassessment_blocks(desired: Desired, world: World) -> Iterator[str]:
    """Why WISEflow would refuse it. Source: WISEflow help, "Create a reassessment flow"."""
    source = reassessed(desired)
    if source is None:
        return
    if world.source_states.get(source) == ARCHIVED:
        yield f"flow/{source} is archived: only an active flow can be examined again"
    elif _is_draft(source, world) and not _is_to_be_active(source, world):
        yield f"flow/{source} is a draft: once it is active it can be examined again"


def _is_draft(source: str, world: World) -> bool:
    return world.source_states.get(source, DRAFT) == DRAFT


def _is_to_be_active(source: str, world: World) -> bool:
    desired = world.desired.get(Address("flow", source))
    stated = desired.fields.get("lifecycle") if desired and desired.is_stated else None
    return stated is not None and stated.value == "active"
