"""Flows: exams, and what they have in common in templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from engine.checking import Line, Nullable, Shape, Text
from engine.kind import Kind
from engine.kinds._flow_attached_shape import AttachedFields
from engine.kinds._flow_leave import leave
from engine.kinds._flow_live import FlowLive
from engine.kinds._flow_periods_shape import Moment, PeriodFields
from engine.kinds._flow_settings import normal
from engine.kinds._flow_settings_shape import SettingFields
from engine.kinds._people import Key, Purpose
from engine.nodes import Odd, shown
from engine.wiseflow.creation import INCLUDABLE
from engine.words import near

if TYPE_CHECKING:
    from pydantic.config import JsonDict

FlowType = Literal["FLOWassign", "FLOWlock", "FLOWmulti", "FLOWhandin", "FLOWoral", "FLOWattend"]
Title = Annotated[Line, Field(max_length=255)]


def _include(word: str) -> str:
    if word in ("dates", "passwords"):
        raise ValueError(f"{word} are never copied\nstate dates for this flow; no password is kept")
    if word not in INCLUDABLE:
        raise ValueError(f"{shown(word)} cannot be copied\n{near(word, INCLUDABLE)}")
    return word


def _length(value: Any) -> Any:
    if isinstance(value, int | float | Odd):
        raise ValueError("is no length\nwrite it with a unit: 4h, 90m, 1h30m or 14d")
    return value


_LENGTH = r"^(\d+d)?\s*(\d+h)?\s*(\d+m)?$"
Included = Annotated[
    Line, AfterValidator(_include), Field(json_schema_extra={"enum": sorted(INCLUDABLE)})
]


class CopyFrom(Shape):
    """The flow that a new one is copied from; only looked at when the flow is created."""

    rests_on: ClassVar[tuple[str, ...]] = ("flow",)

    flow: Key | None = Field(None, description="a key in the manifests, else a live flow's key")
    include: list[Included] = Field(
        default=["settings"], description="what comes along; never dates or passwords"
    )
    reassessment: bool = Field(
        default=False, description="the one flow in which that flow is examined again"
    )


class Window(Shape):
    """A start and an end, or a length such as 4h, 90m, 2d."""

    rests_on: ClassVar[tuple[str, ...]] = ("start", "end")

    start: Moment | None = Field(None, description="local time, such as 2027-05-03 09:00")
    end: Moment | None = None
    length: Annotated[Line, BeforeValidator(_length)] | None = Field(
        None,
        description="instead of end: 4h, 1h30m, 14d",
        json_schema_extra={"pattern": _LENGTH},
    )


class FlowFields(SettingFields, AttachedFields, PeriodFields):
    """What templates and flows can state."""

    title: Title | None = Field(None, description="up to 255 characters")
    subtitle: Nullable[Title] = Field(None, description="null: must be empty")
    type: FlowType | None = Field(None, description="create-only")
    copy_from: CopyFrom | None = Field(None, description="create-only")
    term: Nullable[Title] = Field(None, description="such as Spring 2027; null: must be empty")
    code: Nullable[Title] = Field(None, description="such as MATH101; null: must be empty")
    purpose: Purpose | None = Field(None, description="what the examination is for")
    examination_type: Literal["ORDINARY", "REEXAMINATION", "REMARKING"] | None = None
    description: Nullable[Annotated[Text, Field(max_length=50_000)]] = Field(
        None, description="up to 50,000 characters; null: must be empty"
    )
    participation: Window | None = Field(None, description="with marking, or neither")
    marking: Window | None = Field(None, description="not before participation starts")
    content: Literal["none"] | None = Field(
        None, description="only where the exam has no assignment in WISEflow"
    )
    lifecycle: Literal["draft", "active", "archived"] | None = Field(
        None, description="a least step; archived once the exam is over"
    )
    activate_from: Moment | None = Field(None, description="until then the activation is waiting")


EXAMPLE_FLOW: JsonDict = {
    "key": "math101-2027s",
    "type": "FLOWassign",
    "title": "Mathematics 101",
    "term": "Spring 2027",
    "participation": {"start": "2027-05-03 09:00", "length": "4h"},
    "marking": {"start": "2027-05-05 12:00", "end": "2027-05-24 12:00"},
}


class Flow(FlowFields):
    """One exam."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_FLOW]})

    key: Key
    template: Line | None = Field(None, description="key of a flow template")


KIND = Kind("flow", "flows", Flow, FlowLive(), after=("user", "room"), normal=normal, leave=leave)
