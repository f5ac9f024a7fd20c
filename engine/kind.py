"""What a kind is to the rest of the engine: data, so that a new kind is one new file in kinds/."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Protocol

from engine.model import Address, Standing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from engine.model import Desired, Value
    from engine.plan import Change
    from engine.wiseflow.client import WiseflowApi
    from engine.wiseflow.creation import Patience
    from engine.world import Findings, World


class RefusedError(Exception):
    """A change that was tried and did not come about whole; the text says what is missing."""


@dataclass(slots=True)
class Work:
    """What writing needs: the API, the world that was planned from, and ids made on the way."""

    api: WiseflowApi
    world: World
    patience: Patience
    server_ids: dict[Address, int] = field(default_factory=dict)
    numbers: dict[str, int] = field(init=False)
    """From the names that the plan shows to the numbers of those who were found."""

    def __post_init__(self) -> None:
        self.numbers = self.world.numbers_by_name()

    def server_id(self, address: Address) -> int | None:
        """The live object's number: made by this apply, or read before it."""
        if address in self.server_ids:
            return self.server_ids[address]
        live = self.world.live.get(address)
        return live.server_id if live else None

    def user_number(self, name: str) -> int | None:
        """WISEflow's number of somebody whom the plan names; None where there is no such user."""
        key = self.world.people.manifest.get((self.world.people.user_key, name.casefold()), name)
        made = self.server_ids.get(Address("user", key))
        return made if made is not None else self.numbers.get(name.casefold())


Normal = Callable[[str, "Value"], "Value"]
"""From a field's path and value to the value as it is compared: lists as mappings of members."""


def as_it_is(_: str, value: Value) -> Value:
    """The value itself: for kinds without lists and without values that are read back changed."""
    return value


class LiveKind(Protocol):
    """The side of a kind that WISEflow knows: finding it, reading it, planning it, writing it."""

    async def find(self, api: WiseflowApi, world: World) -> None:
        """Puts what searches and lists say of all desired resources into `world`; only reads."""

    async def read(self, api: WiseflowApi, world: World, address: Address) -> None:
        """Reads what is stated of one live object and no search answers; each list once."""

    async def reread(
        self, api: WiseflowApi, world: World, address: Address, parts: frozenset[str]
    ) -> None:
        """Just before writing: as `read`, and `parts` of the object itself where searches lag."""

    async def look_again(
        self, api: WiseflowApi, world: World, address: Address, parts: frozenset[str]
    ) -> None:
        """After a lost answer: finds and reads the one object anew, whatever was known of it."""

    def plan(self, desired: Desired, world: World, findings: Findings) -> None:
        """Adds the changes, notes and problems of one desired resource; pure."""

    async def write(self, change: Change, work: Work) -> None:
        """Carries out one change.

        Raises: ApiError where a call failed, RefusedError where only a part of it came about.
        """


def release(desired: Desired, world: World, findings: Findings) -> None:
    """What becomes of an entry that left the manifests: it is forgotten, nothing is written."""
    message = "it left the manifests: released, nothing is written any more"
    findings.note(desired.address, message)


def not_there(desired: Desired, findings: Findings) -> None:
    """Says of what is to be taken away that it is gone already: its line is not needed any more."""
    if desired.standing is Standing.REMOVED:
        hint = f"take the line at {desired.location} out"
        findings.note(desired.address, "removed: it is not in WISEflow", hint)


@dataclass(frozen=True, slots=True)
class Kind:
    """One resource kind: its name in addresses, its key in manifests, its model there."""

    name: str
    plural: str
    model: type[BaseModel]
    live: LiveKind | None = None
    """None for kinds that only serve others (rosters, templates, profiles)."""
    after: tuple[str, ...] = ()
    """Names of kinds that are read and written before this one."""
    normal: Normal = as_it_is
    most: int | None = None
    """How many a licence takes at most, where that is known."""
    leave: Callable[[Desired, World, Findings], None] = release
    """Adds what becomes of one resource that stood at base and has left the manifests; pure."""


def in_order(kinds: Mapping[str, Kind]) -> list[Kind]:
    """The kinds that WISEflow knows, those that others refer to first."""
    live = {kind.name: kind for kind in kinds.values() if kind.live}
    graph = {name: sorted(set(kind.after) & set(live)) for name, kind in sorted(live.items())}
    return [live[name] for name in TopologicalSorter(graph).static_order()]
