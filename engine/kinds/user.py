"""People: one entry each, or one CSV row each."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag

from engine.checking import Line, Shape
from engine.kind import Kind
from engine.kinds._user_live import UserLive


def _language(value: str) -> str:
    if not re.fullmatch(r"[a-z]{2}", value):
        raise ValueError(
            f'"{value}" is no language\nwrite its two letters of ISO 639-1, such as en or da'
        )
    return value


def _email(value: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
        raise ValueError(f'"{value}" is no e-mail address')
    return value


Language = Annotated[Line, AfterValidator(_language)]
Email = Annotated[Line, AfterValidator(_email)]


TextOrList = Annotated[
    Annotated[Line, Tag("text")] | Annotated[list[Line], Tag("list")],
    Discriminator(lambda value: "list" if isinstance(value, list | tuple) else "text"),
]


class User(Shape):
    """One person, or with `csv` one person a row."""

    key: Line | None = Field(None, description="the person's value of the user key data type")
    csv: Line | None = Field(None, description="a CSV file with one person a row")
    columns: dict[str, Line] | None = Field(
        None, description="from fields (key, first_name, data.Student Number) to column names"
    )
    first_name: Annotated[Line, Field(max_length=255)] | None = None
    last_name: Annotated[Line, Field(max_length=255)] | None = None
    language: Language | None = Field(None, description="two letters of ISO 639-1, such as en")
    phone: Line | None = Field(None, description="null: must be empty")
    emails: list[Email] | None = Field(None, description="the first is the primary")
    roles: list[Line] | None = Field(None, description="licence roles, by name")
    data: dict[str, TextOrList] | None = Field(
        None, description="user data types, by name; a list where several are allowed"
    )
    login: Literal["enabled", "disabled"] | None = None
    exact: list[Literal["emails", "roles", "data"]] = Field(
        default=[], description="what is not only added to: the rest is taken away"
    )
    profile: Line | None = Field(None, description="fill what is not stated from UNIWeb")


KIND = Kind("user", "users", User, UserLive())
