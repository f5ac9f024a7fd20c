"""What of an object may still be written: its binding as planned beside its binding as it is. Pure.

Before: write; after: done already; a mixture: carry on; anything else: refused (DESIGN section 5).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.binding import DELETED, OR, UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine.binding import Binding, Item

INPUT_MOVED = "the manifests or sources say something else than when it was planned"
LIVE_MOVED = "WISEflow holds neither what was there when it was planned nor what was planned"
NOT_POSSIBLE = "what was planned cannot be done any more; plan again to see why"


def moved(planned: Binding, fresh: Binding, nothing: Callable[[str], str]) -> list[str]:
    """Why the object may not be written; empty where it is as it was, as planned, or a mixture.

    `nothing` gives the digest of "not stated" for an item.
    """
    reasons = {reason for _, reason in _moved_items(planned, fresh, nothing)}
    return sorted(reasons - {NOT_POSSIBLE})


def impossible(planned: Binding, fresh: Binding, nothing: Callable[[str], str]) -> frozenset[str]:
    """The ids of changes that the object does not allow any more, though nobody changed it."""
    found = _moved_items(planned, fresh, nothing)
    return frozenset(planned[name].change for name, reason in found if reason == NOT_POSSIBLE)


def _moved_items(
    planned: Binding, fresh: Binding, nothing: Callable[[str], str]
) -> Iterator[tuple[str, str]]:
    was_deleted = any(item.before == DELETED for item in planned.values())
    written = {item.change for item in planned.values()}
    for name in {*planned, *fresh}:
        if name not in planned and fresh[name].stated == nothing(name):
            if was_deleted:
                continue  # Who sits on a flow that was reopened, nobody knew either.
            if fresh[name].before == nothing(name) and fresh[name].change not in written:
                continue  # Possible by now, as a source says when the exam is: another plan's.
        if reason := _moved_item(planned.get(name), fresh.get(name), nothing(name)):
            yield name, reason


def _moved_item(old: Item | None, new: Item | None, nothing: str) -> str:
    if new is None:
        # A member or stranger that is gone, as was planned; or an entry that is stated no more.
        return "" if old is None or old.stated == nothing else INPUT_MOVED
    if old is None:
        return INPUT_MOVED if new.stated != nothing else LIVE_MOVED if new.verb else ""
    if old.stated != new.stated:
        return INPUT_MOVED
    if old.before == DELETED or (not old.change and old.before == UNREADABLE):
        return ""  # Nobody knew what was there: nothing was planned of it, and nothing is written.
    if new.verb:
        # Of what was blocked or held nothing is written: what would come of it may be another.
        is_same = new.after == old.after or not old.change
        is_same = is_same and new.verb == old.verb and _is_as_it_was(old, new)
        return "" if is_same else LIVE_MOVED
    if not old.verb or new.before in (old.after, UNREADABLE):
        return ""
    return NOT_POSSIBLE if _is_as_it_was(old, new) else LIVE_MOVED


def _is_as_it_was(old: Item, new: Item) -> bool:
    """Whether nobody can say that it moved."""
    return new.before in (UNREADABLE, old.before, *old.before.split(OR))
