"""POST /flows/search: flows by what they are called, their state, their dates."""

from __future__ import annotations

from typing import Any

from engine.sandbox.tables import STATE
from engine.sandbox.visibility import searched_tables
from engine.sandbox.wiseflow.bodies import array, boolean, integer, record, text
from engine.sandbox.wiseflow.flow_terms import PURPOSES, STATES
from engine.sandbox.wiseflow.http import Answer, Call, operation, page, page_of

_COMPARATORS = {
    "GREATER": ">",
    "GREATER_EQUAL": ">=",
    "LESS": "<",
    "LESS_EQUAL": "<=",
    "EQUAL": "=",
}
_COMPARATOR = text(enum=tuple(_COMPARATORS))
_WINDOW = record(
    {
        "start": integer(),
        "startComparator": _COMPARATOR,
        "end": integer(),
        "endComparator": _COMPARATOR,
    }
)
_SEARCH = record(
    {
        "metadata": record(
            {
                "title": text(),
                "subtitle": text(),
                "externalSourceReference": text(),
                "code": text(),
                "term": text(),
                "states": array(text(enum=STATES)),
                "purposes": array(text(enum=PURPOSES)),
                "isSis": boolean(),
                "createdAt": record({"from": integer(), "to": integer()}),
            }
        ),
        "dates": record({"participation": _WINDOW, "marking": _WINDOW}),
        "settings": record(
            {
                "gradingScaleId": integer(),
                "usesLockdownBrowser": boolean(),
                "hasSubmissionOfAssessment": boolean(),
            }
        ),
        "room": record({"roomId": integer()}),
        "content": record(
            {
                name: text()
                for name in (
                    "activityReference",
                    "rubricsReference",
                    "assignmentFileName",
                    "materialFileName",
                )
            }
        ),
    }
)

_SIS = "EXISTS (SELECT 1 FROM sources s WHERE s.flow_id = f.id)"
_HANDED_IN = (
    "EXISTS (SELECT 1 FROM participants p JOIN grades g ON g.participant_id = p.id "
    "WHERE p.flow_id = f.id AND g.grade IS NOT NULL)"
)


class _Conditions:
    """A WHERE clause that grows."""

    def __init__(self) -> None:
        self.terms = ["NOT f.deleted"]
        self.values: dict[str, Any] = {}

    def add(self, term: str, value: Any = None) -> None:
        """Another term; `?` in it stands for the value."""
        name = f"v{len(self.values)}"
        self.terms.append(term.replace("?", f":{name}"))
        if "?" in term:
            self.values[name] = value

    @property
    def clause(self) -> str:
        return " AND ".join(self.terms)


@operation("POST", "/flows/search", body=_SEARCH)
def search_flows(call: Call) -> Answer:
    """A page of the flows that match all filters, in the order of their ids."""
    offset, limit = page_of(call, 100)
    flows, references = searched_tables(call.store, call.quirks.visibility_delay)
    where = _Conditions()
    body = call.body
    _metadata(where, body.get("metadata", {}), references, call)
    for window, dates in body.get("dates", {}).items():
        if window in {"participation", "marking"}:
            _dates(where, window, dates)
    _settings(where, body.get("settings", {}))
    _content(where, body.get("content", {}))
    if "roomId" in body.get("room", {}):
        where.add(
            "EXISTS (SELECT 1 FROM room_bookings b WHERE b.flow_id = f.id AND b.room_id = ?)",
            body["room"]["roomId"],
        )
    total = call.store.scalar(
        f"SELECT count(*) FROM {flows} f WHERE {where.clause}",  # noqa: S608
        **where.values,
        now=call.now,
    )
    rows = call.store.all(
        f"SELECT f.*, {STATE} AS state FROM {flows} f WHERE {where.clause} "  # noqa: S608
        "ORDER BY f.id LIMIT :limit OFFSET :offset",
        **where.values,
        now=call.now,
        limit=limit,
        offset=offset,
    )
    return page([_shown(call, row, references) for row in rows], offset, limit, total)


def _metadata(where: _Conditions, asked: dict[str, Any], references: str, call: Call) -> None:
    exact_case = call.quirks["text_search"] == "exact"
    for name in ("title", "subtitle"):
        if asked.get(name):
            column = f"f.{name}" if exact_case else f"casefold(f.{name})"
            where.add(
                f"instr({column}, ?) > 0", asked[name] if exact_case else asked[name].casefold()
            )
    for name in ("code", "term"):
        if asked.get(name):
            where.add(f"f.{name} = ?", asked[name])
    if asked.get("externalSourceReference"):
        partial = call.quirks["reference_search"] == "partial"
        match = "instr(r.reference, ?) > 0" if partial else "r.reference = ?"
        where.add(
            f"f.id IN (SELECT r.flow_id FROM {references} r WHERE {match})",  # noqa: S608
            asked["externalSourceReference"],
        )
    _kinds(where, asked)


def _kinds(where: _Conditions, asked: dict[str, Any]) -> None:
    if asked.get("states"):
        numbers = ", ".join(str(STATES.index(state)) for state in asked["states"])
        where.add(f"{STATE} IN ({numbers})")
    if asked.get("purposes"):
        # The words have passed the enum, so that they can stand in the statement.
        where.add(f"f.purpose IN ({', '.join(repr(p) for p in asked['purposes'])})")
    if "isSis" in asked:
        where.add(_SIS if asked["isSis"] else f"NOT {_SIS}")
    created = asked.get("createdAt", {})
    if "from" in created:
        where.add("f.created >= ?", created["from"])
    if "to" in created:
        where.add("f.created <= ?", created["to"])


def _dates(where: _Conditions, window: str, asked: dict[str, Any]) -> None:
    for edge in ("start", "end"):
        if edge in asked:
            comparator = _COMPARATORS[asked.get(f"{edge}Comparator", "EQUAL")]
            where.add(f"f.{window}_{edge} {comparator} ?", asked[edge])


def _settings(where: _Conditions, asked: dict[str, Any]) -> None:
    if "gradingScaleId" in asked:
        where.add("f.grading_scale = ?", asked["gradingScaleId"])
    if "usesLockdownBrowser" in asked:
        where.add(f"f.type {'=' if asked['usesLockdownBrowser'] else '!='} 'FLOWlock'")
    if "hasSubmissionOfAssessment" in asked:
        where.add(_HANDED_IN if asked["hasSubmissionOfAssessment"] else f"NOT {_HANDED_IN}")


def _content(where: _Conditions, asked: dict[str, Any]) -> None:
    """References and file names are looked for in the stored documents."""
    columns = {
        "activityReference": "assignments",
        "assignmentFileName": "assignments",
        "rubricsReference": "content",
        "materialFileName": "content",
    }
    for name, column in columns.items():
        if asked.get(name):
            where.add(f"instr(casefold(f.{column}), ?) > 0", asked[name].casefold())


def _shown(call: Call, row: Any, references: str) -> dict[str, Any]:
    found = call.store.all(
        f"SELECT reference FROM {references} WHERE flow_id = ? ORDER BY reference",  # noqa: S608
        row["id"],
    )
    return {
        "flowId": row["id"],
        "title": row["title"] or "",
        "subtitle": row["subtitle"] or "",
        "externalSourceReferences": [reference[0] for reference in found],
        "createdAt": row["created"],
        "type": row["type"],
        "state": STATES[row["state"]],
        "variant": row["examination_type"],
        "purpose": row["purpose"],
        "participation": {
            "start": row["participation_start"] or 0,
            "end": row["participation_end"] or 0,
        },
        "marking": {"start": row["marking_start"] or 0, "end": row["marking_end"] or 0},
    }
