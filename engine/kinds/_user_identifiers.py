"""Identifiers that only one person on a licence can have: whose they are, who gives them up. Pure.

Source: WISEflow help, user data meta types; POST /license/user would write over the one who has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.kinds._user_values import DATA, data_after, unfit, values_of
from engine.model import Address

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.model import Desired, Stated
    from engine.wiseflow.licence import DataType
    from engine.world import World

GIVES_UP = "data"
"""The part of a user's changes that gives an identifier up."""


def refusal(path: str, desired: Desired, world: World) -> tuple[str, str] | None:
    """Why the user cannot have a stated identifier, with both people, and what to do."""
    return _refusal(path, desired, world, frozenset())


def needs(desired: Desired, fields: Mapping[str, Stated], world: World) -> tuple[str, ...]:
    """The changes by which others give up what the user is to have."""
    holders = {
        world.people.name_of(number, world.licence)
        for path in fields
        if (kind := _unique(path, world))
        for value in values_of(fields[path].value)
        for number in _others(kind, value, desired, world)
    }
    return tuple(sorted(f"{Address('user', name)}:{GIVES_UP}" for name in holders))


def _refusal(
    path: str, desired: Desired, world: World, asked: frozenset[Address]
) -> tuple[str, str] | None:
    kind = _unique(path, world)
    if kind is None:
        return None
    for value in values_of(desired.fields[path].value):
        for other in world.people.claims.get((kind.name, value.casefold()), ()):
            if other.address != desired.address:
                message = f"this {kind.name} is stated for {other.address}, too"
                return message, f"see {other.location}: only one of them can have it"
        for number in _others(kind, value, desired, world):
            if not _gives_up(number, path, value, world, asked | {desired.address}):
                who = world.people.name_of(number, world.licence)
                shown = who if who.startswith("#") else f"{Address('user', who)} (#{number})"
                message = f"this {kind.name} is that of {shown} in WISEflow"
                return message, "compare both people: only one of them can have it"
    return None


def _unique(path: str, world: World) -> DataType | None:
    kind = world.licence.data_types.get(path.removeprefix(DATA)) if path.startswith(DATA) else None
    return kind if kind and kind.unique else None


def _others(kind: DataType, value: str, desired: Desired, world: World) -> Iterator[int]:
    live = world.live.get(desired.address)
    for number in world.people.found.get((kind.name, value.casefold()), ()):
        if live is None or number != live.server_id:
            yield number


def _gives_up(number: int, path: str, value: str, world: World, asked: frozenset[Address]) -> bool:
    """Whether somebody will not have the value any more; two who swap wait for each other."""
    address = Address("user", world.people.name_of(number, world.licence))
    other, live = world.desired.get(address), world.live.get(address)
    stated = other.fields.get(path) if other and other.is_stated else None
    if other is None or live is None or stated is None or address in asked:
        return False
    kind = world.licence.data_types[path.removeprefix(DATA)]
    there, wanted = tuple(live.fields.get(path, ())), values_of(stated.value)
    after = data_after(kind, wanted, there, "data" in other.exact)
    stays = value.casefold() in {one.casefold() for one in after}
    return not stays and not unfit(kind, wanted) and not _refusal(path, other, world, asked)
