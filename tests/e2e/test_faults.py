"""One answer lost, failed or mangled anywhere: a second apply reaches the desired state."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

import pytest

from engine.errors import EngineError
from tests.e2e.test_main_job import TERM

if TYPE_CHECKING:
    from tests.e2e.rehearsal import Rehearsal

OPERATIONS = [
    ("POST", "/license/user"),
    ("POST", "/license/create/flow"),
    ("POST", "/flows/{flowId}/external-sources"),
    ("PUT", "/flows/{flowId}/metadata"),
    ("PATCH", "/flows/{flowId}/dates"),
    ("PUT", "/flows/{flowId}/description"),
    ("POST", "/flows/{flowId}/participants"),
    ("POST", "/flows/{flowId}/assessors"),
    ("POST", "/flows/{flowId}/assessor-types"),
    ("POST", "/flows/{flowId}/authors"),
    ("POST", "/flows/{flowId}/reviewers"),
    ("POST", "/flows/{flowId}/invigilators"),
    ("POST", "/users/{userId}/emails"),
    ("PATCH", "/users/{userId}/emails"),
    ("PATCH", "/flows/{flowId}/activate"),
    ("POST", "/flows/search"),
    ("POST", "/users/search"),
    ("GET", "/license/user-data-types"),
    ("POST", "/oauth2/token"),
]

FAULTS: list[dict[str, Any]] = [
    {"kind": "drop_after"},
    {"kind": "drop_before"},
    {"kind": "truncate"},
    {"kind": "malformed"},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 429},
]


EVERY = [(operation, fault) for operation in OPERATIONS for fault in FAULTS]
SAMPLE = [
    (operation, FAULTS[(number * step) % len(FAULTS)])
    for number, operation in enumerate(OPERATIONS)
    for step in (0, 1)
]
"""Each operation with its answer lost, and with one of the other faults in turn."""

CASES = EVERY if os.environ.get("WISECTL_EVERY_FAULT") else SAMPLE


@pytest.mark.parametrize(
    ("operation", "fault"),
    CASES,
    ids=[f"{o[0]} {o[1]} {f['kind']}{f.get('status', '')}" for o, f in CASES],
)
def test_a_second_apply_reaches_the_desired_state(
    rehearsal: Rehearsal, operation: tuple[str, str], fault: dict[str, Any]
) -> None:
    method, path = operation
    rehearsal.checked = False
    rehearsal.write(TERM.replace("content: none", "content: none\n        lifecycle: active"))
    rehearsal.control("POST", "faults", [{"method": method, "path": path, "times": 1, **fault}])
    with contextlib.suppress(EngineError):
        rehearsal.apply()
    rehearsal.control("POST", "faults", [])
    rehearsal.apply()
    assert rehearsal.failures() == []
    assert rehearsal.plan().changes == ()
    assert len(rehearsal.flows("wisectl-math101-2027s")) == 1
    state = rehearsal.control("GET", "state")
    titles = [flow for flow in state["flows"] if flow["title"] == "Mathematics 101"]
    assert len([flow for flow in titles if not flow.get("deleted")]) == 1
