"""Holds a node against a pydantic model: every problem with its place, and what is right kept.

    problems, clean, value = check(node, Model, ("flows", 0))

Models extend Shape and use Line or Text for text; `Nullable[...]` where null may stand. `clean` is
the node without what is wrong and `value` the model of that, with None for a required key that is
missing: all problems of an entry are reported, whatever else is wrong with it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model
from pydantic_core import ErrorDetails, PydanticCustomError

from engine.errors import Location, Problem
from engine.files import UNPRINTABLE
from engine.nodes import NULL, Cell, Node, Scalar, Sequence, Table, child, resolve, said, shown
from engine.words import in_words, near

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Path = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

SECRETS = frozenset({"api_key", "client_secret", "plan_key", "secret", "sql"})
"""Keys whose values no message shows."""
_NO_TEXT = frozenset({"bool_type", "bool_parsing", "int_type", "int_parsing", "float_type"})
NOT_YET = "is not supported by this version yet"


class Shape(BaseModel):
    """A mapping in a manifest or in the settings: frozen, and nothing else may stand in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    later: ClassVar[frozenset[str]] = frozenset()
    """Keys that the format knows and this version does not yet."""
    refused: ClassVar[dict[str, str]] = {}
    """Keys that stand elsewhere and not here, with the reason."""
    rests_on: ClassVar[tuple[str, ...]] = ()
    """What the mapping is about, else its required fields: where a row of a flow set leaves all
    of it empty, the row does not state the mapping at all."""
    goes_with: ClassVar[dict[str, str]] = {}
    """Fields that mean nothing without another one, and that one."""


# ---- text ----------------------------------------------------------------------------------------


def _text(value: Any) -> Any:
    if not isinstance(value, str) or not value.strip():
        raise PydanticCustomError("text", "must be text")
    odd = UNPRINTABLE.search(value)
    if odd is not None:
        code = f"U+{ord(odd.group()):04X}"
        raise PydanticCustomError("control", f"holds the control character {code}\nremove it")
    return value


def _line(value: Any) -> Any:
    text = _text(value).strip()
    if "\n" in text or "\r" in text or "\t" in text:
        raise PydanticCustomError("line", "must be one line, without tabs")
    return text


_SAID = Field(json_schema_extra={"minLength": 1})
Text = Annotated[str, BeforeValidator(_text), _SAID]
"""Text as written: numbers and booleans must be quoted."""
Line = Annotated[str, BeforeValidator(_line), _SAID]
"""Text on one line."""


def null_as_none(value: Any) -> Any:
    return None if value is NULL else value


Nullable = Annotated[T | None, BeforeValidator(null_as_none)]
"""A field that null empties."""


# ---- checking ------------------------------------------------------------------------------------


def plain(node: Node) -> Any:
    """The node as Python values: scalars resolved, null as NULL, ambiguous ones as `Odd`."""
    if isinstance(node, Scalar):
        return resolve(node)
    if isinstance(node, Table):
        return {key: plain(value) for key, value in node.entries.items()}
    return [plain(item) for item in node.items]


def check(node: Node, model: type[M], path: Path = ()) -> tuple[list[Problem], Node, M | None]:
    """The problems of a node, the node without them, and the value of what is left, if any."""
    try:
        return [], node, model.model_validate(plain(node))
    except ValidationError as error:
        details = error.errors(include_url=False)
    read = _cells_read(node, details, model)
    if read is not node:
        return check(read, model, path)
    problems = [_problem(one, node, model, path) for one in details if not _is_said(one, node)]
    clean, value = _rescue(node, details, _relaxed(model))
    return problems, clean, value


def _is_said(error: ErrorDetails, node: Node) -> bool:
    """Whether a key is missing only because its value, being wrong, was taken out before."""
    if error["type"] != "missing":
        return False
    here = at(node, _steps(error["loc"], node))
    return isinstance(here, Table) and here.states(str(error["loc"][-1]))


def _cells_read(node: Node, details: list[ErrorDetails], model: type[BaseModel]) -> Node:
    """The node with numbers and booleans for those cells that are refused as text."""
    for one in details:
        steps = _steps(one["loc"], node)
        cell = at(node, steps)
        if not isinstance(cell, Cell):
            continue
        scalar = Scalar(cell.location, cell.text, plain=True)
        if isinstance(resolve(scalar), bool | int | float):
            read = _put(node, steps, scalar)
            if one["type"] in _NO_TEXT or not _is_wrong(read, steps, model):
                node = read
    return node


def _is_wrong(node: Node, steps: Path, model: type[BaseModel]) -> bool:
    try:
        model.model_validate(plain(node))
    except ValidationError as error:
        return any(_steps(one["loc"], node) == steps for one in error.errors(include_url=False))
    return False


def _put(node: Node, steps: Path, value: Node) -> Node:
    """The node with another value at a path that it has."""
    if not steps:
        return value
    head, below = steps[0], child(node, steps[0])
    if below is None:
        return node
    inner = _put(below, steps[1:], value)
    if isinstance(node, Table):
        return replace(node, entries={**node.entries, str(head): inner})
    if isinstance(node, Sequence) and isinstance(head, int):
        return replace(node, items=(*node.items[:head], inner, *node.items[head + 1 :]))
    return node


def _rescue(node: Node, details: list[ErrorDetails], model: type[M]) -> tuple[Node, M | None]:
    """What is right of a node; what is wrong is taken out until the model takes the rest."""
    clean = node
    for _ in range(8):
        spoiled = {_steps(one["loc"], clean) for one in details} - {()}
        for steps in sorted(spoiled, key=_deepest_last_first, reverse=True):
            clean = without(clean, steps)
        try:
            return clean, model.model_validate(plain(clean))
        except ValidationError as error:
            details = error.errors(include_url=False)
    return clean, None


def _deepest_last_first(steps: Path) -> tuple[int, list[tuple[int, str]]]:
    return len(steps), [(s, "") if isinstance(s, int) else (0, s) for s in steps]


@cache
def _relaxed(model: type[M]) -> type[M]:
    """The model with None for each required key that is missing."""
    missing: dict[str, Any] = {
        name: (field.annotation, None)
        for name, field in model.model_fields.items()
        if field.is_required()
    }
    return create_model(model.__name__, __base__=model, **missing) if missing else model


def _steps(loc: tuple[int | str, ...], node: Node) -> Path:
    """The part of an error's path that names nodes; union tags and the like are left out."""
    steps: list[str | int] = []
    here: Node | None = node
    for part in loc:
        below = child(here, part)
        if below is not None:
            steps.append(part)
            here = below
    return tuple(steps)


def without(node: Node, steps: Path) -> Node:
    """The node with the value at a path taken out."""
    head, *rest = steps
    if isinstance(node, Table) and isinstance(head, str):
        entries = dict(node.entries)
        if rest and head in entries:
            entries[head] = without(entries[head], tuple(rest))
            return replace(node, entries=entries)
        faulty = {**node.faulty, head: node.at(head)}
        entries.pop(head, None)
        return replace(node, entries=entries, faulty=faulty)
    if isinstance(node, Sequence) and isinstance(head, int) and head < len(node.items):
        items, numbers = list(node.items), list(node.numbers or range(len(node.items)))
        if rest:
            items[head] = without(items[head], tuple(rest))
        else:
            del items[head], numbers[head]
        return Sequence(node.location, tuple(items), node.size, tuple(numbers))
    return node


def at(node: Node, steps: Path) -> Node:
    """The node at a path, or the deepest one on the way to it."""
    for step in steps:
        below = child(node, step)
        if below is None:
            return node
        node = below
    return node


def as_written(node: Node, steps: Path) -> Path:
    """The path with the numbers that list entries had before wrong ones were taken out."""
    written: list[str | int] = []
    here: Node | None = node
    for step in steps:
        numbers = here.numbers if isinstance(here, Sequence) else ()
        is_known = isinstance(step, int) and step < len(numbers)
        written.append(numbers[step] if is_known and isinstance(step, int) else step)
        here = child(here, step)
    return tuple(written)


# ---- problems ------------------------------------------------------------------------------------


def _problem(error: ErrorDetails, node: Node, model: type[BaseModel], path: Path) -> Problem:
    steps = _steps(error["loc"], node)
    here = at(node, steps)
    name = said((*path, *as_written(node, steps)))
    kind, last = error["type"], str(error["loc"][-1]) if error["loc"] else ""
    if kind == "missing":
        return Problem(here.location, name, f'lacks "{last}"')
    if kind == "extra_forbidden":
        return _unknown(last, here.location, name, list(models_at(model, error["loc"][:-1])))
    hidden = bool(SECRETS & set(steps))
    context = {"field": next((s for s in reversed(steps) if isinstance(s, str)), "word")}
    context |= error.get("ctx", {})
    message, hint = in_words(kind, context, error["msg"], here, hidden=hidden)
    return Problem(here.location, name, message, hint)


def _unknown(key: str, location: Location, name: str, models: list[type[BaseModel]]) -> Problem:
    for model in models:
        if issubclass(model, Shape) and key in model.later:
            return Problem(location, name, f'"{key}" {NOT_YET}', "remove it")
        if issubclass(model, Shape) and key in model.refused:
            return Problem(location, name, model.refused[key], "remove it")
    known = {field.alias or one for m in models for one, field in m.model_fields.items()}
    return Problem(location, name, f"unknown key {shown(key)}", near(key, known))


# ---- which models stand at a place ---------------------------------------------------------------


def models_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> Iterator[type[BaseModel]]:
    """Every model that a value at a path below a model may have."""
    found: list[Any] = [model]
    for part in loc:
        stepped = [below for one in found for below in _below(one, part)]
        found = stepped or found
    return _models(found)


def _models(annotations: Iterable[Any]) -> Iterator[type[BaseModel]]:
    for annotation in annotations:
        origin = get_origin(annotation)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield annotation
        elif origin is Annotated:
            yield from _models(get_args(annotation)[:1])
        elif origin in (Union, UnionType):
            yield from _models(get_args(annotation))


def _below(annotation: Any, part: int | str) -> Iterator[Any]:
    origin = get_origin(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        field = annotation.model_fields.get(str(part))
        if field is not None:
            yield field.annotation
    elif origin is Annotated:
        yield from _below(get_args(annotation)[0], part)
    elif origin in (Union, UnionType):
        for one in get_args(annotation):
            yield from _below(one, part)
    elif origin in (list, tuple) and isinstance(part, int):
        yield get_args(annotation)[0]
    elif origin is dict:
        yield get_args(annotation)[1]


__all__ = ["Field", "Line", "Nullable", "Shape", "Text", "at", "check", "near", "plain"]
