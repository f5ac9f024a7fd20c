"""Which licence roles people need for the seats that the manifests give them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.model import Stated
from engine.seats import LICENCE_ROLES
from engine.wiseflow.flows import ARCHIVED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.errors import Location
    from engine.model import Desired, Live
    from engine.world import World

ROLES = "roles"

Needs = dict[str, tuple["Location", bool]]
"""By licence role the place of a seat that needs it, and whether one of them is still to come."""


def with_needed(
    desired: Desired, fields: Mapping[str, Stated], live: Live | None, world: World
) -> dict[str, Stated]:
    """The fields, with the licence roles that seats need: those that come, and those that stay.

    Without the licence role a seat is useless. Roles that the licence does not have under their
    usual names, or that are protected, are left to people.
    """
    needs = _needs(world)
    own = needs.get(live.server_id if live else (world.people.user_key, _key(desired)), {})
    there = live.fields[ROLES] if live else ()
    stated = fields.get(ROLES)
    value = tuple(stated.value or ()) if stated else ()
    more = [
        name
        for name, (_, is_to_come) in own.items()
        if name not in value and (is_to_come or name in there) and _is_free(name, world)
    ]
    if not more:
        return dict(fields)
    location = stated.location if stated else own[more[0]][0]
    return {**fields, ROLES: Stated((*value, *sorted(more)), location)}


def _key(desired: Desired) -> str:
    return desired.address.key.casefold()


def _is_free(name: str, world: World) -> bool:
    role = world.licence.roles.get(name)
    return role is not None and not role.protected


def _needs(world: World) -> Mapping[object, Needs]:
    """What seats need, by WISEflow's number of somebody, or the identity of who is to be made.

    Found out once for a world.
    """
    if id(LICENCE_ROLES) not in world.kept:
        found: dict[object, Needs] = {}
        for slot, name, location, is_to_come in _seats(world):
            own = found.setdefault(slot, {})
            place, was_to_come = own.get(name, (location, False))
            own[name] = (place, was_to_come or is_to_come)
        world.kept[id(LICENCE_ROLES)] = LICENCE_ROLES, found
    needs: Mapping[object, Needs] = world.kept[id(LICENCE_ROLES)][1]
    return needs


def _seats(world: World) -> Iterator[tuple[object, str, Location, bool]]:
    for address, desired in world.desired.items():
        live = world.live.get(address)
        if address.kind != "flow" or (live and live.facts.get("state") == ARCHIVED):
            continue
        for role in desired.roles.values():
            if role.role not in LICENCE_ROLES:
                continue
            is_unread = not {(address, role.role), (address, "")}.isdisjoint(world.unread)
            there = {seat.user_id for seat in live.roles.get(role.role, ())} if live else set()
            for seat in role.seats:
                number = world.people.user_id(seat.person)
                slot = seat.person.identity if number is None else number
                yield (
                    slot,
                    LICENCE_ROLES[role.role],
                    seat.location,
                    number not in there and not is_unread,
                )
