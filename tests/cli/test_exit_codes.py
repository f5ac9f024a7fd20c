"""One number says how a command ended; of several the worst wins."""

from __future__ import annotations

import itertools

import pytest

from engine import errors
from engine.exit_codes import WORST_FIRST, of_apply, of_plan, worst
from engine.plan import Outcome, Result, Status
from tests.render import plans

ALL = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 70, 130}


def test_every_code_has_its_place() -> None:
    assert set(WORST_FIRST) | {0, 11} == ALL
    assert WORST_FIRST == (70, 130, 3, 4, 10, 7, 9, 8, 5, 1, 6, 2)


@pytest.mark.parametrize(("first", "second"), list(itertools.product(WORST_FIRST, repeat=2)))
def test_of_two_codes_the_worse_wins(first: int, second: int) -> None:
    expected = WORST_FIRST[min(WORST_FIRST.index(first), WORST_FIRST.index(second))]
    assert worst([first, second]) == worst([second, first, 0]) == expected


@pytest.mark.parametrize("alone", [0, 11])
def test_done_and_declined_stand_alone(alone: int) -> None:
    assert worst([alone]) == alone


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.EngineError("x"), 1),
        (errors.ManifestError([]), 3),
        (errors.AuthenticationError("GET", "/", 401, "no"), 4),
        (errors.BudgetError("GET", "/", 0, "no"), 5),
        (errors.IncompleteReadError("GET", "/", 200, "no"), 1),
        (errors.ReadOnlyError("x"), 70),
        (errors.LockedError("x"), 10),
        (errors.DeclinedError("x"), 11),
    ],
)
def test_every_error_knows_its_code(error: errors.EngineError, code: int) -> None:
    assert error.exit_code == code


@pytest.mark.parametrize(
    ("statuses", "plain", "detailed"),
    [
        ((), 0, 0),
        ((Status.PLANNED,), 0, 2),
        ((Status.HELD,), 0, 6),
        ((Status.PLANNED, Status.HELD), 0, 6),
        ((Status.BLOCKED, Status.WAITING), 0, 0),
    ],
)
def test_a_plan_tells_its_changes_only_when_asked(
    statuses: tuple[Status, ...], plain: int, detailed: int
) -> None:
    plan = plans.plan(
        *(plans.change(plans.flow(f"f{n}"), status=s) for n, s in enumerate(statuses))
    )
    assert (of_plan(plan, False), of_plan(plan, True)) == (plain, detailed)


@pytest.mark.parametrize(
    ("results", "held", "code"),
    [
        ((Result.DONE,), False, 0),
        ((Result.DONE, Result.ALREADY_DONE), False, 0),
        ((Result.DONE, Result.FAILED), False, 8),
        ((Result.FAILED, Result.BLOCKED), False, 1),
        ((Result.DONE, Result.UNKNOWN), False, 8),
        ((Result.DONE,), True, 6),
        ((Result.FAILED,), True, 1),
        ((), True, 6),
    ],
)
def test_an_apply_tells_what_was_not_done(
    results: tuple[Result, ...], held: bool, code: int
) -> None:
    changes = [plans.change(plans.flow(f"f{n}")) for n in range(len(results))]
    outcomes = [Outcome(c, r) for c, r in zip(changes, results, strict=True)]
    more = [plans.change(plans.flow("held"), status=Status.HELD)] if held else []
    assert of_apply(plans.plan(*changes, *more), outcomes) == code
