"""P12: two applies at once, from two machines: the end is right, and no key is there twice."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.errors import IncompleteReadError
from tests.laws.law import law
from tests.laws.snapshot import differences, twins
from tests.laws.stage import failures, to_do
from tests.laws.tally import note
from tests.laws.test_p08_order_and_parallelism import Shuffle
from tests.laws.wire import Tap

if TYPE_CHECKING:
    from engine.pipeline import Planned
    from tests.laws.stage import Stage
    from tests.laws.worlds import World


class Dawdle(Shuffle):
    """Lets requests overtake each other; answers stay as they are."""

    after = Tap.after


@law(share=0.03)
def test_two_applies_at_once_come_to_the_right_end(stage: Stage, world: World) -> None:
    """Both plan before either writes; then what was left is done by a third."""
    world.begin(stage)
    stage.server.keep("before")
    left = {outcome.split(":")[0] for outcome in failures(stage.apply())}
    end = stage.meaning()
    stage.server.restore("before")
    said = asyncio.run(_both(stage, world.chance))
    for one in said:
        note("of two applies", "both whole" if not one else "one says what failed")
    found = stage.meaning()
    assert twins(found) == twins(end), said
    if not any(said):
        apart = differences(end, found)
        assert apart == [], apart
    stage.tap = Tap()
    stage.apply()
    # New dates can end an exam while the other one is at it: it is archived, and that is told.
    over = {line.split(":")[0] for one in said for line in one if "archived" in line}
    apart = [one for one in differences(end, stage.meaning()) if one.split(".")[0] not in over]
    assert apart == [], (apart, said)
    again = to_do(stage.plan(), verified=True)
    assert {one for one in again if one.split(":")[0] not in left} == set()


async def _both(stage: Stage, chance: int) -> list[list[str]]:
    """What each of the two says that it could not do."""
    one = replace(stage, tap=Dawdle(chance))
    other = replace(stage, tap=Dawdle(chance + 1))
    plans = await asyncio.gather(one.planned(), other.planned())
    return list(await asyncio.gather(_said(one, plans[0]), _said(other, plans[1])))


async def _said(stage: Stage, plan: Planned) -> list[str]:
    """Who meets people that the other one is just making may stop before anything is written."""
    try:
        return failures(await stage.carried_out(plan))
    except IncompleteReadError as error:
        assert stage.tap.written == []
        return [str(error)]
