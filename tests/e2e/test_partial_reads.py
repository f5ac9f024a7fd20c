"""What was not read is not absent: no lie of a list creates, removes or blanks what it fills."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from engine.errors import EngineError
from engine.exit_codes import DONE, of_plan
from engine.plan import Action, Change
from engine.sandbox.serve import Options, running
from tests.e2e import lies
from tests.e2e.edges import between
from tests.e2e.lies import Liar
from tests.e2e.rehearsal import Rehearsal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from engine.plan import Plan

STAFF = """
    users:
      - {key: kim@example.org, first_name: Kim, last_name: Larsen, roles: [Manager]}
      - {key: lea@example.org, first_name: Lea, last_name: Vos, roles: [Manager]}
      - {key: ada@example.org, first_name: Ada, last_name: Lovelace, roles: [Assessor]}
      - key: grace@example.org
        first_name: Grace
        last_name: Hopper
        phone: "+44 1632 960001"
        emails: [grace@example.org, hopper@example.org]
        roles: [Assessor, Reviewer]
        exact: [emails, roles]
        data: {Department: Law}
      - {key: s1@example.org, first_name: Sam, last_name: Smith}
      - {key: s2@example.org, first_name: Siri, last_name: Ström}
      - {key: s3@example.org, first_name: Sol, last_name: Stone}
    flow_templates:
      - key: written
        type: FLOWassign
        purpose: EXAMINATION
        term: Spring 2027
        participation: {start: "2027-05-03 09:00", length: 4h}
        marking: {start: "2027-05-05 12:00", end: "2027-05-24 12:00"}
        content: none
    flows:
      - {key: math101-2027s, template: written, title: Mathematics 101, description: Four hours.}
      - {key: stat-2027s, template: written, title: Statistics}
"""

SEATS = """
    role_assignments:
      - flows: [math101-2027s]
        membership: exact
        managers: [kim@example.org, lea@example.org]
        authors: [ada@example.org, grace@example.org]
        participants: [s1@example.org, s2@example.org, s3@example.org]
        assessors:
          - {people: [ada@example.org, grace@example.org], type: Internal}
        reviewers: [{people: [ada@example.org, grace@example.org], allocated_to_all: true}]
        invigilators: [{people: [kim@example.org, lea@example.org], head: true}]
      - {flows: [stat-2027s], managers: [kim@example.org]}
"""

FEWER = (
    SEATS.replace("[kim@example.org, lea@example.org]", "[kim@example.org]")
    .replace("[ada@example.org, grace@example.org]", "[ada@example.org]")
    .replace("[s1@example.org, s2@example.org, s3@example.org]", "[s1@example.org, s2@example.org]")
)
"""Somebody leaves each role: what an honest plan removes, and one of a lie must not."""

ROLES = ("managers", "authors", "participants", "assessors", "reviewers", "invigilators")
PAGED = (
    "POST /users/search",
    "POST /flows/search",
    "GET /flows/{flowId}/participants",
    "GET /flows/{flowId}/assessors",
)
WHOLE = (
    "GET /flows/{flowId}/managers",
    "GET /flows/{flowId}/authors",
    "GET /flows/{flowId}/reviewers",
    "GET /flows/{flowId}/invigilators",
    "GET /license/roles",
    "GET /license/flow-types",
    "GET /license/user-data-types",
    "GET /license/assessor-types",
    "GET /users/{userId}/emails",
)
BLATANT = (lies.once_more, lies.first_for_last, lies.bare, lies.null)
"""Lies that the answer itself gives away."""
MISCOUNTED = (lies.without_last, lies.emptied, lies.less, lies.without_total)
"""Lies that a total gives away."""
HEALTHY = (lies.without_last_and_less, lies.without_first_and_less, lies.emptied_with_total)
"""Lies that nothing in the answer gives away: only a second look elsewhere does."""
FITTING = {
    "POST /flows/search": (lies.without_ours, lies.emptied_with_total),
    "GET /license/roles": (lies.without_ours, lies.emptied_with_total),
    "GET /license/flow-types": (lies.without_ours, lies.emptied_with_total),
    "GET /license/user-data-types": (lies.without_ours, lies.emptied_with_total),
    "GET /license/assessor-types": (),
}
"""Where rows that nobody here uses may be lost without harm, those that matter are."""


def cases(operations: tuple[str, ...], *lists: tuple[Any, ...]) -> list[Any]:
    """Each operation with each of these lies, and with those that only a second look finds."""
    found = []
    for operation in operations:
        healthy = FITTING.get(operation, HEALTHY)
        found += [_case(operation, lie) for lie in (*(one for some in lists for one in some),)]
        if operation.rsplit("/", 1)[-1] not in ROLES:
            found += [_case(operation, lie) for lie in healthy]
    return found


def _case(operation: str, lie: Any) -> Any:
    return pytest.param(operation, lie, id=f"{operation} {lie.__name__}")


@pytest.fixture(scope="module")
def term(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """A term that stands in WISEflow as the manifests have it: whatever is planned is a mistake."""
    with running(Options(rate_limit=False)) as server:
        stage = Rehearsal(server.url, tmp_path_factory.mktemp("term"))
        stage.write(STAFF)
        stage.write(SEATS, "seats.yaml")
        stage.apply()
        assert stage.failures() == []
        assert stage.plan().changes == ()
        stage.checked = False
        yield stage


def told(
    term: Rehearsal, operation: str, lie: Callable[[Any], Any] | None = None, **how: Any
) -> Plan | EngineError:
    """What a plan comes to while one operation lies; that it lied is part of the test."""
    liars: list[Liar] = []

    def wrap(network: httpx.AsyncBaseTransport) -> Liar:
        liars.append(Liar(network, operation, lie or (lambda body: body), **how))
        return liars[-1]

    before = term.writes()
    with between(wrap):
        try:
            plan = term.plan()
            if not plan.changes:
                term.apply()
            found: Plan | EngineError = plan
        except EngineError as error:
            found = error
    assert any(liar.told for liar in liars)
    assert term.writes() == before
    return found


def was_noticed(found: Plan | EngineError) -> bool:
    if isinstance(found, EngineError):
        return found.exit_code != DONE
    return of_plan(found, detailed=False) != DONE and bool(found.problems)


def takes(change: Change) -> bool:
    seats = change.seats
    removed = seats is not None and bool(seats.remove or seats.deactivate)
    return removed or change.action is not Action.UPDATE


# ---- where nothing is to be done -----------------------------------------------------------------


@pytest.mark.parametrize(("operation", "lie"), cases(PAGED, BLATANT, MISCOUNTED))
def test_a_page_that_is_not_as_it_should_be_changes_nothing(
    term: Rehearsal, operation: str, lie: Callable[[Any], Any]
) -> None:
    found = told(term, operation, lie)
    assert isinstance(found, EngineError) or found.changes == ()
    assert was_noticed(found)


@pytest.mark.parametrize("operation", PAGED)
def test_a_page_that_comes_again_and_again_changes_nothing(term: Rehearsal, operation: str) -> None:
    found = told(term, operation, page=1, stuck=True)
    assert isinstance(found, EngineError) or found.changes == ()
    assert was_noticed(found)


@pytest.mark.parametrize("operation", PAGED)
def test_small_pages_alone_are_no_lie(term: Rehearsal, operation: str) -> None:
    found = told(term, operation, page=2)
    assert not isinstance(found, EngineError)
    assert (found.changes, found.problems, found.incomplete) == ((), (), False)


@pytest.mark.parametrize(("operation", "lie"), cases(WHOLE, BLATANT))
def test_a_list_that_is_not_as_it_should_be_changes_nothing(
    term: Rehearsal, operation: str, lie: Callable[[Any], Any]
) -> None:
    found = told(term, operation, lie)
    assert isinstance(found, EngineError) or found.changes == ()
    assert was_noticed(found)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("lie", HEALTHY)
def test_a_list_of_seats_that_is_short_in_itself_takes_nothing(
    term: Rehearsal, role: str, lie: Callable[[Any], Any]
) -> None:
    """Whoever is there is planned to be added once more at most, which changes nothing."""
    found = told(term, f"GET /flows/{{flowId}}/{role}", lie)
    if isinstance(found, EngineError):
        return
    assert [change.id for change in found.changes if takes(change) or change.fields] == []
    assert all(change.seats and change.seats.add for change in found.changes)


@pytest.mark.parametrize("lie", [lies.without_ours, lies.emptied_with_total])
def test_assessor_types_that_are_lost_are_unknown_and_change_nothing(
    term: Rehearsal, lie: Callable[[Any], Any]
) -> None:
    """Nothing else tells of them: this cannot be told from a licence without the type."""
    found = told(term, "GET /license/assessor-types", lie)
    assert not isinstance(found, EngineError)
    assert found.changes == ()
    assert {problem.message for problem in found.problems} == {'unknown assessor type "Internal"'}


# ---- where somebody is to leave ------------------------------------------------------------------


TAKING = [
    pytest.param(role, lie, id=f"{role} {lie.__name__}")
    for role in ROLES
    for lie in (*BLATANT, *(MISCOUNTED if f"GET /flows/{{flowId}}/{role}" in PAGED else ()))
]


@pytest.mark.parametrize(("role", "lie"), TAKING)
def test_nobody_leaves_by_a_list_that_was_not_read(
    term: Rehearsal, role: str, lie: Callable[[Any], Any]
) -> None:
    operation = f"GET /flows/{{flowId}}/{role}"
    term.write(FEWER, "seats.yaml")
    try:
        before = term.plan()
        assert f"flow/math101-2027s:{role}.leave" in {c.id for c in before.changes if takes(c)}
        liars: list[Liar] = []
        with between(lambda network: liars.append(Liar(network, operation, lie)) or liars[-1]):  # type: ignore[func-returns-value]
            plan = term.plan()
    finally:
        term.write(SEATS, "seats.yaml")
    assert not [c.id for c in plan.changes if c.part.startswith(role)]
    assert was_noticed(plan)
    assert role in {problem.field for problem in plan.problems}
