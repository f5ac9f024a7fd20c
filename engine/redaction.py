"""What is shown, made fit to be shown: no secrets, no personal values, no control characters.

Whoever echoes a secret may spell it as they like: escaped for URLs, JSON or HTML, twice over, in
another case, in base64, broken into lines, cut short. So text and secrets are brought into one
plain form, in which they are compared, and what is found there is hidden in the text as it stood.

    Redactor    the messages of one server: its secrets, and personal values of the request
    KNOWN       every secret of this process; `veiled` keeps them out of both output streams
"""

from __future__ import annotations

import base64
import html
import logging
import re
import sys
import unicodedata
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# httpx logs whole URLs, httpcore and hpack log headers: some carry a person's key or a secret.
for _name in ("httpx", "httpcore", "hpack"):
    logging.getLogger(_name).setLevel(logging.WARNING)

HIDDEN = "•••"
LONGEST_MESSAGE = 300
_READ_OF_MESSAGE = 10_000

PERSONAL_FIELDS = frozenset(
    {"firstname", "lastname", "phone", "value", "email", "emails", "secret"}
)
"""Members of request bodies that hold personal values or secrets, in lower case."""

_SHORTEST = 4
"""Shorter personal values would hide half of every message and protect nothing."""
_SHORTEST_KNOWN = 8
"""Shorter secrets are words: they are hidden in messages of their server, not in all output."""
_SHORTEST_RUN = 8
"""So many characters of a secret in a row give it away, and half of it always does."""
_LONGEST_RUN = 24

_AT = r"(?:@|%(?:25){0,4}40|\\{1,8}u0040|&(?:amp;){0,4}(?:#64|#x40|commat);)"
_WORD = r"[^\s@<>\"'(),;:]"
_EMAIL = re.compile(rf"({_WORD}){_WORD}{{0,99}}?({_AT})({_WORD}+)", re.IGNORECASE)
_PLUS = r"(?:\+|%(?:25){0,4}2b|\\{1,8}u002b|&(?:amp;){0,4}(?:#43|#x2b|plus);)"
_GROUPED = r"(?:[\s().\-/+]|%20){0,4}"
_PHONE = re.compile(rf"{_PLUS}(?:{_GROUPED}\d){{6,15}}(?!\d)", re.IGNORECASE)
"""A number with its country code; digits alone are more often a number of WISEflow's."""


# ---- secrets in any spelling ---------------------------------------------------------------------

_ESCAPE = re.compile(
    r"%(?:25){0,4}(?P<percent>[0-9a-f]{2})"
    r"|\\{1,8}u(?P<unicode>[0-9a-f]{4})|\\{1,8}x(?P<hex>[0-9a-f]{2})"
    r"|&(?:amp;){0,4}(?P<entity>#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});"
    r"|\\{1,8}(?P<plain>[\"'/])?",
    re.IGNORECASE,
)
_UNSEEN = re.compile(
    "[\\s\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufe00-\ufe0f\ufeff]+"
)


class Secrets:
    """Values that must not be seen, found however they are spelled."""

    def __init__(self) -> None:
        self._runs, self._blocks = Pieces(), Pieces()

    def add(self, secret: str) -> None:
        for form in _forms(secret):
            run = _run_length(form)
            self._runs.add(form[at : at + run] for at in range(len(form) - run + 1))
            # A run holds one whole block at least, wherever it starts: that is a quick first test.
            block = (run + 1) // 2 if run < len(form) else run
            starts = range(0, len(form) - block + 1, block)
            self._blocks.add(form[at : at + block] for at in starts)

    def hidden(self, text: str) -> str:
        """The text with `•••` in the place of each."""
        return self._replaced(text) if self._blocks.any_in(_plain(text)) else text

    def within(self, value: Any) -> Any:
        """JSON with `•••` in its texts, for what is written to files."""
        if isinstance(value, str):
            return self.hidden(value)
        if isinstance(value, dict):
            return {name: self.within(member) for name, member in value.items()}
        return [self.within(one) for one in value] if isinstance(value, list | tuple) else value

    def _replaced(self, text: str) -> str:
        plain, places = _placed(text)
        spans: list[tuple[int, int]] = []
        for run in self._runs:
            at = plain.find(run)
            while at >= 0:
                spans.append((places[at][0], places[at + len(run) - 1][1]))
                at = plain.find(run, at + 1)
        if not spans and self._runs.any_in(_plain(text)):
            # Escapes that are themselves broken into lines are found without the lines only.
            joined = _UNSEEN.sub("", text)
            return HIDDEN if joined == text else self._replaced(joined)
        pieces, end = [], 0
        for start, stop in _united(spans):
            pieces += [text[end:start], HIDDEN]
            end = stop
        return "".join([*pieces, text[end:]])


FEW = 64
"""So many pieces are looked for one by one faster than a text is looked up among them."""


class Pieces:
    """Parts of secrets, of any of which it is asked whether it stands in a text."""

    def __init__(self) -> None:
        self._all: set[bytes] = set()
        self._by_start: dict[bytes, list[bytes]] = {}
        self._start = 0
        """How long the starts are: as long as the shortest piece."""

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._all)

    def add(self, pieces: Iterable[bytes]) -> None:
        new = set(pieces) - self._all
        self._all |= new
        shortest = min(map(len, new), default=self._start)
        if not self._start or shortest < self._start:
            self._start, self._by_start, new = shortest, {}, self._all
        for piece in new:
            self._by_start.setdefault(piece[: self._start], []).append(piece)

    def any_in(self, plain: bytes) -> bool:
        """Whether one stands in a plain text, in a time that does not grow with their number."""
        if len(self._all) <= FEW:
            return any(piece in plain for piece in self._all)
        length, by_start = self._start, self._by_start
        return any(
            plain.startswith(piece, at)
            for at in range(len(plain) - length + 1)
            for piece in by_start.get(plain[at : at + length], ())
        )


def _run_length(form: bytes) -> int:
    """How much of it in a row counts as found: all of a short one, half of a longer one."""
    if len(form) <= _SHORTEST_RUN:
        return len(form)
    return min(_LONGEST_RUN, max(_SHORTEST_RUN, (len(form) + 1) // 2))


def _united(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def _forms(secret: str) -> Iterator[bytes]:
    """The secret in the plain form: itself, with + for spaces, in hexadecimal, and in base64."""
    raw = secret.encode("utf-8", "surrogatepass")
    # Case is folded for ASCII only, because the bytes of other letters may come one by one.
    for text in {secret, secret.lower(), secret.upper(), secret.replace(" ", "+"), raw.hex()}:
        if form := _plain(text):
            yield form
    if len(raw) < _SHORTEST_RUN:
        return
    for lead in range(3):
        # Only what does not depend on the bytes around the secret.
        first, last = -(-8 * lead // 6), 8 * (lead + len(raw)) // 6
        core = base64.b64encode(b"\0" * lead + raw).decode()[first:last]
        yield from {_plain(core), _plain(core.replace("+", "-").replace("/", "_"))}


def _plain(text: str) -> bytes:
    """Without escapes, case, and what is not seen; as bytes, because escapes are of bytes."""
    plain = _as_bytes(text)
    if any(mark in plain for mark in "%\\&"):
        plain = _ESCAPE.sub(_meant, plain)
    return plain.encode("latin-1").lower()


def _as_bytes(text: str) -> str:
    """What is seen of a text, each byte of its UTF-8 as one character."""
    seen = _UNSEEN.sub("", text)
    return seen if seen.isascii() else seen.encode("utf-8", "surrogatepass").decode("latin-1")


def _meant(escape: re.Match[str]) -> str:
    """The bytes of an escape, each as one character."""
    if number := escape["percent"] or escape["hex"]:
        byte = chr(int(number, 16))
        return byte if byte >= "\x80" else _as_bytes(byte)
    if escape["unicode"]:
        return _as_bytes(chr(int(escape["unicode"], 16)))
    if escape["entity"]:
        return _as_bytes(html.unescape(f"&{escape['entity']};"))
    return escape["plain"] or "\\"


def _placed(text: str) -> tuple[bytes, list[tuple[int, int]]]:
    """The plain form, and for each of its bytes where it stood in the text."""
    plain = bytearray()
    places: list[tuple[int, int]] = []
    at = 0
    while at < len(text):
        escape = _ESCAPE.match(text, at) if text[at] in "%\\&" else None
        end = escape.end() if escape and escape.end() > at else at + 1
        form = _plain(text[at:end])
        plain += form
        places += [(at, end)] * len(form)
        at = end
    return bytes(plain), places


KNOWN = Secrets()
"""Every secret that this process has met."""


def hide_everywhere(secret: str) -> None:
    """From now on no output of a veiled stream shows the secret; short words are let through."""
    if len(secret) >= _SHORTEST_KNOWN:
        KNOWN.add(secret)


def without_secrets(document: dict[str, Any]) -> dict[str, Any]:
    """JSON without what is known to be secret, for what is sealed before it is written."""
    return {name: KNOWN.within(value) for name, value in document.items()}


class Veil:
    """A text stream that hides known secrets in each text written to it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(KNOWN.hidden(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def veiled() -> Iterator[None]:
    """While the block lasts, both output streams hide known secrets."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = Veil(before[0]), Veil(before[1])
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


# ---- messages of servers -------------------------------------------------------------------------


class Redactor:
    """Knows the secrets of one connection, tokens included as they are fetched."""

    def __init__(self, *secrets: str) -> None:
        self._secrets = Secrets()
        for secret in secrets:
            self.hide(secret)

    def hide(self, secret: str) -> None:
        """From now on no message shows the secret, in any spelling that a server may echo."""
        if secret:
            self._secrets.add(secret)
            hide_everywhere(secret)

    def clean(self, text: str, personal: Iterable[str] = ()) -> str:
        """One line of at most 300 characters; e-mail addresses keep first letter and domain."""
        text = text[:_READ_OF_MESSAGE]
        line = _without_persons(KNOWN.hidden(self._secrets.hidden(text)), personal)
        line = " ".join(_printable(line).split())
        return line if len(line) <= LONGEST_MESSAGE else line[: LONGEST_MESSAGE - 1] + "…"


def _without_persons(text: str, personal: Iterable[str]) -> str:
    """Without values of persons: those that the request held, and what looks like one's."""
    text = _EMAIL.sub(rf"\1{HIDDEN}\2\3", text)
    values = {value for value in personal if value and "@" not in value}
    for value in sorted(values, key=len, reverse=True):
        if len(value) >= _SHORTEST:
            found = Secrets()
            found.add(value)
            text = found.hidden(text)
        elif len(value) > 1 and value.isalpha():
            text = re.sub(rf"\b{re.escape(value)}\b", HIDDEN, text, flags=re.IGNORECASE)
        if digits := _digits(value):
            text = re.sub(digits, HIDDEN, text)
    return _PHONE.sub(HIDDEN, text)


def _digits(value: str) -> str:
    """A phone number however its digits are grouped; empty for what is none."""
    digits = re.sub(r"[\s().\-/+]", "", value)
    return _GROUPED.join(digits) if re.fullmatch(r"\d{6,}", digits) else ""


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


def _printable(text: str) -> str:
    """Control, format and surrogate characters become spaces: terminals obey some of them."""
    return "".join(" " if unicodedata.category(c).startswith("C") else c for c in text)
