"""Who marks and reviews whom: reached from anywhere, one path for what is new and what is there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from engine.model import Plan, Result, Status

if TYPE_CHECKING:
    from tests.e2e.rehearsal import Rehearsal

ADA, BO, CY, KIM = (f"{name}@example.org" for name in ("ada", "bo", "cy", "kim"))
SAM, TED, UMA, VIC = (f"{name}@example.org" for name in ("sam", "ted", "uma", "vic"))
STUDENTS = [SAM, TED, UMA]
EVERYONE = [ADA, BO, CY, KIM, *STUDENTS, VIC]
WINDOWS = {
    "participation": {"start": "2027-05-03 09:00", "length": "4h"},
    "marking": {"start": "2027-05-05 12:00", "end": "2027-05-24 12:00"},
}


def term(flow: dict[str, Any] | None = None, **roles: Any) -> str:
    """One exam with its manager and three participants; fields of the flow, and its roles."""
    users = [{"key": key, "first_name": "Kim", "last_name": "Larsen"} for key in EVERYONE]
    entry = {"key": "law", "type": "FLOWassign", "title": "Law", "content": "none", **WINDOWS}
    seats = {"flows": ["law"], "managers": [KIM], "participants": STUDENTS, **roles}
    entries = {"users": users, "flows": [entry | (flow or {})], "role_assignments": [seats]}
    return json.dumps(entries)


def marks(assessor: str, *participants: str) -> dict[str, Any]:
    """An assessor who marks these; with `all` everybody."""
    return {"people": [assessor], "participants": "all" if participants == ("all",) else [*participants]}


def group(title: str, assessors: list[str], participants: list[str]) -> dict[str, Any]:
    return {"title": title, "assessors": assessors, "participants": participants}


def apply(stage: Rehearsal, text: str, *allow: str) -> None:
    """Applies, and nothing is left to do."""
    stage.write(text)
    stage.apply(*allow)
    assert stage.failures() == []
    assert stage.plan(*allow).changes == ()


def found(stage: Rehearsal) -> dict[str, dict[str, list[str]]]:
    """As the sandbox holds it: by role, whom each assessor, reviewer and group has."""
    state = stage.control("GET", "state")
    (flow,) = [f for f in state["flows"] if "wisectl-law" in json.dumps(f["externalSources"])]
    names = {
        user["id"]: next((d["value"] for d in user["data"] if "@" in d["value"]), "")
        for user in state["users"]
    }
    seats = {one["participantId"]: names[one["userId"]] for one in flow["participants"]}
    seats |= {one["assessorId"]: names[one["userId"]] for one in flow["assessors"]}

    def of(rows: list[dict[str, Any]]) -> dict[str, list[str]]:
        had = {names[r["userId"]]: sorted(seats[p] for p in r["participantIds"]) for r in rows}
        return {name: people for name, people in had.items() if people}

    groups = {
        one["title"]: [
            *sorted(seats[a] for a in one["assessorIds"]),
            *sorted(seats[p] for p in one["participantIds"]),
        ]
        for one in flow["assessorGroups"]
    }
    return {"assessors": of(flow["assessors"]), "reviewers": of(flow["reviewers"]), "groups": groups}


def test_a_new_flow_gets_its_allocations_with_its_people(rehearsal: Rehearsal) -> None:
    apply(
        rehearsal,
        term(
            assessors=[marks(ADA, "all"), marks(BO, SAM, TED), CY],
            reviewers=[marks(CY, UMA)],
        ),
    )
    assert found(rehearsal) == {
        "assessors": {ADA: [SAM, TED, UMA], BO: [SAM, TED]},
        "reviewers": {CY: [UMA]},
        "groups": {},
    }
