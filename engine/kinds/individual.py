"""Individual settings: what holds for one participant of an exam and for nobody else there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import ConfigDict, Field, StrictBool

from engine.checking import Line, Nullable, Shape
from engine.kind import Kind
from engine.kinds._flow_periods_shape import Moment
from engine.kinds._flow_settings_shape import Timebox
from engine.kinds._people import Flows

if TYPE_CHECKING:
    from pydantic.config import JsonDict

EXAMPLE: JsonDict = {
    "flows": ["math101-2027s"],
    "person": "s043@northfield.example",
    "participation": {"end": "2027-05-03 15:00"},
    "timebox": 300,
    "unique_exam_id": "X-17",
}


class OwnWindow(Shape):
    """A start, an end, or both; what is not stated is that of the exam."""

    rests_on: ClassVar[tuple[str, ...]] = ("start", "end")

    start: Moment | None = Field(None, description="local time, such as 2027-05-03 10:00")
    end: Moment | None = Field(None, description="not before the exam itself ends")


class Individual(Shape):
    """What one person has at some exams; nobody is put on an exam by it."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    flows: Flows
    person: Line = Field(description="a user key")
    participation: OwnWindow | None = None
    timebox: Timebox | None = Field(None, description="minutes, or off")
    unique_exam_id: Nullable[Annotated[Line, Field(max_length=255)]] = Field(
        None, description="null: must be empty"
    )
    active: StrictBool | None = Field(None, description="false: may not sit this exam")


KIND = Kind("individual", "individual", Individual)
