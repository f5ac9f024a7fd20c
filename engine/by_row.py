"""The entry of a flow set -> the entry of one row: `{column}` is the only substitution. Pure.

    molder = Molder(sheet, Flow, path)
    mold = molder.mold(node)           # once a set; what is wrong in it is in molder.problems
    node = Pour(sheet, row, path, problems).fill(mold)      # once a row

A value that is one column takes the cell as it is, and is vacant where the cell is empty; so is
what rests on vacant values alone: a list with no other member, a window without start and end. In
a longer text an empty cell is a problem. `{{` and `}}` stand for braces.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from engine.checking import Shape, models_at
from engine.errors import Problem
from engine.nodes import Cell, Node, Scalar, Sequence, Table, said, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import BaseModel

    from engine.csvcells import Row
    from engine.csvfile import Sheet
    from engine.errors import Location

Path = tuple[str | int, ...]

_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]+)\}|[{}]")


@dataclass(frozen=True, slots=True)
class TextMold:
    """A text with columns in it: `between` is what stands before, between and after them."""

    node: Scalar
    steps: Path
    between: tuple[str, ...]
    columns: tuple[int, ...]

    @property
    def is_cell(self) -> bool:
        return self.between == ("", "")


@dataclass(frozen=True, slots=True)
class TableMold:
    """A mapping with columns somewhere below; in a row it stands where its `first` text does."""

    node: Table
    entries: Mapping[str, Mold]
    first: TextMold
    rests_on: tuple[str, ...]
    goes_with: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ListMold:
    """A list with columns somewhere below."""

    node: Sequence
    items: tuple[Mold, ...]
    first: TextMold


Mold: TypeAlias = Node | TextMold | TableMold | ListMold
"""What a row is poured into; a node is the same in every row."""


@dataclass(frozen=True, slots=True)
class Vacant:
    """A value that a row does not state, and the cell that is empty."""

    cell: Location


@dataclass(frozen=True, slots=True)
class Faulty:
    """A value with something wrong in it, which is said."""

    location: Location


# ---- once a set ----------------------------------------------------------------------------------


@dataclass(slots=True)
class Molder:
    """Makes molds of what a set states; without its sheet, columns are not looked up."""

    sheet: Sheet | None
    model: type[BaseModel]
    path: Path
    problems: list[Problem] = field(default_factory=list)
    missing: list[Problem] = field(default_factory=list)
    """Those of columns that the file does not have."""

    def mold(self, node: Node, steps: Path = ()) -> Mold | Faulty:
        """The mold of a node; where a value is wrong it is taken out, as `check` does."""
        if isinstance(node, Scalar):
            return self._text(node, steps)
        if isinstance(node, Sequence):
            return self._list(node, steps)
        return self._unquoted(node, steps) or self._table(node, steps)

    def _wrong(self, node: Node, steps: Path, message: str, hint: str) -> Faulty:
        self.problems.append(Problem(node.location, said((*self.path, *steps)), message, hint))
        return Faulty(node.location)

    def _text(self, node: Scalar, steps: Path) -> Mold | Faulty:
        between, columns, end = [""], [], 0
        refused: list[Faulty] = []
        for found in _BRACES.finditer(node.text):
            between[-1] += node.text[end : found.start()]
            end = found.end()
            if found.group() in ("{{", "}}"):
                between[-1] += found.group()[0]
            elif found.group(1) is None:
                refused += [] if refused else [self._stray(node, steps, found.group())]
            else:
                index = self._column(node, steps, found.group(1))
                refused += [Faulty(node.location)] if index is None else []
                columns.append(index or 0)
                between.append("")
        if refused:
            return refused[0]
        between[-1] += node.text[end:]
        if not columns:
            return replace(node, text=between[0]) if end else node
        return TextMold(node, steps, tuple(between), tuple(columns))

    def _stray(self, node: Scalar, steps: Path, brace: str) -> Faulty:
        hint = f"write a column as {{name}}, and {brace * 2} for the brace itself"
        return self._wrong(node, steps, f"a {brace} that names no column", hint)

    def _column(self, node: Scalar, steps: Path, name: str) -> int | None:
        if self.sheet is None:
            return 0
        index = self.sheet.index(name)
        if index is None:
            where = said((*self.path, *steps))
            self.missing.append(self.sheet.missing(name, node.location, where))
        return index

    def _unquoted(self, node: Table, steps: Path) -> Faulty | None:
        """`{title}` without quotes is a mapping to YAML: a slip that everybody makes once."""
        for key, value in node.entries.items() if steps and len(node.entries) == 1 else ():
            is_empty = isinstance(value, Scalar) and value.plain and not value.text
            if is_empty and self.sheet is not None and self.sheet.index(key) is not None:
                message = f"{{{key}}} without quotes is a mapping"
                return self._wrong(node, steps, message, f'write "{{{key}}}"')
        return None

    def _table(self, node: Table, steps: Path) -> Mold:
        entries: dict[str, Mold] = {}
        faulty = dict(node.faulty)
        models = list(models_at(self.model, steps))
        known = {name for model in models for name in model.model_fields}
        for key, below in node.entries.items():
            # A key that is wrong is wrong whatever it holds: all rows have it as it is written.
            found = self.mold(below, (*steps, key)) if key in known or not models else below
            if isinstance(found, Faulty):
                faulty[key] = found.location
            else:
                entries[key] = found
        first = next((text for one in entries.values() if (text := _first(one))), None)
        if first is None:
            same = {key: one for key, one in entries.items() if isinstance(one, _NODES)}
            return replace(node, entries=same, faulty=faulty)
        left = replace(node, entries={}, faulty=faulty)
        return TableMold(left, entries, first, *_shape(node, models if steps else []))

    def _list(self, node: Sequence, steps: Path) -> Mold:
        found = [self.mold(below, (*steps, index)) for index, below in enumerate(node.items)]
        numbers = tuple(n for n, one in enumerate(found) if not isinstance(one, Faulty))
        items = tuple(one for one in found if not isinstance(one, Faulty))
        first = next((text for one in items if (text := _first(one))), None)
        kept = replace(node, numbers=() if len(numbers) == len(found) else numbers)
        if first is None:
            return replace(kept, items=tuple(one for one in items if isinstance(one, _NODES)))
        return ListMold(replace(kept, items=()), items, first)


def _shape(
    node: Table, models: Iterable[type[BaseModel]]
) -> tuple[tuple[str, ...], Mapping[str, str]]:
    """What a mapping rests on, and which of its fields go with others, as its model says."""
    for model in models:
        if issubclass(model, Shape) and set(node.entries) <= set(model.model_fields):
            needed = [name for name, one in model.model_fields.items() if one.is_required()]
            return model.rests_on or tuple(needed), model.goes_with
    return (), {}


_NODES = (Scalar, Sequence, Table)


def _first(mold: Mold) -> TextMold | None:
    """The first text with a column in it."""
    if isinstance(mold, TextMold):
        return mold
    return mold.first if isinstance(mold, TableMold | ListMold) else None


def common(mold: Mold) -> Node | None:
    """What every row has of a mold: values with columns are taken out, as wrong ones are."""
    if isinstance(mold, TextMold):
        return None
    if isinstance(mold, TableMold):
        below = {key: common(one) for key, one in mold.entries.items()}
        taken = {key: mold.first.node.location for key, one in below.items() if one is None}
        entries = {key: one for key, one in below.items() if one is not None}
        return replace(mold.node, entries=entries, faulty={**mold.node.faulty, **taken})
    if isinstance(mold, ListMold):
        items = [common(one) for one in mold.items]
        written = mold.node.numbers or range(len(items))
        numbers = tuple(n for n, one in zip(written, items, strict=True) if one is not None)
        left = tuple(one for one in items if one is not None)
        return replace(mold.node, items=left, numbers=numbers)
    return mold


# ---- once a row ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pour:
    """Fills molds with the cells of one row; what is wrong with them goes to `problems`."""

    sheet: Sheet
    row: Row
    path: Path
    problems: list[Problem]

    def place(self, text: TextMold, number: int = 0) -> Location:
        """Where the cell of a text's column stands, through the text."""
        return self.sheet.place(self.row, text.columns[number], text.node.location)

    def fill(self, mold: Mold) -> Node | Vacant | Faulty:
        if isinstance(mold, TextMold):
            return self._text(mold)
        if isinstance(mold, TableMold):
            return self._table(mold)
        return self._list(mold) if isinstance(mold, ListMold) else mold

    def _text(self, mold: TextMold) -> Node | Vacant | Faulty:
        cells = [self.row.cells[index].strip() for index in mold.columns]
        if mold.is_cell:
            where = self.place(mold)
            return Cell(where, cells[0]) if cells[0] else Vacant(where)
        if not any(cells) and not any(text.strip() for text in mold.between):
            return Vacant(self.place(mold))
        if "" in cells:
            where = self.place(mold, cells.index(""))
            hint = f"fill it: {shown(mold.node.text)} is not whole without it"
            name = said((*self.path, *mold.steps))
            self.problems.append(Problem(where, name, "this cell is empty", hint))
            return Faulty(where)
        pieces = zip(mold.between, (*cells, ""), strict=True)
        return Scalar(self.place(mold), "".join(text + cell for text, cell in pieces))

    def _table(self, mold: TableMold) -> Node | Vacant:
        entries: dict[str, Node] = {}
        faulty: dict[str, Location] = dict(mold.node.faulty)
        vacant: dict[str, Location] = {}
        for key, below in mold.entries.items():
            found = self.fill(below)
            if isinstance(found, Vacant):
                vacant[key] = found.cell
            elif isinstance(found, Faulty):
                faulty[key] = found.location
            else:
                entries[key] = found
        for key, head in mold.goes_with.items():
            if key in entries and head in vacant:
                vacant[key] = vacant[head]
                del entries[key]
        if vacant and not faulty and not _stands(mold.rests_on, entries, vacant):
            return Vacant(next(iter(vacant.values())))
        return Table(self.place(mold.first), entries, mold.node.size, faulty, vacant)

    def _list(self, mold: ListMold) -> Node | Vacant:
        found = [self.fill(one) for one in mold.items]
        empty = [one for one in found if isinstance(one, Vacant)]
        written = mold.node.numbers or range(len(found))
        kept = [(n, x) for n, x in zip(written, found, strict=True) if isinstance(x, _NODES)]
        if empty and len(empty) == len(found):
            return empty[0]
        items, numbers = tuple(one for _, one in kept), tuple(number for number, _ in kept)
        return Sequence(self.place(mold.first), items, mold.node.size, numbers)


def _stands(
    rests_on: tuple[str, ...], entries: Mapping[str, Node], vacant: Mapping[str, Location]
) -> bool:
    """Whether a mapping still says something where some of its values are vacant."""
    is_struck = any(name in vacant for name in rests_on)
    return bool(entries) and (not is_struck or any(name in entries for name in rests_on))
