"""Role assignments: who has which role on which flows. Several may name one flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, StrictBool, Tag

from engine.checking import Line, Shape
from engine.kind import Kind
from engine.kinds._people import Flows, People, PeopleTable, list_or_mapping

if TYPE_CHECKING:
    from pydantic.config import JsonDict

S = TypeVar("S", bound=Shape)


def short_or_long(value: Any) -> str:
    return "<long>" if isinstance(value, dict | Shape) else "<short>"


def _active(value: Any) -> Any:
    if value is not True:
        raise ValueError("can only be true\nremove it: taking people out is what deactivates them")
    return value


Active = Annotated[Literal[True], BeforeValidator(_active)]


class ParticipantsTable(PeopleTable):
    """Participants; `active: true` re-activates whom a manager deactivated in WISEflow."""

    active: Active | None = None


class ActiveParticipants(Shape):
    """Participants of whom some are to be active again."""

    people: People
    active: Active | None = None


class Assessors(Shape):
    """Assessors of one type."""

    later: ClassVar[frozenset[str]] = frozenset({"participants"})

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


Either = Annotated[
    Annotated[Line, Tag("<short>")] | Annotated[S, Tag("<long>")],
    Discriminator(short_or_long),
]
"""A user key, or a mapping of people with flags."""

Listed = Annotated[
    Annotated[list[Either[S]], Tag("<list>")] | Annotated[PeopleTable, Tag("<mapping>")],
    Discriminator(list_or_mapping),
]
"""A list of user keys and of people with flags, or people in their one shape."""

Participants = Annotated[
    Annotated[list[Either[ActiveParticipants]], Tag("<list>")]
    | Annotated[ParticipantsTable, Tag("<mapping>")],
    Discriminator(list_or_mapping),
]
"""As the others, and a mapping may have its flag beside the people."""


EXAMPLE: JsonDict = {
    "flows": ["math101-2027s"],
    "managers": ["kim@northfield.example"],
    "participants": {"rosters": ["math101"], "users": ["guest@northfield.example"]},
    "assessors": [{"people": ["ada@northfield.example"], "type": "Internal"}],
}


class RoleAssignment(Shape):
    """People for flows, role by role; entries that name one flow unite."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})
    later: ClassVar[frozenset[str]] = frozenset({"assessor_groups"})

    flows: Flows
    managers: People | None = None
    authors: People | None = None
    participants: Participants | None = None
    assessors: Listed[Assessors] | None = None
    reviewers: Listed[Reviewers] | None = None
    invigilators: Listed[Invigilators] | None = None
    membership: Literal["managed", "exact", "add_only"] = "managed"


KIND = Kind("role_assignment", "role_assignments", RoleAssignment)
