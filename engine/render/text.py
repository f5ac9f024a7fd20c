"""Lines of text with a tone for each part; the one place where colour and hostile characters end.

Renderers build lines from plain strings and spans. `paint` alone turns them into output: it
escapes every character that could steer a terminal, so nothing that a server or a manifest says
can do so, and adds colour where it is wanted.
"""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Tone(StrEnum):
    """What a part of a line means; colour is never the only signal."""

    PLAIN = ""
    ADD = "32"
    CHANGE = "33"
    REMOVE = "31"
    ALERT = "1;31"
    STRONG = "1"
    FAINT = "2"


class Span(NamedTuple):
    """Some text in one tone."""

    text: str
    tone: Tone = Tone.PLAIN


Line = tuple[Span, ...]


def line(*parts: str | Span) -> Line:
    """A line from texts and spans; empty ones vanish."""
    spans = (part if isinstance(part, Span) else Span(part) for part in parts)
    return tuple(span for span in spans if span.text)


def paint(lines: Iterable[Line], *, colour: bool) -> str:
    """The lines as output, each ended by a newline, trailing spaces removed."""
    return "".join(_painted(spans, colour=colour) + "\n" for spans in lines)


def _painted(spans: Line, *, colour: bool) -> str:
    if not colour:
        return "".join(printable(span.text) for span in spans).rstrip()
    return "".join(
        f"\x1b[{span.tone}m{printable(span.text)}\x1b[0m" if span.tone else printable(span.text)
        for span in spans
    )


def printable(text: str) -> str:
    r"""The text with each character that is not to be seen written as `\n`, `\x1b`, `\u202e`."""
    if text.isprintable():
        return text
    return "".join(c if _is_harmless(c) else _escaped(c) for c in text)


def _is_harmless(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def folded(names: Iterable[str], limit: int, *, verbose: bool, how: str = "-v") -> str:
    """The names in a row, after `limit` only their number and how to see the rest."""
    listed = list(names)
    if verbose or len(listed) <= limit:
        return ", ".join(listed)
    return f"{', '.join(listed[:limit])} and {len(listed) - limit} more ({how})"


def counted(number: int, word: str) -> str:
    """`1 flow`, `38 flows`."""
    return f"{number} {word}" if number == 1 else f"{number} {plural(word)}"


def plural(word: str) -> str:
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}s"
