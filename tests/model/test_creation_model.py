"""The creation protocol: explored to its end as a model, and the code held to the model."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from tests.model.covering import cover
from tests.model.creation_model import Rules
from tests.model.driven import COPY, NEW
from tests.model.exploring import Explored, explore, second_flow, wrong_state

if TYPE_CHECKING:
    from engine.wiseflow.creation import NewFlow

DEEP = bool(os.environ.get("WISECTL_DEEP"))

MODELS = [
    Rules(crashes=1, losses=1, lag=1),
    Rules(crashes=0, losses=2, lag=2),
    Rules(crashes=1, losses=0, lag=2),
    Rules(crashes=1, losses=0, lag=2, key_apart=False),
]
DEEP_MODELS = [
    Rules(crashes=1, losses=1, lag=2),
    Rules(crashes=2, losses=0, lag=2),
    Rules(crashes=1, losses=1, lag=2, key_apart=False),
]
"""What may go wrong in an exploration; each goes to its end."""

DRIVEN = [
    (NEW, Rules(crashes=0, losses=0, lag=1), None),
    (COPY, Rules(appliers=1, crashes=1, losses=1, lag=1), None),
    (NEW, Rules(crashes=0, losses=1, lag=0), 5_000),
    (COPY, Rules(crashes=1, losses=0, lag=0), 5_000),
]
DEEP_DRIVEN = [
    (COPY, Rules(crashes=0, losses=0, lag=2), None),
    (NEW, Rules(crashes=0, losses=1, lag=0), None),
    (COPY, Rules(crashes=1, losses=0, lag=0), None),
    (NEW, Rules(crashes=1, losses=1, lag=1), 200_000),
]
"""How the code is driven, and in how many steps at most: a thousand take about a second."""

QUIET = Rules(crashes=0, losses=0)
LOSSES = Rules(crashes=0, losses=1)
ALONE = Rules(appliers=1, crashes=0, losses=2, lag=0)


def named(value: object) -> str | None:
    """Names a case by what it allows to go wrong."""
    if isinstance(value, Rules):
        kept = value._asdict() | {"key_apart": "" if value.key_apart else "by code"}
        shown = ["appliers", "crashes", "losses", "lag", "key_apart"]
        return " ".join(f"{name} {kept[name]}" for name in shown if kept[name] != "")
    return {id(NEW): "new", id(COPY): "copy"}.get(id(value))


@pytest.mark.parametrize("rules", MODELS + (DEEP_MODELS if DEEP else []), ids=named)
def test_every_schedule_ends_with_one_finished_flow_and_no_draft(rules: Rules) -> None:
    found = explore(rules, wrong_state)
    assert found.wrong == "", told(found)
    assert found.ends >= {"f", "f-"}


@pytest.mark.parametrize(
    ("rules", "wrong"),
    [
        pytest.param(
            LOSSES._replace(wait_before_repeat=False, search_before_repeat=False),
            "everybody is done, nobody crashed, and a draft is left behind",
            id="wait and search before a repeated create",
        ),
        pytest.param(
            LOSSES._replace(wait_before_repeat=False),
            "everybody is done, nobody crashed, and a draft is left behind",
            id="wait before a repeated create",
        ),
        pytest.param(
            QUIET._replace(second_look=False),
            "two finished flows carry the key",
            id="look after a create",
        ),
        pytest.param(
            QUIET._replace(marker_before_key=False),
            "two finished flows carry the key",
            id="marker searched before key",
        ),
        pytest.param(
            Rules(crashes=1, losses=0, sweep=False),
            "even one more run leaves fm",
            id="giving up what is left beside",
        ),
    ],
)
def test_without_one_of_its_steps_the_model_finds_the_schedule_that_goes_wrong(
    rules: Rules, wrong: str
) -> None:
    found = explore(rules, wrong_state)
    sys.stdout.write(told(found))
    assert found.wrong == wrong
    assert found.trace


def test_a_create_is_not_repeated_where_a_search_shows_that_it_was_done() -> None:
    assert explore(ALONE, second_flow).wrong == ""


def test_without_the_search_a_create_that_was_done_is_repeated() -> None:
    found = explore(ALONE._replace(search_before_repeat=False), second_flow)
    sys.stdout.write(told(found))
    assert found.wrong == "a create was repeated though it had been done"
    assert [label.outcome for label in found.trace if label.call == "make"] == [
        "lost, done",
        "answered",
    ]


@pytest.mark.parametrize(
    ("new", "rules", "most"), DRIVEN + (DEEP_DRIVEN if DEEP else []), ids=named
)
def test_the_code_makes_the_calls_of_the_model_in_every_schedule(
    new: NewFlow, rules: Rules, most: int | None
) -> None:
    covered = cover(rules, new, most)
    sys.stdout.write(f"{covered}\n")
    assert covered.ends <= explore(rules, wrong_state).ends
    assert most or covered.taken == covered.transitions


def told(found: Explored) -> str:
    """The schedule that goes wrong, line by line."""
    steps = [
        f"  {label.who if label.who >= 0 else ' '} {label.call}: {label.outcome}"
        for label in found.trace
    ]
    return "\n".join(
        [f"{found.states} states; {found.wrong or 'nothing wrong'}: {found.flows}", *steps]
    )
