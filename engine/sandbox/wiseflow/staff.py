"""Managers, authors, reviewers and invigilators of a flow: one user a call, by userId only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.sandbox.wiseflow.bodies import FLAG, ID, Shape, record
from engine.sandbox.wiseflow.http import Answer, Call, Refusal, operation, success
from engine.sandbox.wiseflow.people import short_user, user_exists

if TYPE_CHECKING:
    from engine.sandbox.store import Row


@dataclass(frozen=True)
class _Role:
    """A kind of seat: its table (and path), the name of its id, its flags as column by member.

    `own_flags` are sent and changed by clients, the others are only shown.
    """

    table: str
    id_name: str
    title: str
    own_flags: dict[str, str] = field(default_factory=dict)
    shown_flags: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"/flows/{{flowId}}/{self.table}"

    @property
    def body(self) -> Shape:
        return record({"userId": ID} | dict.fromkeys(self.own_flags, FLAG))


_REVIEWERS = _Role(
    "reviewers",
    "reviewerId",
    "reviewer",
    {
        "isAllocatedToAll": "to_all",
        "hasAccessToAssessmentInformation": "sees",
        "canDecideOnFinalGrade": "decides",
    },
)
_INVIGILATORS = _Role("invigilators", "invigilatorId", "invigilator", {"isHeadInvigilator": "head"})
_AUTHORS = _Role("authors", "authorId", "author")
_MANAGERS = _Role("managers", "managerId", "manager", shown_flags={"isCreator": "creator"})

Handler = Callable[[Call], Answer]


def _rows(call: Call, role: _Role) -> list[Row]:
    return call.store.all(
        f"SELECT s.*, u.first_name, u.last_name FROM {role.table} s "  # noqa: S608
        "JOIN users u ON u.id = s.user_id WHERE s.flow_id = ? ORDER BY s.id",
        call.flow_id,
    )


def _shown(role: _Role, row: Row) -> dict[str, Any]:
    flags = {**role.own_flags, **role.shown_flags}
    return {
        role.id_name: row["id"],
        "user": short_user(row),
        **{name: bool(row[column]) for name, column in flags.items()},
    }


def _seat(call: Call, role: _Role, seat_id: int) -> dict[str, Any]:
    return next(_shown(role, row) for row in _rows(call, role) if row["id"] == seat_id)


def _own(call: Call, role: _Role) -> Row:
    """The seat of the path, or 404."""
    row = call.store.one(
        f"SELECT * FROM {role.table} WHERE id = ? AND flow_id = ?",  # noqa: S608
        call.ids[role.id_name],
        call.flow_id,
    )
    if row is None:
        raise Refusal(404, f"{role.title.capitalize()} not found")
    return row


def _may_decide(call: Call) -> None:
    if call.body.get("canDecideOnFinalGrade") and not call.flow["reviewer_approval"]:
        raise Refusal(403, "The flow does not have reviewer approval")


def _list(role: _Role) -> Handler:
    return lambda call: success([_shown(role, row) for row in _rows(call, role)])


def _add(role: _Role) -> Handler:
    def add(call: Call) -> Answer:
        user_id = call.body["userId"]
        if not user_exists(call.store, user_id):
            raise Refusal(404, "User not found")
        _may_decide(call)
        if call.store.one(
            f"SELECT 1 FROM {role.table} WHERE flow_id = ? AND user_id = ?",  # noqa: S608
            call.flow_id,
            user_id,
        ):
            raise Refusal(403, f"User is already {role.title} on flow")
        flags = {column: int(call.body[name]) for name, column in role.own_flags.items()}
        flags |= dict.fromkeys(role.shown_flags.values(), 0)
        seat_id = call.store.insert(role.table, flow_id=call.flow_id, user_id=user_id, **flags)
        return success(_seat(call, role, seat_id), 201)

    return add


def _change(role: _Role) -> Handler:
    def change(call: Call) -> Answer:
        row = _own(call, role)
        _may_decide(call)
        sets = ", ".join(f"{column} = ?" for column in role.own_flags.values())
        call.store.run(
            f"UPDATE {role.table} SET {sets} WHERE id = ?",  # noqa: S608
            *[int(call.body[name]) for name in role.own_flags],
            row["id"],
        )
        if call.body.get("isAllocatedToAll"):
            call.store.run("DELETE FROM reviewer_allocations WHERE reviewer_id = ?", row["id"])
        shown = _seat(call, role, row["id"])
        # The document has a list here for reviewers, and one object for invigilators.
        return success([shown] if role is _REVIEWERS else shown)

    return change


def _remove(role: _Role) -> Handler:
    def remove(call: Call) -> Answer:
        row = _own(call, role)
        if role is _MANAGERS and len(_rows(call, role)) == 1:
            raise Refusal(403, "The last manager of a flow cannot be removed")
        call.store.run(f"DELETE FROM {role.table} WHERE id = ?", row["id"])  # noqa: S608
        if role is _REVIEWERS:
            call.store.run("DELETE FROM reviewer_allocations WHERE reviewer_id = ?", row["id"])
        return success()

    return remove


for _role in (_MANAGERS, _AUTHORS, _REVIEWERS, _INVIGILATORS):
    _one = f"{_role.path}/{{{_role.id_name}}}"
    operation("GET", _role.path, bad_id=400)(_list(_role))
    operation("POST", _role.path, body=_role.body, bad_id=400, refuses_archived=True)(_add(_role))
    operation("DELETE", _one, refuses_archived=True)(_remove(_role))
    if _role.own_flags:
        _flags = record(dict.fromkeys(_role.own_flags, FLAG))
        operation("PATCH", _one, body=_flags, refuses_archived=True)(_change(_role))
