"""Play flows to their end: participants hand in or stay away, assessors grade, a SIS takes it."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from engine.sandbox.announcements import announce_all
from engine.sandbox.marking import AUDIT_INSERT, Markers
from engine.sandbox.scales import scale_of
from engine.sandbox.sitting import Exam, Outcome, Sitting
from engine.sandbox.tables import STATE

if TYPE_CHECKING:
    from engine.sandbox.store import Row, Store

ARCHIVED = 5

_PEOPLE = (
    "SELECT p.*, s.id AS submission, g.id AS result FROM participants p "
    "LEFT JOIN submissions s ON s.participant_id = p.id "
    "LEFT JOIN grades g ON g.participant_id = p.id "
    "WHERE p.flow_id = ? AND p.activated ORDER BY p.number"
)


def play(store: Store, flow_id: int) -> dict[str, Any]:
    """What became of the participants, by number; the same for the same flow every time.

    A draft is activated. A flow that is archived, unknown or without participants is left alone,
    as are submissions and grades that exist.
    """
    played: list[str] = []
    with store.transaction():
        flow = store.one(
            f"SELECT f.*, {STATE} AS state FROM flows f WHERE f.id = :id AND NOT f.deleted",  # noqa: S608
            now=store.clock.now(),
            id=flow_id,
        )
        if flow is not None and flow["state"] != ARCHIVED:
            played = _play(store, flow)
    words = ("graded", "absent", "blank")
    return {"flow_id": flow_id} | {word: played.count(word) for word in words}


def play_all(store: Store, flow_ids: list[int]) -> list[dict[str, Any]]:
    """What became of the participants of each flow, in one transaction."""
    with store.transaction():
        return [play(store, flow_id) for flow_id in flow_ids]


def _play(store: Store, flow: Row) -> list[str]:
    people = store.all(_PEOPLE, flow["id"])
    if not people:
        return []
    store.run("UPDATE flows SET activated = 1 WHERE id = ?", flow["id"])
    markers = Markers(store, flow["id"])
    exam = Exam(flow, scale_of(store, flow), markers, store.clock.now())
    outcome = Outcome()
    played = [Sitting(exam, person, outcome).play() for person in people]
    _keep(store, outcome)
    return played


def _keep(store: Store, outcome: Outcome) -> None:
    """All rows of a flow at once: a licence may have a hundred thousand grades."""
    store.many(
        "INSERT INTO submissions (participant_id, handed_in, blank, handed_in_at, ip) "
        "VALUES (?, ?, ?, ?, ?)",
        outcome.submissions,
    )
    store.many(
        "INSERT INTO grades (participant_id, grade, graded_at, admin_grade, admin_graded_at, "
        "export_state, exported_at, export_message) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        outcome.grades,
    )
    store.many(
        "INSERT INTO events (flow_id, user_id, context, type, at, payload) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        sorted(outcome.events, key=itemgetter(4)),  # an index is by time
    )
    store.many(AUDIT_INSERT, outcome.audits)
    announce_all(store, outcome.news)
