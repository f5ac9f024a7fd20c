"""P13: under any mix of faults an apply ends right, or says honestly what it has not done."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

from engine.errors import EngineError
from tests import loopback
from tests.laws.law import law
from tests.laws.network import PlainNetwork
from tests.laws.snapshot import differences, twins
from tests.laws.stage import GOOD, VERBS, failures, planned_changes
from tests.laws.tally import note
from tests.laws.wire import Tap

if TYPE_CHECKING:
    from engine.plan import Change, Outcome
    from tests.laws.snapshot import Meaning
    from tests.laws.stage import Stage
    from tests.laws.worlds import World

FAULTS: tuple[dict[str, Any], ...] = (
    # More often than others: nothing but its body tells it from a success.
    *({"kind": "status", "status": 200} for _ in range(3)),
    {"kind": "status", "status": 401},
    {"kind": "status", "status": 429},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 502},
    {"kind": "status", "status": 503},
    {"kind": "delay", "seconds": 0.02},
    {"kind": "drop_before"},
    {"kind": "drop_after"},
    {"kind": "truncate"},
    {"kind": "malformed"},
)
"""Answers of 200 that say `success: false`, expired tokens, storms, bursts, slow answers, resets,
answers lost, cut and malformed.
"""

SPAN = 250
"""Over how many requests faults are spread."""
MOST = 0.3
"""Of all requests, at most."""


def schedule(chance: int) -> list[dict[str, Any]]:
    """Faults for the next requests, in bursts, up to MOST of them."""
    dice = random.Random(chance)  # noqa: S311 - no secret
    kinds = dice.sample(FAULTS, dice.randint(1, len(FAULTS)))
    share, number, found = dice.uniform(0.02, MOST), 0, []
    while number < SPAN:
        burst = dice.choice((1, 1, 1, 2, 5))
        number += max(1, round(dice.expovariate(share / burst)))
        found.append({"skip": number, "times": burst, **dice.choice(kinds)})
        number += burst
    return found


@law(share=0.05)
def test_faults_never_make_an_end_wrong(stage: Stage, world: World) -> None:
    """What it says is done is done; what is left is done by an apply without faults."""
    world.begin(stage)
    stage.server.keep("before")
    start = stage.meaning()
    hopeless = {line.split(":")[0] for line in _settled(stage)}
    end = stage.meaning()
    stage.server.restore("before")
    outcomes, whole = _under_faults(stage, world.chance)
    done = {item for one in outcomes if one.result in GOOD for item in _items(one.change)}
    again = planned_changes(stage.plan(), verified=True)
    planned = {item for change in again for item in _items(change)}
    assert done & planned == set(), (done & planned, failures(outcomes))
    found = stage.meaning()
    # Of a webhook that gets a new secret there are two, until the old one could be deleted; where
    # webhooks were not read, those that were there before stay.
    undone = {str(one.change.address) for one in outcomes if one.result not in GOOD}
    more = set(twins(found)) - set(twins(end)) - set(twins(start))
    assert more <= undone, (more, failures(outcomes))
    if whole and not failures(outcomes):
        _same(end, found, [])
    said = _settled(stage)
    _same(end, stage.meaning(), [*failures(outcomes), *said])
    assert {line.split(":")[0] for line in said} <= hopeless


def _settled(stage: Stage) -> list[str]:
    """What an apply cannot do; the next one does what waited for the part that could be done."""
    said = failures(stage.apply())
    return failures(stage.apply()) if said else said


def _items(change: Change) -> set[tuple[object, ...]]:
    """What a change does, one by one: of what was not read at first more of the same may come."""
    seats = change.seats
    people = [(verb, seat) for verb in VERBS if seats for seat in getattr(seats, verb)]
    items: set[tuple[object, ...]] = {
        *((change.id, one.path, repr(one.after)) for one in change.fields),
        *((change.id, verb, seat.person, repr(seat.flags)) for verb, seat in people),
    }
    return items or {(change.id,)}


def _same(end: Meaning, found: Meaning, said: list[str]) -> None:
    apart = differences(end, found)
    assert apart == [], (apart, said)


def _under_faults(stage: Stage, chance: int) -> tuple[list[Outcome], bool]:
    """An apply while the server has a bad day, and whether it says that it read everything."""
    stage.control("POST", "faults", schedule(chance))
    stage.tap, stage.network = Tap(), loopback.network
    before = sum(stage.control("GET", "requests").values())
    outcomes, whole = [], False
    try:
        planned = asyncio.run(stage.planned())
        outcomes = asyncio.run(stage.carried_out(planned))
        whole = not planned.plan.incomplete
    except EngineError as error:
        note("ended by faults", type(error).__name__)
    sent = sum(stage.control("GET", "requests").values()) - before
    for fault in schedule(chance):
        if fault["skip"] < sent:
            name = f"{fault['kind']} {fault.get('status', '')}".strip()
            note("faults", name, fault["times"])
    for one in outcomes:
        note("outcomes under faults", str(one.result))
    stage.control("POST", "faults", [])
    stage.tap, stage.network = Tap(), PlainNetwork
    return outcomes, whole
