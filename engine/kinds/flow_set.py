"""Flow sets: one flow a row of a CSV file, with its roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, Field

from engine.checking import Line, Shape
from engine.kind import Kind

if TYPE_CHECKING:
    from pydantic.config import JsonDict

EXAMPLE: JsonDict = {
    "csv": "nursing.csv",
    "flow": {
        "key": "{code}-2027s",
        "template": "written",
        "title": "{title}",
        "participation": {"start": "{start}", "length": "1h"},
        "marking": {"start": "{marked_from}", "end": "{marked_by}"},
    },
    "roles": {
        "managers": ["kim@northfield.example"],
        "assessors": ["{lead}"],
        "participants": {"csv": "rosters/{code}.csv"},
    },
}


class FlowSet(Shape):
    """One flow for each row of a CSV file; `{column}` stands for the cell of the row."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    csv: Line = Field(description="a CSV file, from the manifests folder or a source")
    flow: dict[str, Any] = Field(
        description="as an entry of flows; {column} is the cell, an empty cell is not stated",
        json_schema_extra={"by_row": "Flow"},
    )
    roles: dict[str, Any] | None = Field(
        None,
        description="as an entry of role_assignments, without flows",
        json_schema_extra={"by_row": "RoleAssignment", "but": ["flows"]},
    )


KIND = Kind("flow_set", "flow_sets", FlowSet)
