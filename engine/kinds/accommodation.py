"""Accommodations: extra time at exams, counted anew whenever an exam moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BeforeValidator, ConfigDict, Field

from engine.checking import Line, Shape
from engine.individual import is_extra_time
from engine.kind import Kind
from engine.kinds._people import Flows, People
from engine.nodes import Odd

if TYPE_CHECKING:
    from pydantic.config import JsonValue

EXTRA_TIME = r"^([0-9]{1,3}(\.[0-9]{1,2})?%|([0-9]{1,2}h)?([0-9]{1,4}m)?)$"
NO_EXTRA_TIME = "is no extra time\nwrite it as 25%, 30m or 1h30m"


def _extra(value: Any) -> Any:
    """Source of the limits: none; more than a day, or four times as long, is a slip of the pen."""
    if isinstance(value, int | float | Odd):
        raise ValueError(NO_EXTRA_TIME)
    if isinstance(value, str) and value.strip() and not is_extra_time(value.strip()):
        raise ValueError(NO_EXTRA_TIME)
    return value


EXAMPLES: list[JsonValue] = [
    {"people": ["s042@northfield.example"], "extra_time": "25%", "flows": {"term": "Spring 2027"}},
    {
        "csv": "sis:accommodations.csv",
        "column": "student_number",
        "matches": "Student Number",
        "flows": {"key": "math*"},
    },
]


class Accommodation(Shape):
    """Extra time for people, at the exams that they sit; nobody is put on an exam by it."""

    model_config = ConfigDict(json_schema_extra={"examples": EXAMPLES})
    goes_with: ClassVar[dict[str, str]] = {"column": "csv", "matches": "csv"}

    flows: Flows
    people: People | None = Field(None, description="who has this extra time")
    extra_time: (
        Annotated[Line, BeforeValidator(_extra), Field(json_schema_extra={"pattern": EXTRA_TIME})]
        | None
    ) = Field(None, description="25% or 30m; the longest of several holds")
    csv: Line | None = Field(None, description="instead of people: one a row, column extra_time")
    column: Line | None = Field(None, description="its column of people; `key` unless said")
    matches: Line | None = Field(
        None, description="the user data type that the column holds; the user key unless said"
    )


KIND = Kind("accommodation", "accommodations", Accommodation)
