"""Sequences (FLOWcombine): a main flow, and the flows that are its parts, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import ConfigDict, Field

from engine.checking import Shape
from engine.kind import Kind
from engine.kinds._people import Key

if TYPE_CHECKING:
    from pydantic.config import JsonDict

EXAMPLE: JsonDict = {"main": "nurs300-2027s", "parts": ["nurs300-2027s-a", "nurs300-2027s-b"]}

MOST = 20
"""Parts of one sequence. Source: WISEflow OpenAPI, POST /flows/combine."""


class Sequence(Shape):
    """Flows that are made as a sequence: what is there already cannot be put into one."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    main: Key = Field(description="key of the main flow")
    parts: Annotated[list[Key], Field(max_length=MOST)] = Field(
        description="keys of the flows that follow it, in order; up to 20"
    )


KIND = Kind("sequence", "sequences", Sequence)
