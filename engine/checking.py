"""Holds a node against a pydantic model: every problem with its place, and what is right kept.

    problems, clean, value = check(node, Model, ("flows", 0))

`clean` is the node without what is wrong, so that what is right can still be looked at: all
problems of an entry are reported, whatever else is wrong with it.
"""

from __future__ import annotations

import difflib
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from engine.errors import Location, Problem
from engine.nodes import Node, Odd, Scalar, Sequence, Table, child, resolve, said, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Path = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)

LATER = {
    "flow_sets", "accommodations", "individual", "rooms", "webhooks", "grade_exports", "adopt",
    "moved", "removed", "release", "recreate", "unarchive", "protect", "allow",
    "grading_scale", "timebox", "anonymisation", "ects", "allocation", "assessor_types",
    "assessor_groups", "archived",
}  # fmt: skip
"""What the format knows and this version does not do yet: refused plainly, at its place."""


class Shape(BaseModel):
    """A mapping in a manifest or in the settings: frozen, and nothing else may stand in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _text(value: Any) -> Any:
    if isinstance(value, Odd):
        raise PydanticCustomError("text", "{word}", {"word": _write_quoted(value.text)})
    if isinstance(value, bool):
        raise PydanticCustomError("text", "{word}", {"word": _write_quoted(str(value).lower())})
    if isinstance(value, int | float):
        raise PydanticCustomError("text", "{word}", {"word": _write_quoted(str(value))})
    if value is None:
        raise PydanticCustomError("text", "{word}", {"word": "must be text, not empty"})
    if not isinstance(value, str):
        kind = "a list" if isinstance(value, list) else "a mapping"
        raise PydanticCustomError("text", "{word}", {"word": f"must be text, not {kind}"})
    if not value.strip():
        raise PydanticCustomError("text", "{word}", {"word": "must not be empty"})
    return value


def _write_quoted(text: str) -> str:
    return f'must be text: write "{text}"'


def _one_line(value: str) -> str:
    if any(not character.isprintable() for character in value):
        raise PydanticCustomError("line", "must be one line without control characters")
    return value.strip()


Text = Annotated[str, BeforeValidator(_text)]
"""Text as written: numbers and booleans must be quoted."""


def _line(value: Any) -> Any:
    return _one_line(_text(value))


Line = Annotated[str, BeforeValidator(_line)]
"""Text on one line."""


def plain(node: Node) -> Any:
    """The node as Python values: scalars resolved, ambiguous ones as `Odd`."""
    if isinstance(node, Table):
        return {key: plain(value) for key, value in node.entries.items()}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return resolve(node)


def check(node: Node, model: type[M], path: Path = ()) -> tuple[list[Problem], Node, M | None]:
    """The problems of a node, the node without them, and the value of what is left, if any."""
    problems: list[Problem] = []
    clean = node
    for _ in range(6):
        try:
            return problems, clean, model.model_validate(plain(clean))
        except ValidationError as error:
            details = error.errors(include_url=False)
        problems += [_problem(one, clean, model, path) for one in details]
        spoiled = {_steps(one["loc"], clean) for one in details if one["type"] != "missing"}
        if not spoiled or () in spoiled:
            break
        for steps in sorted(spoiled, key=len, reverse=True):
            clean = without(clean, steps)
    return problems, clean, None


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
        else:
            entries.pop(head, None)
        return Table(node.location, entries, node.size, node.faulty | {head})
    if isinstance(node, Sequence) and isinstance(head, int):
        items = list(node.items)
        if rest:
            items[head] = without(items[head], tuple(rest))
        else:
            del items[head]
        return Sequence(node.location, tuple(items), node.size)
    return node


# ---- messages ------------------------------------------------------------------------------------


def _problem(error: ErrorDetails, node: Node, model: type[BaseModel], path: Path) -> Problem:
    steps = _steps(error["loc"], node)
    here = at(node, steps)
    name = said((*path, *steps))
    kind, given = error["type"], error["input"]
    if kind == "missing":
        wanted = str(error["loc"][-1])
        return Problem(here.location, name, f'lacks "{wanted}"')
    if kind == "extra_forbidden":
        return _unknown(
            str(error["loc"][-1]), here.location, name, _known(model, error["loc"][:-1])
        )
    context = error.get("ctx", {})
    message, hint = _words(kind, context, error["msg"], given, here)
    return Problem(here.location, name, message, hint)


def at(node: Node, steps: Path) -> Node:
    """The node at a path, or the deepest one on the way to it."""
    for step in steps:
        below = child(node, step)
        if below is None:
            return node
        node = below
    return node


def _unknown(key: str, location: Location, name: str, known: set[str]) -> Problem:
    if key in LATER:
        return Problem(
            location, name, f'"{key}" is not supported by this version yet', "Remove it."
        )
    return Problem(location, name, f"unknown key {shown(key)}", near(key, known))


def near(word: str, known: Iterable[str]) -> str:
    """The hint for a word that is not known: the nearest one, else all."""
    names = sorted(known)
    close = difflib.get_close_matches(word.casefold(), [n.casefold() for n in names], 1, 0.75)
    if close:
        match = next(name for name in names if name.casefold() == close[0])
        return f"did you mean {match}?"
    return "known: " + ", ".join(names) if names else ""


def _words(
    kind: str, context: Mapping[str, Any], message: str, given: Any, node: Node
) -> tuple[str, str]:
    written = _written(node)
    if kind in {"literal_error", "enum"}:
        words = [
            word.strip("' ")
            for word in str(context.get("expected", "")).replace(" or ", ",").split(",")
        ]
        if written.strip('"') in LATER:
            return f"{written} is not supported by this version yet", "known: " + ", ".join(words)
        return f"{written} is not one of its words", near(written.strip('"'), words)
    fixed = {
        "list_type": f"must be a list, not {_kind(node)}",
        "dict_type": f"must be a mapping, not {_kind(node)}",
        "model_type": f"must be a mapping, not {_kind(node)}",
        "model_attributes_type": f"must be a mapping, not {_kind(node)}",
        "bool_type": f"must be true or false, not {_kind(node)}",
        "bool_parsing": f"must be true or false, not {written}",
        "int_type": f"must be a whole number, not {written}",
        "int_from_float": f"must be a whole number, not {written}",
        "int_parsing": f"must be a whole number, not {written}",
        "tuple_type": f"must be a list, not {_kind(node)}",
    }
    if kind in fixed:
        return fixed[kind], ""
    if kind == "string_too_long":
        return f"is longer than {context['max_length']} characters", "Shorten it."
    if kind == "string_pattern_mismatch":
        return (
            f"{written} has characters that a key cannot have",
            "use letters, digits, - and _, up to 200",
        )
    if kind == "too_short":
        return "must not be an empty list", ""
    if kind in {"greater_than_equal", "less_than_equal", "greater_than", "less_than"}:
        return f"{written}: {message[0].lower()}{message[1:]}".replace("input", "it"), ""
    text, _, hint = message.removeprefix("Value error, ").partition("\n")
    return text, hint


def _written(node: Node) -> str:
    return shown(node.text) if isinstance(node, Scalar) else _kind(node)


def _kind(node: Node) -> str:
    if isinstance(node, Table):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    value = resolve(node)
    if value is None:
        return "nothing"
    return shown(node.text)


# ---- which keys a model knows at a place ---------------------------------------------------------


def _known(model: type[BaseModel], loc: tuple[int | str, ...]) -> set[str]:
    found: list[Any] = [model]
    for part in loc:
        stepped = [below for one in found for below in _below(one, part)]
        found = stepped or found
    return {name for one in _models(found) for name in _names(one)}


def _names(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield field.alias or name


def _models(annotations: Iterable[Any]) -> Iterator[type[BaseModel]]:
    for annotation in annotations:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield annotation
        elif get_origin(annotation) in (Union, UnionType, Annotated):
            yield from _models(
                get_args(annotation)[:1]
                if get_origin(annotation) is Annotated
                else get_args(annotation)
            )


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


__all__ = ["Field", "Line", "Shape", "Text", "at", "check", "near", "plain", "without"]
