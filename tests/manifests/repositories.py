"""Small repositories written to disk: where `¶` stands in a file, a problem is expected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.desired import Conventions, load_desired
from engine.errors import ManifestError, Problem
from engine.files import place

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from engine.errors import Location
    from engine.model import DesiredState

Case = tuple[Any, ...]
"""Files, or the text of one; then words of each problem, in order, parted by ` … `."""
MARK = "¶"
USER_KEY = "Personal Organisation Id"
FLOW = "flows: [{key: math, term: Spring 2027}]\n"
"""A flow to refer to, on a line of its own."""


def write(root: Path, files: Mapping[str, str | bytes]) -> list[Location]:
    """Writes files below `manifests/`, marks taken out; the places of the marks, in order."""
    places = []
    for name, content in files.items():
        path = root / "manifests" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
            continue
        parts = content.split(MARK)
        shown = path.relative_to(root).as_posix()
        texts = ["".join(parts[: n + 1]) for n in range(len(parts) - 1)]
        places += [place(shown, text, len(text)) for text in texts]
        path.write_text("".join(parts), encoding="utf-8", newline="")
    return places


def load(
    root: Path,
    time_zone: str | None = "Europe/Copenhagen",
    sources: Mapping[str, Path] | None = None,
) -> DesiredState:
    return load_desired(root, root / "manifests", Conventions(USER_KEY, time_zone, sources or {}))


def problems_of(
    root: Path,
    time_zone: str | None = "Europe/Copenhagen",
    sources: Mapping[str, Path] | None = None,
) -> list[Problem]:
    """Every problem, in order of place; none where the manifests are valid."""
    try:
        load(root, time_zone, sources)
    except ManifestError as error:
        return error.problems
    return []
