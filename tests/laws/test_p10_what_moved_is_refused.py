"""P10: what moved after the plan, in WISEflow or in its inputs, is refused before it is written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from engine.model import Address
from engine.plan import Action, Change, Outcome, Plan, Status
from tests.laws import deeds
from tests.laws.law import law
from tests.laws.snapshot import flow_name, room_name, user_name, webhook_name
from tests.laws.stage import GOOD
from tests.laws.tally import note
from tests.laws.wire import Exchange, Tap

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from engine.model import Desired
    from tests.laws.stage import Stage
    from tests.laws.worlds import World

NAMES = [*deeds.LATE]
LEFTOVERS = "leftovers"
CREATES_USER = "POST /license/user"


@law(share=0.03)
def test_what_moved_live_is_refused_before_its_first_write(stage: Stage, world: World) -> None:
    """Colleagues do things by hand between plan and apply."""
    world.begin(stage)
    plan, saved = stage.plan(), stage.save_plan()
    for turn in range(3):
        name = NAMES[(world.chance // 11**turn) % len(NAMES)]
        deeds.do(stage, (name, world.chance // 13**turn % 31))
    moved = {*_moved_live(plan, stage.plan())}
    _refused(stage, saved, moved, "live")


@law(share=0.04)
def test_what_moved_in_the_manifests_is_refused_before_its_first_write(
    stage: Stage, world: World
) -> None:
    """The manifests say what they said before, where they said the same something is written."""
    world.begin(stage)
    plan, saved = stage.plan(), stage.save_plan()
    then = dict(stage.desired().resources)
    stage.write_term(world.start.first)
    now = stage.desired().resources
    planned = {c.address for c in plan.changes if c.status is Status.PLANNED}
    moved = {one for one in planned if _said(then.get(one)) != _said(now.get(one))}
    _refused(stage, saved, moved, "manifests")


@law(share=0.02)
def test_who_took_an_identifier_meanwhile_is_not_the_new_user(stage: Stage, world: World) -> None:
    """A colleague makes somebody with one of the new user's identifiers, just before wisectl."""
    world.begin(stage)
    saved = stage.save_plan()
    stage.tap = tap = ComeFirst(stage, world.chance)
    outcomes = stage.apply_saved(saved)
    for key in tap.met:
        (one,) = [one for one in outcomes if _makes_user(one.change, key)]
        note("who was to be created was there", str(one.result))
        assert one.result not in GOOD, key


class ComeFirst(Tap):
    """Makes somebody with an identifier of each second user that is to be created."""

    def __init__(self, stage: Stage, chance: int) -> None:
        super().__init__()
        self.stage, self.chance = stage, chance
        self.seen: set[str] = set()
        self.met: list[str] = []
        """Keys of those whose creation WISEflow took for an update."""

    async def before(self, one: Exchange) -> None:
        if one.operation != CREATES_USER or self._key(one) in self.seen:
            return
        self.seen.add(self._key(one))
        if (len(self.seen) + self.chance) % 2:
            identifiers = json.loads(one.body)["externalIds"]
            taken = identifiers[self.chance // 2 % len(identifiers)]
            body = {"firstName": "By", "lastName": "Hand", "emails": [], "roles": []}
            self.stage.by_hand("POST", "/license/user", body | {"externalIds": [taken]})

    async def after(self, one: Exchange, answer: httpx.Response) -> httpx.Response:
        if one.operation == CREATES_USER and answer.status_code == 200:
            self.met.append(self._key(one))
        return answer

    def _key(self, one: Exchange) -> str:
        kind = self.stage.key_type()
        rows = json.loads(one.body)["externalIds"]
        return next(str(row["value"]) for row in rows if row["userDataTypeId"] == kind)


def _makes_user(change: Change, key: str) -> bool:
    return change.address == Address("user", key) and change.action is Action.CREATE


def _refused(stage: Stage, saved: bytes, moved: set[Address], where: str) -> None:
    """Applies the plan: nothing is written to what moved, and each of its changes says so."""
    before, numbers = stage.meaning(), _numbers(stage)
    stage.tap = Tap()
    outcomes = stage.apply_saved(saved)
    after = stage.meaning()
    for one in outcomes:
        note("after something moved", f"{where}: {_word(one, moved)}")
        if one.change.address in moved:
            assert one.result not in GOOD, f"{one.change.id}: {one.message}"
    for address in moved:
        name = str(address).casefold()
        assert after.get(name) == before.get(name), name
        for path in numbers.get(name, ()):
            written = [one for one in stage.tap.written if f"{one.path}/".startswith(path)]
            assert written == [], name


def _word(one: Outcome, moved: set[Address]) -> str:
    return "refused" if one.change.address in moved else str(one.result)


def _numbers(stage: Stage) -> dict[str, list[str]]:
    """The paths of each object that is there, by its name."""
    found: dict[str, list[str]] = {}
    state = stage.state()
    for user in state["users"]:
        name = f"user/{user_name(user, stage.key_type())}"
        found.setdefault(name, []).append(f"/v1/users/{user['id']}/")
    for flow in state["flows"]:
        found.setdefault(f"flow/{flow_name(flow)}", []).append(f"/v1/flows/{flow['id']}/")
    for hook in state["webhooks"]:
        name = f"webhook/{webhook_name(hook)}"
        found.setdefault(name, []).append(f"/v1/webhooks/{hook['id']}/")
    for room in state["rooms"]:
        path = f"/v1/license/rooms/{room['id']}/"
        found.setdefault(f"room/{room_name(room)}", []).append(path)
    return found


def _moved_live(old: Plan, new: Plan) -> Iterator[Address]:
    """Whose planned fields hold, by a fresh plan, neither what they held nor what was planned."""
    fresh = {(c.address, one.path): one.before for c in new.changes for one in c.fields}
    for change in old.changes:
        if change.status is not Status.PLANNED or change.action is not Action.UPDATE:
            continue
        if change.part == LEFTOVERS:
            continue  # What a crash left beside the object is looked for anew, whatever it is.
        for one in change.fields:
            there = fresh.get((change.address, one.path), one.before)
            if not isinstance(there, tuple) and there not in (one.before, one.after):
                yield change.address


def _said(desired: Desired | None) -> Any:
    """What the manifests say of one resource, wherever it is written."""
    if desired is None:
        return None
    fields = {path: stated.value for path, stated in desired.fields.items()}
    seats = {
        (name, *seat.person.identity, *sorted((n, one.value) for n, one in seat.flags.items()))
        for name, role in desired.roles.items()
        for seat in role.seats
    }
    return fields, seats
