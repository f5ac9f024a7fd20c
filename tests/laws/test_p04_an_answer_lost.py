"""P4: an answer lost after the server did the work, for every writing operation."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from tests.laws.law import law
from tests.laws.rerun import Rerun
from tests.laws.snapshot import twins
from tests.laws.tally import note
from tests.laws.wire import IN_TIME, ComeLate, Exchange, LoseAnswer

if TYPE_CHECKING:
    from tests.laws.stage import Stage
    from tests.laws.worlds import World


@law(share=0.05)
def test_a_lost_answer_changes_nothing_of_the_end(stage: Stage, world: World) -> None:
    """Of the operations that a run writes with, three lose an answer, each in a run of its own."""
    rerun = Rerun.of(stage, world)
    operations = sorted({one.operation for one in rerun.log if one.writes})
    random.Random(world.chance).shuffle(operations)  # noqa: S311 - no secret
    for operation in operations[:3]:
        rerun.start_again()
        tap = LoseAnswer(First(operation))
        stage.tap = tap
        stage.apply_saved(rerun.plan)
        note("answers lost", operation, len(tap.lost))
        if operation in _unrepeatable(rerun):
            assert tap.operations[operation] <= _sent(rerun, operation), f"{operation} sent again"
        rerun.finish(f"the answer of {operation} was lost")


@law(share=0.03)
def test_what_is_done_late_is_done_once(stage: Stage, world: World) -> None:
    """Of the operations that cannot simply be repeated, two arrive late, each in its own run."""
    rerun = Rerun.of(stage, world)
    late = sorted(_unrepeatable(rerun))
    random.Random(world.chance).shuffle(late)  # noqa: S311 - no secret
    late.sort(key=lambda one: one.startswith("POST /users/"))  # Nearly every world has those.
    for operation in late[:2]:
        rerun.start_again()
        tap = ComeLate(First(operation))
        stage.tap = tap
        stage.apply_saved(rerun.plan)
        tap.waited(IN_TIME)
        note("done late", operation)
        said = f"{operation} was done late, and again"
        assert twins(stage.meaning()) == twins(rerun.end), said
        assert tap.operations[operation] <= _sent(rerun, operation), said
        rerun.finish(f"{operation} was done late")


def _unrepeatable(rerun: Rerun) -> set[str]:
    """Of the operations that write those that are looked for before they are sent again."""
    return {one.operation for one in rerun.log if one.writes and not one.is_repeatable}


def _sent(rerun: Rerun, operation: str) -> int:
    """How often an undisturbed run sends it."""
    return sum(one.operation == operation for one in rerun.log)


class First:
    """Wants the first exchange of an operation, and no other."""

    def __init__(self, operation: str) -> None:
        self._operation = operation

    def __call__(self, one: Exchange) -> bool:
        if one.operation != self._operation:
            return False
        self._operation = ""
        return True
