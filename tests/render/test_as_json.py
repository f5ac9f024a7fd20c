"""`plan --json`: format 1.0, as its published schema has it, the same bytes for the same plan."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import jsonschema
import pytest

from engine.plan import Outcome, Plan, Result
from engine.render.as_json import apply_document, plan_document, render
from engine.render.plan_schema import PLAN_SCHEMA
from engine.render.style import Style
from tests.render import plans

PLANS = [
    plans.plan(),
    plans.one_seat(),
    plans.every_kind_of_change(),
    plans.moved_marking(38),
]


@pytest.mark.parametrize("plan", PLANS, ids=["empty", "seat", "all", "many"])
def test_every_plan_is_as_the_schema_says(plan: Plan) -> None:
    text = render(plan_document(plan, Style()))
    jsonschema.validate(json.loads(text), PLAN_SCHEMA)


def test_an_apply_is_a_plan_with_outcomes() -> None:
    plan = plans.every_kind_of_change()
    outcomes = [Outcome(plan.changes[0], Result.FAILED, "no")]
    document = json.loads(render(apply_document(plan, outcomes, Style())))
    jsonschema.validate(document, PLAN_SCHEMA)
    assert document["outcomes"] == [
        {"id": "flow/math101-2027s", "message": "no", "result": "failed"}
    ]


def test_the_summary_counts_held_blocked_and_waiting_only_there() -> None:
    summary = plan_document(plans.every_kind_of_change(), Style())["summary"]
    assert summary == {
        "create": 1,
        "update": 1,
        "remove": 0,
        "unchanged": 7,
        "held": 1,
        "blocked": 1,
        "waiting": 1,
        "seats": {"add": 1, "remove": 2},
    }


def test_the_digest_is_of_all_but_the_time() -> None:
    plan = plans.one_seat()
    later = replace(plan, now=plan.now + timedelta(minutes=1))
    other = replace(plan, environment="production")
    digest = plan_document(plan, Style())["digest"]
    assert plan_document(later, Style())["digest"] == digest
    assert plan_document(other, Style())["digest"] != digest


def test_the_same_plan_gives_the_same_bytes() -> None:
    first, second = (render(plan_document(plans.large(20), Style())) for _ in range(2))
    assert first == second


def test_nothing_in_the_document_can_steer_a_terminal() -> None:
    noted = replace(plans.one_seat(), environment="\x1b[2J\x9b31m\u202e\ud800")
    text = render(plan_document(noted, Style()))
    assert text.isascii()
    assert json.loads(text)["environment"] == noted.environment
