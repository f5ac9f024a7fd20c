"""The flow search as of some real seconds ago (quirk visibility_delay).

Each write leaves a copy of the flow that falls due later; a search first brings the copies that
are due into what it reads. Without a delay the search reads the flows themselves.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.sandbox.store import Store

LIVE = ("flows", "external_sources")
SEEN = ("seen_flows", "seen_references")


def see_all(store: Store) -> None:
    """Let the search see everything as it is now."""
    with store.transaction():
        for table in ("seen_flows", "seen_references", "pending_flows", "pending_references"):
            store.run(f"DELETE FROM {table}")  # noqa: S608
        store.run("INSERT INTO seen_flows SELECT * FROM flows")
        store.run("INSERT INTO seen_references SELECT flow_id, reference FROM external_sources")


def note_writes(store: Store, flow_ids: Iterable[int], delay: float) -> None:
    """Have the search see these flows as they are now after the delay."""
    due = time.monotonic() + delay
    for flow_id in flow_ids:
        store.run("INSERT INTO pending_flows SELECT ?, * FROM flows WHERE id = ?", due, flow_id)
        store.run(
            "INSERT INTO pending_references SELECT ?, flow_id, reference FROM external_sources "
            "WHERE flow_id = ?",
            due,
            flow_id,
        )


def searched_tables(store: Store, delay: float) -> tuple[str, str]:
    """The tables of flows and references that a search reads."""
    if not delay:
        return LIVE
    now = time.monotonic()
    for row in store.all("SELECT due, id FROM pending_flows WHERE due <= ? ORDER BY due", now):
        _see(store, row["due"], row["id"])
    return SEEN


def _see(store: Store, due: float, flow_id: int) -> None:
    store.run("DELETE FROM seen_flows WHERE id = ?", flow_id)
    store.run("DELETE FROM seen_references WHERE flow_id = ?", flow_id)
    columns = ", ".join(
        row["name"] for row in store.all("SELECT name FROM pragma_table_info('flows')")
    )
    store.run(
        f"INSERT INTO seen_flows ({columns}) SELECT {columns} FROM pending_flows "  # noqa: S608
        "WHERE due = ? AND id = ?",
        due,
        flow_id,
    )
    store.run(
        "INSERT INTO seen_references SELECT flow_id, reference FROM pending_references "
        "WHERE due = ? AND flow_id = ?",
        due,
        flow_id,
    )
    store.run("DELETE FROM pending_flows WHERE due = ? AND id = ?", due, flow_id)
    store.run("DELETE FROM pending_references WHERE due = ? AND flow_id = ?", due, flow_id)
