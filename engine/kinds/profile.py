"""Profiles: how UNIWeb fills user attributes."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from engine.checking import Line, Shape
from engine.kind import Kind
from engine.kinds._people import Key

FILLABLE = ("first_name", "last_name", "language", "phone", "emails")


def _moment(value: str) -> str:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?", value):
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


class ProfileModel(Shape):
    """One filter, and from user fields to resource paths with their field."""

    key: Key
    members: MemberFilter = MemberFilter()
    language: Literal["en", "fr"] = "en"
    match: Match
    fill: dict[str, Line] = Field(
        min_length=1, description="from user field to resource path, a dot, the field"
    )


KIND = Kind("profile", "profiles", ProfileModel)
