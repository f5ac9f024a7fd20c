"""P6, on any world: what was read in part creates nothing, changes nothing, removes nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx

from engine.errors import EngineError
from engine.model import INDIVIDUAL
from engine.plan import VERBS, Change, Plan, Status
from engine.wiseflow.lists import ROW_IDS
from tests.laws.law import law
from tests.laws.snapshot import twins
from tests.laws.tally import note
from tests.laws.wire import Exchange, Tap, headers_to_keep

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from engine.model import Address
    from tests.laws.stage import Stage
    from tests.laws.worlds import World

HARMS = ("refused", "cut off", "not JSON", "null", "short", "twice", "no total", "lost")
OF_PAGES = ("short", "twice")


class Garble(Tap):
    """Harms every answer of one reading operation, in one way."""

    def __init__(self, operation: str, harm: str) -> None:
        super().__init__()
        self.operation, self.harm = operation, harm

    async def after(self, one: Exchange, answer: httpx.Response) -> httpx.Response:
        if one.operation != self.operation or not answer.content:
            return answer
        note("reads harmed", f"{one.operation} {self.harm}")
        if self.harm == "lost":
            raise httpx.ReadError("the answer was lost")
        kept = headers_to_keep(answer)
        if self.harm == "refused":
            return httpx.Response(500, json={"error": "not today"}, headers=kept)
        return httpx.Response(answer.status_code, content=self._harmed(answer), headers=kept)

    def _harmed(self, answer: httpx.Response) -> bytes:
        if self.harm == "cut off":
            return answer.content[: len(answer.content) // 2]
        if self.harm == "not JSON":
            return b"<html>maintenance</html>"
        return json.dumps(_less(answer.json(), self.harm)).encode()


def _less(payload: Any, harm: str) -> Any:
    """Less of an answer that says how much there should be; any other is left, or is null."""
    if not isinstance(payload, dict) or "pagination" not in payload:
        return None if harm == "null" else payload
    if harm == "null":
        return payload | {"data": None}
    if harm == "no total":
        return payload | {"pagination": {}}
    again = payload["data"][:1] if harm == "twice" else []
    return payload | {"data": payload["data"][:-1] + again} if payload["data"] else None


@law(share=0.06)
def test_a_partial_read_adds_nothing_to_a_plan(stage: Stage, world: World) -> None:
    """Each step planned from partial reads would be planned from whole ones too.

    But whoever would go, and stays because nobody knows, has what is stated of them: else the times
    of their own would not move with the exam.
    """
    world.begin(stage)
    stage.tap = Tap()
    plan = stage.plan()
    whole, going = set(steps(plan)), set(leavers(plan))
    for operation, harm in _harms(sorted(stage.tap.operations), world.chance):
        stage.tap = Garble(operation, harm)
        try:
            partial = set(steps(stage.plan(), going))
        except EngineError as error:
            note("reads that stop a plan", f"{operation}: {type(error).__name__}")
            continue
        assert partial <= whole, f"{operation} {harm}: {sorted(partial - whole)}"


def _harms(reads: list[str], chance: int) -> Iterator[tuple[str, str]]:
    """Three operations harmed in any way, and pages of a list without their last row."""
    for turn in range(3):
        yield reads[(chance // 7**turn) % len(reads)], HARMS[(chance // 5**turn) % len(HARMS)]
    if paged := [one for one in reads if one in ROW_IDS]:
        yield paged[chance // 3 % len(paged)], OF_PAGES[chance % 2]


@law(share=0.06)
def test_a_partial_read_adds_nothing_to_an_apply(stage: Stage, world: World) -> None:
    """A plan made from whole reads, applied while one operation cannot be read to its end."""
    world.begin(stage)
    stage.tap = Tap()
    plan = stage.save_plan()
    stage.server.keep("before")
    stage.apply_saved(plan)
    reads = sorted({one.operation for one in stage.tap.log if not one.writes})
    end = stage.meaning()
    stage.server.restore("before")
    before = stage.meaning()
    operation = reads[world.chance % len(reads)]
    harm = HARMS[world.chance % len(HARMS)]
    stage.tap = Garble(operation, harm)
    try:
        stage.apply_saved(plan)
    except EngineError:
        note("reads that stop an apply", operation)
    found, said = stage.meaning(), f"{operation} {harm}"
    assert set(twins(found)) <= set(twins(before)), said
    assert set(before) & set(end) <= set(found), said
    # A flow on its way carries its marker still, and no key.
    made = {name for name in found if "wisectl" not in name} - {*before, *end}
    assert made == set(), said


def leavers(plan: Plan) -> Iterator[tuple[Address, str]]:
    """Whom a plan would take off an exam, whether or not that is held or blocked."""
    for change in plan.changes:
        if change.seats and change.part == "participants.leave":
            for seat in (*change.seats.remove, *change.seats.deactivate):
                yield change.address, seat.person.casefold()


def steps(plan: Plan, but: Collection[tuple[Address, str]] = ()) -> Iterator[tuple[str, ...]]:
    """Every single thing that a plan would do: fields with their values, seats with their verbs.

    But for what single participants get of their own of whom `but` says that they go.
    """
    for change in plan.changes:
        if change.status in (Status.PLANNED, Status.HELD):
            yield from _steps(change, but)


def _steps(change: Change, but: Collection[tuple[Address, str]]) -> Iterator[tuple[str, ...]]:
    yield str(change.address), str(change.action)
    for one in change.fields:
        if one.path != "roles":
            yield str(change.address), one.path, repr(one.after)
        else:  # A seat that is not known of asks for no role: fewer come, and each by itself.
            changed = {*(one.before or ())} ^ {*one.after}
            yield from ((str(change.address), one.path, name) for name in changed)
    seats = change.seats
    for verb in VERBS if seats else ():
        for seat in getattr(seats, verb):
            person = seat.person.casefold()
            if not (seats and seats.role in INDIVIDUAL and (change.address, person) in but):
                yield change.id, verb, person, repr(seat.flags)
