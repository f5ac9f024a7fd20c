"""External source references of flows: the public hook for a key. Not unique between flows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sandbox.tables import STATE
from engine.sandbox.times import iso_date
from engine.sandbox.wiseflow.bodies import record, text
from engine.sandbox.wiseflow.flow_terms import STATES
from engine.sandbox.wiseflow.http import Answer, Call, Refusal, bare, operation, success

if TYPE_CHECKING:
    from engine.sandbox.store import Row

_PATH = "/flows/{flowId}/external-sources"
_ONE = _PATH + "/{flowExternalSourceId}"
_SYNC = _PATH + "/{flowExternalSourceReference}/sync/"
_NEW = record(
    {
        "reference": text(required=True, longest=255, pattern="[a-zA-Z0-9-_]+"),
        "description": text(nullable=True),
    }
)


def _shown(row: Row) -> dict[str, Any]:
    """A source; moments that have not been are left out, as the document cannot have them null."""
    moments = {"lastRequestedSync": row["requested"], "lastSync": row["synced"]}
    return {
        "id": row["id"],
        "reference": row["reference"],
        "description": row["description"] or "",
        "createdAt": iso_date(row["created"]),
        "updatedAt": iso_date(row["updated"]),
        **{name: iso_date(value) for name, value in moments.items() if value is not None},
        "state": row["state"],
    }


def _source(call: Call) -> Row:
    row = call.store.one(
        "SELECT * FROM external_sources WHERE id = ? AND flow_id = ?",
        call.ids["flowExternalSourceId"],
        call.flow_id,
    )
    if row is None:
        raise Refusal(404, "External source not found")
    return row


def _refuse_sis_allocation(call: Call) -> None:
    if call.flow["sis_allocation"]:
        raise Refusal(403, "SIS allocation is enabled on the flow")


@operation("GET", _PATH)
def list_external_sources(call: Call) -> Answer:
    """The external sources of a flow."""
    rows = call.store.all(
        "SELECT * FROM external_sources WHERE flow_id = ? ORDER BY id", call.flow_id
    )
    return success([_shown(row) for row in rows])


@operation("GET", _ONE)
def get_external_source(call: Call) -> Answer:
    """One external source of a flow."""
    return success(_shown(_source(call)))


@operation("POST", _PATH, body=_NEW, bad_id=400, refuses_archived=True)
def add_external_source(call: Call) -> Answer:
    """The new external source; 409 where the flow has the reference."""
    _refuse_sis_allocation(call)
    reference = call.body["reference"]
    if call.store.one(
        "SELECT 1 FROM external_sources WHERE flow_id = ? AND reference = ?",
        call.flow_id,
        reference,
    ):
        raise Refusal(409, "The external source already exists on the flow")
    id_ = call.store.insert(
        "external_sources",
        flow_id=call.flow_id,
        reference=reference,
        description=call.body.get("description"),
        created=call.now,
        updated=call.now,
        state="NONE",
    )
    return success(_shown(call.store.all("SELECT * FROM external_sources WHERE id = ?", id_)[0]))


@operation("PUT", _ONE, body=record({"description": text(nullable=True)}), refuses_archived=True)
def put_external_source(call: Call) -> Answer:
    """The external source with another description; its reference never changes."""
    _refuse_sis_allocation(call)
    row = _source(call)
    call.store.run(
        "UPDATE external_sources SET description = ?, updated = ? WHERE id = ?",
        call.body.get("description"),
        call.now,
        row["id"],
    )
    return success(_shown(_source(call)))


@operation("DELETE", _ONE, refuses_archived=True)
def delete_external_source(call: Call) -> Answer:
    """Nothing."""
    _refuse_sis_allocation(call)
    call.store.run("DELETE FROM external_sources WHERE id = ?", _source(call)["id"])
    return success()


@operation("POST", _SYNC + "done", refuses_archived=True)
def sync_done(call: Call) -> Answer:
    """Nothing; the source was synchronised."""
    return _synced(call, "SUCCESS")


@operation("POST", _SYNC + "fail", refuses_archived=True)
def sync_failed(call: Call) -> Answer:
    """Nothing; the source could not be synchronised."""
    return _synced(call, "FAILED")


def _synced(call: Call, state: str) -> Answer:
    changed = call.store.run(
        "UPDATE external_sources SET state = ?, synced = ?, updated = ? "
        "WHERE flow_id = ? AND reference = ?",
        state,
        call.now,
        call.now,
        call.flow_id,
        call.ids["flowExternalSourceReference"],
    )
    if not changed:
        raise Refusal(404, "External source not found")
    return success()


@operation("GET", "/external-sources/{flowExternalSourceReference}")
def find_by_reference(call: Call) -> Answer:
    """The first flow with a reference, deleted ones too, bare. Deprecated."""
    row = call.store.one(
        f"SELECT f.id, f.deleted, {STATE} AS state FROM flows f JOIN external_sources r "  # noqa: S608
        "ON r.flow_id = f.id WHERE r.reference = :reference ORDER BY f.deleted, f.id",
        reference=call.ids["flowExternalSourceReference"],
        now=call.now,
    )
    if row is None:
        raise Refusal(404, "Flow not found")
    return bare({"id": row["id"], "flowState": "DELETED" if row["deleted"] else STATES[row[2]]})
