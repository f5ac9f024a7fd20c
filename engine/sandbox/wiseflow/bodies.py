"""What a request body must look like: shapes, and everything wrong with a body."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Wrong = tuple[str, str]

_LARGEST = 2**63 - 1

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """One value of a body."""

    type: str
    required: bool = False
    nullable: bool = False
    members: Mapping[str, Shape] = field(default_factory=dict)
    items: Shape | None = None
    enum: tuple[str, ...] = ()
    longest: int | None = None
    shortest: int = 0
    pattern: str | None = None
    least: int | None = None


def text(**limits: Any) -> Shape:
    """A JSON string."""
    return Shape("string", **limits)


def integer(**limits: Any) -> Shape:
    """A JSON integer."""
    return Shape("integer", **limits)


def boolean(**limits: Any) -> Shape:
    """A JSON boolean."""
    return Shape("boolean", **limits)


def array(items: Shape, **limits: Any) -> Shape:
    """A JSON array of one shape."""
    return Shape("array", items=items, **limits)


def record(members: Mapping[str, Shape], **limits: Any) -> Shape:
    """A JSON object; members it does not name are ignored, as additions to it may come."""
    return Shape("object", members=members, **limits)


ID = integer(required=True)
TEXT = text(required=True)
FLAG = boolean(required=True)


def wrongs(shape: Shape, value: Any, where: str = "") -> Iterator[Wrong]:
    """Everything wrong with a value: (member, sentence)."""
    name = where or "body"
    if value is None:
        if not shape.nullable:
            yield name, f"{name} must not be null"
    elif not _is_a(shape.type, value):
        yield name, f"{name} must be of type {shape.type}"
    elif isinstance(value, dict):
        yield from _wrong_members(shape, value, where)
    elif isinstance(value, list):
        if len(value) < shape.shortest:
            yield name, f"{name} must not be empty"
        if shape.items is not None:
            for index, item in enumerate(value):
                yield from wrongs(shape.items, item, f"{where}[{index}]")
    else:
        yield from _wrong_scalar(shape, value, name)


def _is_a(type_: str, value: Any) -> bool:
    if isinstance(value, bool):
        return type_ == "boolean"
    return isinstance(value, _TYPES[type_])


def _wrong_members(shape: Shape, value: dict[str, Any], where: str) -> Iterator[Wrong]:
    for name, member in shape.members.items():
        path = f"{where}.{name}" if where else name
        if name in value:
            yield from wrongs(member, value[name], path)
        elif member.required:
            yield path, f"{path} is required"


def _wrong_scalar(shape: Shape, value: Any, name: str) -> Iterator[Wrong]:
    if isinstance(value, str):
        if any("\ud800" <= character <= "\udfff" for character in value):
            yield name, f"{name} must be text without lone surrogates"
        if len(value.strip()) < shape.shortest:
            yield name, f"{name} must not be empty"
        if shape.longest is not None and len(value) > shape.longest:
            yield name, f"{name} must not be longer than {shape.longest} characters"
        if shape.pattern is not None and not re.fullmatch(shape.pattern, value):
            yield name, f"{name} must match {shape.pattern}"
    elif abs(value) > _LARGEST:
        yield name, f"{name} is too large"
    elif shape.least is not None and value < shape.least:
        yield name, f"{name} must be {shape.least} or more"
    if shape.enum and value not in shape.enum:
        yield name, f"{name} must be one of {', '.join(shape.enum)}"
