"""What flows can state of other systems: the SIS sources that feed them, and references."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from engine.checking import Line, Shape
from engine.nodes import shown

CODE_PARTS = "||"
"""Between the parameters of a source code. Source: WISEflow OpenAPI, `sourceCode`."""
_REFERENCE = r"^[A-Za-z0-9_-]+$"
"""Source: WISEflow OpenAPI, flow-external-sources-request."""
KEY_PREFIX = "wisectl-"


def _code(text: str) -> str:
    parts = text.split(CODE_PARTS)
    if "*" in text or not all(part.strip() for part in parts):
        hint = "write each parameter of the look-up, such as MATH101||2027||SPRING"
        raise ValueError(f"{shown(text)} is no whole source code\n{hint}")
    return text


def _reference(text: str) -> str:
    if not re.match(_REFERENCE, text):
        raise ValueError(f"{shown(text)} is no reference\nletters, digits, - and _ only")
    if text.casefold().startswith(KEY_PREFIX):
        hint = "a reference of that form is a flow's key: wisectl writes it itself"
        raise ValueError(f"{shown(text)} cannot be stated\n{hint}")
    return text


Code = Annotated[Line, Field(max_length=255), AfterValidator(_code)]
Reference = Annotated[
    Line,
    Field(max_length=255, json_schema_extra={"pattern": _REFERENCE}),
    AfterValidator(_reference),
]


class SisSource(Shape):
    """One look-up in a student information system that feeds the flow."""

    rests_on: ClassVar[tuple[str, ...]] = ("code",)

    code: Code = Field(description="its parameters, such as MATH101||2027||SPRING")
    integration: Line = Field(description="an integration of the licence, by name")


class AttachedFields(Shape):
    """What other systems have to do with a flow."""

    sis_sources: list[SisSource] | None = Field(
        None, description="what feeds the flow, which then owns dates and people; [] for nothing"
    )
    references: list[Reference] | None = Field(
        None, description="by which other systems find the flow, beside its key; [] for none"
    )
