"""What of an object may still be written, beside what was planned of it."""

from __future__ import annotations

import pytest

from engine.binding import OR, UNREADABLE, Item
from engine.comparing import LIVE_MOVED, moved

PART = "the item"


def verdict(old: Item, new: Item) -> list[str]:
    return moved({PART: old}, {PART: new}, lambda _: "nothing")


def test_what_was_unread_and_is_not_written_stops_nothing_when_it_can_be_read() -> None:
    old = Item("said", UNREADABLE, UNREADABLE)
    assert verdict(old, Item("said", "live", "said", "set", "flow/law:sequence")) == []


def test_what_was_read_and_is_not_written_stops_the_object_when_it_moves() -> None:
    old = Item("said", "live", "live")
    new = Item("said", "other", "said", "set", "flow/law:sequence")
    assert verdict(old, new) == [LIVE_MOVED]


@pytest.mark.parametrize(("there", "is_moved"), [("X-1", False), ("none", False), ("X-9", True)])
def test_who_has_none_for_a_moment_is_as_planned_and_with_another_is_not(
    there: str, is_moved: bool
) -> None:
    old = Item("X-2", f"X-1{OR}none", "X-2", "change", "flow/law:unique_exam_ids")
    assert bool(verdict(old, old._replace(before=there))) == is_moved
