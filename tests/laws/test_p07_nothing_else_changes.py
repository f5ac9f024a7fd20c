"""P7: nothing changes outside the plan's addresses, nor within them what the plan does not name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.model import INDIVIDUAL
from engine.plan import Action, Change, Status
from engine.wiseflow.flows import marker
from tests.laws.law import law
from tests.laws.snapshot import WITHOUT_A_KEY, names_of, raw_objects
from tests.laws.tally import note

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.laws.stage import Stage
    from tests.laws.worlds import World

MEMBERS = {
    "first_name": "firstName",
    "last_name": "lastName",
    "login": "loginDeactivated",
    "examination_type": "examinationType",
    "grading_scale": "gradingScaleId",
    "allocation": "allocationType",
    "assessor_types": "assessorTypes",
    "lifecycle": "activated state",
    "participation.start": "participation state",
    "participation.end": "participation state",
    "marking.start": "marking state",
    "marking.end": "marking state",
    "bookable": "canBeBooked",
    "key": "externalSources",
    "references": "externalSources",
    "sis_sources": "sources",
    "archive": "archived state",
    "unarchive": "archived state marking",
    "reopen": "deleted",
    # An assessor's type must stand on the flow before anybody can have it.
    "assessors": "assessors assessorTypes",
    "assessor_groups": "assessorGroups",
    "room_bookings": "roomBookings",
    "room_seats": "roomBookings",
    "slots": "periods",
    **dict.fromkeys(INDIVIDUAL, "participants"),
    # The allocations of whoever leaves a flow go with them.
    "assessors.leave": "assessors assessorGroups",
    "participants.leave": "participants assessors reviewers assessorGroups roomBookings periods",
}
"""From what a plan names to the members of the server's own objects; others are called alike."""

MARKED_BY = {"flow": "subtitle", "room": "identifier"}
"""By kind, what holds the marker while an object is made."""


@law(share=0.16)
def test_nothing_changes_that_the_plan_does_not_name(stage: Stage, world: World) -> None:
    """A part of the addresses is applied; every other object stays as it is, byte for byte."""
    world.begin(stage)
    before = stage.state()
    targets = _targets(stage, world.chance)
    planned = [c for c in stage.plan(*targets).changes if c.status is Status.PLANNED]
    stage.apply(*targets)
    after = stage.state()
    names = names_of(after, stage.key_type())
    # Who carries a key is called by it, whatever an entry would have.
    bare = {place for place, name in names.items() if name.startswith(WITHOUT_A_KEY)}
    names |= {place: key for place, key in _adopted(stage).items() if place in bare}
    there = raw_objects(before)
    addresses = {str(change.address).casefold() for change in planned}
    # What a creation left behind is finished, or given up, as a whole; under an old key, too.
    keys = {(change.address.kind, change.address.key) for change in planned}
    keys |= {(c.address.kind, f.before) for c in planned for f in c.fields if f.path == "key"}
    markers = {(kind, marker(key)) for kind, key in keys}
    for place, body in raw_objects(after).items():
        was = there.pop(place, None)
        if was == body:
            continue
        name = f"{place[0]}/{names[place]}"
        if was is not None and (place[0], was.get(MARKED_BY.get(place[0], ""))) in markers:
            continue
        assert name in addresses, f"{name} changed: {was} | {body}"
        if was is not None:
            _only_named_parts(name, was, body, planned)
    _only_left_behind(there, names_of(before, stage.key_type()), planned, markers)
    note("targets", "all" if not targets else "some")


def _adopted(stage: Stage) -> dict[tuple[str, int], str]:
    """The keys of flows that do not carry theirs, by kind and number."""
    adopted = {one.address: one.adopted for one in stage.desired().resources.values()}
    return {
        (address.kind, binding.server_id): address.key
        for address, binding in adopted.items()
        if binding is not None
    }


def _targets(stage: Stage, chance: int) -> tuple[str, ...]:
    """Some of the addresses that the manifests have; in one of four worlds all."""
    if chance % 4 == 0:
        return ()
    addresses = [str(one) for one in stage.desired().resources]
    return tuple(one for n, one in enumerate(addresses) if chance >> (n % 20) & 1) or ("flow/f0",)


def _only_left_behind(
    gone: Mapping[tuple[str, int], Any],
    names: Mapping[tuple[str, int], str],
    planned: Iterable[Change],
    markers: set[tuple[str, str]],
) -> None:
    """What is gone is what was to be removed, what another has taken the place of, or a half-made
    room.
    """
    cleared = {str(change.address).casefold() for change in planned if change.part == "leftovers"}
    removed = {
        str(change.address).casefold()
        for change in planned
        if change.action is Action.REMOVE and not change.part
    }
    for place, was in gone.items():
        name = f"{place[0]}/{names[place]}"
        is_old = place[0] == "webhook" and name in cleared
        is_old = is_old or (place[0] in ("room", "webhook") and name in removed)
        assert is_old or (place[0], was.get("identifier")) in markers, name


def _only_named_parts(
    name: str, was: Mapping[str, Any], body: Mapping[str, Any], planned: Iterable[Change]
) -> None:
    named = {
        member
        for change in planned
        if str(change.address).casefold() == name
        for part in _parts(change)
        for member in MEMBERS.get(part, part).split()
    }
    moved = {member for member in body if body[member] != was.get(member)}
    assert moved <= named, f"{name}: {sorted(moved - named)}: {was} | {body}"


def _parts(change: Change) -> Iterable[str]:
    fields = {one.path for one in change.fields}
    several = ("data", "assessor_types", "room_bookings", "references", "sis_sources", "periods")
    yield change.part
    yield from (name if (name := path.partition(".")[0]) in several else path for path in fields)
    if change.seats:
        yield change.seats.role.partition(".")[0]
        yield change.part
    if change.action is Action.REMOVE and not change.part:
        yield "deleted"
