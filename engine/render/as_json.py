"""A plan, its outcomes, or problems as one JSON document: format 1.0, same inputs, same bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from engine import __version__
from engine.model import INDIVIDUAL
from engine.plan import VERBS
from engine.render.counts import count
from engine.render.values import masked, owner

if TYPE_CHECKING:
    from engine.errors import Location, Problem
    from engine.model import Value
    from engine.plan import Change, FieldChange, Outcome, Plan, Seat, SeatsChange
    from engine.render.style import Style

FORMAT = "1.0"
HIDDEN = "•••"

DIGESTED = (
    *("format_version", "tool_version", "environment", "base", "no_base", "complete"),
    *("summary", "changes", "guards", "problems", "notes"),
)
"""What a digest is over: all but time and reads, so that equal plans are equal."""


def plan_document(plan: Plan, style: Style) -> dict[str, Any]:
    """The plan as data."""
    document: dict[str, Any] = {
        "format_version": FORMAT,
        "tool_version": __version__,
        "environment": plan.environment,
        "base": plan.base,
        "no_base": plan.no_base,
        "complete": plan.complete,
        "summary": _summary(plan),
        "changes": [_change(change, style) for change in plan.changes],
        "guards": [
            {name: getattr(guard, name) for name in guard.__slots__} for guard in plan.guards
        ],
        "problems": problem_rows(plan.problems),
        "notes": [
            {
                "address": style.address(note.address),
                "message": style.sentence(note.message),
                "hint": style.sentence(note.hint),
            }
            for note in plan.notes
        ],
        "reads": dict(sorted(plan.reads.items())),
    }
    return document | {"now": moment_text(plan.now), "digest": digest_of(document)}


def digest_of(document: Mapping[str, Any]) -> str:
    """The digest of a plan as data, whatever a plan file adds to it."""
    content = {name: document.get(name) for name in DIGESTED}
    return f"sha256:{hashlib.sha256(_bytes(content)).hexdigest()}"


def apply_document(plan: Plan, outcomes: Sequence[Outcome], style: Style) -> dict[str, Any]:
    """The plan with what came of it."""
    rows = [
        {
            "id": style.sentence(outcome.change.id),
            "result": str(outcome.result),
            "message": style.sentence(outcome.message),
        }
        for outcome in outcomes
    ]
    return plan_document(plan, style) | {"outcomes": rows}


def error_document(message: str, exit_code: int, problems: Iterable[Problem]) -> dict[str, Any]:
    """What `--json` prints when there is nothing else to print."""
    return {
        "format_version": FORMAT,
        "tool_version": __version__,
        "error": {"message": message, "exit_code": exit_code},
        "problems": problem_rows(problems),
    }


def render(document: Mapping[str, Any]) -> str:
    """The one JSON document, readable and in a stable order; ASCII, so no terminal obeys it."""
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def problem_rows(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    return [
        {
            "location": _location(problem.location),
            "field": problem.field,
            "message": problem.message,
            "hint": problem.hint,
        }
        for problem in problems
    ]


def _bytes(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _summary(plan: Plan) -> dict[str, Any]:
    counts = count(plan)
    return {
        "create": counts.create,
        "update": counts.update,
        "remove": counts.remove,
        "unchanged": counts.unchanged,
        "held": counts.held,
        "blocked": counts.blocked,
        "waiting": counts.waiting,
        "seats": {"add": counts.seats_add, "remove": counts.seats_remove},
    }


def _change(change: Change, style: Style) -> dict[str, Any]:
    return {
        "id": style.sentence(change.id),
        "address": style.address(change.address),
        "part": change.part,
        "action": str(change.action),
        "status": str(change.status),
        "reasons": [style.sentence(reason) for reason in change.reasons],
        "location": _location(change.location),
        "fields": [_field(change, field, style) for field in change.fields],
        "seats": _seats(change.seats, style) if change.seats else None,
        "hazards": [
            {"name": hazard.name, "message": style.sentence(hazard.message), "holds": hazard.holds}
            for hazard in change.hazards
        ],
        "needs": [style.sentence(need) for need in change.needs],
        "origin": change.origin,
    }


def _field(change: Change, field: FieldChange, style: Style) -> dict[str, Any]:
    hide_before, hide_after = style.hides(change.address, field)
    return {
        "path": field.path,
        "before": _value(masked(field.before) if hide_before else field.before),
        "after": _value(masked(field.after) if hide_after else field.after),
        "written": style.sentence(field.written),
    }


def _seats(seats: SeatsChange, style: Style) -> dict[str, Any]:
    return {
        "role": seats.role,
        "of": owner(seats, style),
        "before": seats.before,
        "after": seats.after,
        **{
            name: [_seat(seat, style, seats.role in INDIVIDUAL) for seat in getattr(seats, name)]
            for name in VERBS
        },
    }


def _seat(seat: Seat, style: Style, is_personal: bool) -> dict[str, Any]:
    """A seat; what somebody has of their own is a value of a person, and is not kept in files."""
    row: dict[str, Any] = {"person": style.person(seat.person), "written": seat.written}
    is_hidden = is_personal and style.private
    flags, before = (
        {name: HIDDEN if is_hidden else _value(value) for name, value in pairs}
        for pairs in (seat.flags, seat.before)
    )
    return row | {"flags": flags} | ({"before": before} if seat.before else {})


def _location(location: Location) -> dict[str, Any]:
    row: dict[str, Any] = {"file": location.file, "line": location.line, "column": location.column}
    return row | ({"through": _location(location.through)} if location.through else {})


def _value(value: Value) -> Any:
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, Mapping):
        return {str(name): _value(one) for name, one in value.items()}
    if isinstance(value, tuple | list | set | frozenset):
        return [_value(one) for one in value]
    return value


def moment_text(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
