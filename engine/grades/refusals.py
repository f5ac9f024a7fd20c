"""Why a database refused, without the values that it was sent: they are personal. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_QUOTED = re.compile(r"\"[^\"]*\"|(?<!\w)'[^']*'|\([^)]*\)|(?<!\w)[\"'(].*")
_ABOUT_NO_VALUE = frozenset({"08", "25", "28", "40", "42", "53", "55", "57", "IM"})
"""Classes of SQLSTATE whose messages are about connections, rights and names: their words are told
although values were sent. Source: PostgreSQL's documentation, appendix A."""

_SAID = {
    "SQLITE_FULL": "no space is left",
    "SQLITE_READONLY": "nobody may write to it",
    "SQLITE_BUSY": "somebody else writes to it, and does not end",
    "SQLITE_CORRUPT": "it is damaged",
    "SQLITE_NOTADB": "it is no database",
}
"""Words for what an administrator can mend. Source: SQLite, result codes."""


def reason(error: Exception) -> str:
    """Why a database refused, without statements and values: they are personal.

    What a database says of values is not told at all: it quotes them in many ways, and a trigger
    says what it likes. Names of columns and constraints are told, where the driver names them.
    """
    origin = getattr(error, "orig", None) or error
    kind, state = type(origin).__name__, _state(origin)
    if _tells_values(state, has_values=bool(getattr(error, "params", None))):
        words = " ".join((_SAID.get(state, state), *_names(origin))).strip()
    else:
        is_pair = len(origin.args) > 1 and isinstance(origin.args[1], str)
        lines = str(origin.args[1] if is_pair else origin).splitlines()
        words = _QUOTED.sub("…", lines[0].split("DETAIL:")[0]).strip() if lines else ""
    return f"{kind}: {words}"[:200] if words else kind


def _tells_values(state: str, *, has_values: bool) -> bool:
    """Whether a message may hold values; one about a commit may, though no values were sent."""
    if state[:2] in _ABOUT_NO_VALUE and len(state) == 5:
        return False
    return has_values or len(state) == 5


def _state(origin: BaseException) -> str:
    """The error's code: an SQLSTATE, MySQL's number, SQLite's word, or Oracle's; else nothing."""
    for word in ("sqlstate", "pgcode", "sqlite_errorname"):
        if code := getattr(origin, word, None):
            return str(code)
    first = origin.args[0] if origin.args else None
    if code := getattr(first, "full_code", None):
        return str(code)
    is_state = isinstance(first, str) and re.fullmatch(r"[0-9A-Z]{5}", first)
    return str(first) if isinstance(first, int) or (is_state and origin.args[1:]) else ""


def _names(origin: BaseException) -> Iterator[str]:
    """Of tables, columns and constraints: never values."""
    diagnosis = getattr(origin, "diag", None)
    for word in ("table", "column", "constraint"):
        if name := getattr(diagnosis, f"{word}_name", None):
            yield f"{word} {name}"
    if found := re.fullmatch(r"[A-Z ]+ constraint failed: ([\w., ]+)", str(origin)):
        yield found[1]
