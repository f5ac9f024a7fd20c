"""One answer lost, failed, mangled or late anywhere: what comes of it, and what of the next apply.

`docs/reliability.md` is made here: WISECTL_EVERY_FAULT=1 UPDATE_GOLDEN=1 runs all and writes it; a
normal run tries a sample and holds it against the page.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock

from engine.errors import EngineError
from engine.guards import NAMES
from engine.plan import Result
from engine.wiseflow.creation import Patience
from tests.e2e import rehearsal as stage
from tests.laws.server import keep, restore

if TYPE_CHECKING:
    from engine.sandbox.serve import RunningSandbox
    from engine.sandbox.store import Store
    from tests.e2e.rehearsal import Rehearsal
    from tests.laws.server import Kept

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BESIDE = Path(tempfile.gettempdir()) / "wisectl-reliability.lock"
UPDATES = bool(os.environ.get("UPDATE_GOLDEN"))
EVERYTHING = [f"{name}:*" for name in NAMES]

BEFORE = """\
users:
  - key: p0@example.org
    first_name: Ada
    last_name: Byron
    emails: [a.p0@example.org, b.p0@example.org]
    roles: [Manager, Assessor, Invigilator]
    data: {Department: Law}
  - {key: p1@example.org, first_name: Bo, last_name: Berg, emails: [p1@example.org]}
  - {key: p2@example.org, first_name: Cy, last_name: Dahl, roles: [Manager]}
flows:
  - key: law
    type: FLOWassign
    title: Law
    term: Spring
    description: Open book.
    grading_scale: Pass/fail
    timebox: 180
    anonymisation: participant_index
    ects: "5"
    allocation: grouped
    assessor_types: [{type: External, instruction: Mark all.}]
    content: none
    participation: {start: 2027-03-05 09:00, length: 4h}
    marking: {start: 2027-04-05 09:00, end: 2027-05-05 09:00}
  - key: tax
    type: FLOWassign
    title: Tax
    content: none
    lifecycle: active
    participation: {start: 2027-03-05 09:00, length: 4h}
    marking: {start: 2027-04-05 09:00, end: 2027-05-05 09:00}
  - key: vat
    type: FLOWassign
    title: VAT
    allocation: grouped
    participation: {start: 2027-03-05 09:00, length: 4h}
    marking: {start: 2027-04-05 09:00, end: 2027-05-05 09:00}
  - {key: toll, type: FLOWassign, title: Toll}
  - {key: bar, type: FLOWassign, title: Bar}
  - {key: bar-a, type: FLOWassign, title: Bar A}
  - key: fed
    type: FLOWassign
    title: Fed
    sis_sources: [{code: "A||B||C", integration: Northfield STADS}]
    references: [SITS-1]
  - key: viva
    type: FLOWoral
    title: Viva
    periods:
      - {start: 2027-03-08 09:00, examination: 20}
      - {start: 2027-03-09 09:00, examination: 20, voting: 5}
  - {key: orb, type: FLOWoral, title: Orb, periods: [{start: 2027-03-08 09:00, examination: 20}]}
sequences: [{main: bar, parts: [bar-a]}]
role_assignments:
  - {flows: [orb], managers: [p0@example.org]}
  - flows: [viva]
    managers: [p0@example.org]
    participants: [p0@example.org, p1@example.org, p2@example.org]
    slots:
      - {period: 2027-03-08 09:00, participants: [p0@example.org, p1@example.org]}
      - {period: 2027-03-09 09:00, participants: [p2@example.org]}
  - {flows: [toll, bar, bar-a, fed], managers: [p0@example.org]}
  - flows: [law, tax]
    managers: [p0@example.org, p2@example.org]
    authors: [p1@example.org, p2@example.org]
    participants: [p0@example.org, p1@example.org, p2@example.org]
    assessors: [{people: [p1@example.org], type: Internal}, p2@example.org]
    reviewers: [{people: [p0@example.org, p2@example.org], allocated_to_all: true}]
    invigilators: [p1@example.org, p2@example.org]
  - flows: [tax]
    assessors: [{people: [p1@example.org], participants: [p0@example.org, p1@example.org]}]
    room_bookings:
      - {room: hall, participants: [p0@example.org, p1@example.org]}
      - {room: lab, start: 2027-03-05 08:00, length: 1h}
  - flows: [vat]
    managers: [p0@example.org]
    participants: [p0@example.org, p1@example.org, p2@example.org]
    assessors: [p0@example.org, p1@example.org]
    assessor_groups:
      - {title: A, assessors: [p0@example.org], participants: [p0@example.org, p1@example.org]}
      - {title: B, assessors: [p1@example.org]}
    reviewers: [{people: [p1@example.org], participants: [p0@example.org, p1@example.org]}]
webhooks:
  - {key: sis, url: "http://127.0.0.1:9/a", events: [ASSIGNMENT], secret: "${SIS_SECRET}"}
  - {key: log, url: "http://127.0.0.1:9/b", events: [ASSIGNMENT], active: false}
rooms:
  - {key: hall, name: Hall, capacity: 90, campus: North}
  - {key: lab, name: Lab, capacity: 20}
  - {key: shed, name: Shed, capacity: 5}
accommodations: [{people: [p0@example.org, p1@example.org], extra_time: 25%, flows: [law]}]
individual: [{flows: [law], person: p0@example.org, unique_exam_id: X-1}]
"""

AFTER = """\
users:
  - key: p0@example.org
    first_name: Ada
    last_name: Lovelace
    emails: [c.p0@example.org, b.p0@example.org]
    roles: [Manager, Author]
    data: {Department: Nursing}
    exact: [emails, roles]
  - {key: p1@example.org, first_name: Bo, last_name: Berg, data: {Department: Law}}
  - {key: p3@example.org, first_name: Di, last_name: Eng, emails: [p3@example.org], login: disabled}
flows:
  - key: law
    type: FLOWassign
    title: Company law
    term: null
    description: Closed book.
    grading_scale: 7-point scale
    timebox: off
    anonymisation: off
    allocation: single
    content: none
    lifecycle: active
    participation: {start: 2027-03-06 09:00, length: 3h}
    marking: {start: 2027-04-05 09:00, end: 2027-05-05 09:00}
  - key: copy
    copy_from: {flow: law, include: [settings]}
    title: Law, again
    content: none
    participation: {start: 2027-03-06 09:00, length: 3h}
    marking: {start: 2027-04-05 09:00, end: 2027-05-05 09:00}
role_assignments:
  - flows: [viva]
    membership: exact
    managers: [p0@example.org]
    participants: [p0@example.org, p1@example.org, p3@example.org]
    slots:
      - {period: 2027-03-08 09:00, participants: [p1@example.org, p3@example.org]}
      - {period: 2027-03-10 09:00, participants: [p0@example.org]}
  - {flows: [pub, pub-a, again], managers: [p0@example.org]}
  - flows: [law, tax, copy]
    membership: exact
    managers: [p0@example.org, p3@example.org]
    authors: [p1@example.org]
    participants: [p0@example.org, p3@example.org]
    assessors: [{people: [p1@example.org], type: External}, p3@example.org]
    reviewers: [{people: [p0@example.org], allocated_to_all: false}]
    invigilators: [{people: [p1@example.org], head: true}]
  - flows: [tax]
    assessors: [{people: [p1@example.org], participants: [p0@example.org, p3@example.org]}]
    membership: exact
    room_bookings: [{room: hall, participants: [p0@example.org, p3@example.org]}]
  - flows: [vat]
    membership: exact
    managers: [p0@example.org]
    participants: [p0@example.org, p1@example.org, p3@example.org]
    assessors: [p0@example.org, p1@example.org]
    assessor_groups:
      - {title: A, assessors: [p1@example.org], participants: [p1@example.org, p3@example.org]}
    reviewers: [{people: [p1@example.org], participants: [p1@example.org, p3@example.org]}]
webhooks:
  - key: sis
    url: http://127.0.0.1:9/a
    events: [ASSIGNMENT]
    secret: ${NEW_SECRET}
    secret_version: 2
  - {key: log, url: "http://127.0.0.1:9/b", events: [ASSIGNMENT, ASSESSMENT]}
rooms: [{key: hall, name: Great hall, capacity: 80}, {key: lab}]
accommodations: [{people: [p0@example.org, p3@example.org], extra_time: 30m, flows: {key: "*"}}]
individual: [{flows: [law], person: p0@example.org, unique_exam_id: null}]
"""
TAX = BEFORE[BEFORE.index("  - key: tax") : BEFORE.index("  - {key: toll")]

LIVES = """\
  - {key: gst, type: FLOWassign, title: Toll}
  - {key: past, lifecycle: archived}
  - {key: shelf, lifecycle: active}
  - {key: bin}
  - {key: again, copy_from: {flow: tax, reassessment: true}, title: Tax again}
  - {key: pub, copy_from: {flow: template-written}, title: Pub}
  - {key: pub-a, copy_from: {flow: template-written}, title: Pub A}
  - {key: fed, sis_sources: [], references: []}
  - {key: orb, periods: []}
  - key: viva
    periods:
      - {start: 2027-03-08 09:00, examination: 15, location: Room 4}
      - {start: 2027-03-10 09:00, examination: 20}
sequences: [{main: pub, parts: [pub-a]}]
"""
"""Flows that are renamed, archived, brought back, reopened by their number, copied in sequence, and
that nothing feeds any more."""
AFTER = AFTER.replace("role_assignments:", TAX + LIVES + "role_assignments:")
AFTER += """\
removed: [room/shed]
moved: [{from: flow/toll, to: flow/gst}]
adopt:
  - {flow: past, environment: sandbox, server_id: 7681161, title: Modern European History}
  - {flow: shelf, environment: sandbox, server_id: 7681164, title: Microeconomics}
  - {flow: bin, environment: sandbox, server_id: 7681179, title: Constitutional Law}
unarchive: [flow/shelf]
recreate: [flow/bin]
"""

CREATING = """
POST /oauth2/token
GET /license/user-data-types
GET /license/roles
GET /license/flow-types
GET /license/assessor-types
POST /users/search
POST /flows/search
GET /user/userDataType/{userDataType}/{value}
POST /license/user
POST /users/{userId}/emails
GET /users/{userId}/emails
POST /license/create/flow
POST /flows/combine
GET /flows/{flowId}/combine
POST /flows/{flowId}/combine/sub-flows
POST /flows/{flowId}/external-sources
GET /flows/{flowId}/metadata
PUT /flows/{flowId}/metadata
PATCH /flows/{flowId}/dates
PUT /flows/{flowId}/description
GET /license/grading-scales
GET /license/sis/clients
POST /flow/{flowId}/source/add
GET /flows/{flowId}/grading-scale
GET /flow/{flowId}/assessments
PUT /flows/{flowId}/grading-scale
GET /flows/{flowId}/timebox
PUT /flows/{flowId}/timebox
GET /flows/{flowId}/anonymisation
PUT /flows/{flowId}/anonymisation
PUT /flows/{flowId}/settings
GET /flows/{flowId}/marking/assessor-allocation-type
PUT /flows/{flowId}/marking/assessor-allocation-type
POST /flows/{flowId}/assessor-types
DELETE /flows/{flowId}/assessor-types/{assessorTypeId}
POST /flows/{flowId}/authors
POST /flows/{flowId}/participants
GET /flows/{flowId}/assessor-types
POST /flows/{flowId}/assessors
POST /flows/{flowId}/assessors/{assessorId}/allocations
POST /flows/{flowId}/assessor-groups
PUT /flows/{flowId}/assessor-groups/{assessorGroupId}/allocations/participants
POST /flows/{flowId}/reviewers
PUT /flows/{flowId}/reviewers/{reviewerId}/allocations
POST /flows/{flowId}/invigilators
PATCH /flows/{flowId}/participants/dates
PUT /flows/{flowId}/participants/{participantId}/timebox
PUT /flows/{flowId}/participants/{participantId}/unique-exam-id
GET /flow/{flowId}
PATCH /flows/{flowId}/activate
GET /webhooks
POST /webhooks
GET /license/rooms
POST /license/rooms
GET /license/rooms/{roomId}
PUT /license/rooms/{roomId}
POST /flows/{flowId}/room-bookings
GET /flows/{flowId}/room-bookings
GET /flows/{flowId}/room-bookings/{roomBookingId}/participants
PUT /flows/{flowId}/room-bookings/{roomBookingId}/participants
POST /flows/{flowId}/periods
GET /flows/{flowId}/periods
PUT /flows/{flowId}/periods/{periodId}/slots
"""
CHANGING = """
POST /flows/{flowId}/managers
GET /users/{userId}
PUT /users/{userId}
PATCH /users/{userId}/emails
DELETE /users/{userId}/emails/{emailId}
GET /users/{userId}/roles
POST /users/{userId}/roles
DELETE /users/{userId}/roles/{userRoleId}
GET /users/{userId}/user-data
POST /users/{userId}/user-data
PATCH /users/{userId}/user-data
GET /user/{userId}/flows
POST /flow/{flowId}/reassessment
POST /flows/{flowId}/copy
POST /flows/{flowId}/combine/copy
POST /flows/{mainFlowId}/combine/subflows/{copyFromFlowId}/copy
GET /flows/{flowId}/dates
GET /flows/{flowId}/description
DELETE /flows/{flowId}/anonymisation
GET /flows/{flowId}/assessor-groups
GET /flows/{flowId}/managers
DELETE /flows/{flowId}/managers/{managerId}
GET /flows/{flowId}/authors
DELETE /flows/{flowId}/authors/{authorId}
GET /flows/{flowId}/participants
DELETE /flows/{flowId}/participants/{participantId}
GET /flows/{flowId}/participants/{participantId}/dates
GET /flows/{flowId}/participants/{participantId}/timebox
DELETE /flows/{flowId}/participants/{participantId}/unique-exam-id
PUT /flows/{flowId}/participants/{participantId}/activated
GET /flows/{flowId}/assessors
PATCH /flows/{flowId}/assessors/{assessorId}
DELETE /flows/{flowId}/assessors/{assessorId}
POST /flows/{flowId}/assessors/{assessorId}/allocations/participants/{participantId}
DELETE /flows/{flowId}/assessors/{assessorId}/allocations/participants/{participantId}
DELETE /flows/{flowId}/assessor-groups/{assessorGroupId}
POST /flows/{flowId}/assessor-groups/{assessorGroupId}/allocations/assessors/{assessorId}
DELETE /flows/{flowId}/assessor-groups/{assessorGroupId}/allocations/assessors/{assessorId}
POST /flows/{flowId}/assessor-groups/{assessorGroupId}/allocations/participants/{participantId}
DELETE /flows/{flowId}/assessor-groups/{assessorGroupId}/allocations/participants/{participantId}
GET /flows/{flowId}/reviewers
GET /flows/{flowId}/reviewers/{reviewerId}/allocations
POST /flows/{flowId}/reviewers/{reviewerId}/allocations/participants/{participantId}
DELETE /flows/{flowId}/reviewers/{reviewerId}/allocations/participants/{participantId}
PATCH /flows/{flowId}/reviewers/{reviewerId}
DELETE /flows/{flowId}/reviewers/{reviewerId}
GET /flows/{flowId}/invigilators
PATCH /flows/{flowId}/invigilators/{invigilatorId}
DELETE /flows/{flowId}/invigilators/{invigilatorId}
GET /license/rooms/{roomId}/flows
DELETE /license/rooms/{roomId}
PUT /webhooks/{webhookId}
DELETE /webhooks/{webhookId}
POST /flows/{flowId}/room-bookings/{roomBookingId}/participants/{participantId}
DELETE /flows/{flowId}/room-bookings/{roomBookingId}/participants/{participantId}
DELETE /flows/{flowId}/room-bookings/{roomBookingId}
GET /flows/{flowId}/sources
DELETE /flow/{flowId}/source/remove/{sourceCode}/integration/{integrationId}
GET /flows/{flowId}/external-sources
DELETE /flows/{flowId}/external-sources/{flowExternalSourceId}
PATCH /flows/{flowId}/archive
PATCH /flows/{flowId}/unarchive
PATCH /flows/{flowId}/reopen
PATCH /flows/{flowId}/periods/{periodId}
DELETE /flows/{flowId}/periods/{periodId}
"""
PHASES = {op: 0 for op in CREATING.split("\n") if op} | {op: 1 for op in CHANGING.split("\n") if op}
"""Every operation that the engine sends, and whether it is faulted in the first apply or later."""

FAULTS: dict[str, dict[str, Any]] = {
    "answer lost": {"kind": "drop_after"},
    "connection lost": {"kind": "drop_before"},
    "cut off": {"kind": "truncate"},
    "not JSON": {"kind": "malformed"},
    "500": {"kind": "status", "status": 500},
    "503": {"kind": "status", "status": 503},
    "429": {"kind": "status", "status": 429},
    "late": {"kind": "delay", "seconds": 1.0},
}
MADE = (("law", "tax", "bar", "bar-a"), ("copy", "again", "pub", "pub-a"))
"""Keys of flows that each of the two terms makes."""
TIMEOUT = 0.5
"""Seconds until a late answer counts as lost."""

EVERY = [(operation, fault) for operation in PHASES for fault in FAULTS]
SAMPLE = [
    (operation, name)
    for number, operation in enumerate(PHASES)
    for turn, name in enumerate(FAULTS)
    if number % 5 == 0 and turn == number // 5 % (len(FAULTS) - 1)
]
"""Each fifth operation with one fault in turn. That an answer to a write is lost is law P4."""

CASES = EVERY if os.environ.get("WISECTL_EVERY_FAULT") else SAMPLE
NOT_TRIED = "?"
"""In the page, where an operation is new."""
BEGUN: list[Kept] = []


@pytest.mark.parametrize(("operation", "fault"), CASES, ids=[f"{o} {f}" for o, f in CASES])
def test_the_next_apply_reaches_the_desired_state(
    rehearsal: Rehearsal,
    sandbox: RunningSandbox,
    operation: str,
    fault: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rehearsal.checked = False
    if fault == "late":
        # A request that is only late is done before anybody repeats it.
        monkeypatch.setattr(stage, "HURRY", Patience(FAULTS[fault]["seconds"], between_looks=0.02))
    terms = [BEFORE, AFTER][PHASES[operation] :]
    if PHASES[operation]:
        _begin(rehearsal, sandbox.store)
    rehearsal.write(terms[0])
    method, path = operation.split()
    wanted = {"method": method, "path": path, "times": 1, **FAULTS[fault]}
    rehearsal.timeout = TIMEOUT if fault == "late" else 30.0
    rehearsal.control("POST", "faults", [wanted])
    result = _outcome(rehearsal)
    assert rehearsal.control("GET", "requests").get(operation), "the operation was not sent"
    rehearsal.timeout = 30.0
    rehearsal.control("POST", "faults", [])
    # Nobody waits here for what was lost; but a request is done within its time, or never.
    time.sleep(FAULTS[fault].get("seconds", 0))
    rehearsal.apply(*EVERYTHING)
    assert rehearsal.failures() == []
    assert rehearsal.plan(*EVERYTHING).changes == ()
    for key in [*MADE[0], *MADE[1] * PHASES[operation]]:
        assert len(rehearsal.flows(f"wisectl-{key}")) == 1
    moved = [len(rehearsal.flows(f"wisectl-{key}")) for key in ("toll", "gst")]
    assert moved == ([0, 1] if PHASES[operation] else [1, 0])
    state = rehearsal.control("GET", "state")
    titles = ["wisectl-log-v1", f"wisectl-sis-v{1 + PHASES[operation]}"]
    assert sorted(webhook["title"] for webhook in state["webhooks"]) == titles
    assert (
        sorted(room["identifier"] for room in state["rooms"])
        == ["hall", "lab", "shed"][: 3 - PHASES[operation]]
    )
    periods = {f["title"]: len(f["periods"]) for f in state["flows"] if f["periods"]}
    assert periods == [{"Viva": 2, "Orb": 1}, {"Viva": 3}][PHASES[operation]]
    booked = [len(flow["roomBookings"]) for flow in state["flows"] if flow["title"] == "Tax"]
    assert booked == [[2], [1]][PHASES[operation]]
    groups = [group["title"] for flow in state["flows"] for group in _groups_of_vat(flow)]
    assert sorted(groups) == [["A", "B"], ["A"]][PHASES[operation]]
    if UPDATES:
        _publish(operation, fault, result)
    assert result == _published()[operation, fault], "`make faults` writes the page anew"


def _begin(rehearsal: Rehearsal, store: Store) -> None:
    """Brings the sandbox to what `BEFORE` says: applied once, and kept for the others."""
    if BEGUN:
        restore(store, BEGUN[0])
        return
    rehearsal.write(BEFORE)
    rehearsal.apply(*EVERYTHING)
    assert rehearsal.failures() == []
    BEGUN.append(keep(store))


def _groups_of_vat(flow: dict[str, Any]) -> list[dict[str, Any]]:
    return list(flow["assessorGroups"]) if flow["title"] == "VAT" else []


def _outcome(rehearsal: Rehearsal) -> str:
    """What one apply came to under the fault, in the words of the page."""
    try:
        outcomes = rehearsal.apply(*EVERYTHING)
    except EngineError as error:
        return f"stops, {error.exit_code}"
    bad = {o.result for o in outcomes} - {Result.DONE, Result.ALREADY_DONE}
    return "listed" if bad or rehearsal.incomplete else "done"


def _published() -> dict[tuple[str, str], str]:
    rows = re.findall(r"^\| `([^`]+)` \|(.*)\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {
        (operation, fault): cell.strip()
        for operation, cells in rows
        for fault, cell in zip(FAULTS, cells.split("|"), strict=True)
    }


def _publish(operation: str, fault: str, result: str) -> None:
    """Writes one cell of the page; several processes may do so at once."""
    with FileLock(BESIDE):
        found = _published() | {(operation, fault): result}
        text = PAGE.read_text(encoding="utf-8")
        rows = ["| operation | " + " | ".join(FAULTS) + " |", "|---" * (len(FAULTS) + 1) + "|"]
        for one in PHASES:
            cells = " | ".join(found.get((one, name), NOT_TRIED) for name in FAULTS)
            rows.append(f"| `{one}` | {cells} |")
        PAGE.write_text(
            text[: text.index("| operation")] + "\n".join(rows) + "\n", encoding="utf-8"
        )


def test_the_page_has_every_operation_and_every_fault() -> None:
    found = _published()
    assert set(found) == set(EVERY)
    assert UPDATES or NOT_TRIED not in found.values()


def test_no_operation_is_left_out(rehearsal: Rehearsal) -> None:
    for term in (BEFORE, AFTER):
        rehearsal.write(term)
        rehearsal.apply(*EVERYTHING)
        assert rehearsal.failures() == []
    sent = {op for op in rehearsal.control("GET", "requests") if "/uniweb/" not in op}
    assert sent == set(PHASES)
