"""Which stated fields differ from what is live. What decides "update" is what is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from engine.model import Stated, Value
from engine.plan import FieldChange

Equal = Callable[[Value, Value], bool]


def plainly_equal(stated: Value, live: Value) -> bool:
    """Equal as people read them: an empty text and an absent one are the same."""
    return (stated or None) == (live or None) if _is_text(stated, live) else bool(stated == live)


def _is_text(*values: Value) -> bool:
    return all(value is None or isinstance(value, str) for value in values)


def changed_fields(
    stated: Mapping[str, Stated],
    live: Mapping[str, Value] | None,
    paths: Iterable[str],
    equal: Equal = plainly_equal,
) -> tuple[FieldChange, ...]:
    """The stated fields among `paths` that differ; with `live` None all of them, before unknown."""
    changes = []
    for path in paths:
        if path not in stated:
            continue
        after, written = stated[path].value, str(stated[path].location)
        before = None if live is None else live.get(path)
        if live is None or not equal(after, before):
            changes.append(FieldChange(path, before, after, written))
    return tuple(changes)
