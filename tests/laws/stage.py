"""One institution to try laws on: the real pipeline over HTTP, fast, many times over."""

from __future__ import annotations

import asyncio
import shutil
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import httpx
from pydantic import SecretStr

from engine.applier import Control
from engine.base import Base
from engine.binding import BoundPlan, Digester
from engine.desired import Conventions as ManifestConventions
from engine.desired import load_desired
from engine.errors import ManifestError
from engine.guards import NAMES, parse_allowance
from engine.kinds._flow_attached import SAYS_WHEN, SOURCES
from engine.live import Conventions
from engine.pacing import Rate
from engine.pipeline import Planned, bind_plan, carry_out, fill_for, find_for, plan_now
from engine.plan import NOT_VERIFIED, VERBS, Change, Outcome, Plan, Result, Status
from engine.planfile import Origin, bound_plan, plan_bytes, read_plan
from engine.planner import Options
from engine.render.style import Style
from engine.retrying import RetryPolicy, Surroundings
from engine.secret_fill import with_secrets
from engine.standing import with_base
from engine.uniweb.client import Connection as UniwebConnection
from engine.uniweb.client import open_uniweb
from engine.wiseflow.client import Connection, WiseflowApi, open_wiseflow
from engine.wiseflow.creation import Patience
from engine.wiseflow.licence import fingerprint
from tests.laws.network import PlainNetwork
from tests.laws.scene import VARIABLES
from tests.laws.snapshot import Meaning, meaning
from tests.laws.tally import note
from tests.laws.wire import IN_TIME, Tap, Wire
from tests.loopback import NO_CERTIFICATES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from engine.fill import MemberReader
    from engine.model import Allowance, DesiredState
    from tests.laws.server import Server
    from tests.laws.terms import Term
    from tests.laws.worlds import Start

USER_KEY = "Personal Organisation Id"
ZONE = "Europe/Copenhagen"
EVERYTHING = tuple(parse_allowance(f"{name}:*") for name in NAMES)
KEY = b"a key for the plans of laws"
SECRET = SecretStr("sandbox")
UNLIMITED = Rate(1_000_000, 100_000)
BASE = "base"
"""Below the root: the manifests as they were, where a world has a base."""
GOOD = (Result.DONE, Result.ALREADY_DONE)


class PassingTime:
    """A clock that sleeping moves on at once."""

    def __init__(self) -> None:
        self._slept = 0.0

    def now(self) -> float:
        return time.monotonic() + self._slept

    async def sleep(self, seconds: float) -> None:
        self._slept += seconds
        await asyncio.sleep(0)


@dataclass(slots=True)
class Stage:
    """Everything that a law does to one sandbox and one folder of manifests."""

    server: Server
    """Only its URL is used by runs of the engine."""
    root: Path
    tap: Tap = field(default_factory=Tap)
    """Sees the requests of the next run."""
    parallelism: int = 16
    network: Callable[[], httpx.AsyncBaseTransport] = PlainNetwork
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    allowances: tuple[Allowance, ...] = EVERYTHING
    limits: Mapping[str, int] = field(default_factory=dict)
    """Of guards, where they are not the defaults."""
    begun: Start | None = None
    """The start to which the sandbox can be brought back."""
    term: Term | None = None
    """What the manifests say now."""
    applied_plan: Plan | None = None
    """What the last apply made of the manifests."""
    _key_type_id: int | None = None
    _desired: DesiredState | None = None

    def set_out(self) -> None:
        """As every law finds it."""
        self.tap, self.parallelism, self.network = Tap(), 16, PlainNetwork
        self.allowances, self.limits = EVERYTHING, {}

    # ---- manifests -------------------------------------------------------------------------------

    def write(self, files: Mapping[str, str]) -> None:
        """The manifests folder with these files, and nothing else in it."""
        self._desired = None
        _lay_out(self.root / "manifests", files)

    def write_base(self, term: Term | None) -> None:
        """What the manifests were at base, beside them; None where there is no base."""
        self._desired = None
        shutil.rmtree(self.root / BASE, ignore_errors=True)
        if term is None:
            return
        _lay_out(self.root / BASE / "manifests", term.files())
        try:
            self._load(self.root / BASE)
        except ManifestError:
            _lay_out(self.root / BASE / "manifests", term.without_unknown_kinds().files())

    def move_base(self, term: Term) -> None:
        """The manifests at base are these now, where there is a base: as after an apply."""
        if (self.root / BASE).is_dir():
            self.write_base(term)

    def write_term(self, term: Term) -> None:
        """The term, without kinds that the drawing does not know where their entries are wrong."""
        self.term = term
        self.write(term.files())
        try:
            self.desired()
        except ManifestError:
            self.term = term.without_unknown_kinds()
            self.write(self.term.files())
            self._must_be_right()
            note("kinds left out", "where their entries were wrong")

    def _must_be_right(self) -> None:
        try:
            self.desired()
        except ManifestError as error:
            raise AssertionError("\n".join(map(str, error.problems))) from None

    def desired(self) -> DesiredState:
        """What the manifests mean; they are read once after each writing."""
        if self._desired is None:
            self._desired = with_secrets(self._load(self.root), VARIABLES)
            if (self.root / BASE).is_dir():
                before = self._load(self.root / BASE)
                self._desired = with_base(self._desired, Base("b" * 40, before.resources))
        return self._desired

    def _load(self, root: Path) -> DesiredState:
        return load_desired(root, root / "manifests", ManifestConventions(USER_KEY, ZONE))

    # ---- the engine ------------------------------------------------------------------------------

    def plan(self, *targets: str) -> Plan:
        return asyncio.run(self.planned(targets)).plan

    def apply(self, *targets: str) -> list[Outcome]:
        """Plans and applies, with everything allowed where nothing else is said."""
        return asyncio.run(self.applied(targets))

    def save_plan(self, *targets: str) -> bytes:
        """The bytes of a plan file, as `plan --out` writes it."""
        planned = asyncio.run(self.planned(targets))
        bound = bind_plan(planned, Digester(KEY), self.allowances)
        origin = Origin("sandbox", planned.licence, targets=targets)
        return plan_bytes(planned.plan, bound, origin, Style(mask=True, private=True), KEY)

    def apply_saved(self, data: bytes) -> list[Outcome]:
        """Applies a plan file, as `apply PLANFILE` does. Raises: EngineError."""
        return asyncio.run(self._applied_saved(data))

    async def planned(self, targets: tuple[str, ...] = ()) -> Planned:
        state = self.desired()
        options = Options(
            targets=targets,
            allowances=(*self.allowances, *state.allowances),
            protected=state.protected,
            base=state.at_base,
            **self.limits,
        )
        async with self._wiseflow(read_only=True) as api, self._members() as members:
            planned = await plan_now("sandbox", state, self._conventions(), api, members, options)
        _count(planned)
        return planned

    async def applied(self, targets: tuple[str, ...] = ()) -> list[Outcome]:
        planned = await self.planned(targets)
        self.applied_plan = planned.plan
        return await self.carried_out(planned)

    async def carried_out(self, planned: Planned) -> list[Outcome]:
        bound = self._in_force(bind_plan(planned, Digester(b"once"), self.allowances))
        async with self._wiseflow(read_only=False) as api:
            resources, conventions = self.desired().resources, self._conventions()
            world = await find_for(bound, planned.filled, resources, conventions, api)
            return await self._carry_out(bound, world, api)

    async def _applied_saved(self, data: bytes) -> list[Outcome]:
        saved = read_plan(data, KEY)
        saved.check("sandbox")
        state = self.desired()
        bound = bound_plan(saved, state.resources, KEY)
        bound = self._in_force(replace(bound, allowances=self.allowances))
        async with self._wiseflow(read_only=False) as api, self._members() as members:
            filled = await fill_for(bound, state, members, USER_KEY)
            world = await find_for(bound, filled, state.resources, self._conventions(), api)
            saved.check_live(fingerprint(world.licence, USER_KEY), world.now)
            return await self._carry_out(bound, world, api)

    def _in_force(self, bound: BoundPlan) -> BoundPlan:
        """With what the manifests allow and protect, as `apply` has it."""
        state = self.desired()
        allowances = (*bound.allowances, *state.allowances)
        return replace(bound, allowances=allowances, protected=state.protected)

    async def _carry_out(self, bound: BoundPlan, world: Any, api: WiseflowApi) -> list[Outcome]:
        clock = PassingTime()

        async def sleep(seconds: float) -> None:
            await clock.sleep(seconds)
            self.tap.waited(seconds)

        patience = Patience(IN_TIME, 0.01, 1.0, sleep)
        return await carry_out(bound, world, api, Control(), self.parallelism, patience)

    def _conventions(self) -> Conventions:
        return Conventions(USER_KEY, time_zone=ZONE, identified=True)

    def _here(self) -> Surroundings:
        clock = PassingTime()
        return Surroundings(clock.now, clock.sleep, lambda: 0.5, Wire(self.tap, self.network()))

    def _wiseflow(self, *, read_only: bool) -> WiseflowApi:
        connection = Connection(
            f"{self.server.url}/v1",
            "sandbox",
            SECRET,
            rate=UNLIMITED,
            parallelism=self.parallelism,
        )
        return open_wiseflow(connection, read_only=read_only, policy=self.policy, here=self._here())

    @asynccontextmanager
    async def _members(self) -> AsyncIterator[MemberReader]:
        connection = UniwebConnection(f"{self.server.url}/uniweb", "sandbox", SECRET)
        async with open_uniweb(connection, policy=self.policy, here=self._here()) as uniweb:
            yield uniweb.read_members

    # ---- the sandbox -----------------------------------------------------------------------------

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = _client().request(method, f"{self.server.url}/_sandbox/{path}", json=body)
        answer.raise_for_status()
        return answer.json()

    def by_hand(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """One call as a colleague's script would make it, outside of wisectl."""
        headers = {"x-api-key": "sandbox"}
        return _client().request(method, f"{self.server.url}/v1{path}", json=body, headers=headers)

    def state(self) -> dict[str, Any]:
        """Everything that the server holds, in its own ids."""
        return dict(self.control("GET", "state"))

    def meaning(self) -> Meaning:
        """What the server means, in keys: equal for two runs that ended alike."""
        return meaning(self.state(), self.key_type())

    def key_type(self) -> int:
        if self._key_type_id is None:
            rows = self.by_hand("GET", "/license/user-data-types").json()["data"]
            self._key_type_id = next(row["id"] for row in rows if row["name"] == USER_KEY)
        return self._key_type_id

    def reset(self) -> None:
        self.control("POST", "reset")


def _lay_out(folder: Path, files: Mapping[str, str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    folder.mkdir(parents=True, exist_ok=True)


def _count(planned: Planned) -> None:
    """Notes what the plan would do, and in which state it met the flows."""
    for change in planned.plan.changes:
        note("origins", f"{change.origin} {change.action} {change.status}")
        live = planned.world.live.get(change.address)
        if change.address.kind == "flow":
            note("flow states", str(live.facts["state"]) if live else "new")
        if change.status is not Status.PLANNED:
            note("not planned", f"{change.address.kind}:{change.part} {change.status}")
            continue
        for one in change.fields:
            path = "data" if one.path.startswith("data.") else one.path
            note("fields changed", f"{change.address.kind}.{path} {change.action}")
        for verb in VERBS if change.seats else ():
            if getattr(change.seats, verb):
                note("seats changed", f"{change.seats.role} {verb}")


_CLIENTS: list[httpx.Client] = []


def _client() -> httpx.Client:
    """One connection for all that is not the engine's: opening one takes longer than a request."""
    if not _CLIENTS:
        _CLIENTS.append(httpx.Client(timeout=30, verify=NO_CERTIFICATES, trust_env=False))
    return _CLIENTS[0]


def failures(outcomes: list[Outcome]) -> list[str]:
    return [f"{o.change.id}: {o.result}: {o.message}" for o in outcomes if o.result not in GOOD]


def to_do(plan: Plan, *, verified: bool = False) -> list[str]:
    """The ids of the changes that the plan would carry out."""
    return [change.id for change in planned_changes(plan, verified=verified)]


def waits_for_source(plan: Plan | None) -> set[str]:
    """The ids of what can be planned once the source that the plan attaches says when it is."""
    changes = plan.changes if plan else ()
    comes = {one.address for one in changes if one.part == SOURCES and one.status is Status.PLANNED}
    return {one.id for one in changes if SAYS_WHEN in one.reasons and one.address in comes}


def planned_changes(plan: Plan, *, verified: bool = False) -> list[Change]:
    """What the plan would carry out.

    Verified: without what WISEflow does not answer, of which base alone says that it is done.
    """
    planned = [change for change in plan.changes if change.status is Status.PLANNED]
    return [one for one in planned if not (verified and _is_unanswered(one))]


def _is_unanswered(change: Change) -> bool:
    return any(one.before == NOT_VERIFIED for one in change.fields)
