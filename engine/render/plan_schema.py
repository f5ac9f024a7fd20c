"""The JSON Schema of `plan --json` and `apply --json`, format 1.0. Readers ignore unknown keys."""

from __future__ import annotations

from typing import Any

_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}


def _rows(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": _object(properties)}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": sorted(properties)}


_LOCATION = {
    "type": "object",
    "properties": {"file": _TEXT, "line": _COUNT, "column": _COUNT, "through": {"type": "object"}},
    "required": ["file", "line", "column"],
}
_SEATS = {"type": "array", "items": {"type": "object", "required": ["person", "flags", "written"]}}
_FIELD = {"path": _TEXT, "before": {}, "after": {}, "written": _TEXT}
_ROLE = {
    "role": _TEXT,
    "before": _COUNT,
    "after": _COUNT,
    **dict.fromkeys(("add", "remove", "deactivate", "reactivate", "change"), _SEATS),
}
_CHANGE = {
    "id": _TEXT,
    "address": _TEXT,
    "part": _TEXT,
    "action": {"enum": ["create", "update", "remove"]},
    "status": {"enum": ["planned", "held", "blocked", "waiting"]},
    "reasons": {"type": "array", "items": _TEXT},
    "location": _LOCATION,
    "fields": _rows(_FIELD),
    "seats": {"anyOf": [{"type": "null"}, _object(_ROLE)]},
    "hazards": _rows({"name": _TEXT, "message": _TEXT, "holds": {"type": "boolean"}}),
    "needs": {"type": "array", "items": _TEXT},
    "origin": {"enum": [None, "git", "live", "both", "new", "source"]},
}
_SUMMARY = {
    **dict.fromkeys(("create", "update", "remove", "unchanged"), _COUNT),
    **dict.fromkeys(("held", "blocked", "waiting"), _COUNT),
    "seats": _object({"add": _COUNT, "remove": _COUNT}),
}
_PLAN = {
    "format_version": {"const": "1.0"},
    "tool_version": _TEXT,
    "environment": _TEXT,
    "now": {"type": "string", "format": "date-time"},
    "complete": {"type": "boolean", "description": "false with --target or --exclude"},
    "summary": _object(_SUMMARY),
    "changes": _rows(_CHANGE),
    "guards": _rows(
        dict.fromkeys(("name", "scope", "limit", "value", "allow"), _TEXT)
        | {"refused": {"type": "boolean"}}
    ),
    "problems": _rows({"location": _LOCATION, "field": _TEXT, "message": _TEXT, "hint": _TEXT}),
    "notes": _rows({"address": _TEXT, "message": _TEXT, "hint": _TEXT}),
    "reads": {"type": "object", "additionalProperties": _COUNT},
    "digest": {"type": "string", "description": "over all but the time and the reads"},
}
PLAN_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "wisectl plan",
    **_object(_PLAN),
}
PLAN_SCHEMA["properties"]["outcomes"] = _rows({"id": _TEXT, "result": _TEXT, "message": _TEXT})
