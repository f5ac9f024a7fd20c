"""Values as columns of a database take them: nothing is rounded, cut short or guessed. Pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.grades.columns import Cell

_NUMBER = re.compile(r"[-+]?\d{1,60}([.,]\d{1,60})?", re.ASCII)
_BARE = re.compile(r"0|-?[1-9]\d{0,14}", re.ASCII)
"""A number that nobody writes otherwise, with no more digits than a float keeps."""

_LARGEST = 2**63


class UnfitError(Exception):
    """A value that a column does not take; the text says which column, and no value."""


def fitted(value: Cell, column: Any, *, is_name: bool = True) -> Any:
    """The value in the type of a column, which is SQLAlchemy's. Raises: UnfitError.

    A name is what tells people and exams apart: as a number, no character of it may be lost.
    Databases differ in what they do to a value that does not fit: some change it, and a grade
    that was changed is another grade.
    """
    if value is None:
        if not column.nullable:
            raise UnfitError(f"has nothing for the column {column.name}, which must not be empty")
        return None
    try:
        kind = column.type.python_type
    except NotImplementedError:
        kind = object
    if kind is object:
        # A type of which SQLAlchemy knows nothing: the database decides.
        return value
    try:
        made = _MADE[kind](str(value), column.type)
        if is_name and isinstance(made, (int, float, Decimal)) and not _BARE.fullmatch(str(value)):
            raise ValueError
        return made
    except (ValueError, KeyError):
        message = f"does not fit the column {column.name}, which is {column.type}"
        raise UnfitError(message) from None


def _text(text: str, kind: Any) -> str:
    names = getattr(kind, "enums", None)
    if "\0" in text or (kind.length and len(text) > kind.length) or (names and text not in names):
        raise ValueError
    return text


def _whole(text: str, _: Any) -> int:
    number = int(_number(text))
    if number != _number(text) or abs(number) >= _LARGEST:
        raise ValueError
    return number


def _decimal(text: str, kind: Any) -> Decimal:
    number, places = _number(text), kind.scale
    if places is not None and number != round(number, places):
        raise ValueError
    if kind.precision and abs(number) >= 10 ** (kind.precision - (places or 0)):
        raise ValueError
    return number


def _number(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise ValueError
    return Decimal(text.replace(",", "."))


def _moment(text: str, kind: Any) -> datetime:
    """In UTC where the column keeps no time zone: else the session's would shift it."""
    moment = datetime.fromisoformat(text)
    has_zone = getattr(kind, "timezone", False)
    return moment if has_zone else moment.astimezone(UTC).replace(tzinfo=None)


_MADE: dict[type, Callable[[str, Any], Any]] = {
    str: _text,
    int: _whole,
    Decimal: _decimal,
    float: lambda text, _: float(_number(text)),
    datetime: _moment,
    date: lambda text, _: datetime.fromisoformat(text).date(),
    UUID: lambda text, _: UUID(text),
}
"""By Python's type; of all others, such as truth values, nobody says what a grade is."""
