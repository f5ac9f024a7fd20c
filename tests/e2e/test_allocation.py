"""Who marks and reviews whom: reached from anywhere, one path for what is new and what is there."""

from __future__ import annotations

import json
from datetime import datetime
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
    return {
        "people": [assessor],
        "participants": "all" if participants == ("all",) else [*participants],
    }


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
    return {
        "assessors": of(flow["assessors"]),
        "reviewers": of(flow["reviewers"]),
        "groups": groups,
    }


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


def writes_since(stage: Rehearsal, before: dict[str, int]) -> dict[str, int]:
    """The writing requests since then, by operation."""
    return {
        name: count - before.get(name, 0)
        for name, count in stage.writes().items()
        if count > before.get(name, 0)
    }


def parts(plan: Plan, status: Status = Status.PLANNED) -> set[str]:
    return {change.part for change in plan.changes if change.status is status}


def clock(stage: Rehearsal, text: str) -> None:
    stage.control("POST", "clock", {"now": datetime.fromisoformat(text + "+00:00").timestamp()})


# ---- reached from anywhere -----------------------------------------------------------------------

STATES: dict[str, tuple[str, dict[str, Any]]] = {
    "nobody": (
        term(
            {"allocation": "single"},
            membership="exact",
            assessors=[ADA, BO, CY],
            reviewers=[BO, CY],
        ),
        {"assessors": {}, "reviewers": {}, "groups": {}},
    ),
    "all": (
        term(
            {"allocation": "single"},
            membership="exact",
            assessors=[marks(ADA, "all"), marks(BO, "all"), marks(CY)],
            reviewers=[marks(BO, "all"), marks(CY)],
        ),
        {"assessors": {ADA: STUDENTS, BO: STUDENTS}, "reviewers": {}, "groups": {}},
    ),
    "some": (
        term(
            {"allocation": "single"},
            membership="exact",
            participants=[SAM, TED, VIC],
            assessors=[marks(ADA, SAM, VIC), marks(BO, TED), marks(CY)],
            reviewers=[marks(BO, SAM, VIC), marks(CY, TED)],
        ),
        {
            "assessors": {ADA: [SAM, VIC], BO: [TED]},
            "reviewers": {BO: [SAM, VIC], CY: [TED]},
            "groups": {},
        },
    ),
    "groups": (
        term(
            {"allocation": "grouped"},
            membership="exact",
            assessors=[ADA, BO, CY],
            assessor_groups=[group("A", [ADA, BO], [SAM]), group("B", [BO], [TED, UMA])],
            reviewers=[BO, CY],
        ),
        {"groups": {"A": [ADA, BO, SAM], "B": [BO, TED, UMA]}},
    ),
    "other groups": (
        term(
            {"allocation": "grouped"},
            membership="exact",
            assessors=[BO, CY],
            assessor_groups=[group("a", [CY], [SAM, TED]), group("C", [BO, CY], [])],
            reviewers=[],
        ),
        {"reviewers": {}, "groups": {"A": [CY, SAM, TED], "C": [BO, CY]}},
    ),
}
ALLOWED = ("empty:*", "replaced:*", "removals:*")


def holds(stage: Rehearsal, name: str) -> None:
    """What that state says is so; the title of a group that was there before keeps its case."""
    there = found(stage)
    for part, wanted in STATES[name][1].items():
        assert {k.casefold(): v for k, v in there[part].items()} == {
            k.casefold(): v for k, v in wanted.items()
        }, name


@pytest.mark.parametrize("first", STATES)
@pytest.mark.parametrize("second", STATES)
def test_any_allocation_is_reached_from_any_other(
    rehearsal: Rehearsal, first: str, second: str
) -> None:
    apply(rehearsal, STATES[first][0], *ALLOWED)
    holds(rehearsal, first)
    if STATES[first][1].get("groups") and 'allocation": "single' in STATES[second][0]:
        text = STATES[first][0].replace('"assessor_groups": [', '"assessor_groups": [], "_": [')
        entries = json.loads(text)
        entries["role_assignments"][0].pop("_")
        apply(rehearsal, json.dumps(entries), *ALLOWED)
    apply(rehearsal, STATES[second][0], *ALLOWED)
    if second != "nobody":
        holds(rehearsal, second)


def test_groups_go_before_participants_are_allocated_one_by_one(rehearsal: Rehearsal) -> None:
    """In one apply: the groups, then how the flow is allocated, then the allocations."""
    apply(rehearsal, STATES["groups"][0])
    text = term(
        {"allocation": "single"},
        membership="exact",
        assessors=[marks(ADA, "all"), BO, CY],
        assessor_groups=[],
    )
    apply(rehearsal, text)
    assert found(rehearsal)["groups"] == {}
    assert found(rehearsal)["assessors"] == {ADA: STUDENTS}


def test_who_comes_in_the_same_plan_is_allocated_in_the_same_apply(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(assessors=[marks(ADA, "all")]))
    text = term(
        participants=[*STUDENTS, VIC],
        assessors=[marks(ADA, "all"), marks(BO, VIC)],
        reviewers=[marks(CY, VIC)],
    )
    before = rehearsal.writes()
    apply(rehearsal, text)
    assert found(rehearsal)["assessors"] == {ADA: [*STUDENTS, VIC], BO: [VIC]}
    assert writes_since(rehearsal, before) == {
        "POST /flows/{flowId}/participants": 1,
        "POST /flows/{flowId}/assessors": 1,
        "POST /flows/{flowId}/reviewers": 1,
        "POST /flows/{flowId}/assessors/{assessorId}/allocations/participants/{participantId}": 1,
        "POST /flows/{flowId}/assessors/{assessorId}/allocations": 1,
        "PUT /flows/{flowId}/reviewers/{reviewerId}/allocations": 1,
    }
