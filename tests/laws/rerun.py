"""One saved plan, the end of an undisturbed run, and the same plan again after a disturbance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.laws.snapshot import Meaning, differences, twins
from tests.laws.stage import failures, to_do
from tests.laws.wire import Exchange, Tap

if TYPE_CHECKING:
    from tests.laws.stage import Stage
    from tests.laws.worlds import World

KEPT = "before"


@dataclass(slots=True)
class Rerun:
    """The plan of a world, and what comes of it when nothing goes wrong."""

    stage: Stage
    plan: bytes
    log: list[Exchange]
    """The requests of the undisturbed run."""
    end: Meaning
    failed: list[str]
    left: list[str]

    @classmethod
    def of(cls, stage: Stage, world: World, *, in_part: bool = False) -> Rerun:
        """Applies the world's plan undisturbed; the sandbox stands before it afterwards.

        In part: the plan for one of its flows, and for a tenth of what else there is.
        """
        world.begin(stage)
        stage.tap = Tap()
        plan = stage.save_plan(*(_part_of(stage, world.chance) if in_part else ()))
        stage.server.keep(KEPT)
        stage.tap = Tap()
        outcomes = stage.apply_saved(plan)
        log = list(stage.tap.log)
        return cls(stage, plan, log, stage.meaning(), _failed(outcomes), to_do(stage.plan()))

    def start_again(self) -> None:
        """Back to where the plan was made; the next run goes through a tap of its own."""
        self.stage.server.restore(KEPT)
        self.stage.tap = Tap()

    def settle(self) -> None:
        """Lets the sandbox finish what a process that is gone had sent.

        A connection that was just opened takes it more turns than a request on one that stands.
        """
        for _ in range(8):
            self.stage.control("GET", "requests")

    def finish(self, said: str, *, plan_too: bool = True) -> None:
        """Applies the same plan again, which must come to the undisturbed end.

        A plan follows from what is there: where ends are the same it needs no look each time.
        """
        self.stage.tap = Tap()
        outcomes = self.stage.apply_saved(self.plan)
        found = self.stage.meaning()
        # Twins that nobody manages were there before, and stay.
        assert twins(found) == twins(self.end), said
        apart = differences(self.end, found)
        assert apart == [], f"{said}: {apart}; {failures(outcomes)}"
        assert _failed(outcomes) == self.failed, (said, failures(outcomes))
        if plan_too:
            assert to_do(self.stage.plan()) == self.left, said


def _part_of(stage: Stage, chance: int) -> list[str]:
    addresses = sorted(stage.desired().resources)
    flows = [one for one in addresses if one.kind == "flow"]
    others = [one for n, one in enumerate(addresses) if (n + chance) % 10 == 0]
    flow = [flows[chance % len(flows)]] if flows else []
    return [str(one) for one in (*flow, *others)]


def _failed(outcomes: object) -> list[str]:
    return sorted(line.split(":")[0] for line in failures(outcomes))  # type: ignore[arg-type]
