"""How text is shown: colour, time zone, masking, and what a terminal must never obey."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

CODES = {"green": "32", "yellow": "33", "red": "31", "cyan": "36", "bold": "1", "dim": "2"}
_EMAIL = re.compile(r"([^\s@<>\"'(),;:])[^\s@<>\"'(),;:]*@([^\s@<>\"'(),;:]+)")


@dataclass(frozen=True, slots=True)
class Style:
    """Everything that decides how a plan looks, so that rendering is pure."""

    color: bool = False
    zone: tzinfo = UTC
    verbose: bool = False
    mask: bool = False
    known: frozenset[str] = field(default_factory=frozenset)
    """Keys that stand in the manifests: never masked."""

    def paint(self, text: str, *names: str) -> str:
        if not self.color or not text:
            return text
        return f"\x1b[{';'.join(CODES[name] for name in names)}m{text}\x1b[0m"

    def moment(self, value: datetime) -> str:
        """`Mon 24 May 2027 12:00`, in the settings' time zone."""
        return f"{value.astimezone(self.zone):%a} {_day(value.astimezone(self.zone))}"

    def person(self, name: str) -> str:
        """A key as it is, a live value masked where personal data must not be shown."""
        name = printable(name)
        if not self.mask or name.casefold() in self.known or name.startswith("#"):
            return name
        return mask(name)

    def people(self, names: Iterable[str]) -> list[str]:
        return [self.person(name) for name in names]


def _day(value: datetime) -> str:
    return f"{value.day} {value:%b %Y %H:%M}"


def printable(text: str) -> str:
    """The text with control and format characters as escapes: terminals obey some of them."""
    return "".join(
        character
        if character == " " or not unicodedata.category(character).startswith(("C", "Z"))
        else character.encode("unicode_escape").decode()
        for character in text
    )


def mask(text: str) -> str:
    """`a•••@northfield.example`; anything that is no address keeps its first letter only."""
    if "@" in text:
        return _EMAIL.sub(r"\1•••@\2", text)
    return text[:1] + "•••" if text else text


def counted(number: int, one: str, many: str = "") -> str:
    """`1 flow`, `12 flows`."""
    return f"{number} {one if number == 1 else many or one + 's'}"
