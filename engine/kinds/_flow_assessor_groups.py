"""Which assessor groups a flow has: stated ones are made with assessors, others may go. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.plan import Action, Change, FieldChange, Status
from engine.seats import MARKING_STARTED, is_marked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from engine.model import Desired, DesiredRole, Live, Owner
    from engine.wiseflow.allocations import Group
    from engine.world import Findings, World

GROUPS = "assessor_groups"
"""The list in manifests, the field and the fact of a live flow, and how parts begin."""
LEAVE = f"{GROUPS}.leave"
MOST = 50
"""Source: WISEflow OpenAPI, POST /flows/{flowId}/assessor-groups."""


def groups_there(live: Live | None) -> list[Group]:
    found: list[Group] = live.facts.get(GROUPS, []) if live else []
    return found


def named_alike(title: str, live: Live | None) -> list[Group]:
    """The live groups of one title: WISEflow lets several have it."""
    return [one for one in groups_there(live) if _folded(one.title) == _folded(title)]


def _folded(title: str) -> str:
    return title.strip().casefold()


# ---- which go ------------------------------------------------------------------------------------


def group_changes(
    desired: Desired, live: Live | None, made: Sequence[Change], world: World, findings: Findings
) -> Iterator[Change]:
    """The change by which groups go: those that git named, and strangers of an exact list.

    All others are told. Their allocations go with them, so that those of `made` come first.
    """
    role = desired.roles.get(GROUPS)
    if role is None or live is None:
        return
    stated = _titles(desired.roles.values())
    was = _titles(desired.base.roles.values()) if desired.base else set()
    strangers = [one for one in groups_there(live) if _folded(one.title) not in stated]
    going = [one for one in strangers if role.membership == "exact" or _folded(one.title) in was]
    if role.membership == "add_only" or live.facts.get("sis"):
        going = []
    stay = [one for one in strangers if one not in going]
    if stay:
        names = ", ".join(sorted(one.title for one in stay))
        hint = f"to keep them, add under {GROUPS} at {role.location}; exact removes them"
        if live.facts.get("sis"):
            hint = "a student information system feeds this flow; no group is removed"
        findings.note(desired.address, f"{GROUPS}: in WISEflow but not stated: {names}", hint)
    if going:
        first = [change.id for change in made if _is_of_group(change)]
        yield _leaving(desired, role, live, going, tuple(sorted(first)), world)


def _is_of_group(change: Change) -> bool:
    """Whether it brings somebody to a group."""
    is_planned = change.status is Status.PLANNED and not change.part.endswith(".leave")
    return is_planned and change.part.startswith(GROUPS)


def _titles(roles: Iterable[DesiredRole]) -> set[str]:
    owners = (role.owner for role in roles)
    return {_folded(one.group) for one in owners if one is not None and one.role == GROUPS}


def _leaving(
    desired: Desired,
    role: DesiredRole,
    live: Live,
    going: Sequence[Group],
    first: tuple[str, ...],
    world: World,
) -> Change:
    titles = tuple(sorted(one.title for one in groups_there(live)))
    left = tuple(sorted(one.title for one in groups_there(live) if one not in going))
    fed = sorted(one.title for one in going if one.is_fed)
    is_late = is_marked(live, world) and any(one.participants for one in going)
    reason = f"another system feeds {', '.join(fed)}: WISEflow deletes no such group"
    return Change(
        address=desired.address,
        part=LEAVE,
        action=Action.UPDATE,
        location=role.location,
        fields=(FieldChange(GROUPS, titles, left, str(role.location)),),
        hazards=(MARKING_STARTED,) if is_late and not fed else (),
        after=first,
        status=Status.BLOCKED if fed else Status.PLANNED,
        reasons=(reason,) if fed else (),
    )


def going_groups(change: Change, live: Live) -> list[Group]:
    """The live groups that a change takes away."""
    (one,) = change.fields
    gone = set(one.before) - set(one.after or ())
    return [group for group in groups_there(live) if group.title in gone]


# ---- what stands in the way ----------------------------------------------------------------------


def reasons_of_group(
    change: Change, role: DesiredRole, owner: Owner, live: Live, graded: set[int]
) -> Iterator[str]:
    """Why WISEflow would refuse a change of one group."""
    alike, seats = named_alike(owner.group, live), change.seats
    seated = {number for group in alike for number in group.participants}
    there = {s.user_id for s in live.roles.get("participants", ()) if s.seat_id in seated}
    graded = graded | (there & live.facts.get("graded", frozenset()))
    if graded:
        yield f"{len(graded)} participants of the group have a grade: WISEflow changes it no more"
    if role.role.endswith(".assessors") and seats is not None:
        if not seats.after and seats.remove:
            yield "a group keeps one assessor: delete the group instead"
        if not alike and len(groups_there(live)) >= MOST:
            yield f"the flow has {MOST} groups, which is all that it takes"


def type_after_groups(changes: list[Change], live: Live | None) -> list[Change]:
    """The changes, that of the allocation after the last groups have gone, which it waits for."""
    leave = next((change for change in changes if change.part == LEAVE), None)
    if leave is None or live is None:
        return changes
    going = going_groups(leave, live)
    stay = [one for one in groups_there(live) if one not in going]
    is_free = not any(one.participants for one in stay)
    free = {"status": Status.PLANNED, "reasons": ()} if is_free else {}
    return [
        replace(change, needs=(*change.needs, leave.id), **free)  # type: ignore[arg-type]
        if change.part == "allocation"
        else change
        for change in changes
    ]


def assessors_last(changes: list[Change], live: Live | None) -> list[Change]:
    """Nobody goes from a role before the allocations of those who stay are made.

    No group is left without an assessor: one that all go from needs somebody first, or goes first.
    """
    coming = {change.id for change in changes if change.seats and change.seats.of}
    coming -= {change.id for change in changes if change.part.endswith(".leave")}
    return [
        _last(change, changes, coming, live)
        if change.seats and not change.seats.of and change.part.endswith(".leave")
        else change
        for change in changes
    ]


def _last(change: Change, changes: list[Change], coming: set[str], live: Live | None) -> Change:
    change = replace(change, after=tuple(sorted({*change.after, *coming})))
    if change.part != "assessors.leave" or live is None or change.seats is None:
        return change
    going = {seat.user_id for seat in change.seats.remove}
    seats = {s.seat_id for s in live.roles.get("assessors", ()) if s.user_id in going}
    needs, bare = set(change.needs), []
    leave = next((one for one in changes if one.part == LEAVE), None)
    gone = going_groups(leave, live) if leave else []
    for group in groups_there(live):
        if not group.assessors or not set(group.assessors) <= seats:
            continue
        more = [c.id for c in changes if c.id in coming and _adds_to(c, group)]
        if group in gone and leave:
            needs.add(leave.id)
        elif more:
            needs.update(more)
        else:
            bare.append(group.title)
    if bare:
        reason = f"nobody would be left in the group {', '.join(sorted(bare))}"
        change = replace(change, status=Status.BLOCKED, reasons=(reason,), hazards=())
    return replace(change, needs=tuple(sorted(needs)))


def _adds_to(change: Change, group: Group) -> bool:
    seats = change.seats
    if seats is None or not seats.role.startswith(GROUPS) or not seats.role.endswith(".assessors"):
        return False
    return bool(seats.add) and _folded(seats.of) == _folded(group.title)
