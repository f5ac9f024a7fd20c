"""P3: killed at any request boundary, then the same plan again: the end of an undisturbed run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.laws.law import law
from tests.laws.rerun import Rerun
from tests.laws.tally import note
from tests.laws.victim import KILLED, Victims, ready

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.laws.stage import Stage
    from tests.laws.wire import Exchange
    from tests.laws.worlds import World

_VICTIMS: list[Victims] = []


@pytest.fixture(scope="module", autouse=True)
def _victims() -> Iterator[None]:
    with ready() as victims:
        _VICTIMS[:] = [victims]
        yield


@law(share=0.02, most=20, a_time=2)
def test_killed_at_every_request_boundary_and_run_again(stage: Stage, world: World) -> None:
    """Before each request, and after the answer of each that writes; of a part of each world."""
    rerun = Rerun.of(stage, world, in_part=True)
    for number, one in enumerate(rerun.log):
        _kill_and_rerun(rerun, number, "before", one, plan_too=False)
        if one.writes:
            _kill_and_rerun(rerun, number, "after", one, plan_too=False)


@law(share=0.02)
def test_killed_somewhere_and_run_again(stage: Stage, world: World) -> None:
    """At three boundaries of each world."""
    rerun = Rerun.of(stage, world)
    for step in range(3 if rerun.log else 0):
        number = (world.chance // 3**step) % len(rerun.log)
        moment = ("before", "after")[step % 2]
        _kill_and_rerun(rerun, number, moment, rerun.log[number])


def _kill_and_rerun(
    rerun: Rerun, number: int, moment: str, one: Exchange, *, plan_too: bool = True
) -> None:
    rerun.start_again()
    end = _VICTIMS[0].die(rerun.stage, rerun.plan, number, moment)
    # Requests go out side by side: a run may take other ways, and end before its number.
    assert end in (KILLED, "ended"), end
    note("killed", f"{moment} {one.operation}" if end == KILLED else "not killed: it had ended")
    rerun.settle()
    rerun.finish(f"killed {moment} request {number}, {one.operation}", plan_too=plan_too)
