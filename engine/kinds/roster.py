"""Rosters: named sets of people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ConfigDict, Field

from engine.checking import Line
from engine.kind import Kind
from engine.kinds._people import Key, PeopleTable

if TYPE_CHECKING:
    from pydantic.config import JsonValue

EXAMPLES: list[JsonValue] = [
    {"key": "panel", "users": ["ada@northfield.example", "grace@northfield.example"]},
    {"key": "math101", "csv": "rosters/math101.csv", "column": "nr", "matches": "Student Number"},
]


class Roster(PeopleTable):
    """People by key or from CSV, or everyone whom a profile's filter returns."""

    model_config = ConfigDict(json_schema_extra={"examples": EXAMPLES})

    key: Key
    profile: Line | None = Field(None, description="everyone whom this profile's filter returns")


KIND = Kind("roster", "rosters", Roster)
