"""Whom a flow that is anonymised by user data waits for: all participants must have it. Pure.

Source: WISEflow OpenAPI, PUT /flows/{flowId}/anonymisation, `userDataTypeId`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.model import DATA_OF, Desired, Live, Value
from engine.plan import Change, Status

if TYPE_CHECKING:
    from engine.world import World

PART = "anonymisation"
ROLE = "participants"
LACKING = "lacking"
"""The fact of a live flow that holds the numbers of participants without the user data."""


def data_type_of(value: Value) -> str | None:
    """The user data type that an anonymisation names; None where it is another one."""
    return value.removeprefix(DATA_OF) if str(value).startswith(DATA_OF) else None


def with_anonymity(
    desired: Desired, live: Live | None, changes: list[Change], world: World
) -> list[Change]:
    """The changes, the anonymisation after those by which the last participants have the data.

    Whoever comes, comes after it: WISEflow asks only those who are there.
    """
    planned = [c for c in changes if c.part == PART and c.status is Status.PLANNED]
    name = data_type_of(planned[0].fields[0].after) if planned else None
    if live is None or name is None:
        return changes
    lacking = set(live.facts.get(LACKING, ()))
    seats = [(c.id, c.seats) for c in changes if c.seats and c.seats.role == ROLE]
    leaving = {s.user_id: number for number, one in seats for s in one.remove}
    given = _given(name, lacking, world)
    stay = lacking - set(leaving) - set(given)
    first = {leaving[one] for one in lacking & set(leaving)}
    change = replace(planned[0], after=tuple(sorted({*first, *given.values()})))
    if stay:
        reason = f"{len(stay)} participants have no {name}, which all must have"
        change = replace(change, status=Status.BLOCKED, reasons=(reason,), hazards=(), after=())
    later = () if first or stay else (change.id,)
    return [
        change
        if one is planned[0]
        else replace(one, after=(*one.after, *later))
        if one.part == ROLE
        else one
        for one in changes
    ]


def _given(name: str, lacking: set[int], world: World) -> dict[int, str]:
    """Of those who lack the data, whom the manifests give it, with the id of that change."""
    if not lacking:
        return {}
    path = f"data.{name}"
    return {
        live.server_id: f"{address}:data"
        for address, live in world.live.items()
        if address.kind == "user"
        and live.server_id in lacking
        and (stated := world.desired[address].fields.get(path))
        and stated.value
    }
