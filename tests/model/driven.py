"""The code, driven through the model: each call that it makes must be the one the model makes.

Two runs of `create_flow` speak through the real client to a network that holds every request until
the schedule says what becomes of it. The schedule is a path through the model's states, and the
model's flows are the server: so nothing of the protocol is said here a second time.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import httpx
from pydantic import SecretStr

from engine.pacing import Rate
from engine.retrying import Surroundings
from engine.wiseflow.client import Connection, open_wiseflow
from engine.wiseflow.creation import CopySource, NewFlow, Patience, create_flow
from engine.wiseflow.flows import FlowKeys, marker
from tests.model.creation_model import (
    DONE,
    NONE,
    Applier,
    Label,
    Rules,
    State,
    start,
    target,
)

KEY = "math101"
REFERENCE = f"wisectl-{KEY}"
SOURCE = 7
FIRST_ID = 1000
"""The id of the model's flow 0; the source of copies has a lower one."""

UNPACED = Rate(10**9, 10**9)
WAITS = {35.0: "wait", 60.0: "wait longer"}
NEW = NewFlow(KEY, "Mathematics", (1,), type_id=3)
COPY = NewFlow(KEY, "Mathematics", (1,), copy_from=CopySource(SOURCE, frozenset({"settings"})))


@dataclass(slots=True)
class Held:
    """One call of the code that waits for its fate; named as the model's steps are."""

    step: str
    number: int
    search: str = ""
    fate: asyncio.Future[httpx.Response] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


@dataclass(slots=True)
class Actor:
    """One applier: its running task, and the call at which it stands."""

    task: asyncio.Task[int]
    held: Held | None = None


class MismatchError(AssertionError):
    """The code did not do what the model says, or the other way round."""


class Stage:
    """Two appliers in code, at one state of the model."""

    def __init__(self, rules: Rules, new: NewFlow) -> None:
        self.state: State = start(rules)
        self._new = new
        self._path: list[Label] = []
        self._actors: list[Actor] = []

    async def open(self) -> None:
        self._actors = [self._begin(who) for who in range(len(self.state.appliers))]
        await self._agreed()

    async def close(self) -> None:
        for actor in self._actors:
            await _end(actor)

    async def take(self, label: Label, after: State) -> None:
        """One step: tells the code what becomes of its call. Raises: MismatchError."""
        before, self.state = self.state, after
        self._path.append(label)
        if label.who == NONE or label.outcome == "done late":
            return
        actor = self._actors[label.who]
        if label.outcome.startswith("crash"):
            await _end(actor)
            self._actors[label.who] = self._begin(label.who)
        else:
            held, actor.held = actor.held, None
            assert held is not None
            _settle(held, label, before)
        await self._agreed()

    def _begin(self, who: int) -> Actor:
        return Actor(asyncio.get_running_loop().create_task(self._run(who)))

    async def _run(self, who: int) -> int:
        connection = Connection(
            "https://licence.example/v1", api_key=SecretStr("key"), rate=UNPACED
        )
        here = Surroundings(lambda: 0.0, _at_once, lambda: 0.0, Wire(self, who))
        patience = Patience(sleep=lambda seconds: self._pause(who, seconds))
        async with open_wiseflow(connection, read_only=False, here=here) as api:
            return await create_flow(api, FlowKeys(), self._new, patience)

    async def _pause(self, who: int, seconds: float) -> None:
        if step := WAITS.get(seconds):
            await self.hold(who, Held(step, NONE))

    async def hold(self, who: int, held: Held) -> httpx.Response:
        self._actors[who].held = held
        return await held.fate

    async def _agreed(self) -> None:
        """Lets the code run to its next calls, which must be the model's."""
        for _ in range(1000):
            await asyncio.sleep(0)
            if all(actor.held or actor.task.done() for actor in self._actors):
                break
        for actor, model in zip(self._actors, self.state.appliers, strict=True):
            expected = (DONE, NONE, "") if model.step == DONE else _expected(model)
            if (actual := self._actual(actor)) != expected:
                path = "\n".join(" ".join(map(str, label)) for label in self._path)
                raise MismatchError(f"the code is at {actual}, the model at {expected}\n{path}")

    def _actual(self, actor: Actor) -> tuple[str, int, str]:
        if actor.held is not None:
            return actor.held.step, actor.held.number, actor.held.search
        if not actor.task.done():
            return ("lost", NONE, "")
        number = actor.task.result() - FIRST_ID
        return (DONE if self.state.log[-1][number] == "f" else "wrong", NONE, "")


def _expected(model: Applier) -> tuple[str, int, str]:
    if model.step == "look":
        marked_next = not model.halfway and model.why != "settle"
        return "look", NONE, "subtitle" if marked_next else "externalSourceReference"
    about_one = model.step in ("read", "key", "leave marker", "delete")
    return model.step, target(model) if about_one else NONE, ""


async def _end(actor: Actor) -> None:
    actor.task.cancel()
    await asyncio.gather(actor.task, return_exceptions=True)


async def _at_once(_: float) -> None:
    await asyncio.sleep(0)


# ---- the network -----------------------------------------------------------------------------


class Wire(httpx.AsyncBaseTransport):
    """One applier's network: what decides the protocol is held, all else answered at once."""

    def __init__(self, stage: Stage, who: int) -> None:
        self._stage, self._who = stage, who

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        step, number, search = _call(request)
        if step:
            return await self._stage.hold(self._who, Held(step, number, search))
        return _aside(request, self._stage.state.log[-1])


CALLS = {
    ("GET", "metadata"): "read",
    ("POST", "external-sources"): "key",
    ("PUT", "metadata"): "leave marker",
    ("DELETE", ""): "delete",
}


def _call(request: httpx.Request) -> tuple[str, int, str]:
    """The model's name for a request, the flow it is about, and what is searched for."""
    path = request.url.path.removeprefix("/v1/")
    if path == "flows/search":
        return "look", NONE, next(iter(json.loads(request.content)["metadata"]))
    if path == "license/create/flow" or path.endswith("/copy"):
        return "make", NONE, ""
    _, flow_id, *rest = path.split("/")
    number = int(flow_id) - FIRST_ID
    known = number >= 0 and not path.startswith("flow/")
    step = CALLS.get((request.method, "".join(rest)), "") if known else ""
    return step, number, ""


def _aside(request: httpx.Request, now: str) -> httpx.Response:
    """Reads that never change what happens next, answered as things are now."""
    number = _call(request)[1]
    if number < 0:
        return _ok({"title": "Template", "subtitle": "Of all"})
    if now[number] == "-":
        return _gone()
    if request.url.path.endswith("external-sources"):
        keyed = now[number] in "kf"
        return _ok([{"id": 1, "reference": REFERENCE}] if keyed else [])
    return _ok({"state": 0})


def _settle(held: Held, label: Label, before: State) -> None:
    if label.outcome == "answered":
        held.fate.set_result(_answer(held, before))
    else:
        held.fate.set_exception(httpx.ReadTimeout("no answer"))


def _answer(held: Held, before: State) -> httpx.Response:
    now = before.log[-1]
    if held.step in WAITS.values():
        return _ok(None)
    if held.step == "look":
        return _rows(before.log[0], "mk" if held.search == "subtitle" else "kf")
    if held.step == "make":
        return httpx.Response(201, json={"flowId": FIRST_ID + len(now)})
    letter = now[held.number]
    if letter == "-":
        return _gone()
    if held.step == "key" and letter != "m":
        return _refused(409, "the reference is on the flow")
    if held.step == "read":
        return _ok({"title": "Mathematics", "subtitle": marker(KEY) if letter in "mk" else None})
    return _ok(None)


def _rows(seen: str, letters: str) -> httpx.Response:
    """What a search shows, and a neighbour that matches in part: neither of its texts is whole."""
    rows = [_row(1, f"not {marker(KEY)}", [f"{REFERENCE}-2"])]
    rows += [
        _row(
            FIRST_ID + number,
            marker(KEY) if letter in "mk" else "",
            [REFERENCE] if letter in "kf" else [],
        )
        for number, letter in enumerate(seen)
        if letter in letters
    ]
    place = {"limit": 100, "offset": 0, "total": len(rows)}
    return _ok(rows, pagination=place)


def _row(flow_id: int, subtitle: str, references: list[str]) -> dict[str, Any]:
    return {
        "flowId": flow_id,
        "title": "Mathematics",
        "subtitle": subtitle,
        "externalSourceReferences": references,
        "state": "NOT_ACTIVATED",
    }


def _ok(data: Any, **more: Any) -> httpx.Response:
    return httpx.Response(200, json={"success": True, "data": data, "error": None, **more})


def _gone() -> httpx.Response:
    return _refused(404, "Flow not found")


def _refused(status: int, message: str) -> httpx.Response:
    error = {"code": status, "message": message, "errors": []}
    return httpx.Response(status, json={"success": False, "data": None, "error": error})
