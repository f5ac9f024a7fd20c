"""What webhooks are told: events become deliveries, due at once, for each webhook that wants them.

Source for at-least-once delivery, 8 attempts 15 minutes apart, a sequence number for the event and
an id for each call: WISEflow help, "API webhooks".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from engine.sandbox.tables import STATE
from engine.sandbox.times import iso_date

if TYPE_CHECKING:
    from engine.sandbox.store import Row, Store

ATTEMPTS = 8
APART = 900

EVENTS = (
    "ALTERNATIVE_GRADE",
    "ASSESSMENT",
    "ASSIGNMENT",
    "FINAL_GRADE",
    "FLOW_EXTERNAL_SOURCE",
    "FLOW_PERIOD_UPDATED",
    "FLOW_STATE_UPDATED",
    "PAPER_SUBMITTED",
)
_STATE_WORDS = (
    "NOT_ACTIVATED",
    "PARTICIPATION_NOT_STARTED",
    "PARTICIPATION_STARTED",
    "PARTICIPATION_ENDED",
    "CONCLUDED",
    "ARCHIVED",
)


News = tuple[str, dict[str, Any]]
"""An event and its payload."""


def announce(store: Store, event: str, payload: dict[str, Any]) -> None:
    """Have every active webhook that wants the event told of it."""
    announce_all(store, [(event, payload)])


def announce_all(store: Store, news: list[News]) -> None:
    """Have every active webhook told of those of the events that it wants, in their order."""
    for webhook in store.all("SELECT * FROM webhooks WHERE active"):
        wanted = json.loads(webhook["events"])
        enqueue(store, webhook, [one for one in news if one[0] in wanted])


def enqueue(store: Store, webhook: Row, news: list[News]) -> None:
    """Have one webhook told of events; each has the next number of the webhook's sequence."""
    now, first = store.clock.now(), webhook["sequence"] + 1
    store.many(
        "INSERT INTO deliveries (webhook_id, event, body, due, attempts, state) "
        "VALUES (?, ?, ?, ?, 0, 'waiting')",
        [
            (webhook["id"], event, _body(event, number, now, payload), now)
            for number, (event, payload) in enumerate(news, first)
        ],
    )
    store.run("UPDATE webhooks SET sequence = sequence + ? WHERE id = ?", len(news), webhook["id"])


def _body(event: str, number: int, now: int, payload: dict[str, Any]) -> str:
    body = {"event": event, "sequence": number, "timestamp": iso_date(now), "payload": payload}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def announce_states(store: Store) -> None:
    """Announce each flow whose state is another one than when this was last called.

    States move with the clock, so that nobody but the clock can tell. The first look only learns
    them; without a webhook nobody looks.
    """
    if store.one("SELECT 1 FROM webhooks WHERE active") is None:
        return
    known = {row["flow_id"]: row["state"] for row in store.all("SELECT * FROM announced")}
    rows = store.all(
        f"SELECT f.id, {STATE} AS state FROM flows f WHERE NOT f.deleted",  # noqa: S608
        now=store.clock.now(),
    )
    moved = [row for row in rows if known.get(row["id"]) != row["state"]]
    for row in moved:
        if row["id"] in known:
            payload = {"flowId": row["id"], "state": _STATE_WORDS[row["state"]]}
            announce(store, "FLOW_STATE_UPDATED", payload)
    store.many(
        "INSERT OR REPLACE INTO announced VALUES (?, ?)",
        [(row["id"], row["state"]) for row in moved],
    )


def settle(store: Store, delivery: Row, *, taken: bool, called: int) -> None:
    """Note how an attempt went: delivered, due again later, or given up."""
    attempts = delivery["attempts"] + 1
    state = "delivered" if taken else "failed" if attempts >= ATTEMPTS else "waiting"
    store.run(
        "UPDATE deliveries SET attempts = ?, state = ?, due = ? WHERE id = ?",
        attempts,
        state,
        called + APART,
        delivery["id"],
    )
