"""The flows of a user, by the user's relation to them, and who is related how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sandbox.tables import STATE
from engine.sandbox.wiseflow.flow_terms import ARCHIVED
from engine.sandbox.wiseflow.flows import basic_flow
from engine.sandbox.wiseflow.http import Answer, Call, Refusal, bare, operation

if TYPE_CHECKING:
    from engine.sandbox.store import Row

_RELATIONS = ("participant", "assessor", "manager", "invigilator", "reviewer", "author")


@operation("GET", "/user/{userId}/flows", bare=(404,))
def list_flows(call: Call) -> Answer:
    """Flows of a user that are not archived, grouped by relation, bare."""
    return _grouped(call, archived=False)


@operation("GET", "/user/{userId}/flows/archived", bare=(404,))
def list_archived_flows(call: Call) -> Answer:
    """Archived flows of a user, grouped by relation, bare."""
    return _grouped(call, archived=True)


def _grouped(call: Call, *, archived: bool) -> Answer:
    return bare(
        {
            relation: [
                _shown(call, row, relation)
                for row in _related(call, relation)
                if (row["state"] == ARCHIVED) == archived
            ]
            for relation in _RELATIONS
        }
    )


def _related(call: Call, relation: str) -> list[Row]:
    return call.store.all(
        f"SELECT f.*, {STATE} AS state, s.id AS seat FROM {relation}s s "  # noqa: S608
        "JOIN flows f ON f.id = s.flow_id WHERE s.user_id = :user AND NOT f.deleted ORDER BY f.id",
        user=call.user["id"],
        now=call.now,
    )


def _shown(call: Call, row: Row, relation: str) -> dict[str, Any]:
    shown = basic_flow(call, row)
    shown["url"] = f"https://wiseflow.example/{relation}/display.php?id={row['id']}"
    if relation == "participant":
        shown["handedIn"] = bool(
            call.store.scalar(
                "SELECT handed_in FROM submissions WHERE participant_id = ?", row["seat"]
            )
        )
    return shown


@operation(
    "GET", "/flow/{flowId}/user/{userId}/relation/{relation}", bad_id=400, bare=(400, 403, 404)
)
def get_relation(call: Call) -> Answer:
    """A flow as a user sees it in a relation (0 participant … 5 author), bare."""
    number = call.ids["relation"]
    if not (number.isdigit() and int(number) < len(_RELATIONS)):
        raise Refusal(400, "Invalid parameter")
    if call.user["deactivated"]:
        raise Refusal(403, "User is deactivated")
    relation = _RELATIONS[int(number)]
    for row in _related(call, relation):
        if row["id"] == call.flow_id:
            return bare(_shown(call, row, relation))
    raise Refusal(404, "User is not on the flow")
