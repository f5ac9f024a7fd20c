"""Older operations that clients still use: the former search, SIS codes, source codes."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from engine.sandbox.tables import STATE
from engine.sandbox.wiseflow.bodies import TEXT, boolean, integer, record, text
from engine.sandbox.wiseflow.flow_terms import EXAMINATION_TYPES, PURPOSES, TYPE_NUMBERS
from engine.sandbox.wiseflow.http import Answer, Call, Refusal, bare, empty, operation

_SEARCH = record(
    {
        "title": text(),
        "subtitle": text(),
        "code": text(),
        "participantStartDate": integer(),
        "participantEndDate": integer(),
        "assessmentStartDate": integer(),
        "assessmentEndDate": integer(),
        "markingScale": integer(),
        "isSis": boolean(),
        "usesLockdownBrowser": boolean(),
    }
)
_DATES = {
    "participantStartDate": "participation_start",
    "participantEndDate": "participation_end",
    "assessmentStartDate": "marking_start",
    "assessmentEndDate": "marking_end",
}


@operation("POST", "/license/flows/search", body=_SEARCH)
def search_flows_older(call: Call) -> Answer:
    """All flows that match, bare, with numbers for words. Deprecated."""
    body = call.body
    terms, values = ["NOT f.deleted"], {}
    for name in ("title", "subtitle"):
        if body.get(name):
            terms.append(f"instr(casefold(f.{name}), :{name}) > 0")
            values[name] = body[name].casefold()
    for name, column in {**_DATES, "code": "code", "markingScale": "grading_scale"}.items():
        if body.get(name):
            terms.append(f"f.{column} = :{name}")
            values[name] = body[name]
    # False is the default of these members: it does not exclude.
    if body.get("isSis"):
        terms.append("EXISTS (SELECT 1 FROM sources s WHERE s.flow_id = f.id)")
    if body.get("usesLockdownBrowser"):
        terms.append("f.type = 'FLOWlock'")
    rows = call.store.all(
        f"SELECT f.*, {STATE} AS state FROM flows f WHERE {' AND '.join(terms)} ORDER BY f.id",  # noqa: S608
        now=call.now,
        **values,
    )
    return bare(
        [
            {
                "flowId": row["id"],
                "title": row["title"] or "",
                "subTitle": row["subtitle"] or "",
                "creationDate": row["created"],
                **_numbers(row),
            }
            for row in rows
        ]
    )


def _numbers(row: Any) -> dict[str, int]:
    return {
        "type": TYPE_NUMBERS[row["type"]],
        "state": row["state"],
        "variant": EXAMINATION_TYPES.index(row["examination_type"]),
        "purpose": PURPOSES.index(row["purpose"]),
    }


_SOURCE = record(
    {
        "sourceCode": text(required=True, shortest=1),
        "integrationId": TEXT,
        "useSisMetaData": boolean(),
        "useSisDates": boolean(),
    }
)


def _integration(call: Call, integration_id: int | str) -> str:
    """The name of an integration; 404 where the licence does not have it."""
    for client in call.licence("sis_clients"):
        if str(client["integrationId"]) == str(integration_id):
            return str(client.get("name", integration_id))
    raise Refusal(404, "The source code is not found in external system")


@operation(
    "POST",
    "/flow/{flowId}/source/add",
    body=_SOURCE,
    bad_id=400,
    bare=(400, 403, 404),
    refuses_archived=True,
)
def add_source(call: Call) -> Answer:
    """No body; the student information system feeds the flow from then on."""
    code = call.body["sourceCode"]
    name = _integration(call, call.body["integrationId"])
    if call.store.one("SELECT 1 FROM sources WHERE flow_id = ? AND code = ?", call.flow_id, code):
        raise Refusal(400, "The source is on the flow")
    known = call.store.scalar("SELECT source_id FROM sources WHERE code = ?", code)
    next_id = call.store.scalar("SELECT coalesce(max(source_id), 0) + 1 FROM sources")
    call.store.insert(
        "sources", flow_id=call.flow_id, source_id=known or next_id, code=code, integration=name
    )
    return empty()


@operation(
    "DELETE",
    "/flow/{flowId}/source/remove/{sourceCode}/integration/{integrationId}",
    bare=(403, 404),
    refuses_archived=True,
)
def remove_source(call: Call) -> Answer:
    """No body; the code is base64 in the path."""
    try:
        raw = call.ids["sourceCode"]
        code = base64.b64decode(raw + "=" * (-len(raw) % 4), altchars=b"-_").decode()
    except (binascii.Error, ValueError) as error:
        raise Refusal(404, "The source code is not found on the flow") from error
    name = _integration(call, call.ids["integrationId"])
    if not call.store.run(
        "DELETE FROM sources WHERE flow_id = ? AND code = ? AND integration = ?",
        call.flow_id,
        code,
        name,
    ):
        raise Refusal(404, "The source code is not found on the flow")
    return empty()


@operation("GET", "/flow/{flowId}/groups", bare=(404,))
def list_participant_groups(call: Call) -> Answer:
    """The groups that participants hand in by, bare: none."""
    return bare([])
