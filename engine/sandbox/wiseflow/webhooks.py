"""Webhooks of the licence. A secret is given once and never shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from engine.sandbox.announcements import EVENTS, enqueue
from engine.sandbox.deliverer import is_loopback
from engine.sandbox.times import iso_date
from engine.sandbox.wiseflow.bodies import array, boolean, record, text
from engine.sandbox.wiseflow.http import Answer, Call, Refusal, operation, success

if TYPE_CHECKING:
    from engine.sandbox.store import Row

# The vendor does not say how many a licence may have.
MOST = 10

_ONE = "/webhooks/{webhookId}"
_CHANGED = {
    "title": text(required=True, shortest=1, longest=255),
    "url": text(required=True, shortest=1, longest=2000),
    "active": boolean(required=True),
    "events": array(text(enum=EVENTS), required=True, shortest=1),
}
_NEW = _CHANGED | {"secret": text(shortest=1)}


def _shown(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "title": row["title"],
        "url": row["url"],
        "active": bool(row["active"]),
        "events": json.loads(row["events"]),
        "createdAt": iso_date(row["created"]),
        "updatedAt": iso_date(row["updated"]),
    }


def _webhook(call: Call, webhook_id: int) -> Row:
    row = call.store.one("SELECT * FROM webhooks WHERE id = ?", webhook_id)
    if row is None:
        raise Refusal(404, "Webhook not found")
    return row


def _columns(call: Call) -> dict[str, Any]:
    """The columns that a body gives; 400 for a URL that is no https (http to this machine is)."""
    url = urlsplit(call.body["url"])
    local = url.scheme == "http" and is_loopback(url)
    if not (url.scheme == "https" and url.hostname) and not local:
        raise Refusal(400, "Invalid request body", ("url", "url must be an https URL"))
    return {
        "title": call.body["title"],
        "url": call.body["url"],
        "active": int(call.body["active"]),
        "events": json.dumps(list(dict.fromkeys(call.body["events"]))),
        "updated": call.now,
    }


@operation("GET", "/webhooks")
def list_webhooks(call: Call) -> Answer:
    """The webhooks of the licence."""
    return success([_shown(row) for row in call.store.all("SELECT * FROM webhooks ORDER BY id")])


@operation("POST", "/webhooks", body=record(_NEW))
def add_webhook(call: Call) -> Answer:
    """The new webhook; 400 where the licence would have too many."""
    if call.store.scalar("SELECT count(*) FROM webhooks") >= MOST:
        raise Refusal(400, "The total number of webhooks would exceed the limit")
    webhook_id = call.store.insert(
        "webhooks",
        **_columns(call),
        secret=call.body.get("secret"),
        created=call.now,
        sequence=0,
    )
    return success(_shown(_webhook(call, webhook_id)), 201)


@operation("GET", _ONE)
def get_webhook(call: Call) -> Answer:
    """One webhook."""
    return success(_shown(_webhook(call, call.ids["webhookId"])))


@operation("PUT", _ONE, body=record(_CHANGED))
def put_webhook(call: Call) -> Answer:
    """The webhook after the change; its secret stays what it was."""
    row = _webhook(call, call.ids["webhookId"])
    columns = _columns(call)
    sets = ", ".join(f"{name} = ?" for name in columns)
    call.store.run(
        f"UPDATE webhooks SET {sets} WHERE id = ?",  # noqa: S608 - names from this module
        *columns.values(),
        row["id"],
    )
    return success(_shown(_webhook(call, row["id"])))


@operation("DELETE", _ONE)
def delete_webhook(call: Call) -> Answer:
    """Nothing; what was not delivered never will be."""
    row = _webhook(call, call.ids["webhookId"])
    call.store.run("DELETE FROM deliveries WHERE webhook_id = ?", row["id"])
    call.store.run("DELETE FROM webhooks WHERE id = ?", row["id"])
    return success()


@operation("POST", _ONE + "/test")
def test_webhook(call: Call) -> Answer:
    """Nothing; the webhook is sent an event."""
    row = _webhook(call, call.ids["webhookId"])
    enqueue(call.store, row, [(json.loads(row["events"])[0], {"test": True})])
    return success()
