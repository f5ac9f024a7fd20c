"""P8: neither the order in which things come nor how many come at once changes a byte of a plan."""

from __future__ import annotations

import asyncio
import json
import random
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx

from engine.render.as_json import plan_document, render
from engine.render.style import Style
from tests.laws.law import law
from tests.laws.scene import BEGIN
from tests.laws.tally import note
from tests.laws.wire import Exchange, Tap, headers_to_keep

if TYPE_CHECKING:
    from tests.laws.stage import Stage
    from tests.laws.worlds import World

ROWS = ("POST /users/search", "POST /flows/search", "GET /flows/{flowId}/", "GET /license/")
"""Lists whose order nobody has promised."""

PLACES = frozenset({"location", "written", "digest"})


class Shuffle(Tap):
    """Lets answers overtake each other, and gives the rows of lists in another order."""

    def __init__(self, chance: int) -> None:
        super().__init__()
        self._random = random.Random(chance)  # noqa: S311 - no secret

    async def before(self, one: Exchange) -> None:
        await asyncio.sleep(self._random.random() * 0.004)

    async def after(self, one: Exchange, answer: httpx.Response) -> httpx.Response:
        if not one.operation.startswith(ROWS):
            return answer
        payload = json.loads(answer.content)
        rows = payload.get("data") if isinstance(payload, dict) else payload
        if not isinstance(rows, list) or _has_more_pages(payload, rows):
            return answer
        self._random.shuffle(rows)
        note("lists shuffled", one.operation)
        content = json.dumps(payload).encode()
        return httpx.Response(answer.status_code, content=content, headers=headers_to_keep(answer))


def _has_more_pages(payload: Any, rows: list[Any]) -> bool:
    pagination = payload.get("pagination") or {} if isinstance(payload, dict) else {}
    return pagination.get("total", len(rows)) != len(rows)


@law(share=0.03)
def test_the_same_inputs_give_the_same_bytes(stage: Stage, world: World) -> None:
    """Parallelism, the server's order, and the order of files in their folder."""
    world.begin(stage)
    assert stage.term is not None
    first = plan_text(stage)
    for parallelism in (1, 3, 16):
        stage.parallelism = parallelism
        stage.tap = Shuffle(world.chance + parallelism)
        assert plan_text(stage) == first, f"parallelism {parallelism}"
    files = list(stage.term.files().items())
    random.Random(world.chance).shuffle(files)  # noqa: S311 - no secret
    stage.write(dict(files))
    assert plan_text(stage) == first


@law(share=0.1)
def test_the_order_of_entries_changes_places_only(stage: Stage, world: World) -> None:
    """Entries in another order, in files of other names: but for where things are written."""
    world.begin(stage)
    assert stage.term is not None
    first = _without_places(_document(stage))
    entries = {plural: list(rows) for plural, rows in stage.term.entries.items()}
    for rows in entries.values():
        random.Random(world.chance).shuffle(rows)  # noqa: S311 - no secret
    stage.write(
        {
            f"{chr(122 - number % 26)}/{plural}-{number}.yaml": json.dumps(
                {plural: [row]}, default=str
            )
            for plural, rows in entries.items()
            for number, row in enumerate(rows)
        }
        | {name: text for name, text in stage.term.files().items() if name.endswith(".csv")}
    )
    other = _without_places(_document(stage))
    for part in first:
        assert other[part] == first[part], (part, _alone(first[part], other[part]))


def plan_text(stage: Stage) -> str:
    """The plan as JSON, as if made at one moment."""
    return render(_document(stage))


def _document(stage: Stage) -> dict[str, Any]:
    return plan_document(replace(stage.plan(), now=BEGIN), Style())


def _without_places(value: Any) -> Any:
    """The same without where things are written, and without order where that follows from it."""
    if isinstance(value, dict):
        return {n: _without_places(one) for n, one in value.items() if n not in PLACES}
    if isinstance(value, list):
        # Of two mentions of one person the first is told of: problems may come once or twice.
        return [*{repr(one): one for one in sorted(map(_without_places, value), key=repr)}.values()]
    return re.sub(r"(manifests/)?[\w/.-]+\.(yaml|csv):\d+(:\d+)?", "PLACE", str(value))


def _alone(one: Any, other: Any) -> list[Any]:
    """What only one of two lists holds."""
    both = isinstance(one, list) and isinstance(other, list)
    return [row for row in (*one, *other) if row not in one or row not in other] if both else []
