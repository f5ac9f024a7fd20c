"""P1: what was applied is not planned again, whatever was there and whatever is stated."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engine.comparing import INPUT_MOVED, LIVE_MOVED, NOT_POSSIBLE
from engine.plan import Status
from tests.laws.law import law
from tests.laws.stage import GOOD, failures, to_do, waits_for_source
from tests.laws.tally import note
from tests.laws.wire import Tap

if TYPE_CHECKING:
    from tests.laws.stage import Stage
    from tests.laws.worlds import World


OF_OUR_OWN = (INPUT_MOVED, LIVE_MOVED, NOT_POSSIBLE, "not on the flow", "does not sit this exam")
"""What nobody can say of an undisturbed run: that what it meets is not what it has planned."""

NOT_READABLE = (
    "does not have reviewer approval",
    "/reopen: 404",
    "The last manager of a flow cannot be removed",
)
"""What WISEflow refuses and no answer tells before: whether a flow has reviewer approval, or was
ever there; that it keeps its last manager, where somebody has allowed to take that away."""
_REFUSED = re.compile(r": 4(00|03|04|09|22) ")


@law(share=0.28)
def test_apply_then_plan_is_empty(stage: Stage, world: World) -> None:
    """Nothing is left to do but what the apply itself said it could not do."""
    world.begin(stage)
    outcomes = stage.apply()
    if waits_for_source(stage.applied_plan):
        was_whole, outcomes = not failures(outcomes), stage.apply()
        assert not (was_whole and waits_for_source(stage.applied_plan))
    left = {outcome.change.id for outcome in outcomes if outcome.result not in GOOD}
    for outcome in outcomes:
        if outcome.result not in GOOD:
            note("failed outcomes", f"{outcome.change.part or 'create'}: {outcome.result}")
    assert [line for line in failures(outcomes) if any(word in line for word in OF_OUR_OWN)] == []
    assert [line for line in failures(outcomes) if _could_have_been_known(line)] == []
    is_whole = not left and _owes_nothing(stage)
    if is_whole and stage.term:
        stage.move_base(stage.term)
    plan = stage.plan()
    again = {*to_do(plan, verified=not is_whole)} - left
    assert again == set(), (again, failures(outcomes))
    if world.chance % 4 == 0 and not left and not to_do(plan):
        stage.tap = Tap()
        stage.apply()
        assert stage.tap.written == []


def _could_have_been_known(line: str) -> bool:
    """Whether WISEflow refused what a plan of an undisturbed licence should not have had."""
    return bool(_REFUSED.search(line)) and not any(word in line for word in NOT_READABLE)


def _owes_nothing(stage: Stage) -> bool:
    """Whether nothing of the plan waits, is held or blocked: else base stays where it is."""
    plan = stage.applied_plan
    return plan is not None and all(one.status is Status.PLANNED for one in plan.changes)
