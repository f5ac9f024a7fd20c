"""Dates of a flow and of single participants, in Unix seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sandbox.announcements import announce
from engine.sandbox.wiseflow.bodies import ID, array, integer, record
from engine.sandbox.wiseflow.flows import set_columns
from engine.sandbox.wiseflow.http import Answer, Call, Refusal, operation, success
from engine.sandbox.wiseflow.participants import participant

if TYPE_CHECKING:
    from engine.sandbox.store import Row

_MOMENT = integer(nullable=True, least=1)
_WINDOW = record({"start": _MOMENT, "end": _MOMENT}, nullable=True)
_GENERAL = record({"participation": _WINDOW, "marking": _WINDOW})
_INDIVIDUAL = {
    "participation": _WINDOW,
    "marking": record({"end": _MOMENT}, nullable=True),
}

_COLUMNS = (
    ("participation", "start", "participation_start"),
    ("participation", "end", "participation_end"),
    ("marking", "start", "marking_start"),
    ("marking", "end", "marking_end"),
)
_GENERAL_COLUMNS = tuple(column for _, _, column in _COLUMNS)
_INDIVIDUAL_COLUMNS = ("participation_start", "participation_end", "marking_end")

# Pairs whose first must come before (or, with True, not after) the second. The vendor's rules are
# not published; these are what its help pages and clients presume.
_ORDER = (
    ("participation_start", "participation_end", False),
    ("marking_start", "marking_end", False),
    ("participation_start", "marking_start", True),
    ("participation_end", "marking_end", True),
)


def _sent(body: dict[str, Any]) -> dict[str, int]:
    """Columns and values that a body gives; null is the same as nothing."""
    return {
        column: body[window][edge]
        for window, edge, column in _COLUMNS
        if (body.get(window) or {}).get(edge) is not None
    }


def _disorder(dates: dict[str, int | None], rules: Any = _ORDER) -> str | None:
    """What is wrong with windows, or None."""
    for first, second, may_be_equal in rules:
        a, b = dates[first], dates[second]
        if a is None or b is None or a < b or (may_be_equal and a == b):
            continue
        return f"{first.replace('_', ' ')} must be before {second.replace('_', ' ')}"
    return None


def _refuse(call: Call, reason: str) -> Refusal:
    return Refusal(int(call.quirks["bad_dates"]), "Invalid dates", ("dates", reason))


@operation("GET", "/flows/{flowId}/dates")
def get_dates(call: Call) -> Answer:
    """General dates, and the earliest and latest of individual ones."""
    return success(_shown(call, {column: call.flow[column] for column in _GENERAL_COLUMNS}))


@operation("PATCH", "/flows/{flowId}/dates", body=_GENERAL, bad_id=400, refuses_archived=True)
def patch_dates(call: Call) -> Answer:
    """General dates after the change; what is not sent stays."""
    if call.flow["type"] == "FLOWoral":
        raise Refusal(403, "Dates of a FLOWoral cannot be updated")
    sent = _sent(call.body)
    if not sent:
        raise Refusal(400, "The fields are all empty", ("dates", "send a date"))
    dates = {column: call.flow[column] for column in _GENERAL_COLUMNS} | sent
    reason = _disorder(dates)
    if reason is not None:
        raise _refuse(call, reason)
    set_columns(call, **sent)
    announce(call.store, "FLOW_PERIOD_UPDATED", {"flowId": call.flow_id})
    return success(_shown(call, dates))


def _shown(call: Call, dates: dict[str, Any]) -> dict[str, Any]:
    row = call.store.all(
        "SELECT min(coalesce(participation_start, :start)), max(coalesce(participation_end, :end)),"
        " min(coalesce(marking_end, :marked)), max(coalesce(marking_end, :marked)) "
        "FROM participants WHERE flow_id = :flow",
        flow=call.flow_id,
        start=dates["participation_start"],
        end=dates["participation_end"],
        marked=dates["marking_end"],
    )[0]
    return {
        "participation": {
            "start": dates["participation_start"] or 0,
            "end": dates["participation_end"] or 0,
            "earliestIndividualStart": row[0] or dates["participation_start"] or 0,
            "latestIndividualEnd": row[1] or dates["participation_end"] or 0,
        },
        "marking": {
            "start": dates["marking_start"] or 0,
            "end": dates["marking_end"] or 0,
            "earliestIndividualEnd": row[2] or dates["marking_end"] or 0,
            "latestIndividualEnd": row[3] or dates["marking_end"] or 0,
        },
    }


_ONE = "/flows/{flowId}/participants/{participantId}/dates"


def _effective(call: Call, row: Row) -> dict[str, Any]:
    """Dates that hold for a participant: individual ones before general ones."""
    own = {column: row[column] or call.flow[column] for column in _INDIVIDUAL_COLUMNS}
    return own | {"marking_start": call.flow["marking_start"]}


def _shown_individual(dates: dict[str, Any]) -> dict[str, Any]:
    return {
        "participation": {
            "start": dates["participation_start"] or 0,
            "end": dates["participation_end"] or 0,
        },
        "marking": {"end": dates["marking_end"] or 0},
    }


def _individual_allowed(call: Call) -> None:
    if call.flow["type"] in {"FLOWoral", "FLOWattend"}:
        raise Refusal(403, f"Dates cannot be updated on a {call.flow['type']}")


def _set_individual(call: Call, row: Row, sent: dict[str, int]) -> dict[str, Any] | str:
    """The dates of a participant after the change, or why it is refused.

    Null leaves a date; the general value clears the individual one. Source: WISEflow OpenAPI,
    PATCH /flows/{flowId}/participants/{participantId}/dates.
    """
    dates = _effective(call, row) | sent
    reason = _disorder(dates, _ORDER[:2])
    if reason is not None:
        return reason
    for column, value in sent.items():
        call.store.run(
            f"UPDATE participants SET {column} = ? WHERE id = ?",  # noqa: S608
            None if value == call.flow[column] else value,
            row["id"],
        )
    return dates


@operation("GET", _ONE)
def get_individual_dates(call: Call) -> Answer:
    """Dates that hold for a participant."""
    return success(_shown_individual(_effective(call, participant(call))))


@operation("PATCH", _ONE, body=record(_INDIVIDUAL), bad_id=400, refuses_archived=True)
def patch_individual_dates(call: Call) -> Answer:
    """Dates that hold for a participant after the change."""
    row = participant(call)
    _individual_allowed(call)
    outcome = _set_individual(call, row, _without_marking_start(_sent(call.body)))
    if isinstance(outcome, str):
        raise _refuse(call, outcome)
    return success(_shown_individual(outcome))


def _without_marking_start(sent: dict[str, int]) -> dict[str, int]:
    return {column: value for column, value in sent.items() if column != "marking_start"}


@operation(
    "PATCH",
    "/flows/{flowId}/participants/dates",
    body=record({"participants": array(record({"id": ID, **_INDIVIDUAL}), required=True)}),
    bad_id=400,
    refuses_archived=True,
)
def patch_many_dates(call: Call) -> Answer:
    """Dates of those who were changed, and an error for each one who was not."""
    _individual_allowed(call)
    changed: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    for entry in call.body["participants"]:
        row = call.store.one(
            "SELECT * FROM participants WHERE id = ? AND flow_id = ?", entry["id"], call.flow_id
        )
        outcome: dict[str, Any] | str = "Participant not found"
        if row is not None:
            outcome = _set_individual(call, row, _without_marking_start(_sent(entry)))
        if isinstance(outcome, str):
            errors.append({"id": entry["id"], "error": outcome})
        else:
            shown = {"id": entry["id"], **_shown_individual(outcome)}
            shown["marking"]["start"] = call.flow["marking_start"] or 0
            changed.append(shown)
    return success({"participants": changed, "errors": errors})
