"""Assessor groups: several assessors who share participants, on flows allocated by group."""

from __future__ import annotations

from typing import Any

from engine.sandbox.wiseflow.allocations import refuse_graded, refuse_unallocatable
from engine.sandbox.wiseflow.assessors import assessor
from engine.sandbox.wiseflow.bodies import array, integer, record, text
from engine.sandbox.wiseflow.http import (
    Answer,
    Call,
    Refusal,
    bare,
    operation,
    page,
    page_of,
    success,
)
from engine.sandbox.wiseflow.participants import participant, participants_of

MOST = 50

_PATH = "/flows/{flowId}/assessor-groups"
_ONE = _PATH + "/{assessorGroupId}"
_ASSESSOR = _ONE + "/allocations/assessors/{assessorId}"
_PARTICIPANTS = _ONE + "/allocations/participants"
_GROUP = record(
    {
        "title": text(required=True, shortest=1, longest=255),
        "assessorIds": array(integer(), required=True, shortest=1),
    }
)
_IN_GROUP = "IN (SELECT participant_id FROM group_participants WHERE group_id = ?)"


def _refuse_ungrouped(call: Call) -> None:
    if call.flow["allocation_type"] != "GROUPED":
        raise Refusal(403, "Assessor allocation type is not GROUPED")


def _group(call: Call) -> int:
    """The id of the group of the path, or 404; 403 where the flow has no groups."""
    found = call.store.scalar(
        "SELECT id FROM assessor_groups WHERE id = ? AND flow_id = ?",
        call.ids["assessorGroupId"],
        call.flow_id,
    )
    if found is None:
        raise Refusal(404, "Assessor group not found")
    _refuse_ungrouped(call)
    return int(found)


def _changeable(call: Call) -> int:
    group_id = _group(call)
    refuse_unallocatable(call)
    return group_id


def _members(call: Call, table: str, column: str, group_id: int) -> list[int]:
    rows = call.store.all(
        f"SELECT {column} FROM {table} WHERE group_id = ? ORDER BY {column}",  # noqa: S608
        group_id,
    )
    return [row[0] for row in rows]


def _shown(call: Call, group_id: int, *, participants: bool = True) -> dict[str, Any]:
    shown = {
        "id": group_id,
        "title": call.store.scalar("SELECT title FROM assessor_groups WHERE id = ?", group_id),
        "assessorIds": _members(call, "group_assessors", "assessor_id", group_id),
    }
    if participants:
        fed = call.store.scalar("SELECT external_id FROM assessor_groups WHERE id = ?", group_id)
        # The document has a string that cannot be null: without one the member is left out.
        shown |= {} if fed is None else {"externalId": fed}
        shown["participantIds"] = _members(call, "group_participants", "participant_id", group_id)
    return shown


def _check_assessors(call: Call, ids: list[int]) -> None:
    if len(set(ids)) != len(ids):
        raise Refusal(400, "Invalid request", ("assessorIds", "send different assessors"))
    rows = call.store.all("SELECT id FROM assessors WHERE flow_id = ?", call.flow_id)
    if not {row["id"] for row in rows}.issuperset(ids):
        raise Refusal(404, "Assessor not found")


def _set_assessors(call: Call, group_id: int, ids: list[int]) -> None:
    call.store.run("DELETE FROM group_assessors WHERE group_id = ?", group_id)
    call.store.many("INSERT INTO group_assessors VALUES (?, ?)", [(group_id, id_) for id_ in ids])


@operation("GET", _PATH, refuses_archived=True)
def list_groups(call: Call) -> Answer:
    """The groups of a flow."""
    _refuse_ungrouped(call)
    rows = call.store.all(
        "SELECT id FROM assessor_groups WHERE flow_id = ? ORDER BY id", call.flow_id
    )
    return success([_shown(call, row["id"]) for row in rows])


@operation("POST", _PATH, body=_GROUP, bad_id=400, refuses_archived=True)
def add_group(call: Call) -> Answer:
    """The new group; 50 at most."""
    _refuse_ungrouped(call)
    refuse_unallocatable(call)
    _check_assessors(call, call.body["assessorIds"])
    count = call.store.scalar(
        "SELECT count(*) FROM assessor_groups WHERE flow_id = ?", call.flow_id
    )
    if count >= MOST:
        raise Refusal(403, "The flow has reached the max number of groups")
    group_id = call.store.insert("assessor_groups", flow_id=call.flow_id, title=call.body["title"])
    _set_assessors(call, group_id, call.body["assessorIds"])
    return success(_shown(call, group_id, participants=False))


@operation("GET", _ONE, refuses_archived=True)
def get_group(call: Call) -> Answer:
    """One group."""
    return success(_shown(call, _group(call)))


@operation("PUT", _ONE, body=_GROUP, bad_id=400, refuses_archived=True)
def put_group(call: Call) -> Answer:
    """Nothing; title and the complete list of assessors are replaced."""
    group_id = _changeable(call)
    refuse_graded(call, _IN_GROUP, group_id)
    _check_assessors(call, call.body["assessorIds"])
    call.store.run(
        "UPDATE assessor_groups SET title = ? WHERE id = ?", call.body["title"], group_id
    )
    _set_assessors(call, group_id, call.body["assessorIds"])
    return success()


@operation("DELETE", _ONE, refuses_archived=True)
def delete_group(call: Call) -> Answer:
    """Nothing; the group's allocations go with it."""
    group_id = _changeable(call)
    if call.store.scalar("SELECT external_id FROM assessor_groups WHERE id = ?", group_id):
        raise Refusal(403, "The assessor group has an external id")
    for table in ("group_assessors", "group_participants"):
        call.store.run(f"DELETE FROM {table} WHERE group_id = ?", group_id)  # noqa: S608
    call.store.run("DELETE FROM assessor_groups WHERE id = ?", group_id)
    return success()


@operation("POST", _ASSESSOR, refuses_archived=True)
def add_assessor_to_group(call: Call) -> Answer:
    """Nothing."""
    group_id, row = _changeable(call), assessor(call)
    refuse_graded(call, _IN_GROUP, group_id)
    call.store.run("INSERT OR IGNORE INTO group_assessors VALUES (?, ?)", group_id, row["id"])
    return success()


@operation("DELETE", _ASSESSOR, refuses_archived=True)
def remove_assessor_from_group(call: Call) -> Answer:
    """Nothing; a group keeps one assessor."""
    group_id, row = _changeable(call), assessor(call)
    refuse_graded(call, _IN_GROUP, group_id)
    if _members(call, "group_assessors", "assessor_id", group_id) == [row["id"]]:
        raise Refusal(403, "The last assessor of a group cannot be removed")
    call.store.run(
        "DELETE FROM group_assessors WHERE group_id = ? AND assessor_id = ?", group_id, row["id"]
    )
    return success()


@operation(
    "PUT",
    _PARTICIPANTS,
    body=record({"participantIds": array(integer(), required=True)}),
    bad_id=400,
    refuses_archived=True,
)
def put_group_participants(call: Call) -> Answer:
    """Nothing; the list is the complete one afterwards."""
    group_id = _changeable(call)
    participants_of(call, call.body["participantIds"])
    refuse_graded(call, _IN_GROUP, group_id)
    call.store.run("DELETE FROM group_participants WHERE group_id = ?", group_id)
    call.store.many(
        "INSERT INTO group_participants VALUES (?, ?)",
        [(group_id, id_) for id_ in call.body["participantIds"]],
    )
    return success()


@operation("DELETE", _PARTICIPANTS, refuses_archived=True)
def clear_group_participants(call: Call) -> Answer:
    """Nothing; the group has no participants afterwards."""
    group_id = _changeable(call)
    refuse_graded(call, _IN_GROUP, group_id)
    call.store.run("DELETE FROM group_participants WHERE group_id = ?", group_id)
    return success()


@operation("POST", _PARTICIPANTS + "/{participantId}", refuses_archived=True)
def add_participant_to_group(call: Call) -> Answer:
    """Nothing."""
    group_id, person = _changeable(call), participant(call)
    refuse_graded(call, "= ?", person["id"])
    call.store.run("INSERT OR IGNORE INTO group_participants VALUES (?, ?)", group_id, person["id"])
    return success()


@operation("DELETE", _PARTICIPANTS + "/{participantId}", refuses_archived=True)
def remove_participant_from_group(call: Call) -> Answer:
    """Nothing."""
    group_id, person = _changeable(call), participant(call)
    refuse_graded(call, "= ?", person["id"])
    call.store.run(
        "DELETE FROM group_participants WHERE group_id = ? AND participant_id = ?",
        group_id,
        person["id"],
    )
    return success()


@operation("GET", "/flows/{flowId}/assessors/groups", bad_id=400)
def list_assessors_with_groups(call: Call) -> Answer:
    """A page of the assessors with the groups that they are in: 50 at most."""
    offset, limit = page_of(call, 50)
    total = call.store.scalar("SELECT count(*) FROM assessors WHERE flow_id = ?", call.flow_id)
    rows = call.store.all(
        "SELECT id FROM assessors WHERE flow_id = ? ORDER BY id LIMIT ? OFFSET ?",
        call.flow_id,
        limit,
        offset,
    )
    shown = [{"assessorId": row["id"], "assessorGroupIds": _groups_of(call, row)} for row in rows]
    return page(shown, offset, limit, total)


def _groups_of(call: Call, row: Any) -> list[int]:
    found = call.store.all(
        "SELECT group_id FROM group_assessors WHERE assessor_id = ? ORDER BY group_id", row["id"]
    )
    return [group[0] for group in found]


@operation("GET", "/flow/{flowId}/assessorGroups", bare=(404,))
def list_groups_older(call: Call) -> Answer:
    """The groups in the older shape, bare; 404 where there are none. Deprecated."""
    rows = call.store.all(
        "SELECT * FROM assessor_groups WHERE flow_id = ? ORDER BY id", call.flow_id
    )
    if not rows:
        raise Refusal(404, "No groups found")
    return bare([{"assessorGroupId": row["id"], "name": row["title"]} for row in rows])
