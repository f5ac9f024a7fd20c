"""Laws over HTTP: each of any two states is reached, and then nothing is left to do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from engine.guards import NAMES
from engine.plan import Status

if TYPE_CHECKING:
    from tests.e2e.rehearsal import Rehearsal

PEOPLE = [f"p{number}@example.org" for number in range(5)]
EVERYTHING = [f"{name}:*" for name in NAMES]

words = st.text("abcDEF æøåß'-", min_size=1, max_size=12).map(str.strip).filter(bool)
people = st.lists(st.sampled_from(PEOPLE), unique=True, max_size=4)


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Any of the fields, or none: what is not stated is not ours."""
    return st.fixed_dictionaries({}, optional=fields)


def stated_of(key: str) -> st.SearchStrategy[dict[str, Any]]:
    return some(
        language=st.sampled_from(["en", "da", "fr"]),
        phone=st.sampled_from([None, "+44 1632 960001", "+44 1632 960777"]),
        emails=st.lists(
            st.sampled_from([f"{n}.{key}" for n in ("a", "b", "c")]), unique=True, min_size=1
        ),
        roles=st.lists(st.sampled_from(["Manager", "Assessor", "Author"]), unique=True),
        login=st.sampled_from(["enabled", "disabled"]),
        data=st.fixed_dictionaries({"Department": st.sampled_from(["Law", "Nursing"])}),
    )


@st.composite
def users(draw: st.DrawFn) -> list[dict[str, Any]]:
    entries = []
    for key in PEOPLE:
        stated = draw(stated_of(key))
        sets = sorted({"emails", "roles"} & set(stated))
        exact = [name for name in sets if draw(st.booleans())]
        names = {"first_name": draw(words), "last_name": draw(words)}
        entries.append({"key": key, **names, **stated, **({"exact": exact} if exact else {})})
    return entries


@st.composite
def flows(draw: st.DrawFn) -> dict[str, Any]:
    day, hours = draw(st.integers(1, 28)), draw(st.integers(1, 9))
    participation = {"start": f"2027-03-{day:02} 09:00", "length": f"{hours}h"}
    marking = {"start": f"2027-04-{day:02} 12:00", "end": f"2027-05-{day:02} 12:00"}
    stated = some(
        subtitle=st.none() | words,
        term=st.none() | words,
        code=words,
        purpose=st.sampled_from(["EXAMINATION", "COURSE_WORK", "BACHELOR", "MASTER"]),
        examination_type=st.sampled_from(["ORDINARY", "REEXAMINATION"]),
        description=words,
    )
    return {
        "key": "law",
        "type": "FLOWassign",
        "title": draw(words),
        "participation": participation,
        "marking": marking,
        "content": "none",
        "lifecycle": draw(st.sampled_from(["draft", "draft", "active"])),
        **draw(stated),
    }


@st.composite
def roles(draw: st.DrawFn) -> dict[str, Any]:
    assessors = draw(people)
    internal = draw(st.sets(st.sampled_from(PEOPLE)))
    return {
        "flows": ["law"],
        "managers": [PEOPLE[0], *[key for key in draw(people) if key != PEOPLE[0]]],
        "authors": draw(people),
        "participants": draw(people),
        "assessors": [
            {"people": [key], "type": "Internal"} if key in internal else key for key in assessors
        ],
        "reviewers": [
            {"people": [key], "allocated_to_all": draw(st.booleans())} for key in draw(people)
        ],
        "invigilators": [{"people": [key], "head": draw(st.booleans())} for key in draw(people)],
        "membership": draw(st.sampled_from(["exact", "exact", "managed", "add_only"])),
    }


@st.composite
def terms(draw: st.DrawFn) -> str:
    flow = draw(flows())
    seats = draw(roles())
    return json.dumps({"users": draw(users()), "flows": [flow], "role_assignments": [seats]})


@given(terms(), terms())
@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_every_state_is_reached_from_every_other_and_then_nothing_is_left(
    rehearsal: Rehearsal, first: str, second: str
) -> None:
    rehearsal.control("POST", "reset")
    for term in (first, second):
        rehearsal.write(term)
        rehearsal.apply(*EVERYTHING)
        assert rehearsal.failures() == []
        rest = rehearsal.plan(*EVERYTHING)
        assert [change.id for change in rest.changes if change.status is Status.PLANNED] == []
        assert rest.problems == ()
        before = rehearsal.writes()
        rehearsal.apply(*EVERYTHING)
        assert rehearsal.writes() == before
