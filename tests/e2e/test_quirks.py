"""What the vendor's documents leave open: the engine is right whichever way it turns out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine.sandbox.serve import Options, running
from engine.wiseflow.creation import Patience
from tests.e2e import rehearsal as stage
from tests.e2e.rehearsal import Rehearsal
from tests.e2e.test_main_job import TERM

if TYPE_CHECKING:
    from pathlib import Path

QUIRKS = [
    {"user_search": "and"},
    {"user_search": "and", "user_search_match": "partial"},
    {"user_search_match": "casefold"},
    {"reference_search": "partial"},
    {"text_search": "exact"},
    {"empty_emails": "refuse"},
    {"upsert_email_match": "on"},
    {"copy_data": "object"},
    {"duplicate_assessor": "403"},
    {"empty_dates": "epoch"},
    {"bad_dates": "500"},
    {"visibility_delay": "0.3"},
]

COPY = """
    flows:
      - key: copied
        copy_from: {flow: template-written, include: [settings, assignments]}
        title: Copied examination
        participation: {start: "2027-05-03 09:00", length: 4h}
        marking: {start: "2027-05-05 12:00", end: "2027-05-24 12:00"}
        lifecycle: active
    role_assignments:
      - {flows: [copied], managers: [kim@example.org], participants: [s1@example.org]}
"""


@pytest.mark.parametrize("quirks", QUIRKS, ids=lambda q: " ".join(f"{k}={v}" for k, v in q.items()))
def test_a_term_is_applied_and_the_next_plan_is_empty(
    tmp_path: Path, quirks: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "HURRY", Patience(lost_answer=0.0, between_looks=0.02))
    with running(Options(rate_limit=False, quirks=quirks)) as server:
        rehearsal = Rehearsal(server.url, tmp_path)
        rehearsal.write(TERM)
        rehearsal.write(COPY, "copied.yaml")
        rehearsal.apply()
        assert rehearsal.failures() == []
        assert rehearsal.plan().changes == ()
        assert len(rehearsal.flows("wisectl-math101-2027s")) == 1
        assert len(rehearsal.flows("wisectl-copied")) == 1
