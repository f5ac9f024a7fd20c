"""Flows written out one by one -> a flow set that means the same, with the rows of its file."""

from __future__ import annotations

from dataclasses import dataclass, field
from os.path import commonprefix
from typing import TYPE_CHECKING, Any

from tests.laws.scene import When

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Entry = dict[str, Any]

UNSAID = object()
"""In the place of a value that a row does not state."""


class UnwovenError(ValueError):
    """Flows that no set can say: they differ in more than texts."""


@dataclass(slots=True)
class Weaver:
    """Makes a set of flows and of their roles; `chance` decides what may stand either way."""

    chance: Callable[[], bool]
    columns: list[Sequence[str]] = field(default_factory=list)

    def woven(self, name: str, flows: list[Entry], roles: list[Entry]) -> Entry:
        """The set. Raises: UnwovenError."""
        keys = [flow["key"] for flow in flows]
        entry = {"csv": name, "flow": {"key": self._cell(keys), **self._table(flows, "key")}}
        below = self._table(roles, "flows")
        return entry | ({"roles": below} if below else {})

    def sheet(self) -> list[list[str]]:
        """The rows of the file, the header first."""
        header = [f"{'col ' * (number % 2)}{number}" for number in range(len(self.columns))]
        return [header, *(list(row) for row in zip(*self.columns, strict=True))]

    def _table(self, rows: list[Entry], but: str = "", *, varies: bool = False) -> Entry:
        names = [name for name in dict.fromkeys(n for row in rows for n in row) if name != but]
        return {
            name: self._value([row.get(name, UNSAID) for row in rows], varies) for name in names
        }

    def _value(self, values: list[Any], varies: bool) -> Any:
        """What says all of these values; `varies` where nothing but cells may say them."""
        said = [value for value in values if value is not UNSAID]
        varies = varies or len(said) < len(values)
        if all(isinstance(value, dict) for value in said):
            rows = [value if value is not UNSAID else {} for value in values]
            return self._table(rows, varies=varies)
        if all(isinstance(value, list) for value in said):
            return self._list(values, said, varies)
        if any(value is None or isinstance(value, dict | list) for value in said):
            if varies or any(value is not None for value in said):
                raise UnwovenError
            return None
        return self._text(values, said, varies)

    def _list(self, values: list[Any], said: list[Any], varies: bool) -> list[Any]:
        if not all(said):
            if varies or any(said):
                raise UnwovenError
            return []
        longest = max(len(value) for value in said)
        rows = [[*(v if v is not UNSAID else ()), *[UNSAID] * longest][:longest] for v in values]
        return [self._value(list(column), varies) for column in zip(*rows, strict=True)]

    def _text(self, values: list[Any], said: list[Any], varies: bool) -> Any:
        texts = ["" if value is UNSAID else _text(value) for value in values]
        if not varies and len(set(texts)) == 1 and self.chance():
            return _braced(said[0]) if isinstance(said[0], str) else said[0]
        if any(text != text.strip() for text in texts):
            raise UnwovenError
        if varies or not all(isinstance(value, str | When) for value in said):
            return self._cell(texts)
        return self._pieces(texts) if self.chance() else self._cell(texts)

    def _pieces(self, texts: list[str]) -> str:
        """A text of two columns, or of what all have in common and a column."""
        parts = [text.split(" ", 1) for text in texts]
        if all(len(part) == 2 and part[1] == part[1].strip() != "" for part in parts):
            first, second = zip(*parts, strict=True)
            return f"{self._cell(first)} {self._cell(second)}"
        start = commonprefix(texts)  # noqa: RUF071 - texts, not paths
        rests = [text[len(start) :] for text in texts]
        if any(rest != rest.strip() or not rest for rest in rests):
            return self._cell(texts)
        return _braced(start) + self._cell(rests)

    def _cell(self, texts: Sequence[str]) -> str:
        number = len(self.columns)
        self.columns.append(texts)
        return f"{{{'col ' * (number % 2)}{number}}}"


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _braced(text: str) -> str:
    """The text as it stands in a set, where braces name columns."""
    return text.replace("{", "{{").replace("}", "}}")
