"""What an entry states, field by field, with the place of each value. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from engine.model import Stated
from engine.nodes import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.model import Value


def stated_fields(node: Table, value: Any, prefix: str = "") -> dict[str, Stated]:
    """From dotted path to value and place: only what the node states, lists as tuples."""
    return dict(_stated(node, value, prefix))


def _stated(node: Table, value: Any, prefix: str) -> Iterator[tuple[str, Stated]]:
    inner: Mapping[str, Any] = value if isinstance(value, dict) else value.__dict__
    for name, below in node.entries.items():
        found = inner.get(name)
        if isinstance(below, Table) and isinstance(found, BaseModel | dict):
            yield from _stated(below, found, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", Stated(frozen(found), below.location)


def frozen(value: Value) -> Value:
    """The value with tuples for lists, and models as tuples of pairs."""
    if isinstance(value, list):
        return tuple(frozen(one) for one in value)
    if isinstance(value, BaseModel):
        return tuple((name, frozen(one)) for name, one in value)
    return value
