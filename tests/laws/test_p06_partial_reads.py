"""P6: a partial read takes nothing away that the truth does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import EngineError
from engine.plan import Action
from tests.e2e import lies
from tests.e2e.edges import between
from tests.e2e.lies import Liar
from tests.e2e.test_partial_reads import (
    BLATANT,
    FEWER,
    HEALTHY,
    MISCOUNTED,
    PAGED,
    SEATS,
    WHOLE,
    term,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from engine.plan import Plan
    from tests.e2e.rehearsal import Rehearsal

__all__ = ["term"]

LIES = st.sampled_from([*BLATANT, *MISCOUNTED, *HEALTHY, lies.without_ours])
TOLD = st.dictionaries(st.sampled_from([*PAGED, *WHOLE]), LIES, min_size=1, max_size=4)


@pytest.fixture(scope="module")
def leaving(term: Rehearsal) -> Iterator[Rehearsal]:
    """Git takes somebody out of each role, and e-mails and roles of a user are exact."""
    term.write(FEWER, "seats.yaml")
    yield term
    term.write(SEATS, "seats.yaml")


def taken(plan: Plan) -> set[tuple[str, str]]:
    """Whom and what a plan takes away or blanks, one by one."""
    found: set[tuple[str, str]] = set()
    for change in plan.changes:
        seats = change.seats
        gone = (*seats.remove, *seats.deactivate) if seats else ()
        found |= {(change.id, seat.person) for seat in gone}
        found |= {(change.id, field.path) for field in change.fields if _blanks(field)}
        found |= {(change.id, "")} if change.action is Action.REMOVE else set()
    return found


def _blanks(field: Any) -> bool:
    """Whether a value, or a member of a list, is there before and not after."""
    if isinstance(field.before, tuple):
        after = field.after if isinstance(field.after, tuple) else (field.after,)
        return not set(field.before) <= set(after)
    return field.before not in (None, "") and field.after in (None, "", ())


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(TOLD)
def test_lies_of_several_lists_take_nothing_that_the_truth_does_not(
    leaving: Rehearsal, told: dict[str, Callable[[Any], Any]]
) -> None:
    def wrap(network: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        for operation, lie in sorted(told.items()):
            network = Liar(network, operation, lie)
        return network

    truth, before = taken(leaving.plan()), leaving.writes()
    assert len(truth) == 7
    try:
        with between(wrap):
            plan = leaving.plan()
    except EngineError:
        return
    assert taken(plan) <= truth
    assert leaving.writes() == before
