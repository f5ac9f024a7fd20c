"""One institution to rehearse on: a sandbox over HTTP, and a repository of manifests."""

from __future__ import annotations

import asyncio
import textwrap
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from engine.applier import Control
from engine.binding import Digester
from engine.guards import Allowance, parse_allowance
from engine.live import Conventions
from engine.pipeline import (
    Planned,
    bind_plan,
    carry_out,
    fill_for,
    find_for,
    plan_now,
)
from engine.plan import Outcome, Plan, Result
from engine.planfile import Origin, bound_plan, plan_bytes, read_plan
from engine.planner import Options
from engine.render.style import Style
from engine.wiseflow.creation import Patience
from engine.wiseflow.licence import fingerprint
from tests import loopback
from tests.e2e.edges import load, open_members, open_wiseflow

if TYPE_CHECKING:
    from pathlib import Path

    from engine.model import DesiredState
    from engine.wiseflow.client import WiseflowApi

READING = ("GET ", "POST /users/search", "POST /flows/search", "POST /oauth2/token")


async def _no_sleep(_: float) -> None:
    await asyncio.sleep(0)


def allowances(texts: tuple[str, ...]) -> tuple[Allowance, ...]:
    return tuple(parse_allowance(text) for text in texts)


KEY = b"a key for plans"
HURRY = Patience(lost_answer=0.0, between_looks=0.0, until_visible=100.0, sleep=_no_sleep)


@dataclass(slots=True)
class Rehearsal:
    """Everything a test does to one sandbox and one folder of manifests."""

    url: str
    root: Path
    user_key: str = "Personal Organisation Id"
    licence: str | None = None
    """The fingerprint that settings would pin."""
    checked: bool = True
    """Whether every exchange is held against the contract; faults break it on purpose."""
    timeout: float = 30.0
    """Seconds after which an answer of WISEflow counts as lost."""
    outcomes: list[Outcome] = field(default_factory=list)
    incomplete: bool = False
    """Whether something could not be read for the plan of the last apply: its exit is not 0."""

    def write(self, text: str, name: str = "term.yaml") -> None:
        path = self.root / "manifests" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")

    def plan(self, *allow: str, targets: tuple[str, ...] = ()) -> Plan:
        return asyncio.run(self._planned(allow, targets)).plan

    def state(self) -> DesiredState:
        return load(self.root, self.user_key)

    def conventions(self) -> Conventions:
        return Conventions(self.user_key, licence=self.licence, identified=True)

    async def _planned(self, allow: tuple[str, ...], targets: tuple[str, ...] = ()) -> Planned:
        options = Options(targets, allowances=allowances(allow))
        async with (
            self._wiseflow(read_only=True) as api,
            open_members(self.url) as members,
        ):
            return await plan_now(
                "sandbox", self.state(), self.conventions(), api, members, options
            )

    def _wiseflow(self, *, read_only: bool) -> WiseflowApi:
        return open_wiseflow(
            self.url, read_only=read_only, checked=self.checked, timeout=self.timeout
        )

    def apply(self, *allow: str) -> list[Outcome]:
        """Plans and applies; the outcomes are kept for the assertion's message."""
        self.outcomes = asyncio.run(self._apply(allow))
        return self.outcomes

    async def _apply(self, allow: tuple[str, ...]) -> list[Outcome]:
        planned = await self._planned(allow)
        self.incomplete = planned.plan.incomplete
        bound = bind_plan(planned, Digester(b"once"), allowances(allow))
        async with self._wiseflow(read_only=False) as api:
            world = await find_for(
                bound, planned.filled, self.state().resources, self.conventions(), api
            )
            return await carry_out(bound, world, api, Control(), patience=HURRY)

    def save_plan(self, *allow: str) -> bytes:
        """The bytes of a plan file, as `plan --out` writes it."""
        planned = asyncio.run(self._planned(allow))
        bound = bind_plan(planned, Digester(KEY), allowances(allow))
        origin = Origin("sandbox", planned.licence)
        return plan_bytes(planned.plan, bound, origin, Style(mask=True, private=True), KEY)

    def apply_saved(self, data: bytes, *allow: str) -> list[Outcome]:
        """Applies a plan file, as `apply PLANFILE` does. Raises: EngineError, exit code 7 or 9."""
        self.outcomes = asyncio.run(self._apply_saved(data, allow))
        return self.outcomes

    async def _apply_saved(self, data: bytes, allow: tuple[str, ...]) -> list[Outcome]:
        saved = read_plan(data, KEY)
        saved.check("sandbox")
        state = self.state()
        bound = bound_plan(saved, state.resources, KEY)
        bound = replace(bound, allowances=(*bound.allowances, *allowances(allow)))
        async with (
            self._wiseflow(read_only=False) as api,
            open_members(self.url) as members,
        ):
            filled = await fill_for(bound, state, members, self.user_key)
            world = await find_for(bound, filled, state.resources, self.conventions(), api)
            saved.check_live(fingerprint(world.licence, self.user_key), world.now)
            return await carry_out(bound, world, api, Control(), patience=HURRY)

    def failures(self) -> list[str]:
        return [
            f"{outcome.change.id}: {outcome.result}: {outcome.message}"
            for outcome in self.outcomes
            if outcome.result not in (Result.DONE, Result.ALREADY_DONE)
        ]

    # ---- the sandbox's own side -----------------------------------------------------------------

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = loopback.request(method, f"{self.url}/_sandbox/{path}", json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def by_hand(self, method: str, path: str, body: Any = None) -> Any:
        """One call as a colleague's script would make it, outside of wisectl."""
        headers = {"x-api-key": "sandbox"}
        url = f"{self.url}/v1{path}"
        answer = loopback.request(method, url, json=body, headers=headers)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def writes(self) -> dict[str, int]:
        """The writing requests since the last reset, by operation."""
        sent = self.control("GET", "requests")
        return {
            name: count
            for name, count in sent.items()
            if not name.startswith(READING) and "/uniweb/" not in name
        }

    def flows(self, reference: str) -> list[dict[str, Any]]:
        """The flows, deleted ones left out, that carry a key or its creation marker."""
        body = {"metadata": {"externalSourceReference": reference}}
        rows = self.by_hand("POST", "/flows/search?limit=100", body)["data"]
        return [row for row in rows if reference in row["externalSourceReferences"]]

    def seats(self, flow_id: int, role: str) -> list[dict[str, Any]]:
        return list(self.by_hand("GET", f"/flows/{flow_id}/{role}")["data"])
