"""JSON from strangers: one valid value, or MALFORMED."""

from __future__ import annotations

import json
from typing import Any

MALFORMED: Any = object()


def read_json(body: bytes) -> Any:
    """The value in a body, None in an empty one, MALFORMED where it is not one valid value.

    Stricter than the standard library: no NaN, no member twice, no text that cannot be encoded.
    """
    if not body.strip():
        return None
    try:
        text = body.decode("utf-8-sig")
        value = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_once)
        if "\\ud" in text or "\\uD" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return MALFORMED
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError
    return members
