"""Flows: exams, and what they have in common in templates."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from engine.checking import NOT_YET, Line, Nullable, Shape, Text
from engine.dates import EXAMPLE
from engine.kind import Kind
from engine.kinds._flow_live import FlowLive
from engine.kinds._people import Key, Purpose
from engine.nodes import Odd, shown
from engine.wiseflow.creation import INCLUDABLE
from engine.words import near

FlowType = Literal["FLOWassign", "FLOWlock", "FLOWmulti", "FLOWhandin", "FLOWoral", "FLOWattend"]
Title = Annotated[Line, Field(max_length=255)]


def _include(word: str) -> str:
    if word in ("dates", "passwords"):
        raise ValueError(f"{word} are never copied\nstate dates for this flow; no password is kept")
    if word not in INCLUDABLE:
        raise ValueError(f"{shown(word)} cannot be copied\n{near(word, INCLUDABLE)}")
    return word


def _date(value: Any) -> Any:
    if isinstance(value, int | float | Odd):
        raise ValueError(f"is no date\n{EXAMPLE}")
    return value


def _length(value: Any) -> Any:
    if isinstance(value, int | float | Odd):
        raise ValueError("is no length\nwrite it with a unit: 4h, 90m, 1h30m or 14d")
    return value


Moment = Annotated[Line, BeforeValidator(_date)]
"""A date as written; what it means depends on the settings."""


def _lifecycle(word: Any) -> Any:
    if word == "archived":
        raise ValueError(f'"archived" {NOT_YET}\nwrite active: flows archive by the clock')
    return word


class CopyFrom(Shape):
    """The flow that a new one is copied from; only looked at when the flow is created."""

    flow: Key | None = Field(None, description="a key in the manifests, else a live flow's key")
    include: list[Annotated[Line, AfterValidator(_include)]] = Field(
        default=["settings"], description="what comes along: " + ", ".join(INCLUDABLE)
    )


class Window(Shape):
    """A start and an end, or a length such as 4h, 90m, 2d."""

    start: Moment | None = Field(None, description="local time, such as 2027-05-03 09:00")
    end: Moment | None = None
    length: Annotated[Line, BeforeValidator(_length)] | None = Field(
        None, description="instead of end: 4h, 1h30m, 14d"
    )


class FlowFields(Shape):
    """What templates and flows can state."""

    later: ClassVar[frozenset[str]] = frozenset(
        {"grading_scale", "timebox", "anonymisation", "ects", "allocation", "assessor_types"}
    )

    title: Title | None = None
    subtitle: Nullable[Title] = None
    type: FlowType | None = Field(None, description="create-only")
    copy_from: CopyFrom | None = None
    term: Nullable[Title] = None
    code: Nullable[Title] = None
    purpose: Purpose | None = None
    examination_type: Literal["ORDINARY", "REEXAMINATION", "REMARKING"] | None = None
    description: Nullable[Annotated[Text, Field(max_length=50_000)]] = None
    participation: Window | None = None
    marking: Window | None = None
    content: Literal["none"] | None = Field(
        None, description="only where the exam has no assignment in WISEflow"
    )
    lifecycle: Annotated[Literal["draft", "active"], BeforeValidator(_lifecycle)] | None = Field(
        None, description="a least step"
    )
    activate_from: Moment | None = Field(None, description="until then the activation is waiting")


class Flow(FlowFields):
    """One exam."""

    key: Key
    template: Line | None = Field(None, description="key of a flow template")


KIND = Kind("flow", "flows", Flow, FlowLive(), after=("user",))
