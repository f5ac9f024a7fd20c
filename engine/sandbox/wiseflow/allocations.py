"""Which assessor or reviewer marks which participant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.sandbox.wiseflow.assessors import assessor
from engine.sandbox.wiseflow.bodies import array, integer, record
from engine.sandbox.wiseflow.http import Answer, Call, Refusal, empty, operation, success
from engine.sandbox.wiseflow.participants import participant, participants_of

if TYPE_CHECKING:
    from engine.sandbox.store import Row

_BODY = record({"participantIds": array(integer(), required=True)})
_ASSESSOR = "/flows/{flowId}/assessors/{assessorId}/allocations"
_REVIEWER = "/flows/{flowId}/reviewers/{reviewerId}/allocations"
_PARTICIPANT = "/flows/{flowId}/participants/{participantId}/allocations"


def refuse_unallocatable(call: Call) -> None:
    """403 where the flow's assessors are not allocated through the API."""
    if call.flow["sis_allocation"]:
        raise Refusal(403, "SIS allocation is enabled on the flow")
    if call.flow["item_based_marking"]:
        raise Refusal(403, "The flow uses item-based marking")


def refuse_graded(call: Call, condition: str, *values: int) -> None:
    """403 where one of the participants chosen has a final grade."""
    graded = f"SELECT 1 FROM grades WHERE grade IS NOT NULL AND participant_id {condition}"  # noqa: S608
    if call.store.one(graded, *values):
        raise Refusal(403, "A participant has a final grade")


@operation("GET", _ASSESSOR, refuses_archived=True)
def list_assessor_allocations(call: Call) -> Answer:
    """The participants of an assessor."""
    return success({"participantIds": _allocated(call, "assessor", assessor(call)["id"])})


def _allocated(call: Call, kind: str, seat_id: int) -> list[int]:
    rows = call.store.all(
        f"SELECT participant_id FROM {kind}_allocations WHERE {kind}_id = ? "  # noqa: S608
        "ORDER BY participant_id",
        seat_id,
    )
    return [row[0] for row in rows]


@operation("POST", _ASSESSOR, body=_BODY, bad_id=400, refuses_archived=True)
def allocate_assessor(call: Call) -> Answer:
    """No body; only for an assessor who has no participants yet."""
    row = assessor(call)
    refuse_unallocatable(call)
    participants_of(call, call.body["participantIds"])
    if _allocated(call, "assessor", row["id"]):
        raise Refusal(403, "The assessor has existing allocations")
    _allocate(call, "assessor", row["id"], call.body["participantIds"])
    return empty()


def _allocate(call: Call, kind: str, seat_id: int, participants: list[int]) -> None:
    call.store.many(
        f"INSERT OR IGNORE INTO {kind}_allocations VALUES (?, ?)",  # noqa: S608
        [(seat_id, participant_id) for participant_id in participants],
    )


@operation("DELETE", _ASSESSOR, refuses_archived=True)
def clear_assessor(call: Call) -> Answer:
    """Nothing; all allocations of the assessor are gone."""
    row = assessor(call)
    refuse_unallocatable(call)
    refuse_graded(
        call,
        "IN (SELECT participant_id FROM assessor_allocations WHERE assessor_id = ?)",
        row["id"],
    )
    call.store.run("DELETE FROM assessor_allocations WHERE assessor_id = ?", row["id"])
    return success()


@operation("POST", _ASSESSOR + "/participants/{participantId}", refuses_archived=True)
def allocate_one(call: Call) -> Answer:
    """No body; the allocation is added to those that exist."""
    row, person = assessor(call), participant(call)
    refuse_unallocatable(call)
    refuse_graded(call, "= ?", person["id"])
    _allocate(call, "assessor", row["id"], [person["id"]])
    return empty()


@operation("DELETE", _ASSESSOR + "/participants/{participantId}", refuses_archived=True)
def deallocate_one(call: Call) -> Answer:
    """No body."""
    row, person = assessor(call), participant(call)
    _deallocate(call, "assessor", row["id"], person["id"])
    return empty()


def _deallocate(call: Call, kind: str, seat_id: int, participant_id: int) -> None:
    call.store.run(
        f"DELETE FROM {kind}_allocations WHERE {kind}_id = ? AND participant_id = ?",  # noqa: S608
        seat_id,
        participant_id,
    )


@operation("GET", _PARTICIPANT, refuses_archived=True)
def list_participant_allocations(call: Call) -> Answer:
    """Assessors and reviewers of a participant, with reviewers who have everybody."""
    person = participant(call)
    assessors = call.store.all(
        "SELECT assessor_id FROM assessor_allocations WHERE participant_id = ? "
        "ORDER BY assessor_id",
        person["id"],
    )
    reviewers = call.store.all(
        "SELECT id FROM reviewers r WHERE flow_id = ? AND (to_all OR EXISTS (SELECT 1 FROM "
        "reviewer_allocations a WHERE a.reviewer_id = r.id AND a.participant_id = ?)) ORDER BY id",
        call.flow_id,
        person["id"],
    )
    return success(
        {
            "assessorIds": [row[0] for row in assessors],
            "reviewerIds": [row[0] for row in reviewers],
        }
    )


def _reviewer(call: Call, *, for_change: bool = True) -> Row:
    """The reviewer of the path; 403 where a change meets one who has everybody."""
    row = call.store.one(
        "SELECT * FROM reviewers WHERE id = ? AND flow_id = ?",
        call.ids["reviewerId"],
        call.flow_id,
    )
    if row is None:
        raise Refusal(404, "Reviewer not found")
    if for_change and row["to_all"]:
        raise Refusal(403, "Reviewer is allocated to all")
    return row


@operation("GET", _REVIEWER, refuses_archived=True)
def list_reviewer_allocations(call: Call) -> Answer:
    """The participants of a reviewer, and whether that is everybody."""
    row = _reviewer(call, for_change=False)
    return success(
        {
            "allocatedToAll": bool(row["to_all"]),
            "participantIds": _allocated(call, "reviewer", row["id"]),
        }
    )


@operation("PUT", _REVIEWER, body=_BODY, bad_id=400, refuses_archived=True)
def set_reviewer_allocations(call: Call) -> Answer:
    """Nothing; the list is the complete one afterwards."""
    row = _reviewer(call)
    participants_of(call, call.body["participantIds"])
    call.store.run("DELETE FROM reviewer_allocations WHERE reviewer_id = ?", row["id"])
    _allocate(call, "reviewer", row["id"], call.body["participantIds"])
    return success()


@operation("DELETE", _REVIEWER, refuses_archived=True)
def clear_reviewer(call: Call) -> Answer:
    """Nothing; all allocations of the reviewer are gone."""
    row = _reviewer(call)
    call.store.run("DELETE FROM reviewer_allocations WHERE reviewer_id = ?", row["id"])
    return success()


@operation("POST", _REVIEWER + "/participants/{participantId}", refuses_archived=True)
def allocate_reviewer(call: Call) -> Answer:
    """Nothing; the allocation is added to those that exist."""
    row, person = _reviewer(call), participant(call)
    _allocate(call, "reviewer", row["id"], [person["id"]])
    return success()


@operation("DELETE", _REVIEWER + "/participants/{participantId}", refuses_archived=True)
def deallocate_reviewer(call: Call) -> Answer:
    """Nothing."""
    row, person = _reviewer(call), participant(call)
    _deallocate(call, "reviewer", row["id"], person["id"])
    return success()
