"""What flows can state of when an oral exam is held."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StrictBool

from engine.checking import Line, Nullable, Shape
from engine.dates import EXAMPLE
from engine.nodes import Odd


def _date(value: Any) -> Any:
    if isinstance(value, int | float | Odd):
        raise ValueError(f"is no date\n{EXAMPLE}")
    return value


_MOMENT = r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?\s*(Z|[+-]\d\d:?\d\d)?$"
Moment = Annotated[Line, BeforeValidator(_date), Field(json_schema_extra={"pattern": _MOMENT})]
"""A date as written; what it means depends on the settings."""

Minutes = Annotated[int, Field(strict=True, ge=0, le=1_440)]


class Period(Shape):
    """A time in which participants are examined one after the other; known by its start."""

    start: Moment = Field(description="local time, such as 2027-05-10 09:00")
    examination: Annotated[int, Field(strict=True, ge=1, le=1_440)] = Field(
        description="minutes of each slot"
    )
    preparation: Minutes | None = Field(None, description="minutes; a new period has none unsaid")
    voting: Minutes | None = Field(None, description="minutes; a new period has none unsaid")
    location: Nullable[Annotated[Line, Field(max_length=255)]] = Field(
        None, description="null: must be empty"
    )
    preparation_in_same_room: StrictBool | None = None


class PeriodFields(Shape):
    """When an oral exam is held."""

    periods: list[Period] | None = Field(
        None, description="of a FLOWoral, instead of participation and marking; [] for none"
    )
