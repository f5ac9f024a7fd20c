"""Who marks and reviews whom: reached from anywhere, one path for what is new and what is there."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from engine.plan import Plan, Status

if TYPE_CHECKING:
    from tests.e2e.office import Office
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
    rehearsal.write(text)
    changes = {change.part: change for change in rehearsal.plan().changes}
    assert changes["allocation"].needs == ("flow/law:assessor_groups.leave",)
    assert "flow/law:allocation" in changes["assessors.1.participants"].needs
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
        "POST /users/{userId}/roles": 2,
        "POST /flows/{flowId}/assessors/{assessorId}/allocations/participants/{participantId}": 1,
        "POST /flows/{flowId}/assessors/{assessorId}/allocations": 1,
        "PUT /flows/{flowId}/reviewers/{reviewerId}/allocations": 1,
    }


# ---- who leaves ----------------------------------------------------------------------------------


def flow_path(stage: Rehearsal) -> str:
    (row,) = stage.flows("wisectl-law")
    return f"/flows/{row['flowId']}"


def by_name(stage: Rehearsal, role: str) -> dict[str, int]:
    """The seats of a role, by the key of whoever has them."""
    rows = stage.by_hand("GET", f"{flow_path(stage)}/{role}")["data"]
    users = stage.control("GET", "state")["users"]
    keys = {u["id"]: next((d["value"] for d in u["data"] if "@" in d["value"]), "") for u in users}
    name = f"{role[:-1]}Id"
    return {keys[row.get("userId") or row["user"]["userId"]]: row[name] for row in rows}


def allocate_by_hand(stage: Rehearsal, assessor: str, participant: str) -> None:
    seat, other = by_name(stage, "assessors")[assessor], by_name(stage, "participants")[participant]
    path = f"{flow_path(stage)}/assessors/{seat}/allocations/participants/{other}"
    stage.by_hand("POST", path)


def group_by_hand(stage: Rehearsal, title: str, assessor: str) -> None:
    body = {"title": title, "assessorIds": [by_name(stage, "assessors")[assessor]]}
    stage.by_hand("POST", f"{flow_path(stage)}/assessor-groups", body)


@pytest.mark.parametrize(
    ("membership", "left"), [("managed", [SAM, TED]), ("add_only", [SAM, TED]), ("exact", [SAM])]
)
def test_who_was_allocated_by_hand_goes_from_an_exact_set_only(
    membership: str, left: list[str], rehearsal: Rehearsal
) -> None:
    text = term(assessors=[marks(ADA, SAM)], membership=membership)
    apply(rehearsal, text)
    allocate_by_hand(rehearsal, ADA, TED)
    notes = [note.message for note in rehearsal.plan().notes]
    said = f"participants of assessor {ADA}: in WISEflow but not in the manifests: {TED}"
    assert (said in notes) == (membership == "managed")
    apply(rehearsal, text, "replaced:*")
    assert found(rehearsal)["assessors"] == {ADA: left}


@pytest.mark.parametrize(("membership", "titles"), [("managed", "AX"), ("exact", "A")])
def test_a_group_that_was_made_by_hand_goes_from_an_exact_list_only(
    membership: str, titles: str, rehearsal: Rehearsal
) -> None:
    text = term(
        {"allocation": "grouped"},
        assessors=[ADA],
        assessor_groups=[group("A", [ADA], [SAM])],
        membership=membership,
    )
    apply(rehearsal, text)
    group_by_hand(rehearsal, "X", ADA)
    assert any(
        "assessor_groups: in WISEflow but" in one.message for one in rehearsal.plan().notes
    ) == (membership == "managed")
    apply(rehearsal, text)
    assert "".join(found(rehearsal)["groups"]) == titles


def test_nobody_goes_while_somebody_in_the_set_is_not_known(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(assessors=[marks(ADA, SAM, TED)], membership="exact"))
    rehearsal.write(term(assessors=[marks(ADA, SAM, "nobody@example.org")], membership="exact"))
    plan = rehearsal.plan("replaced:*")
    assert plan.changes == ()
    assert ["nobody in WISEflow has" in one.message for one in plan.problems] == [True]


def test_nobody_goes_while_somebody_in_the_set_is_not_on_the_flow(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(assessors=[marks(ADA, SAM, TED)], membership="exact"))
    rehearsal.write(term(assessors=[marks(ADA, SAM, VIC)], membership="exact"))
    plan = rehearsal.plan("replaced:*")
    assert plan.changes == ()
    (problem,) = plan.problems
    assert problem.message == f"{VIC} is no participant of flow/law"
    assert problem.hint == "name them under participants too"


def test_with_a_base_whom_git_names_no_longer_is_taken(office: Office) -> None:
    office.write(
        term(assessors=[marks(ADA, SAM, TED), marks(BO, "all")], reviewers=[marks(CY, SAM)])
    )
    office.commit()
    office.apply()
    allocate_by_hand(office.stage, ADA, UMA)
    office.scope = ("--base", "HEAD")
    office.write(term(assessors=[marks(ADA, SAM), marks(BO, TED)], reviewers=[marks(CY)]))
    changes = {one["id"]: one for one in office.document()["changes"]}
    assert {
        name: [seat["person"] for seat in one["seats"]["remove"]] for name, one in changes.items()
    } == {
        "flow/law:assessors.1.participants.leave": [TED],
        "flow/law:assessors.2.participants.leave": [SAM, UMA],
        "flow/law:reviewers.1.participants.leave": [SAM],
    }
    assert {one["origin"] for one in changes.values()} == {"git"}
    office.scope = ("--base", "HEAD", "--allow", "replaced:*", "--allow", "empty:*")
    office.apply()
    assert found(office.stage) == {
        "assessors": {ADA: [SAM, UMA], BO: [TED]},
        "reviewers": {},
        "groups": {},
    }


def test_with_a_base_a_group_that_git_names_no_longer_is_deleted(office: Office) -> None:
    flow = {"allocation": "grouped"}
    one, other = group("A", [ADA], [SAM]), group("B", [ADA], [])
    office.write(term(flow, assessors=[ADA], assessor_groups=[one, other]))
    office.commit()
    office.apply()
    group_by_hand(office.stage, "X", ADA)
    office.scope = ("--base", "HEAD")
    office.write(term(flow, assessors=[ADA], assessor_groups=[one]))
    assert [change["id"] for change in office.document()["changes"]] == [
        "flow/law:assessor_groups.leave"
    ]
    office.apply()
    assert set(found(office.stage)["groups"]) == {"A", "X"}


def test_an_allocation_that_is_stated_no_more_is_released(office: Office) -> None:
    office.write(term(assessors=[marks(ADA, SAM), marks(BO, TED)]))
    office.commit()
    office.apply()
    office.scope = ("--base", "HEAD")
    office.write(term(assessors=[ADA, marks(BO, TED)]))
    document = office.document()
    assert document["changes"] == []
    assert [one["message"].split(":")[0] for one in document["notes"]] == [
        f"participants of assessor {ADA}"
    ]


def test_a_participant_who_leaves_takes_the_allocations_along(rehearsal: Rehearsal) -> None:
    apply(rehearsal, term(assessors=[marks(ADA, "all"), marks(BO, SAM, TED)], membership="exact"))
    text = term(
        participants=[SAM], assessors=[marks(ADA, "all"), marks(BO, SAM)], membership="exact"
    )
    rehearsal.write(text)
    assert parts(rehearsal.plan("replaced:*")) == {"participants.leave"}
    apply(rehearsal, text, "replaced:*")
    assert found(rehearsal)["assessors"] == {ADA: [SAM], BO: [SAM]}
