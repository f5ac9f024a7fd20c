"""Many concluded flows with many participants at once, to be graded and exported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sandbox.seed import load_flows, load_users

if TYPE_CHECKING:
    from engine.sandbox.store import Store

_DAY = 86_400
_LIMITS = {"flows": 1_000, "participants": 20_000}
_STAFF = 3


class CohortError(Exception):
    """A cohort that cannot be made; the message says why."""


def make_cohort(store: Store, body: Any) -> dict[str, Any]:
    """The ids of the new flows; all of them have the same participants.

    Marking has ended. Every flow has a manager and two assessors, and a SIS source if wanted.
    """
    asked = body if isinstance(body, dict) else {}
    flows, people = _count(asked, "flows"), _count(asked, "participants")
    scale, now = _scale(store, asked.get("grading_scale")), store.clock.now()
    with store.transaction():
        users = _users(store, _STAFF + people, now)
        first = 1 + store.scalar("SELECT coalesce(max(id), 0) FROM flows")
        ids = list(range(first, first + flows))
        sis = bool(asked.get("sis", False))
        load_flows(store, [_flow(id_, users, scale, now, sis=sis) for id_ in ids], now)
    return {"flow_ids": ids}


def _count(asked: dict[str, Any], name: str) -> int:
    value = asked.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _LIMITS[name]:
        raise CohortError(f'send {{"flows": n, "participants": n}}; {name} to {_LIMITS[name]}')
    return value


def _scale(store: Store, name: Any) -> int:
    scales = store.licence("grading_scales")
    found = [scale["id"] for scale in scales if name in (None, scale["name"])]
    if not found:
        known = ", ".join(scale["name"] for scale in scales)
        raise CohortError(f"grading_scale must be one of {known}")
    return int(found[0])


def _users(store: Store, count: int, now: int) -> list[int]:
    """The ids of new users; staff comes first."""
    first = 1 + int(store.scalar("SELECT coalesce(max(id), 0) FROM users"))
    ids = list(range(first, first + count))
    types = {one["name"]: one["id"] for one in store.licence("user_data_types")}
    rows = [
        {
            "id": id_,
            "firstName": "Robin",
            "lastName": f"Crowd {id_}",
            "emails": [{"email": f"c{id_}@northfield.example", "primary": True}],
            "data": [
                {"userDataTypeId": types[name], "value": value}
                for name, value in (
                    ("Personal Organisation Id", f"c{id_}@northfield.example"),
                    ("Student Number", f"{id_ % 10**8:08}"),
                )
                if name in types
            ],
        }
        for id_ in ids
    ]
    load_users(store, rows, now)
    return ids


def _flow(id_: int, users: list[int], scale: int, now: int, *, sis: bool) -> dict[str, Any]:
    source = {"sourceId": id_, "code": f"COHORT-{id_}", "integration": "SIS"}
    return {
        "id": id_,
        "title": f"Cohort {id_}",
        "subtitle": "Written examination",
        "type": "FLOWassign",
        "activated": True,
        "code": f"CO{id_}",
        "term": "Autumn 2026",
        "participation": {"start": now - 40 * _DAY, "end": now - 40 * _DAY + 4 * 3_600},
        "marking": {"start": now - 38 * _DAY, "end": now - 10 * _DAY},
        "gradingScaleId": scale,
        "managers": [users[0]],
        "assessors": [{"userId": user} for user in users[1:_STAFF]],
        "participants": [{"userId": user, "sis": sis} for user in users[_STAFF:]],
        "sources": [source] if sis else [],
    }
