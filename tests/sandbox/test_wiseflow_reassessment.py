"""Reassessments in the sandbox: one of each active flow, with its settings and nobody on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sandbox.licence import Licence

TEXT = {"description": "Closed book."}


def _ask(wise: Licence, flow: int) -> tuple[int, int]:
    answer = wise.careless.post(f"/flow/{flow}/reassessment")
    return answer.status_code, answer.json()["reassessmentFlowId"]


def test_asked_for_twice_it_is_the_same_draft_with_the_settings_and_nobody_on_it(
    wise: Licence,
) -> None:
    flow = wise.at_state(1)
    wise.data("PUT", f"/flows/{flow}/description", TEXT)

    status, number = _ask(wise, flow)

    assert (status, _ask(wise, flow)) == (201, (200, number))
    assert wise.data("GET", f"/flows/{number}/description")["description"] == "Closed book."
    assert wise.data("GET", f"/flows/{number}/participants?limit=10") == []


@pytest.mark.parametrize("state", [0, 5])
def test_a_flow_that_is_not_active_has_none(wise: Licence, state: int) -> None:
    flow = wise.at_state(state)

    assert wise.careless.post(f"/flow/{flow}/reassessment").status_code == 403
