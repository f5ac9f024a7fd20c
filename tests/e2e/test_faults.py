"""One answer lost, failed or mangled anywhere: a second apply reaches the desired state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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

FAULTS = [
    {"kind": "drop_after"},
    {"kind": "drop_before"},
    {"kind": "truncate"},
    {"kind": "malformed"},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 429},
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f"{f['kind']}{f.get('status', '')}")
@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=lambda x: x)
def test_a_second_apply_reaches_the_desired_state(
    rehearsal: Rehearsal, method: str, path: str, fault: dict[str, object]
) -> None:
    rehearsal.write(TERM.replace("content: none", "content: none\n        lifecycle: active"))
    rehearsal.control("POST", "faults", [{"method": method, "path": path, "times": 1, **fault}])
    try:
        rehearsal.apply()
    except Exception as error:  # noqa: BLE001  an honest error is allowed, once
        assert "Traceback" not in str(error)  # noqa: PT017
    rehearsal.control("POST", "faults", [])
    rehearsal.apply()
    assert rehearsal.failures() == []
    assert rehearsal.plan().changes == ()
    assert len(rehearsal.flows("wisectl-math101-2027s")) == 1
    state = rehearsal.control("GET", "state")
    titles = [flow for flow in state["flows"] if flow["title"] == "Mathematics 101"]
    assert len([flow for flow in titles if not flow.get("deleted")]) == 1
