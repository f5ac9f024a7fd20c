"""Role assignments: who has which role on which flows. Several may name one flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, StrictBool, Tag

from engine.checking import Line, Shape
from engine.kind import Kind
from engine.kinds._flow_periods_shape import Moment
from engine.kinds._people import Flows, People, PeopleTable, list_or_mapping
from engine.kinds.flow import Window
from engine.kinds.room import Words

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


def _word_or_people(value: Any) -> str:
    return "<word>" if isinstance(value, str) else list_or_mapping(value)


Allocated = Annotated[
    Annotated[Literal["all"], Tag("<word>")]
    | Annotated[list[Line], Tag("<list>")]
    | Annotated[PeopleTable, Tag("<mapping>")],
    Discriminator(_word_or_people),
]
"""All participants, or people in their one shape."""


class Assessors(Shape):
    """Assessors of one type, and whom they mark."""

    people: People
    type: Line | None = Field(None, description="an assessor type of the licence, by name")
    participants: Allocated | None = Field(
        None, description="whom each of them marks, with allocation: single; all, or people"
    )


class Reviewers(Shape):
    """Reviewers with what they may see and decide; what is not said is no."""

    people: People
    participants: Allocated | None = Field(
        None, description="whom each of them reviews; all is allocated_to_all"
    )
    allocated_to_all: StrictBool | None = None
    sees_assessments: StrictBool | None = None
    decides_final_grade: StrictBool | None = None


class AssessorGroup(Shape):
    """Assessors who mark the same participants; a group has one assessor at least."""

    title: Annotated[Line, Field(max_length=255)]
    assessors: People
    participants: People | None = None


class RoomBooking(Window):
    """A room for the flow, and who sits in it; without times for as long as the exam takes."""

    rests_on: ClassVar[tuple[str, ...]] = ("room",)

    room: Words = Field(description="a room's key: its identifier in WISEflow")
    participants: People | None = Field(None, description="who sits in it")


class Slots(Shape):
    """Who is examined in one period of an oral exam, one after the other as listed."""

    period: Moment = Field(description="its start, local time, such as 2027-05-10 09:00")
    participants: People


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

    flows: Flows
    managers: People | None = None
    authors: People | None = None
    participants: Participants | None = None
    assessors: Listed[Assessors] | None = None
    assessor_groups: list[AssessorGroup] | None = Field(
        None, description="assessors who share participants, with allocation: grouped; up to 50"
    )
    reviewers: Listed[Reviewers] | None = None
    invigilators: Listed[Invigilators] | None = None
    room_bookings: list[RoomBooking] | None = Field(
        None, description="the rooms of the flow, and who sits in each"
    )
    slots: list[Slots] | None = Field(
        None, description="who is examined when, period by period; [] for nobody"
    )
    membership: Literal["managed", "exact", "add_only"] = "managed"


KIND = Kind("role_assignment", "role_assignments", RoleAssignment)
