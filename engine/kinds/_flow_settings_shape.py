"""What flows and templates can state of an exam's settings."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
)

from engine.checking import Line, Nullable, Shape, Text
from engine.model import OFF
from engine.nodes import Odd

Off = Annotated[Literal["off"], WithJsonSchema({"enum": [OFF, False]})]
"""The word; an editor may read a plain one as older YAML does."""

_POINTS = r"^[0-9]+(\.[0-9]+)?$"


def _off(value: Any) -> Any:
    """Plain `off` is a boolean in older YAML; here it is the word."""
    return OFF if isinstance(value, Odd) and value.text == OFF else value


def _timebox(value: Any) -> Any:
    value = _off(value)
    if value == OFF or (type(value) is int and value > 0):
        return value
    raise ValueError("is no timebox\nwrite minutes, such as 240, or off")


def _anonymisation(value: Any) -> Any:
    value = _off(value)
    if isinstance(value, dict | Anonymisation) or value in (*_WAYS, OFF):
        return value
    hint = "write participant_index, unique_exam_id, {data: Student Number}, or off"
    raise ValueError(f"is no way of anonymisation\n{hint}")


def _points(text: str) -> str:
    if not re.match(_POINTS, text):
        raise ValueError('is no number of ECTS points\nwrite such as "5" or "7.5"')
    return text


def _word_or_mapping(value: Any) -> str:
    return "<mapping>" if isinstance(value, dict | Shape) else "<word>"


_WAYS = ("participant_index", "unique_exam_id")


Timebox = Annotated[Annotated[int, Field(ge=1)] | Off, BeforeValidator(_timebox)]


class Anonymisation(Shape):
    """Participants are shown by a value of their user data."""

    data: Line = Field(description="a user data type of the licence, by name")


class AssessorType(Shape):
    """An assessor type on the flow; without instruction it has none."""

    type: Line = Field(description="an assessor type of the licence, by name")
    instruction: Annotated[Text, Field(max_length=500)] | None = Field(
        None, description="up to 500 characters"
    )


class SettingFields(Shape):
    """Settings of an exam: how it is sat, marked and graded."""

    grading_scale: Line | None = Field(None, description="a grading scale of the licence, by name")
    timebox: Timebox | None = Field(None, description="minutes, or off")
    anonymisation: (
        Annotated[
            Annotated[Literal["participant_index", "unique_exam_id"] | Off, Tag("<word>")]
            | Annotated[Anonymisation, Tag("<mapping>")],
            Discriminator(_word_or_mapping),
            BeforeValidator(_anonymisation),
        ]
        | None
    ) = Field(None, description="what examiners see instead of names, or off")
    ects: Nullable[
        Annotated[Line, AfterValidator(_points), Field(json_schema_extra={"pattern": _POINTS})]
    ] = Field(None, description='such as "7.5"; written when the flow is created; null: none')
    allocation: Literal["single", "grouped"] | None = Field(
        None, description="participants have assessors one by one, or groups of them"
    )
    assessor_types: list[AssessorType] | None = Field(
        None, description="all that the flow has, but for those that its assessors are given"
    )
