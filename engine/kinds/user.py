"""People: one entry each, or one CSV row each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, Tag

from engine.checking import Line, Nullable, Shape
from engine.kind import Kind
from engine.kinds._user_leave import leave
from engine.kinds._user_live import UserLive
from engine.kinds._user_plan import normal
from engine.nodes import shown

if TYPE_CHECKING:
    from pydantic.config import JsonDict

_CODES = (
    "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv "
    "cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho "
    "hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku "
    "kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn "
    "no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm "
    "sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi "
    "vo wa wo xh yi yo za zh zu "
)
LANGUAGES = frozenset(_CODES.split())
"""ISO 639-1, which POST /license/user takes. Source: WISEflow OpenAPI, `language`."""


def _language(value: str) -> str:
    if value in LANGUAGES:
        return value
    start = re.split(r"[-_]", value.casefold())[0]
    hint = f"did you mean {start}?" if start in LANGUAGES else "such as en or da"
    raise ValueError(f"{shown(value)} is no language of ISO 639-1 in two small letters\n{hint}")


def _email(value: str) -> str:
    if len(value) > 254 or not re.fullmatch(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+", value):
        raise ValueError("is no e-mail address\nwrite one, such as ada@northfield.example")
    return value


Language = Annotated[
    Line, AfterValidator(_language), Field(json_schema_extra={"pattern": "^[a-z]{2}$"})
]
Email = Annotated[Line, AfterValidator(_email), Field(json_schema_extra={"format": "email"})]
Name = Annotated[Line, Field(max_length=255)]


def _text_or_list(value: object) -> str:
    return "<list>" if isinstance(value, list | tuple) else "<text>"


Values = Annotated[
    Annotated[Line, Tag("<text>")] | Annotated[list[Line], Tag("<list>")],
    Discriminator(_text_or_list),
]


EXAMPLE: JsonDict = {
    "key": "ada@northfield.example",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "language": "en",
    "emails": ["ada@northfield.example"],
    "roles": ["Assessor", "Manager"],
    "data": {"External User Id": "E10042"},
}
EXAMPLE_FILE: JsonDict = {
    "csv": "people/students.csv",
    "columns": {"key": "login", "first_name": "given", "data.Student Number": "student_number"},
    "roles": ["Participant"],
}
_FIELDS = "key|first_name|last_name|language|phone|emails|roles|login"


class User(Shape):
    """One person, or with `csv` one person a row."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": ["key"]}, {"required": ["csv"]}],
            "examples": [EXAMPLE, EXAMPLE_FILE],
        }
    )

    key: Name | None = Field(None, description="the person's value of the user key data type")
    csv: Line | None = Field(None, description="a CSV file with one person a row")
    columns: dict[str, Line] | None = Field(
        None,
        description="from fields (key, first_name, data.Student Number) to column names",
        json_schema_extra={"propertyNames": {"pattern": rf"^({_FIELDS}|data\..+)$"}},
    )
    first_name: Name | None = None
    last_name: Name | None = None
    language: Language | None = Field(None, description="two letters of ISO 639-1, such as en")
    phone: Nullable[Name] = Field(None, description="null: must be empty")
    emails: list[Email] | None = Field(None, description="the first is the primary")
    roles: list[Line] | None = Field(None, description="licence roles, by name")
    data: dict[str, Nullable[Values]] | None = Field(
        None, description="user data types, by name; a list where several are allowed"
    )
    login: Literal["enabled", "disabled"] | None = None
    exact: list[Literal["emails", "roles", "data"]] = Field(
        default=[], description="what is not only added to: the rest is taken away"
    )
    profile: Line | None = Field(None, description="fill what is not stated from UNIWeb")


KIND = Kind("user", "users", User, UserLive(), normal=normal, leave=leave)
