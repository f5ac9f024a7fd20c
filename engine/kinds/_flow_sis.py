"""What is left to the student information system on flows that it feeds. Pure.

DESIGN 4.10: its fields are told and left alone, people are only added.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.individual import mentioned
from engine.model import ACTIVE_OF
from engine.seats import is_active

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.model import Desired, Live
    from engine.plan import Change
    from engine.world import Findings, World

OURS = frozenset({"description", "anonymisation", "allocation"})
"""The fields of a fed flow that are written all the same; whatever is not here is the SIS's."""

OWNS_FIELDS = "a student information system feeds this flow and owns these fields"
OWNS_PEOPLE = "a student information system feeds this flow: people are only added"
SHOWN = 5


def is_left(live: Live, part: str) -> bool:
    """Whether a field, or a part of several, is the SIS's."""
    return bool(live.facts["sis"]) and part not in OURS


def note_sis(desired: Desired, fields: Iterable[str], findings: Findings, world: World) -> None:
    """Adds a note on the fields that differ and are left alone, and why."""
    names = ", ".join(fields)
    unread = (desired.address, "sources") in world.unread
    hint = OWNS_FIELDS
    if unread:
        hint = "it could not be read whether a student information system feeds this flow"
    findings.note(desired.address, f"differs and is left alone: {names}", hint)


def only_added(live: Live | None, changes: Iterable[Change], findings: Findings) -> list[Change]:
    """The changes of roles; on a fed flow nobody who is there is changed or woken."""
    if live is None or not live.facts["sis"]:
        return list(changes)
    return [kept for change in changes for kept in _added(change, findings)]


def _added(change: Change, findings: Findings) -> Iterator[Change]:
    seats = change.seats
    left = [seat.person for seat in (*seats.change, *seats.reactivate)] if seats else []
    if seats is None or not left:
        yield change
        return
    _note_people(change, seats.role, left, findings)
    if seats.add:
        after = seats.before + len(seats.add)
        yield replace(change, seats=replace(seats, change=(), reactivate=(), after=after))


def _note_people(
    change: Change | Desired, role: str, names: Iterable[str], findings: Findings
) -> None:
    named = sorted(set(names), key=str.casefold)
    more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
    shown = f"{', '.join(named[:SHOWN])}{more}"
    findings.note(change.address, f"{role}: differ and are left as they are: {shown}", OWNS_PEOPLE)


def active_as_fed(desired: Desired, live: Live | None, world: World, findings: Findings) -> Desired:
    """What is stated without who is to be active: on a fed flow the SIS says that."""
    role = desired.roles.get(ACTIVE_OF)
    if live is None or not live.facts["sis"] or role is None:
        return desired
    seats = live.roles.get("participants", ())
    awake: dict[int | str, bool] = {seat.user_id: is_active(seat) for seat in seats}
    differ = [
        world.people.name(one.person, world.licence)
        for slot, one in mentioned(role, world).items()
        if awake.get(slot, one.flags["active"].value) != one.flags["active"].value
    ]
    if differ:
        _note_people(desired, "active", differ, findings)
    roles = {name: one for name, one in desired.roles.items() if name != ACTIVE_OF}
    return replace(desired, roles=roles)
