"""What comes out of a flow: grades, submissions, item marks. Read-only in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sandbox.times import iso_date
from engine.sandbox.wiseflow.http import (
    Answer,
    Call,
    Refusal,
    bare,
    encode,
    operation,
    success,
)
from engine.sandbox.wiseflow.participants import participant

if TYPE_CHECKING:
    from engine.sandbox.store import Row

_SUBMISSIONS = (
    "SELECT s.*, p.user_id, p.flow_id FROM submissions s "
    "JOIN participants p ON p.id = s.participant_id WHERE p.flow_id = ?"
)
_WINDOW = 30 * 86_400


_GRADES = (
    "SELECT p.id AS participant, g.* FROM participants p "
    "{} JOIN grades g ON g.participant_id = p.id WHERE p.flow_id = ? {} ORDER BY p.number"
)


def _assessment(row: Row) -> dict[str, Any]:
    """Grades as they are stored; members that have no value yet are left out.

    `id` is null until an administrative grade is set; nothing else may be null.
    Source: WISEflow OpenAPI, assessment.
    """
    shown = {
        "id": None if row["admin_grade"] is None else row["id"],
        "participantId": row["participant"],
        "grade": row["grade"],
        "date": row["graded_at"],
        "adminGrade": row["admin_grade"],
        "adminGradeDate": row["admin_graded_at"],
        "exportState": row["export_state"],
        "exportDate": row["exported_at"],
        "exportMessage": row["export_message"],
    }
    return {name: value for name, value in shown.items() if name == "id" or value is not None}


def _grades(call: Call, condition: str = "", *values: int, all_: bool = False) -> list[Row]:
    """The participants with a grade of either kind, or all of them, by their numbers."""
    query = _GRADES.format("LEFT" if all_ else "", condition)
    return call.store.all(query, call.flow_id, *values)


@operation("GET", "/flow/{flowId}/assessments", bare=(404,))
def list_assessments(call: Call) -> Answer:
    """The grades of a flow, bare, all of them at once: the document has no pages here."""
    rows = _grades(call, all_=call.quirks["ungraded"] == "listed")
    return bare([_assessment(row) for row in rows])


@operation("GET", "/flow/{flowId}/assessments/{participantId}")
def get_assessment(call: Call) -> Answer:
    """The grade of a participant; only the ids where there is none yet."""
    person = participant(call)
    (row,) = _grades(call, "AND p.id = ?", person["id"], all_=True)
    return success(_assessment(row))


def _status(row: Row) -> dict[str, Any]:
    """The document has strings that are null until the submission is handed in: left out then."""
    done = bool(row["handed_in"])
    return {
        "handedIn": done,
        "handedInBlank": bool(row["blank"]),
        "handedInDate": iso_date(row["handed_in_at"]) if done else "",
        "handedInIp": row["ip"] if done else "",
    }


@operation("GET", "/flows/{flowId}/submissions", bad_id=400, bare=(404,))
def list_submissions(call: Call) -> Answer:
    """The submissions of a flow; they do not say whose they are."""
    rows = call.store.all(f"{_SUBMISSIONS} ORDER BY s.id", call.flow_id)
    shown = [{"id": row["id"], "status": _status(row), "similarityReports": []} for row in rows]
    # The document declares a pagination, but no parameters: all are on one page.
    pagination = {"limit": max(len(shown), 1), "offset": 0, "total": len(shown)}
    body = {"success": True, "data": shown, "error": None, "pagination": pagination}
    return Answer(200, encode(body))


def _submission(call: Call) -> Row:
    """The submission of the path; 404 where there is none, 403 where it is another flow's."""
    row = call.store.one(
        "SELECT s.*, p.user_id, p.flow_id FROM submissions s "
        "JOIN participants p ON p.id = s.participant_id WHERE s.id = ?",
        call.ids["submissionId"],
    )
    if row is None:
        raise Refusal(404, "Submission not found")
    if row["flow_id"] != call.flow_id:
        raise Refusal(403, "Submission is not associated with flow")
    return row


def _assessors(call: Call, row: Row) -> list[dict[str, int]]:
    rows = call.store.all(
        "SELECT a.id, a.user_id FROM assessors a JOIN assessor_allocations l "
        "ON l.assessor_id = a.id WHERE l.participant_id = ? ORDER BY a.id",
        row["participant_id"],
    )
    return [{"assessorId": found["id"], "userId": found["user_id"]} for found in rows]


def _groups(call: Call, row: Row) -> list[int]:
    rows = call.store.all(
        "SELECT group_id FROM group_participants WHERE participant_id = ?", row["participant_id"]
    )
    return [found[0] for found in rows]


@operation("GET", "/flows/{flowId}/submissions/{submissionId}", bad_id=400)
def get_submission(call: Call) -> Answer:
    """One submission with its people, bare."""
    row = _submission(call)
    return bare(
        {
            "id": row["id"],
            "status": _status(row),
            "coverSheet": [],
            "similarityReports": [],
            "allocations": {
                "assessors": _assessors(call, row),
                "assessorGroupIds": _groups(call, row),
            },
            "participants": [_person(call, row)],
        }
    )


def _person(call: Call, row: Row) -> dict[str, Any]:
    """Whose submission it is; the document describes `id` and requires `participantId`.

    What the older operation calls the administrative grade is the alternative grade here.
    """
    id_ = row["participant_id"]
    shown: dict[str, Any] = {"id": id_, "participantId": id_, "userId": row["user_id"]}
    for found in _grades(call, "AND p.id = ?", id_):
        if found["grade"] is not None:
            date = iso_date(found["graded_at"])
            shown["finalGrade"] = {"grade": int(found["grade"]), "date": date}
        if found["admin_grade"] is not None:
            date = iso_date(found["admin_graded_at"])
            shown["alternativeGrade"] = {"grade": found["admin_grade"], "date": date}
    return shown


@operation("GET", "/flow/{flowId}/submissions", bare=(404,))
def list_submissions_older(call: Call) -> Answer:
    """The submissions of a flow in the older shape, bare. Deprecated."""
    rows = call.store.all(f"{_SUBMISSIONS} ORDER BY s.id", call.flow_id)
    return bare([_older(row) for row in rows])


def _older(row: Row) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": row["id"],
        "handedIn": bool(row["handed_in"]),
        "handedInBlank": bool(row["blank"]),
        "files": [],
    }
    if row["handed_in"]:
        shown |= {"handedInDate": row["handed_in_at"], "handedInIp": row["ip"]}
    return shown


@operation("GET", "/flow/{flowId}/submission/{submissionId}", bare=(403, 404))
def get_submission_older(call: Call) -> Answer:
    """One submission in the older shape, bare. Deprecated."""
    row = _submission(call)
    person: dict[str, Any] = {"participantId": row["participant_id"], "userId": row["user_id"]}
    for found in _grades(call, "AND p.id = ?", row["participant_id"]):
        if found["grade"] is not None:
            person |= {"grade": found["grade"], "gradingDate": found["graded_at"]}
        if found["admin_grade"] is not None:
            person |= {
                "adminGrade": found["admin_grade"],
                "adminGradingDate": found["admin_graded_at"],
            }
    return bare(
        _older(row)
        | {
            "coverSheet": [],
            "assessors": _assessors(call, row),
            "participants": [person],
            "assessorGroupIds": _groups(call, row),
        }
    )


@operation("GET", "/flows/{flowId}/submissions/{submissionId}/files", bad_id=400)
def list_files(call: Call) -> Answer:
    """The files of a submission: none, as the sandbox keeps no papers."""
    _submission(call)
    return success([])


@operation("GET", "/license/submissions", bad_id=400, bare=(400,))
def list_licence_submissions(call: Call) -> Answer:
    """Submissions handed in within at most 30 days on flows with a purpose, bare."""
    start, end, purpose = (_number(call, name) for name in ("start", "end", "purpose"))
    assessed = call.query.get("assessed", "true")
    if assessed not in {"true", "false"} or not start < end <= start + _WINDOW or purpose > 3:
        raise Refusal(400, "Invalid query parameters")
    word = ("EXAMINATION", "COURSE_WORK", "BACHELOR", "MASTER")[purpose]
    rows = call.store.all(
        "SELECT s.*, p.flow_id, g.grade FROM submissions s "
        "JOIN participants p ON p.id = s.participant_id JOIN flows f ON f.id = p.flow_id "
        "LEFT JOIN grades g ON g.participant_id = p.id WHERE s.handed_in AND NOT f.deleted "
        "AND s.handed_in_at BETWEEN ? AND ? AND f.purpose = ? ORDER BY s.id",
        start,
        end,
        word,
    )
    return bare(
        [
            {
                "id": row["id"],
                "flowId": row["flow_id"],
                "handedInBlank": bool(row["blank"]),
                "handedInDate": row["handed_in_at"],
            }
            for row in rows
            if (row["grade"] is not None) == (assessed == "true")
        ]
    )


def _number(call: Call, name: str) -> int:
    raw = call.query.get(name, "")
    if not (raw.isascii() and raw.isdigit() and len(raw) < 16):
        raise Refusal(400, "Invalid query parameters")
    return int(raw)


_PERSON = "/flows/{flowId}/participants/{participantId}"


@operation("GET", _PERSON + "/item-based-marks")
def list_item_marks(call: Call) -> Answer:
    """The marks by item; 403 on flows that do not use item-based marking."""
    participant(call)
    if not call.flow["item_based_marking"]:
        raise Refusal(403, "The flow does not use item-based marking")
    return success([])


@operation("GET", _PERSON + "/rubrics")
def list_participant_rubrics(call: Call) -> Answer:
    """The rubrics of a participant: none."""
    participant(call)
    return success([])


@operation("GET", "/flows/{flowId}/rubrics", bad_id=400)
def list_rubrics(call: Call) -> Answer:
    """The rubrics of a flow: none."""
    return success([])
