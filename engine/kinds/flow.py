"""Flows: exams, and what they have in common in templates."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from engine.checking import Line, Shape, Text
from engine.kind import Kind
from engine.kinds._flow_live import FlowLive
from engine.kinds._people import Key
from engine.wiseflow.creation import INCLUDABLE

FlowType = Literal["FLOWassign", "FLOWlock", "FLOWmulti", "FLOWhandin", "FLOWoral", "FLOWattend"]
Title = Annotated[Line, Field(max_length=255)]


def _include(word: str) -> str:
    if word in ("dates", "passwords"):
        raise ValueError(f"{word} are never copied\nstate them for this flow")
    if word not in INCLUDABLE:
        raise ValueError(f'"{word}" cannot be copied\nknown: {", ".join(INCLUDABLE)}')
    return word


class CopyFrom(Shape):
    """The flow that a new one is copied from; only looked at when the flow is created."""

    flow: Line = Field(description="a key in the manifests, else a live flow's key")
    include: list[Annotated[Line, AfterValidator(_include)]] = Field(
        default=["settings"], description="what comes along: " + ", ".join(INCLUDABLE)
    )


class Window(Shape):
    """A start and an end, or a length such as 4h, 90m, 2d."""

    start: Line | None = Field(None, description="local time, such as 2027-05-03 09:00")
    end: Line | None = None
    length: Line | None = Field(None, description="instead of end: 4h, 1h30m, 14d")


class FlowFields(Shape):
    """What templates and flows can state."""

    title: Title | None = None
    subtitle: Title | None = None
    type: FlowType | None = Field(None, description="create-only")
    copy_from: CopyFrom | None = None
    term: Title | None = None
    code: Title | None = None
    purpose: Literal["BACHELOR", "COURSE_WORK", "EXAMINATION", "MASTER"] | None = None
    examination_type: Literal["ORDINARY", "REEXAMINATION", "REMARKING"] | None = None
    description: Annotated[Text, Field(max_length=50_000)] | None = None
    participation: Window | None = None
    marking: Window | None = None
    content: Literal["none"] | None = Field(
        None, description="only where the exam has no assignment in WISEflow"
    )
    lifecycle: Literal["draft", "active"] | None = Field(None, description="a least step")
    activate_from: Line | None = Field(None, description="until then the activation is waiting")


class Flow(FlowFields):
    """One exam."""

    key: Key
    template: Line | None = Field(None, description="key of a flow template")


KIND = Kind("flow", "flows", Flow, FlowLive(), after=("user",))
