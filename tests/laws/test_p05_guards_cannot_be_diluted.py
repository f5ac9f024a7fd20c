"""P5: what guards and hazards refuse stays refused, whatever harmless is added beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.plan import Change, Plan, Status
from engine.wiseflow.seats import ROLES
from tests.laws.law import law
from tests.laws.scene import DAY, OWN, When, in_minutes
from tests.laws.stage import GOOD
from tests.laws.tally import note
from tests.laws.terms import Term

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.laws.stage import Stage
    from tests.laws.worlds import World

SMALL = {"max_removed": 1, "max_updates": 1}
"""Limits that small worlds reach."""

NOT_SMALL = 3
"""People in a set from which on those who come do not make up for those who go."""


@law(share=0.06)
def test_guards_cannot_be_diluted(stage: Stage, world: World) -> None:
    """New users, new flows with people, idle entries, and people who come into sets."""
    world.begin(stage)
    stage.allowances, stage.limits = (), SMALL
    before = stage.plan()
    refused = held(before)
    for guard in before.guards:
        note("guards", f"{guard.name}{' refuses' if guard.refused else ''}")
    assert stage.term is not None
    stage.write_term(_with_harmless(stage.term, before, world))
    plan = stage.plan()
    after, asked = held(plan), {change.id for change in plan.changes}
    planned = _by_set(one for one in plan.changes if one.status is Status.PLANNED)
    done = _by_set(one.change for one in stage.apply() if one.result in GOOD)
    for name, taken in refused.items():
        # A licence role that a harmless seat needs is not asked to go any more.
        assert name in after or name not in asked, name
        assert taken <= after.get(name, taken), name
        for what in (planned, done):
            assert not taken & what.get(_set_of(name), set()), (
                f"{name}: it was refused, and is done"
            )


def _by_set(changes: Iterable[Change]) -> dict[str, set[tuple[str, str]]]:
    """What changes take or write, by what they are about."""
    found: dict[str, set[tuple[str, str]]] = {}
    for change in changes:
        found.setdefault(_set_of(change.id), set()).update(_taken(change))
    return found


def _set_of(change: str) -> str:
    """What a change is about, whichever part of it: people of one set can be in several."""
    address, _, part = change.rpartition(":")
    return f"{address}:{part.partition('.')[0]}" if address else change


def held(plan: Plan) -> dict[str, set[tuple[str, str]]]:
    """What each change that is held would take or write."""
    return {change.id: {*_taken(change)} for change in plan.changes if change.status is Status.HELD}


def _taken(change: Change) -> list[tuple[str, str]]:
    seats = change.seats
    gone = (*seats.remove, *seats.deactivate) if seats else ()
    return [(field.path, repr(field.after)) for field in change.fields] + [
        ("leaves", seat.person) for seat in gone
    ]


def _with_harmless(term: Term, plan: Plan, world: World) -> Term:
    """The term with what takes nothing from anybody; how much of each kind, chance says."""
    users, flows, comers = world.chance % 7, world.chance // 7 % 7, world.chance // 49 % 3
    new = [f"new{number}@example.org" for number in range(users)]
    soon = in_minutes(world.start.now, 40 * DAY)
    entries: dict[str, list[Any]] = {plural: [*rows] for plural, rows in term.entries.items()}
    entries["users"] += [{"key": key, "first_name": "New", "last_name": "One"} for key in new]
    entries["flows"] += [
        {
            "key": f"new{number}",
            "title": "New",
            "type": "FLOWassign",
            "content": "none",
            "participation": {"start": When(soon, local=False), "length": "4h"},
            "marking": {
                "start": When(in_minutes(soon, DAY), local=False),
                "end": When(in_minutes(soon, 9 * DAY), local=False),
            },
        }
        for number in range(flows)
    ]
    entries["role_assignments"] += [
        {"flows": [f"new{number}"], "managers": [OWN[0]], "participants": new}
        for number in range(flows)
    ]
    if comers and new:
        entries["role_assignments"] += [
            {"flows": [change.address.key], change.seats.role: new[:comers]}
            for change in plan.changes
            if change.status is Status.HELD and change.seats and change.seats.before >= NOT_SMALL
            # Only roles of their own are stated by name in an assignment.
            if change.seats.role in ROLES
        ]
    return Term(entries, term.sheets)
