"""Role assignments: who has which role on which flows. Several may name one flow."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StrictBool, Tag

from engine.checking import Line, Shape
from engine.kind import Kind
from engine.kinds._people import Flows, People, PeopleTable


def short_or_long(value: Any) -> str:
    return "long" if isinstance(value, dict | Shape) else "short"


class ParticipantsTable(PeopleTable):
    """Participants; `active: true` re-activates whom a manager deactivated in WISEflow."""

    active: Literal[True] | None = None


class Assessors(Shape):
    """Assessors of one type."""

    people: People
    type: Line | None = Field(None, description="an assessor type of the licence, by name")


class Reviewers(Shape):
    """Reviewers with what they may see and decide; what is not said is no."""

    people: People
    allocated_to_all: StrictBool | None = None
    sees_assessments: StrictBool | None = None
    decides_final_grade: StrictBool | None = None


class Invigilators(Shape):
    """Invigilators, or head invigilators."""

    people: People
    head: StrictBool | None = None


def _kind_of_list(value: Any) -> str:
    return "mapping" if isinstance(value, dict | Shape) else "list"


Participants = Annotated[
    Annotated[list[Line], Tag("list")] | Annotated[ParticipantsTable, Tag("mapping")],
    Discriminator(_kind_of_list),
]


class RoleAssignment(Shape):
    """People for flows, role by role; entries that name one flow unite."""

    flows: Flows
    managers: People | None = None
    authors: People | None = None
    participants: Participants | None = None
    assessors: (
        list[
            Annotated[
                Annotated[Line, Tag("short")] | Annotated[Assessors, Tag("long")],
                Discriminator(short_or_long),
            ]
        ]
        | None
    ) = None
    reviewers: (
        list[
            Annotated[
                Annotated[Line, Tag("short")] | Annotated[Reviewers, Tag("long")],
                Discriminator(short_or_long),
            ]
        ]
        | None
    ) = None
    invigilators: (
        list[
            Annotated[
                Annotated[Line, Tag("short")] | Annotated[Invigilators, Tag("long")],
                Discriminator(short_or_long),
            ]
        ]
        | None
    ) = None
    membership: Literal["managed", "exact", "add_only"] = "managed"


KIND = Kind("role_assignment", "role_assignments", RoleAssignment)
