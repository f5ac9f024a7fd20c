"""Reads the live world for a desired state: licence, people, then each kind in its order."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from engine.errors import ApiError, EngineError, Problem
from engine.granting import needed, roles_used
from engine.kind import in_order
from engine.kinds import KINDS
from engine.kinds._flow_attached import SOURCES, is_stated
from engine.kinds._user_values import DATA, values_of
from engine.model import BY_NUMBER, Standing
from engine.together import together
from engine.wiseflow.flows import FlowKeys
from engine.wiseflow.licence import Licence, fingerprint, read_licence
from engine.wiseflow.second_looks import doubt_names
from engine.wiseflow.users import Filter, UserSearch, filter_for, read_user_data
from engine.world import Identity, People, World, known, mentioned

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.model import Address, Desired
    from engine.wiseflow.client import WiseflowApi

NAMED_STRANGERS = 50
"""For so many people on seats whom no manifest names, the key is read; others are numbers."""


@dataclass(frozen=True, slots=True)
class Conventions:
    """How the licence carries keys, from the settings."""

    user_key: str
    flow_key: str = "external_source"
    time_zone: str | None = None
    licence: str | None = None
    """The fingerprint that the settings pin; another licence stops every command."""
    identified: bool = False
    """Whether the fingerprint is wanted all the same: a saved plan is bound to it."""


async def read_world(
    api: WiseflowApi, desired: Mapping[Address, Desired], conventions: Conventions
) -> World:
    """Everything that a plan of `desired` needs.

    Raises: ApiError where the licence itself cannot be read, or credentials are refused.
    """
    world = await find_world(api, desired, desired, conventions)
    for kind in in_order(KINDS):
        if kind.live:
            addresses = [address for address in sorted(world.live) if address.kind == kind.name]
            await together(kind.live.read(api, world, address) for address in addresses)
    await _name_strangers(api, world)
    _find_twins(world)
    world.now = api.server_now
    return world


async def find_world(
    api: WiseflowApi,
    desired: Mapping[Address, Desired],
    manifests: Mapping[Address, Desired],
    conventions: Conventions,
    *,
    everybody: bool = False,
) -> World:
    """What searches and lists say of `desired`, a part of what the manifests hold or all of it.

    The parts that only the objects themselves know are not read yet. `everybody` looks for all whom
    the manifests mention: a server that minds case may know somebody by one way of writing only.
    """
    user_key = conventions.user_key
    stated = [one for one in manifests.values() if one.is_stated]
    licence = await _licence(api, desired, stated, conventions)
    people = People(user_key)
    people.manifest = {
        (user_key, one.address.key.casefold()): one.address.key
        for one in stated
        if one.address.kind == "user"
    }
    world = World(licence, api.server_now, people, desired, FlowKeys(conventions.flow_key))
    world.zone = ZoneInfo(conventions.time_zone) if conventions.time_zone else UTC
    await _find_people(api, world, stated, everybody)
    world.needed = needed(stated, world)
    for kind in in_order(KINDS):
        if kind.live:
            await kind.live.find(api, world)
    world.now = api.server_now
    return world


async def _licence(
    api: WiseflowApi,
    desired: Mapping[Address, Desired],
    manifests: Iterable[Desired],
    conventions: Conventions,
) -> Licence:
    """Only the lists that the manifests use. Raises: EngineError, where it is another licence."""
    flows = [d for a, d in desired.items() if a.kind == "flow"]
    users = [d for a, d in desired.items() if a.kind == "user" and d.is_stated]
    granted = roles_used(manifests) if users else set()
    pinned = conventions.licence
    licence = await read_licence(
        api,
        roles=pinned is not None
        or conventions.identified
        or any("roles" in d.fields for d in users)
        or bool(granted),
        flow_types=bool(flows),
        assessor_types=any("assessors" in d.roles or "assessor_types" in d.fields for d in flows),
        grading_scales=any("grading_scale" in d.fields for d in flows),
        integrations=any(is_stated(d, SOURCES) for d in flows),
    )
    names = _names_used(flows, users)
    await doubt_names(api, licence, {**names, "roles": names["roles"] | granted})
    found = fingerprint(licence, conventions.user_key)
    if pinned is not None and found != pinned:
        raise EngineError(f"this is licence {found}, not {pinned}: check url and credentials")
    return licence


def _names_used(flows: list[Desired], users: list[Desired]) -> dict[str, set[str]]:
    """The names that the manifests use, by the part of the licence that has them."""
    types = {one.fields["type"].value for one in flows if "type" in one.fields}
    roles = {name for one in users if "roles" in one.fields for name in one.fields["roles"].value}
    data = {
        path.removeprefix(DATA) for one in users for path in one.fields if path.startswith(DATA)
    }
    return {"flow_types": types, "roles": roles, "data_types": data}


async def _find_people(
    api: WiseflowApi, world: World, stated: Iterable[Desired], everybody: bool
) -> None:
    people, licence = world.people, world.licence
    if people.user_key not in licence.data_types:
        message = (
            f'the licence has no user data type "{people.user_key}" (user_key in wisectl.yaml)'
        )
        raise ApiError(
            "GET", "/license/user-data-types", 200, f"{message}; {known(licence.data_types)}"
        )
    key_id = licence.data_types[people.user_key].id
    filters: dict[tuple[str, str], Filter] = {
        (people.user_key, address.key.casefold()): (key_id, address.key)
        for address, desired in world.desired.items()
        if address.kind == "user" and desired.standing not in (Standing.LEFT, Standing.RELEASED)
    }
    mentions = world.mentions()
    if everybody:
        mentions |= {one.identity: one for one in mentioned(stated)} | mentions
    for identity, person in mentions.items():
        wanted = filter_for(person, licence)
        if wanted and identity not in filters:
            filters[identity] = wanted
    search = UserSearch(api)
    # Who is written in several ways is searched for in each: a server may tell them apart.
    ways = {one for one in mentioned(stated) if one.identity in filters}
    others = {wanted for one in ways if (wanted := filter_for(one, licence))}
    # Most systems write keys small: who is written large here would be made once more.
    others |= {(kind, value.lower()) for kind, value in filters.values()}
    found = await search.find(others.union(filters.values()))
    people.rows = dict(search.rows)
    people.found = {i: tuple(row.id for row in found[f]) for i, f in filters.items()}
    people.claims = _claims(stated, world)
    await _find_holders(world, search)
    numbered = [p for p in world.mentions().values() if p.data_type == BY_NUMBER]
    people.found |= {person.identity: (int(person.value),) for person in numbered}


def _claims(stated: Iterable[Desired], world: World) -> dict[Identity, list[Desired]]:
    claims: dict[Identity, list[Desired]] = {}
    for one in stated:
        for identity, _ in _unique_data(one, world):
            claims.setdefault(identity, []).append(one)
    return claims


def _unique_data(desired: Desired, world: World) -> Iterable[tuple[Identity, Filter]]:
    """The stated values of types of which only one person can have a value."""
    for path, stated in desired.fields.items():
        kind = world.licence.data_types.get(path.removeprefix(DATA))
        if path.startswith(DATA) and kind and kind.unique:
            for value in values_of(stated.value):
                yield (kind.name, value.casefold()), (kind.id, value)


async def _find_holders(world: World, search: UserSearch) -> None:
    """Looks for whoever has the identifiers that users are to get and do not have."""
    people, wanted = world.people, dict[Identity, Filter]()
    for address, desired in world.desired.items():
        if address.kind == "user" and desired.is_stated:
            numbers = people.found.get((people.user_key, address.key.casefold()), ())
            row = people.rows[numbers[0]] if len(numbers) == 1 else None
            wanted |= {i: f for i, f in _unique_data(desired, world) if not (row and row.has(f))}
    wanted = {identity: one for identity, one in wanted.items() if identity not in people.found}
    if wanted:
        found = await search.find(wanted.values())
        people.rows |= search.rows
        people.found |= {i: tuple(row.id for row in found[f]) for i, f in wanted.items()}


async def _name_strangers(api: WiseflowApi, world: World) -> None:
    """Reads the key of people who sit on stated roles but in no manifest, to name them."""
    people = world.people
    strangers = sorted(
        {
            seat.user_id
            for address, live in world.live.items()
            for role, seats in live.roles.items()
            if role in world.desired[address].roles
            for seat in seats
            if not seat.name and seat.user_id not in people.rows
        }
        | {number for (kind, _), (number, *_) in _found(people) if kind == BY_NUMBER}
    )[:NAMED_STRANGERS]
    key_id = world.licence.data_types[people.user_key].id
    answers = await asyncio.gather(
        *(read_user_data(api, number) for number in strangers), return_exceptions=True
    )
    for number, rows in zip(strangers, answers, strict=True):
        if isinstance(rows, list):
            values = [str(row["value"]) for row in rows if row["userDataTypeId"] == key_id]
            people.names |= {number: values[0]} if values else {}


def _found(people: People) -> Iterable[tuple[tuple[str, str], tuple[int, ...]]]:
    return ((identity, numbers) for identity, numbers in people.found.items() if numbers)


def _find_twins(world: World) -> None:
    """Two entries that come to one live object are a problem with both places, never a choice."""
    first: dict[tuple[str, int], Desired] = {}
    for address in sorted(world.live):
        desired, live = world.desired[address], world.live[address]
        other = first.setdefault((address.kind, live.server_id), desired)
        if other is not desired:
            message = f"this and {other.address} ({other.location}) are one in WISEflow"
            world.problems.append(Problem(desired.location, "key", message, "keep one of them"))
            world.twins |= {desired.address, other.address}
