"""Flows that a student information system feeds: what it owns is told and left alone.

Everything that flows, roles and single participants can state stands in one table. A field that is
added to the models fails here by its name until somebody says whose it is.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import pytest

from engine.guards import NAMES
from engine.kinds._flow_attached import LISTS
from engine.kinds.accommodation import Accommodation
from engine.kinds.flow import FlowFields
from engine.kinds.individual import Individual
from engine.kinds.role_assignment import RoleAssignment
from engine.plan import Status

if TYPE_CHECKING:
    from tests.e2e.rehearsal import Rehearsal

EVERYTHING = [f"{name}:*" for name in NAMES]
ADA, BO, CY, DI = (f"p{number}@example.org" for number in range(4))
GRADES, MARKED = "grading_scale", {"start": "2027-05-05 12:00", "end": "2027-05-24 12:00"}

FLOW: dict[str, Any] = {
    "key": "law",
    "type": "FLOWassign",
    "title": "Law",
    "subtitle": "Written",
    "term": "Spring",
    "code": "LAW",
    "purpose": "EXAMINATION",
    "examination_type": "ORDINARY",
    "description": "Open book.",
    "participation": {"start": "2027-05-03 09:00", "length": "4h"},
    "marking": MARKED,
    "content": "none",
    "grading_scale": "Pass/fail",
    "timebox": 180,
    "anonymisation": "participant_index",
    "ects": "5",
    "allocation": "single",
    "assessor_types": [{"type": "External"}],
}
ROLES: dict[str, Any] = {
    "flows": ["law"],
    "membership": "exact",
    "managers": [ADA, BO],
    "authors": [ADA, BO],
    "participants": [CY, BO],
    "assessors": [{"people": [ADA, BO], "participants": [CY, BO]}],
    "reviewers": [ADA, BO],
    "invigilators": [ADA, BO],
}
INDIVIDUAL: dict[str, Any] = {"flows": ["law"], "person": CY, "unique_exam_id": "X-1"}
EXTRA: dict[str, Any] = {"people": [CY], "extra_time": "25%", "flows": ["law"]}


class Case(NamedTuple):
    """Another thing that one field says, whether it is written, and on what it differs."""

    entry: Literal["flow", "roles", "individual", "extra"]
    field: str
    value: Any
    is_written: bool
    before: Any = None
    """What was stated before that, where it is not what stands above."""

    def __str__(self) -> str:
        return f"{self.entry}.{self.field}: {json.dumps(self.value)}"[:60]


SHORTER = {"start": "2027-05-03 09:00", "length": "2h"}
OTHER = [{"people": [ADA, BO], "type": "External", "participants": [CY, BO]}]
FEWER = [{"people": [ADA, BO], "participants": [CY]}]
GROUP = {"title": "A", "assessors": [ADA], "participants": [CY]}
CASES = [
    Case("flow", "title", "Tax law", False),
    Case("flow", "subtitle", None, False),
    Case("flow", "term", "Autumn", False),
    Case("flow", "code", "TAX", False),
    Case("flow", "purpose", "MASTER", False),
    Case("flow", "examination_type", "REEXAMINATION", False),
    Case("flow", "description", "Closed book.", True),
    Case("flow", "participation", SHORTER, False),
    Case("flow", "marking", MARKED | {"end": "2027-05-26 12:00"}, False),
    Case("flow", "grading_scale", "7-point scale", False),
    Case("flow", "timebox", 200, False),
    Case("flow", "anonymisation", "off", True),
    Case("flow", "allocation", "grouped", True),
    Case("flow", "assessor_types", [{"type": "Internal"}], True),
    Case("flow", "lifecycle", "active", True),
    *(Case("roles", role, [ADA, BO, DI], True) for role in ("managers", "authors", "invigilators")),
    *(Case("roles", role, [ADA], False) for role in ("managers", "authors", "invigilators")),
    Case("roles", "reviewers", [ADA, BO, DI], True),
    Case("roles", "reviewers", [ADA], False),
    Case("roles", "reviewers", [{"people": [ADA, BO], "sees_assessments": True}], False),
    Case("roles", "invigilators", [{"people": [ADA, BO], "head": True}], False),
    Case("roles", "participants", [CY, BO, DI], True),
    Case("roles", "participants", [CY], False),
    Case("roles", "assessors", [*ROLES["assessors"], DI], True),
    Case("roles", "assessors", [{"people": [ADA], "participants": [CY, BO]}], False),
    Case("roles", "assessors", FEWER, False),
    Case("roles", "assessors", ROLES["assessors"], True, FEWER),
    Case("roles", "assessors", OTHER, False),
    Case("roles", "assessor_groups", [GROUP], True, []),
    Case("roles", "assessor_groups", [], False, [GROUP]),
    Case("roles", "assessor_groups", [GROUP | {"participants": []}], False, [GROUP]),
    Case("roles", "room_bookings", [{"room": "hall", "participants": [CY]}], True),
    Case("roles", "room_bookings", [], False, [{"room": "hall"}]),
    Case("individual", "unique_exam_id", "X-2", False),
    Case("individual", "unique_exam_id", None, False),
    Case("individual", "active", False, False),
    Case("individual", "participation", {"end": "2027-05-03 15:00"}, True),
    Case("individual", "timebox", 240, True),
    Case("extra", "extra_time", "50%", True),
]
"""Times that single participants have of their own are no times of the exam: extra time is given
whoever feeds it."""

NOT_WRITTEN = {
    FlowFields: {"type", "copy_from", "content", "ects", "activate_from", "periods", *LISTS},
    RoleAssignment: {"flows", "membership", "slots"},
    Individual: {"flows", "person"},
    Accommodation: {"flows", "people", "csv", "column", "matches"},
}
"""What is create-only, cannot be read back, or only says of what an entry speaks. What feeds a flow
itself, and references, are in test_attached.py; oral exams have a test of their own."""


def term(case: Case | None = None, *, after: bool = False) -> str:
    said: dict[str, dict[str, Any]] = {
        "flow": dict(FLOW),
        "roles": dict(ROLES),
        "individual": dict(INDIVIDUAL),
        "extra": dict(EXTRA),
    }
    if case is not None and case.field == "assessor_groups":
        said["flow"]["allocation"] = "grouped"
        said["roles"]["assessors"] = [ADA, BO]
    if case is not None and case.field == "allocation":
        said["roles"]["assessors"] = [ADA, BO]
    if case is not None and (after or case.before is not None):
        said[case.entry][case.field] = case.value if after else case.before
    return document(said)


def document(said: dict[str, dict[str, Any]]) -> str:
    users = [{"key": key, "first_name": "Kim", "last_name": key[:2]} for key in (ADA, BO, CY, DI)]
    return json.dumps(
        {
            "users": users,
            "rooms": [{"key": "hall", "name": "Hall", "capacity": 9, "bookable": True}],
            "flows": [said["flow"]],
            "role_assignments": [said["roles"]],
            "individual": [said["individual"]],
            "accommodations": [said["extra"]],
        }
    )


def feed(stage: Rehearsal, code: str = "A||B||C") -> dict[str, Any]:
    """The flow once a colleague has attached a source to it."""
    client = stage.by_hand("GET", "/license/sis/clients")[0]
    body = {"sourceCode": code, "integrationId": str(client["integrationId"])}
    stage.by_hand("POST", f"/flow/{number(stage)}/source/add", body)
    return flow(stage)


def number(stage: Rehearsal) -> int:
    (row,) = stage.flows("wisectl-law")
    return int(row["flowId"])


def flow(stage: Rehearsal) -> dict[str, Any]:
    (found,) = [f for f in stage.control("GET", "state")["flows"] if f["id"] == number(stage)]
    return dict(found)


def _alike() -> list[list[Case]]:
    found: dict[str, list[Case]] = {}
    for case in CASES:
        found.setdefault(term(case), []).append(case)
    return list(found.values())


TOGETHER = _alike()
"""The cases that begin alike: one exam, once it is fed, is compared with each of them."""


@pytest.mark.parametrize("cases", TOGETHER, ids=lambda cases: str(cases[0]))
def test_what_the_sis_owns_is_told_and_left_alone(cases: list[Case], rehearsal: Rehearsal) -> None:
    rehearsal.write(term(cases[0]))
    rehearsal.apply(*EVERYTHING)
    assert rehearsal.failures() == []
    feed(rehearsal)
    for case in cases:
        rehearsal.write(term(case, after=True))
        plan = rehearsal.plan(*EVERYTHING)
        planned = [one.id for one in plan.changes if one.status is Status.PLANNED]
        assert bool(planned) == case.is_written, (str(case), planned)
        said = [f"{note.message} {note.hint}" for note in plan.notes]
        is_told = any("a student information system feeds this flow" in one for one in said)
        assert is_told or case.is_written, (str(case), said)


def test_nothing_else_is_written_when_all_of_it_differs(rehearsal: Rehearsal) -> None:
    rehearsal.write(term())
    rehearsal.apply(*EVERYTHING)
    before = feed(rehearsal)
    left = [case for case in TOGETHER[0] if not case.is_written]
    said = {"flow": FLOW, "roles": ROLES, "individual": INDIVIDUAL, "extra": EXTRA}
    for case in left:
        said[case.entry] = said[case.entry] | {case.field: case.value}
    rehearsal.write(document(said))
    assert rehearsal.apply(*EVERYTHING) == []
    assert flow(rehearsal) == before


def test_whoever_is_asleep_stays_so(rehearsal: Rehearsal) -> None:
    rehearsal.write(term())
    rehearsal.apply(*EVERYTHING)
    seat = rehearsal.seats(number(rehearsal), "participants")[0]["participantId"]
    path = f"/flows/{number(rehearsal)}/participants/{seat}/activated"
    rehearsal.by_hand("PUT", path, {"activated": False})
    before = feed(rehearsal)
    for case in (
        Case("roles", "participants", [{"people": [BO, CY], "active": True}], False),
        Case("individual", "active", True, False),
    ):
        rehearsal.write(term(case, after=True))
        plan = rehearsal.plan(*EVERYTHING)
        assert [c.id for c in plan.changes if c.status is Status.PLANNED] == []
        rehearsal.apply(*EVERYTHING)
        assert flow(rehearsal) == before


@pytest.mark.parametrize("model", NOT_WRITTEN, ids=lambda model: model.__name__)
def test_every_field_is_in_the_table(model: Any) -> None:
    assert set(model.model_fields) - NOT_WRITTEN[model] == {
        case.field for case in CASES if case.field in model.model_fields and fits(case, model)
    }


def fits(case: Case, model: Any) -> bool:
    entries = {
        FlowFields: "flow",
        RoleAssignment: "roles",
        Individual: "individual",
        Accommodation: "extra",
    }
    return case.entry == entries[model]
