"""The licence roles that people need before they come to a seat, and who lacks them. Pure.

A seat is refused, or useless, without the person's own permission: the licence role comes first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.model import Address, Desired, Stated
from engine.plan import Change, Note, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from engine.errors import Location
    from engine.plan import Seat
    from engine.world import Grants, People, World

ROLES = "roles"
"""The field of a user, and the part of the change, that holds licence roles."""

LICENCE_ROLES = {
    "managers": "Manager",
    "authors": "Author",
    "assessors": "Assessor",
    "reviewers": "Reviewer",
    "invigilators": "Invigilator",
}
"""From roles of flows to the licence roles that they need, by their usual names."""

SHOWN = 5


def roles_used(resources: Iterable[Desired]) -> set[str]:
    """The licence roles that any seats need."""
    roles = {name for one in resources for name in one.roles}
    return {LICENCE_ROLES[name] for name in roles & LICENCE_ROLES.keys()}


def needed(resources: Iterable[Desired], world: World) -> Grants:
    """By user the licence roles that the manifests' seats need, and the first seat that does."""
    found: dict[Address, dict[str, Location]] = {}
    for desired in resources:
        for role in desired.roles.values() if desired.is_stated else ():
            name = LICENCE_ROLES.get(role.role)
            for seat in role.seats if name else ():
                address = _user(world.people.name(seat.person, world.licence), world.people)
                if name and address:
                    found.setdefault(address, {}).setdefault(name, seat.location)
    return found


def granted(
    changes: Iterable[Change], world: World, selects: Callable[[Address], bool]
) -> dict[Address, dict[str, Location]]:
    """The licence roles that users of the plan lack for the seats that it gives them."""
    found: dict[Address, dict[str, Location]] = {}
    for _, name, seat in _coming(changes, world):
        address = _user(seat.person, world.people)
        if address and _may_get(name, address, world) and selects(address):
            found.setdefault(address, {})[name] = world.needed[address][name]
    return found


def give(desired: Mapping[Address, Desired], grants: Grants) -> dict[Address, Desired]:
    """The desired resources, in which users also state what they are granted."""
    return {**desired, **{address: _with(desired[address], grants[address]) for address in grants}}


def grants_first(changes: Iterable[Change], grants: Grants, world: World) -> list[Change]:
    """The changes; those that seat somebody need the licence role that is granted for it."""
    changes = list(changes)
    needs: dict[str, set[str]] = {}
    for change, name, seat in _coming(changes, world):
        address = _user(seat.person, world.people)
        # Who is new has the role from the start, and its seat comes after the creation anyway.
        if address and name in grants.get(address, ()) and address in world.live:
            needs.setdefault(change.id, set()).add(f"{address}:{ROLES}")
    return [replace(c, needs=(*c.needs, *sorted(needs.get(c.id, ())))) for c in changes]


def notes_of_lacking(changes: Iterable[Change], grants: Grants, world: World) -> Iterator[Note]:
    """Who comes to a seat without the licence role that it needs: this plan does not give it."""
    lacking: dict[tuple[Address, str, str], list[str]] = {}
    coming = list(_coming(changes, world))
    numbers = world.numbers_by_name() if coming else {}
    for change, name, seat in coming:
        address = _user(seat.person, world.people)
        row = world.people.rows.get(numbers.get(seat.person.casefold(), 0))
        is_given = address is not None and name in grants.get(address, ())
        if row and name not in row.roles and not is_given and change.seats:
            lacking.setdefault((change.address, change.seats.role, name), []).append(seat.person)
    for (where, role, name), people in sorted(lacking.items()):
        more = len(people) - SHOWN
        shown = ", ".join(people[:SHOWN]) + (f" and {more} more" if more > 0 else "")
        message = f"{role}: without the licence role {name}: {shown}"
        yield Note(where, message, "this plan does not give it: state it under users")


def _coming(changes: Iterable[Change], world: World) -> Iterator[tuple[Change, str, Seat]]:
    """Each seat that is planned to come, with the licence role that it needs."""
    for change in changes:
        seats = change.seats
        name = LICENCE_ROLES.get(seats.role) if seats and not seats.of else None
        if name in world.licence.roles and seats and change.status is Status.PLANNED:
            for seat in seats.add:
                yield change, str(name), seat


def _may_get(name: str, address: Address, world: World) -> bool:
    desired, live = world.desired[address], world.live.get(address)
    stated = desired.fields.get(ROLES)
    there = {*(live.fields[ROLES] if live else ()), *((stated.value or ()) if stated else ())}
    is_one = address not in world.twins and address not in world.several
    is_known = name in world.needed.get(address, ())
    is_free = not world.licence.roles[name].protected
    return desired.is_stated and is_one and is_known and is_free and name not in there


def _user(name: str, people: People) -> Address | None:
    key = people.manifest.get((people.user_key, name.casefold()))
    return Address("user", key) if key is not None else None


def _with(desired: Desired, grants: Mapping[str, Location]) -> Desired:
    stated = desired.fields.get(ROLES)
    value = tuple(stated.value or ()) if stated else ()
    more = sorted({*grants} - {*value})
    if not more:
        return desired
    location = stated.location if stated else grants[more[0]]
    fields = {**desired.fields, ROLES: Stated((*value, *more), location)}
    return replace(desired, fields=fields, granted=frozenset(more))
