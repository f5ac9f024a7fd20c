"""Moves: what stood under one key stands under another, and is the same as before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, ConfigDict, Field

from engine.checking import Line, Shape
from engine.kind import Kind
from engine.nodes import shown
from engine.words import near

if TYPE_CHECKING:
    from pydantic.config import JsonDict

EXAMPLE: JsonDict = {"from": "flow/maths-101", "to": "flow/math101-2027s"}
MOVABLE = ("flow",)
"""Kinds whose key can be written over where it stands in WISEflow."""

BY_HAND = "give the person the new value in WISEflow too, then rename the entry"

_PATTERN = rf"^({'|'.join(MOVABLE)})/.+$"


def _address(text: str) -> str:
    kind, _, key = text.partition("/")
    if not key.strip():
        raise ValueError(f"{shown(text)} is no address\nsuch as flow/math101-2027s")
    if kind == "user":
        raise ValueError(f"the key of a user is not moved: the person logs in by it\n{BY_HAND}")
    if kind not in MOVABLE:
        raise ValueError(f"the key of a {kind} cannot be moved\n{near(kind, MOVABLE)}")
    return text


Movable = Annotated[Line, AfterValidator(_address), Field(json_schema_extra={"pattern": _PATTERN})]


class Move(Shape):
    """One rename of a key, which WISEflow is told too; nothing is deleted or made."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    source: Movable = Field(alias="from", description="the address that it had")
    to: Movable = Field(description="the address that it has in the manifests now")


KIND = Kind("move", "moved", Move)
