"""P1: what was applied is not planned again, whatever was there and whatever is stated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.laws.law import law
from tests.laws.stage import GOOD, failures, to_do
from tests.laws.tally import note
from tests.laws.wire import Tap

if TYPE_CHECKING:
    from tests.laws.stage import Stage
    from tests.laws.worlds import World


@law(share=0.3)
def test_apply_then_plan_is_empty(stage: Stage, world: World) -> None:
    """Nothing is left to do but what the apply itself said it could not do."""
    world.begin(stage)
    outcomes = stage.apply()
    left = {outcome.change.id for outcome in outcomes if outcome.result not in GOOD}
    for outcome in outcomes:
        if outcome.result not in GOOD:
            note("failed outcomes", f"{outcome.change.part or 'create'}: {outcome.result}")
    assert set(to_do(stage.plan())) <= left, failures(outcomes)
    stage.tap = Tap()
    again = stage.apply()
    if not left:
        assert stage.tap.written == [], again
