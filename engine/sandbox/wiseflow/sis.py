"""Sources of the student information system on flows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from engine.sandbox.tables import STATE
from engine.sandbox.wiseflow.bodies import TEXT, integer, record
from engine.sandbox.wiseflow.flow_terms import STATES
from engine.sandbox.wiseflow.http import Answer, Call, Refusal, operation, page, page_of, success

if TYPE_CHECKING:
    from engine.sandbox.store import Row

_SEPARATOR = "||"
_SEARCH = record({"sourceCode": TEXT, "flowId": integer(nullable=True)})


def is_sis(call: Call) -> bool:
    """Whether the flow of the path is fed by the student information system."""
    return call.store.one("SELECT 1 FROM sources WHERE flow_id = ?", call.flow_id) is not None


@operation("GET", "/flows/{flowId}/sources")
def list_sources(call: Call) -> Answer:
    """The sources of a flow."""
    rows = call.store.all("SELECT * FROM sources WHERE flow_id = ? ORDER BY id", call.flow_id)
    return success(
        [
            {"sourceId": r["source_id"], "code": r["code"], "integration": r["integration"]}
            for r in rows
        ]
    )


@operation("GET", "/flows/{flowId}/sources/{sourceId}/participants", bad_id=400, plain=(404,))
def list_source_participants(call: Call) -> Answer:
    """A page of the participants who came from the student information system."""
    offset, limit = page_of(call, 100)
    if (
        call.store.one(
            "SELECT 1 FROM sources WHERE flow_id = ? AND source_id = ?",
            call.flow_id,
            call.ids["sourceId"],
        )
        is None
    ):
        raise Refusal(404, "Source not found on flow")
    where = "FROM participants WHERE flow_id = ? AND sis"
    total = call.store.scalar(f"SELECT count(*) {where}", call.flow_id)
    rows = call.store.all(
        f"SELECT * {where} ORDER BY number LIMIT ? OFFSET ?",
        call.flow_id,
        limit,
        offset,
    )
    people = [
        {
            "participantId": row["id"],
            "userId": row["user_id"],
            "number": row["number"],
            "uniqueExamId": row["exam_id"],
        }
        for row in rows
    ]
    return page(people, offset, limit, total)


@operation("POST", "/sources/search", body=_SEARCH)
def search_sources(call: Call) -> Answer:
    """A page of the sources whose code matches, with their flows."""
    offset, limit = page_of(call, 100)
    parts = call.body["sourceCode"].split(_SEPARATOR)
    if all(len(part.replace("*", "")) < 3 for part in parts):
        message = "at least one parameter needs three characters"
        raise Refusal(400, "Invalid request", ("sourceCode", message))
    wanted = re.compile(
        re.escape(_SEPARATOR).join(re.escape(part).replace(r"\*", ".*") for part in parts)
    )
    flow_id = call.body.get("flowId")
    rows = call.store.all(
        f"SELECT s.source_id, s.code, s.integration, f.id, f.title, {STATE} AS state "  # noqa: S608
        "FROM sources s JOIN flows f ON f.id = s.flow_id "
        "WHERE NOT f.deleted AND (:flow IS NULL OR f.id = :flow) ORDER BY s.id",
        now=call.now,
        flow=flow_id,
    )
    found = [_shown(call, row) for row in rows if wanted.fullmatch(row["code"])]
    return page(found[offset : offset + limit], offset, limit, len(found))


def _shown(call: Call, row: Row) -> dict[str, Any]:
    clients = call.licence("sis_clients")
    client = next((c for c in clients if row["integration"] in _names(c)), {"integrationId": 0})
    return {
        "sourceId": row["source_id"],
        "code": row["code"],
        "integrationId": client["integrationId"],
        "integrationName": row["integration"],
        "flow": {"flowid": row["id"], "title": row["title"] or "", "state": STATES[row["state"]]},
    }


def _names(client: dict[str, Any]) -> set[str]:
    return {str(client.get("name")), str(client["integrationId"])}
