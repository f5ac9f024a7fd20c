"""Extra time: counted from the exam, given with it, moved along with it, and never lost by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.accommodated import SAM, TERM, minutes_after

if TYPE_CHECKING:
    from tests.e2e.rehearsal import Rehearsal


def test_a_new_exam_has_its_extra_times_in_the_same_apply(rehearsal: Rehearsal) -> None:
    rehearsal.write(TERM)
    rehearsal.apply()
    assert rehearsal.failures() == []
    assert minutes_after(rehearsal, SAM) == 60
    assert rehearsal.plan().changes == ()
