"""What has moved since base: who and what left the manifests, and who moved what. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.individual import TIMES
from engine.model import Address, Desired, DesiredRole, DesiredState, Standing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.base import Base
    from engine.model import Adoption, Person


def with_base(state: DesiredState, base: Base) -> DesiredState:
    """The state with what stood at base beside it, and with what has left the manifests.

    While a file of a source is not read, nobody knows what has left: then nothing has.
    """
    if base.commit is None:
        return replace(state, no_base=base.missing)
    before = {_folded(address): desired for address, desired in base.resources.items()}
    resources = {
        address: _beside(desired, _taken(before, desired))
        for address, desired in state.resources.items()
    }
    gone = () if state.unread else before.values()
    resources |= {one.address: _left(one) for one in gone}
    return replace(state, resources=dict(sorted(resources.items())), base=base.commit)


def _taken(before: dict[tuple[str, str], Desired], desired: Desired) -> Desired | None:
    """What the entry was at base, under its key or else under the one from which it was moved."""
    address, moved = desired.address, desired.moved_from
    found = before.pop(_folded(address), None)
    if found is None and moved is not None:
        found = before.pop(_folded(Address(address.kind, moved.value)), None)
    return found


def _folded(address: Address) -> tuple[str, str]:
    return address.kind, address.key.casefold()


def _left(before: Desired) -> Desired:
    left = Desired(before.address, before.location, {}, standing=Standing.LEFT, base=before)
    return replace(left, adopted=before.adopted)


def _beside(desired: Desired, before: Desired | None) -> Desired:
    if before and desired.adopted:
        desired = replace(desired, adopted=_since(desired.adopted, before))
    if not desired.is_stated:
        return replace(desired, base=before)
    if before is None:
        return replace(desired, standing=Standing.NEW)
    named = {role.slot: role for role in before.roles.values()}
    stated = {**_emptied(before), **desired.roles}
    roles = {name: _with_leaving(role, named) for name, role in stated.items()}
    return replace(desired, roles=roles, standing=Standing.STAYS, base=before)


def _since(adopted: Adoption, before: Desired) -> Adoption:
    """The adoption, with what the object was called at base: the last apply may have renamed it."""
    titles = adopted.titles | before.titles
    if before.adopted and before.adopted.server_id == adopted.server_id:
        titles |= before.adopted.titles
    return replace(adopted, titles=titles)


def _emptied(before: Desired) -> dict[str, DesiredRole]:
    """The roles of times with nobody in them: whoever was stated there returns to the exam's."""
    return {
        name: replace(before.roles[name], seats=(), profiles=())
        for name in TIMES
        if name in before.roles
    }


def _with_leaving(role: DesiredRole, before: Mapping[str, DesiredRole]) -> DesiredRole:
    """The role with everyone whom it named at base and names no longer, in the order of base.

    `before` is by slot.
    """
    was = before.get(role.slot)
    named = {seat.person.identity for seat in role.seats}
    gone: dict[tuple[str, str], Person] = {}
    for seat in was.seats if was else ():
        if seat.person.identity not in named:
            gone.setdefault(seat.person.identity, seat.person)
    was_all = was is not None and was.is_all
    return replace(role, leaving=(*role.leaving, *gone.values()), was_all=was_all)
