"""The one shape for people, wherever people stand, and the one for flows."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Field, Tag

from engine.checking import Line, Shape

KEY = r"^[A-Za-z0-9_-]{1,200}$"
Key = Annotated[Line, Field(pattern=KEY, description="letters, digits, - and _; up to 200")]
Purpose = Literal["BACHELOR", "COURSE_WORK", "EXAMINATION", "MASTER"]


class PeopleTable(Shape):
    """People by key, by roster, or from a column of a CSV file; they unite."""

    rests_on: ClassVar[tuple[str, ...]] = ("users", "rosters", "csv")
    goes_with: ClassVar[dict[str, str]] = {"column": "csv", "matches": "csv"}

    users: list[Line] = Field(default=[], description="user keys")
    rosters: list[Line] = Field(default=[], description="keys of rosters")
    csv: Line | None = Field(None, description="a CSV file, from the manifests folder or a source")
    column: Line | None = Field(None, description="its column; `key` unless said")
    matches: Line | None = Field(
        None, description="the user data type that the column holds; the user key unless said"
    )


def list_or_mapping(value: Any) -> str:
    return "<mapping>" if isinstance(value, dict | Shape) else "<list>"


People = Annotated[
    Annotated[list[Line], Tag("<list>")] | Annotated[PeopleTable, Tag("<mapping>")],
    Discriminator(list_or_mapping),
]
"""A list of user keys, or a mapping with any of users, rosters, csv."""


class FlowTable(Shape):
    """Flows by what they have; all that is given must hold."""

    key: Line | None = Field(None, description="a flow key, with * for any text")
    term: Line | None = None
    code: Line | None = None
    purpose: Purpose | None = None


Flows = Annotated[
    Annotated[Annotated[list[Line], Field(min_length=1)], Tag("<list>")]
    | Annotated[FlowTable, Tag("<mapping>")],
    Discriminator(list_or_mapping),
]
"""A list of flow keys, or a mapping of key (a glob), term, code, purpose."""
