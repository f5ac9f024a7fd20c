"""Adoptions: flows that were there before, each bound to its key by WISEflow's number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import ConfigDict, Field

from engine.checking import Line, Shape
from engine.kind import Kind
from engine.kinds._people import Key

if TYPE_CHECKING:
    from pydantic.config import JsonDict

EXAMPLE: JsonDict = {
    "flow": "math101-2027s",
    "environment": "staging",
    "server_id": 7464798,
    "title": "Mathematics 101",
}
Number = Annotated[int, Field(strict=True, ge=1, le=2**53)]


class Adopt(Shape):
    """One flow of one environment that is known by its number: a binding, which stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    flow: Key
    environment: Line = Field(description="as the settings name it; nowhere else it counts")
    server_id: Number = Field(description="WISEflow's number of the flow")
    title: Annotated[Line, Field(max_length=255)] = Field(
        description="the title that it has there: another one means another flow"
    )


KIND = Kind("adoption", "adopt", Adopt)
