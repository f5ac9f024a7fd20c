"""The JSON Schema of `plan --json` and `apply --json`, format 1.0. Readers ignore unknown keys."""

from __future__ import annotations

from typing import Any

from engine.plan import VERBS

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
    "of": {"type": "string", "description": "of an allocation whose it is, else empty"},
    "before": _COUNT,
    "after": _COUNT,
    **dict.fromkeys(VERBS, _SEATS),
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
    "base": {"type": ["string", "null"], "description": "the commit that it is compared with"},
    "no_base": {"type": "string", "description": "why the base that was asked for is not known"},
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
_DIGEST = {"type": "string", "pattern": "^[0-9a-f]{16}$"}
_NUMBERS = {"type": "array", "items": _COUNT}
_MOMENT = {"type": "string", "format": "date-time"}
_SAVED: dict[str, Any] = {
    "created": _object({"at": _MOMENT, "expires": _MOMENT, "commit": {"type": ["string", "null"]}}),
    "licence": {"type": "string", "description": "fingerprint of the licence it was made for"},
    "undo": {"type": ["string", "null"], "description": "the run that it reverses"},
    "scope": _object(
        {name: {"type": "array", "items": _TEXT} for name in ("targets", "excludes")},
    ),
    "allowances": {"type": "array", "items": {"type": "array"}},
    "starts": {"type": "object", "additionalProperties": _MOMENT},
    "bound": _rows(
        {
            "change": _COUNT,
            "object": _DIGEST,
            "needs": _NUMBERS,
            "after": _NUMBERS,
            "let_through": {"type": "array", "items": _TEXT},
        }
    ),
    "objects": {
        "type": "object",
        "description": "keyed digests: stated.before.after.verb.change for each item",
        "additionalProperties": {"type": "object", "additionalProperties": _TEXT},
    },
    "seal": {"type": "string", "pattern": "^hmac-sha256:[0-9a-f]{64}$"},
}
"""What a plan file has beyond `plan --json`."""

PLAN_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "wisectl plan",
    **_object(_PLAN),
}
PLAN_SCHEMA["properties"]["outcomes"] = _rows({"id": _TEXT, "result": _TEXT, "message": _TEXT})
PLAN_SCHEMA["properties"] |= _SAVED
