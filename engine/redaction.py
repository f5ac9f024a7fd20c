"""What servers say, made fit to be shown: no secrets, no personal values, no control characters."""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HIDDEN = "•••"
LONGEST_MESSAGE = 300

PERSONAL_FIELDS = frozenset({"firstname", "lastname", "phone", "value", "email", "emails"})
"""Members of request bodies that hold personal values, in lower case."""

_EMAIL = re.compile(r"([^\s@<>\"'(),;:])[^\s@<>\"'(),;:]*@([^\s@<>\"'(),;:]+)")
_SHORTEST = 4
"""Shorter values would hide half of every message and protect nothing."""


class Redactor:
    """Knows the secrets of one connection, tokens included as they are fetched."""

    def __init__(self, *secrets: str) -> None:
        self._secrets: set[str] = set()
        for secret in secrets:
            self.hide(secret)

    def hide(self, secret: str) -> None:
        """From now on no message shows the secret, in any spelling that a server may echo."""
        if secret:
            self._secrets |= set(_spellings(secret))

    def clean(self, text: str, personal: Iterable[str] = ()) -> str:
        """One line of at most 300 characters; e-mail addresses keep first letter and domain."""
        line = " ".join(_printable(text).split())
        for secret in sorted(self._secrets, key=len, reverse=True):
            line = line.replace(secret, HIDDEN)
        for value in sorted(set(personal), key=len, reverse=True):
            if len(value) >= _SHORTEST and "@" not in value:
                line = re.sub(re.escape(value), HIDDEN, line, flags=re.IGNORECASE)
        line = _EMAIL.sub(rf"\1{HIDDEN}@\2", line)
        return line if len(line) <= LONGEST_MESSAGE else line[: LONGEST_MESSAGE - 1] + "…"


def personal_values(body: object) -> Iterator[str]:
    """Every text in a request body that stands under a personal field."""
    yield from _texts(body, personal=False)


def _texts(node: object, personal: bool) -> Iterator[str]:
    if isinstance(node, dict):
        for name, member in node.items():
            yield from _texts(member, personal or str(name).lower() in PERSONAL_FIELDS)
    elif isinstance(node, list | tuple):
        for member in node:
            yield from _texts(member, personal)
    elif personal and isinstance(node, str):
        yield node


def _spellings(secret: str) -> Iterator[str]:
    yield from (secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1])
    yield base64.b64encode(secret.encode()).decode()


def _printable(text: str) -> str:
    """Control, format and surrogate characters become spaces: terminals obey some of them."""
    return "".join(" " if unicodedata.category(c).startswith("C") else c for c in text)
