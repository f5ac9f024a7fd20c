"""Files as text: inside the repository or a named source, UTF-8, of a sane size, else a Problem."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import Location, Problem

if TYPE_CHECKING:
    from pathlib import Path

UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
"""What no manifest, CSV file or name may hold: controls, odd line breaks, stray marks."""


def shown_path(path: Path, root: Path) -> str:
    """The path from the repository root, with `/`; as it is where it lies elsewhere."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def read_text(path: Path, name: str, inside: Path, limit: int) -> str | Problem:
    """The text of a file without its byte order mark, or the one Problem that keeps it unread.

    `name` is how messages call the file; `inside` the folder it must not leave, by links either.
    """
    found = read_bytes(path, inside, limit)
    if isinstance(found, bytes):
        return decode(found, name)
    return Problem(Location(name, 1, 1), "", found.message, found.hint)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a file is not read, and what to do."""

    message: str
    hint: str
    missing: bool = False
    outside: bool = False


def read_bytes(path: Path, inside: Path, limit: int) -> bytes | Unreadable:
    """The content of a plain file below a folder; never waits on a pipe or device."""
    try:
        if not path.resolve(strict=True).is_relative_to(inside.resolve()):
            hint = f"put the file below {inside.name or inside}"
            return Unreadable("is a link that leads out of its folder", hint, outside=True)
        return _content(path, limit)
    except FileNotFoundError:
        if path.is_symlink():
            return Unreadable("is a link that leads to no file", "remove it, or mend it")
        return Unreadable("there is no such file", "", missing=True)
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the path leads in a circle"
        return Unreadable(f"cannot be read: {reason}", "check the file, its name and its rights")


def _content(path: Path, limit: int) -> bytes | Unreadable:
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    try:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            return Unreadable("is not a plain file", "give a file, not a folder or device")
        with os.fdopen(os.dup(descriptor), "rb") as file:
            content = file.read(limit + 1)
        after = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if len(content) > limit:
        return Unreadable(f"is larger than {limit // 1_000_000} MB", "split it")
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        return Unreadable("changed while it was read", "wait until it is written")
    if len(content) != after.st_size:
        return Unreadable("was not read to its end", "try again")
    return content


def decode(content: bytes, name: str) -> str | Problem:
    """UTF-8 text without its byte order mark, or the Problem that says how to save it."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or content[1:2] == b"\0" or content[:1] == b"\0":
        return Problem(Location(name, 1, 1), "", "is saved as UTF-16", 'save it as "UTF-8"')
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8").removeprefix("\ufeff")
        message = f"is not UTF-8: byte 0x{content[error.start]:02x}"
        return Problem(place(name, before, len(before)), "", message, 'save it as "UTF-8"')
    return _unprintable(text, name) or text


def _unprintable(text: str, name: str) -> Problem | None:
    found = UNPRINTABLE.search(text)
    if found is None:
        return None
    message = f"holds the control character U+{ord(found.group()):04X}"
    return Problem(place(name, text, found.start()), "", message, "remove it")


def place(name: str, text: str, index: int) -> Location:
    """Line and column, 1-based, of a character; CR, LF and CRLF end lines."""
    before = text[:index].replace("\r\n", "\n").replace("\r", "\n")
    line_start = before.rfind("\n") + 1
    return Location(name, before.count("\n") + 1, len(before) - line_start + 1)
