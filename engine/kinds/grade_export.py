"""Grade exports: which flows' grades go where, whom they are about, and what they are called."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from engine.checking import Line, Shape
from engine.kind import Kind
from engine.kinds._people import Flows, Key, list_or_mapping
from engine.kinds.webhook import Url
from engine.nodes import shown
from engine.variables import VARIABLE, WrittenVariable
from engine.words import near

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = "data."
COLUMNS = (
    "flow",
    "title",
    "subtitle",
    "flow_code",
    "term",
    "person",
    "grade",
    "entered",
    "stored",
    "counts_as",
    "graded",
    "version",
    "user",
    "participant",
    "submission",
)
"""What a column can hold, beside `data.NAME` of a user data type."""

DESTINATIONS = ("oneroster_csv", "csv", "jsonl", "sql", "http")
RANGE = re.compile(r"(-?\d+(?:\.\d+)?)\s*\.\.\s*(-?\d+(?:\.\d+)?)", re.ASCII)
"""Entered grades from one number to another, both among them."""

LEDGER = ("wisectl_deliveries", "wisectl_exports", "wisectl_places")
"""Tables beside those that hold grades."""

SOURCED_ID = r"[A-Za-z0-9._/@-]{1,255}"
"""Source: 1EdTech OneRoster 1.2, CSV binding."""

_NAME = r"^([A-Za-z_][A-Za-z0-9_]{0,62}\.)?[A-Za-z_][A-Za-z0-9_]{0,62}$"
_DATABASE = r"^(.*\$\{[A-Za-z_][A-Za-z0-9_]*\}.*|[A-Za-z][A-Za-z0-9_+]*://.*)$"
_PATH = r"^([A-Za-z0-9_-]+:)?[^/\\:]+(/[^/\\:]+)*/?$"


def _column(word: str) -> str:
    is_data = word.startswith(DATA) and word.removeprefix(DATA).strip()
    if word not in COLUMNS and not is_data:
        hint = near(word, COLUMNS)
        hint = hint if hint.startswith("did you mean") else f"known: {', '.join(COLUMNS)}"
        raise ValueError(f"no column {shown(word)}\n{hint}, data.NAME of a user data type")
    return word


def _folder_or_file(text: str) -> str:
    _, _, path = text.rpartition(":")
    if path.partition("/")[0] in (".git", ".wisectl"):
        raise ValueError("is where something else is kept\nsuch as exports/, or sis:grades.csv")
    if not re.match(_PATH, text) or {".", ".."} & set(path.split("/")):
        raise ValueError("is no path below the repository\nsuch as exports/, or sis:grades.csv")
    return text


def _file(text: str) -> str:
    if text.endswith("/"):
        raise ValueError("is a folder, and one file is written\nname the file")
    return text


def _table(text: str) -> str:
    if not re.fullmatch(_NAME, text):
        hint = "letters, digits and _, up to 63, and one point behind a schema"
        raise ValueError(f"{shown(text)} is no name of a table\n{hint}")
    if text.rpartition(".")[2].casefold() in LEDGER:
        raise ValueError("is where the export keeps what it has delivered\nname another table")
    return text


def _no_text(hint: str) -> Callable[[Any], Any]:
    def refuse(value: Any) -> Any:
        if isinstance(value, str):
            raise ValueError(f"must be a mapping, and is text\nwrite {hint}")
        return value

    return refuse


def _database(text: str) -> str:
    """Nothing of it is told: a password may stand anywhere in it."""
    kind, found, rest = text.partition("://")
    if kind.startswith("sqlite") and ".." in rest.split("/"):
        raise ValueError("leads out of the repository\nname a file below it, or its whole path")
    if not found and not VARIABLE.search(text):
        hint = "write ${NAME}, an environment variable, or such as sqlite:///exports/grades.db"
        raise ValueError(f"is no URL of a database\n{hint}")
    login, _, _ = rest.rpartition("@")
    asked = re.findall(r"[?&]password=([^&]*)", rest)
    for password in (*login.partition(":")[2:], *asked):
        if password and not VARIABLE.fullmatch(password):
            hint = "write ${NAME}, an environment variable, in its place"
            raise ValueError(f"holds a password literally\n{hint}")
    return text


def _bundle(text: str) -> str:
    if text.casefold().endswith(".csv"):
        raise ValueError("is one file, and a bundle has four\nname a folder, or a .zip")
    return text


def _sourced_id(text: str) -> str:
    if not re.fullmatch(SOURCED_ID, text, re.ASCII):
        raise ValueError("is no sourcedId\nletters, digits and . - _ / @ alone make one")
    return text


OutPath = Annotated[
    Line,
    AfterValidator(_folder_or_file),
    Field(max_length=500, json_schema_extra={"pattern": _PATH}),
]
OutFile = Annotated[OutPath, AfterValidator(_file)]
SourcedId = Annotated[
    Line, AfterValidator(_sourced_id), Field(json_schema_extra={"pattern": f"^{SOURCED_ID}$"})
]
Column = Annotated[Line, AfterValidator(_column)]
Columns = Annotated[
    Annotated[list[Column], Field(min_length=1), Tag("<list>")]
    | Annotated[dict[Line, Column], Field(min_length=1), Tag("<mapping>")],
    Discriminator(list_or_mapping),
]
"""Columns under their own names, or from the names that the receiver wants to what they hold."""


TableName = Annotated[Line, AfterValidator(_table), Field(json_schema_extra={"pattern": _NAME})]


class Database(Shape):
    """A table: a row a grade."""

    url: Annotated[Line, AfterValidator(_database), Field(json_schema_extra={"pattern": _DATABASE})]
    """`${NAME}`, or with one in the place of the password."""
    table: TableName | None = Field(
        None,
        description="or SCHEMA.TABLE; made where it is not there; `wisectl_grades` unless said",
    )
    moved_from: TableName | None = Field(
        None, description="what the table was called before, with all that was delivered"
    )


class Post(Shape):
    """An address: grades are posted there, signed."""

    url: Url
    secret: WrittenVariable = Field(
        description="${NAME}: an environment variable; signs what is posted"
    )
    batch: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = Field(
        None, description="grades in one post at most; 100 unless said"
    )
    ledger: OutFile | None = Field(
        None, description="a file that stays: what was posted; below .wisectl unless said"
    )
    moved_from: Url | None = Field(
        None, description="where the same receiver was before, with all that was delivered"
    )


class To(Shape):
    """One destination, and what it alone needs."""

    goes_with: ClassVar[dict[str, str]] = {"school": "oneroster_csv", "classes": "oneroster_csv"}

    oneroster_csv: Annotated[OutPath, AfterValidator(_bundle)] | None = Field(
        None, description="a folder, or a .zip: OneRoster 1.2, in bulk"
    )
    school: SourcedId | None = Field(None, description="sourcedId of the school, where it is known")
    classes: Literal["flow", "flow_code", "subtitle"] | None = Field(
        None, description="what holds the sourcedId of a flow's class; its key unless said"
    )
    csv: OutFile | None = None
    jsonl: OutFile | None = Field(None, description="a JSON object a line")
    sql: Annotated[Database, BeforeValidator(_no_text("{url: ${NAME}, table: NAME}"))] | None = None
    http: Annotated[Post, BeforeValidator(_no_text("{url: https://…, secret: ${NAME}}"))] | None = (
        None
    )

    @property
    def destination(self) -> str:
        """The word that says where to; empty where none does."""
        stated = [word for word in DESTINATIONS if getattr(self, word) is not None]
        return stated[0] if stated else ""

    @model_validator(mode="after")
    def _one_destination(self) -> Self:
        stated = [word for word in DESTINATIONS if getattr(self, word) is not None]
        if len(stated) > 1:
            message = f"states both {stated[0]} and {stated[1]}"
            raise ValueError(f"{message}\nwrite an export for each, with a key of its own")
        return self


Codes = dict[Line, Annotated[dict[Line, Line], Field(min_length=1)]]
Word = Literal["administrative", "final", "alternative"]


def _each_once(words: list[str]) -> list[str]:
    twice = sorted({word for word in words if words.count(word) > 1})
    if twice:
        raise ValueError(f"{twice[0]} stands twice in this list\nkeep one of them")
    return words


EXAMPLES: list[Any] = [
    {"key": "sis", "flows": {"term": "Spring 2027"}, "to": {"oneroster_csv": "exports/"}},
    {
        "key": "transcripts",
        "flows": {"key": "math*"},
        "known_by": "Student Number",
        "counts": ["administrative", "final", "alternative"],
        "codes": {"7-point scale": {"12": "A", "10": "B"}, "Percentage": {"85 .. 100": "A"}},
        "alternative_codes": {"Sick": "SICK"},
        "columns": {"student": "person", "exam": "flow", "result": "grade"},
        "to": {"sql": {"url": "${SIS_DATABASE}", "table": "results"}},
    },
]


class GradeExport(Shape):
    """The grades of some flows, delivered to one place, each once."""

    model_config = ConfigDict(json_schema_extra={"examples": EXAMPLES})

    key: Key
    flows: Flows = Field(description="concluded and archived ones too")
    to: To
    known_by: Line | None = Field(
        None, description="the user data type that the receiver knows people by; the user key"
    )
    counts: Annotated[list[Word], Field(min_length=1), AfterValidator(_each_once)] | None = Field(
        None, description="which grades count, the first that is there wins; administrative, final"
    )
    before_marking_ends: bool | None = Field(
        None, description="grades are delivered as soon as they are there"
    )
    exported_too: bool | None = Field(
        None, description="false: not what WISEflow itself has exported; true unless said"
    )
    codes: Codes | None = Field(
        None,
        description="by grading scale, from the grade that was entered to the receiver's code",
        json_schema_extra={"minProperties": 1},
    )
    alternative_codes: dict[Line, Line] | None = Field(
        None, description="from an alternative grade, such as Sick, to the receiver's code"
    )
    columns: Columns | None = None
    taken_back: dict[Line, Annotated[list[Line], Field(min_length=1)]] | None = Field(
        None, description="by flow the people whose withdrawn grades the receiver has taken back"
    )


KIND = Kind("grade_export", "grade_exports", GradeExport)
