"""What of a fresh plan was reviewed before, and may be written. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.binding import UNREADABLE

if TYPE_CHECKING:
    from engine.binding import BoundPlan
    from engine.plan import Change

UNREVIEWED = "it is not in the reviewed plan, or not the same there: have it reviewed"
GONE = "it was reviewed, and is not planned any more: see what has moved since"


def only_reviewed(fresh: BoundPlan, reviewed: BoundPlan) -> BoundPlan:
    """The fresh plan, in which all that differs from the reviewed one is listed, not written.

    A change is the same where each of its items was reviewed with this value before and after;
    one that was reviewed and is done already needs nothing.
    """
    refused = {
        change.id: UNREVIEWED
        for change in fresh.changes
        if not _is_reviewed(change, fresh, reviewed)
    }
    planned = {change.id for change in fresh.changes}
    gone = [c for c in reviewed.changes if c.id not in planned and not _is_done(c, fresh, reviewed)]
    refused |= {change.id: GONE for change in gone}
    objects = {change.address: reviewed.objects[change.address] for change in gone}
    return replace(
        fresh,
        changes=[*fresh.changes, *gone],
        objects={**objects, **fresh.objects},
        refused=refused,
    )


def _is_reviewed(change: Change, fresh: BoundPlan, reviewed: BoundPlan) -> bool:
    there = reviewed.objects.get(change.address, {})
    return all(
        name in there and there[name].change and there[name][:4] == item[:4]
        for name, item in fresh.objects[change.address].items()
        if item.change == change.id
    )


def _is_done(change: Change, fresh: BoundPlan, reviewed: BoundPlan) -> bool:
    """Whether another object's state tells that nothing of the change is left to do."""
    now = fresh.objects.get(change.address)
    if now is None:
        return False
    return all(
        name not in now or now[name].before in (item.after, UNREADABLE)
        for name, item in reviewed.objects[change.address].items()
        if item.change == change.id
    )
