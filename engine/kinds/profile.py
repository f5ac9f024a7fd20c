"""Profiles: how UNIWeb fills user attributes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field

from engine.checking import Line, Shape
from engine.kind import Kind
from engine.kinds._people import Key

if TYPE_CHECKING:
    from pydantic.config import JsonDict

FILLABLE = ("first_name", "last_name", "language", "phone", "emails")


FIRST, LAST = datetime(1970, 1, 1, 0, 0, 1), datetime(2038, 1, 19, 3, 14, 7)
"""Between which UNIWeb takes `modified_since`. Source: Proximify/uniweb-api, docs/uniweb-api.md."""


def _moment(value: str) -> str:
    try:
        found = datetime.strptime(value, "%Y-%m-%d %H:%M:%S" if " " in value else "%Y-%m-%d")
    except ValueError:
        found = datetime.min
    if not FIRST <= found <= LAST or len(value) not in (10, 19):
        raise ValueError("is no date\nwrite it as 2027-01-31 08:00:00, in UTC")
    return value


class MemberFilter(Shape):
    """Which members UNIWeb answers; without any of these, all."""

    unit: Line | None = None
    title: Line | None = None
    loginName: Line | None = None  # noqa: N815 - UNIWeb spells it so
    modified_since: Annotated[Line, AfterValidator(_moment)] | None = None


class Match(Shape):
    """What a user and a member have in common."""

    user: Line = Field(description="key, or data.NAME of a user data type")
    member: Literal["login_name", "employee_id"]


EXAMPLE: JsonDict = {
    "key": "staff",
    "members": {"unit": "Civil Engineering"},
    "match": {"user": "key", "member": "login_name"},
    "fill": {"first_name": "profile/membership_information.first_name"},
}


class ProfileModel(Shape):
    """One filter, and from user fields to resource paths with their field."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    key: Key
    members: MemberFilter = MemberFilter()
    language: Literal["en", "fr"] = "en"
    match: Match
    fill: dict[str, Line] = Field(
        min_length=1,
        description="from user field to resource path, a dot, the field",
        json_schema_extra={"propertyNames": {"pattern": rf"^({'|'.join(FILLABLE)}|data\..+)$"}},
    )


KIND = Kind("profile", "profiles", ProfileModel)
