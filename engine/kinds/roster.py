"""Rosters: named sets of people."""

from __future__ import annotations

from pydantic import Field

from engine.checking import Line
from engine.kind import Kind
from engine.kinds._people import Key, PeopleTable


class Roster(PeopleTable):
    """People by key or from CSV, or everyone whom a profile's filter returns."""

    key: Key
    profile: Line | None = Field(None, description="everyone whom this profile's filter returns")


KIND = Kind("roster", "rosters", Roster)
