"""Which operation a path is: literal segments go before parameters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from engine.sandbox.wiseflow.http import Operation


@dataclass(slots=True)
class _Node:
    literals: dict[str, _Node] = field(default_factory=dict)
    parameter: _Node | None = None
    operations: dict[str, Operation] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """A path that is known; `operation` is None where it does not have the method."""

    template: str
    operation: Operation | None
    ids: dict[str, str]


class Routes:
    """All operations by path."""

    def __init__(self, operations: list[Operation]) -> None:
        self._root = _Node()
        for operation in operations:
            self._add(operation)

    def find(self, method: str, raw_path: str) -> Route | None:
        """The route of a path (still percent-encoded, without /v1), or None."""
        segments = raw_path.strip("/").split("/")
        found = _descend(self._root, segments, 0)
        if found is None:
            return None
        known = found.operations.get(method)
        template = (known or next(iter(found.operations.values()))).template
        names = [part[1:-1] for part in template.split("/") if part.startswith("{")]
        places = [i for i, part in enumerate(template.strip("/").split("/")) if part[0] == "{"]
        values = [unquote(segments[place]) for place in places]
        return Route(template, known, dict(zip(names, values, strict=True)))

    def _add(self, operation: Operation) -> None:
        node = self._root
        for part in operation.template.strip("/").split("/"):
            if part.startswith("{"):
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.literals.setdefault(part, _Node())
        if operation.method in node.operations:
            raise ValueError(f"{operation.method} {operation.template} is registered twice")
        node.operations[operation.method] = operation


def _descend(node: _Node, segments: list[str], index: int) -> _Node | None:
    if index == len(segments):
        return node if node.operations else None
    segment = segments[index]
    literal = node.literals.get(segment)
    found = None if literal is None else _descend(literal, segments, index + 1)
    if found is None and node.parameter is not None and segment:
        found = _descend(node.parameter, segments, index + 1)
    return found
