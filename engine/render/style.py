"""How text is shown: colour, time zone, masking, and what a terminal must never obey."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.model import Address
    from engine.plan import FieldChange

_EMAIL = re.compile(r"([^\s@<>\"'(),;:/])[^\s@<>\"'(),;:/]*@([^\s@<>\"'(),;:/]+)")
_MEMBER = re.compile(r"(uniweb:members/)[^\s/]+")
_PERSONAL = ("first_name", "last_name", "phone", "emails", "data.")


@dataclass(frozen=True, slots=True)
class Style:
    """Everything that decides how a plan looks, so that rendering is pure."""

    color: bool = False
    zone: tzinfo = UTC
    verbose: bool = False
    mask: bool = False
    known: frozenset[str] = field(default_factory=frozenset)
    """Keys that stand in the manifests, folded: never masked."""
    private: bool = False
    """For files: no value of a person is shown, wherever it comes from."""

    def person(self, name: str) -> str:
        """A key of the manifests as it is; any other masked where that is asked for."""
        if not self.mask or name.casefold() in self.known or name.startswith("#"):
            return name
        return mask(name)

    def address(self, address: Address) -> str:
        """An address, which names a person where its kind is user."""
        return f"user/{self.person(address.key)}" if address.kind == "user" else str(address)

    def sentence(self, text: str) -> str:
        """Text from anywhere: e-mail addresses that no manifest names are masked."""
        if not self.mask:
            return text
        text = _MEMBER.sub(r"\1•••", text)
        return _EMAIL.sub(lambda match: self.person(match[0]), text)

    def hides(self, address: Address, change: FieldChange) -> tuple[bool, bool]:
        """Whether the values before and after are personal and come from outside the manifests."""
        personal = address.kind == "user" and change.path.startswith(_PERSONAL)
        if self.private:
            return personal, personal
        hidden = self.mask and personal
        return hidden, hidden and (not self.known or change.written.startswith("uniweb:"))


def printable(text: str) -> str:
    r"""The text with each character that is not to be seen written as `\n`, `\x1b`, `\u202e`."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def mask(text: str) -> str:
    """`a•••@northfield.example`; anything that is no address keeps its first letter only."""
    if "@" in text:
        return _EMAIL.sub(r"\1•••@\2", text)
    return text[:1] + "•••" if text else text


def counted(number: int, one: str, many: str = "") -> str:
    """`1 flow`, `12 flows`."""
    return f"{number} {one if number == 1 else many or one + 's'}"
