"""Lines of text with a tone for each part; the one place where colour and hostile characters end.

Renderers build lines from plain strings and spans. `paint` alone turns them into output: it
escapes every character that could steer a terminal, so nothing that a server or a manifest says
can do so, and adds colour where it is wanted.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from engine.render.style import printable

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


def paint(lines: Iterable[Line], *, color: bool) -> str:
    """The lines as output, each ended by a newline, trailing spaces removed."""
    return "".join(_painted(spans, color=color) + "\n" for spans in lines)


def _painted(spans: Line, *, color: bool) -> str:
    if not color:
        return "".join(printable(span.text) for span in spans).rstrip()
    return "".join(
        f"\x1b[{span.tone}m{printable(span.text)}\x1b[0m" if span.tone else printable(span.text)
        for span in spans
    )


def folded(names: Iterable[str], limit: int, *, verbose: bool) -> str:
    """The names in a row, after `limit` only their number and how to see the rest."""
    listed = list(names)
    if verbose or len(listed) <= limit:
        return ", ".join(listed)
    return f"{', '.join(listed[:limit])} and {len(listed) - limit} more (-v)"
