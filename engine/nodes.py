"""What a manifest is before it means anything: scalars, lists and mappings that know their place.

A node's location is that of its key where it is a value in a mapping, else of its own start. All
scalars are text as written; `resolve` says what YAML would make of one. No I/O, no YAML library.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.errors import Location


@dataclass(frozen=True, slots=True)
class Scalar:
    """One scalar as written; `plain` is true where it stands without quotes."""

    location: Location
    text: str
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Cell(Scalar):
    """The text of a CSV cell that is a whole value: a number or boolean where only such fits."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list; `size` counts all nodes below it, aliases expanded.

    `numbers` are the places of the items as written, where wrong ones were taken out.
    """

    location: Location
    items: tuple[Node, ...]
    size: int = 1
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping; `faulty` has the keys whose values were taken out because they are wrong.

    `vacant` has the keys that a row of a flow set does not state, with the cells that are empty.
    """

    location: Location
    entries: Mapping[str, Node]
    size: int = 1
    faulty: Mapping[str, Location] = field(default_factory=dict)
    vacant: Mapping[str, Location] = field(default_factory=dict)

    def get(self, key: str) -> Node | None:
        return self.entries.get(key)

    def states(self, key: str) -> bool:
        """Whether the key is written here, rightly or wrongly."""
        return key in self.entries or key in self.faulty

    def text(self, key: str) -> str | None:
        """The text of a scalar, None where there is none or where it is a YAML null."""
        node = self.entries.get(key)
        return node.text if isinstance(node, Scalar) and not is_null(node) else None

    def items(self, key: str) -> tuple[Node, ...]:
        """The entries of a list, empty where there is none."""
        node = self.entries.get(key)
        return node.items if isinstance(node, Sequence) else ()

    def table(self, key: str) -> Table | None:
        node = self.entries.get(key)
        return node if isinstance(node, Table) else None

    def at(self, key: str) -> Location:
        """Where the key stands, else where the mapping that lacks it does."""
        node = self.entries.get(key)
        return node.location if node is not None else self.faulty.get(key, self.location)


Node: TypeAlias = Scalar | Sequence | Table


@dataclass(frozen=True, slots=True)
class Odd:
    """A plain scalar that YAML dialects read differently, or that is no number we take."""

    text: str
    word: str


class Null:
    """The value of a YAML null, so that no field takes it unless it says so."""


NULL = Null()

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {w: w.lower() == "true" for w in ("true", "True", "TRUE", "false", "False", "FALSE")}
_OLD_BOOL = frozenset(w for b in ("yes", "no", "on", "off") for w in (b, b.title(), b.upper()))
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})\Z")
_DECIMAL = re.compile(r"-?[0-9]{1,15}\.[0-9]{1,15}\Z")
_NUMBER = re.compile(
    r"[-+]?(0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+"
    r"|([0-9][0-9_]*(\.[0-9_]*)?|\.[0-9][0-9_]*)([eE][-+]?[0-9]+)?"
    r"|\.(inf|Inf|INF))\Z|\.(nan|NaN|NAN)\Z",
    re.ASCII,
)


def is_null(node: Node) -> bool:
    """Whether a node is a YAML null: nothing, `~` or `null`, without quotes."""
    return isinstance(node, Scalar) and node.plain and node.text in _NULL


def resolve(node: Scalar) -> str | int | float | bool | Odd | Null:
    """What a scalar is: text, unless it is plain and reads as null, a boolean or a number."""
    text = node.text
    if not node.plain:
        return text
    if text in _NULL:
        return NULL
    if text in _BOOL:
        return _BOOL[text]
    if text in _OLD_BOOL:
        return Odd(text, "boolean")
    return _number(text) if text[0] in "+-.0123456789" else text


def _number(text: str) -> str | int | float | Odd:
    if _WHOLE.match(text):
        return int(text)
    if _DECIMAL.match(text):
        return float(text)
    return Odd(text, "number") if _NUMBER.match(text) else text


def moved(node: Node, location: Location) -> Node:
    """The same node as seen from another place, such as the key that an alias stands at."""
    return node if node.location == location else replace(node, location=location)


def child(node: Node | None, part: str | int) -> Node | None:
    """The value under a key or the entry at an index, None where there is none."""
    if isinstance(node, Table) and isinstance(part, str):
        return node.entries.get(part)
    if isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
        return node.items[part]
    return None


def shown(text: str, limit: int = 80) -> str:
    """Text in double quotes for a message: one line, no control characters, not too long."""
    cut = text if len(text) <= limit else text[:limit] + "…"
    quoted = json.dumps(cut, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in quoted)


def said(path: tuple[str | int, ...]) -> str:
    """A path for people: `flows[0].participation.start`."""
    return "".join(_said(path)).removeprefix(".")


def _said(path: tuple[str | int, ...]) -> Iterator[str]:
    for part in path:
        yield f"[{part}]" if isinstance(part, int) else "." + _name(part)


def _name(part: str) -> str:
    return part if part.isprintable() and 0 < len(part) <= 80 else shown(part)
