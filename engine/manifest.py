"""YAML files as nodes with locations, and every Problem found on the way. Sole user of ruamel.

    node, problems = read_yaml(path, root)       # node is None for an empty or unreadable file
    for found in manifest_files(folder): ...     # every *.yaml and *.yml below, sorted

    from engine.checking import check            # then, against any model that extends Shape:
    problems, clean = check(node, Model)         # clean: the node without what is wrong

Files are hostile: size, nesting and the number of nodes (aliases expanded) are capped, and nothing
is converted: scalars stay text. The C parser is only a fast path: whatever it refuses is parsed
again in pure Python, and what that says holds.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from engine.composing import Composer, Refused
from engine.errors import Location, Problem
from engine.files import read_text, shown_path

if TYPE_CHECKING:
    from pathlib import Path

    from engine.nodes import Node

try:
    from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined,unused-ignore]
except ImportError:
    CParser = None

HAS_C_PARSER = CParser is not None
MAX_BYTES = 8_000_000
_COLON = "\ue03a"
_INNER_COLON = re.compile(r"(?<=[0-9A-Za-z]):(?=[0-9A-Za-z/])")

Events = Iterator[Any]


def read_yaml(path: Path, root: Path) -> tuple[Node | None, list[Problem]]:
    """The one document of a file and its problems; None where it is empty or cannot be read."""
    name = shown_path(path, root)
    text = read_text(path, name, root, MAX_BYTES)
    return (None, [text]) if isinstance(text, Problem) else parse_yaml(text, name)


def parse_yaml(text: str, name: str) -> tuple[Node | None, list[Problem]]:
    """The document that a text holds, as read from a file of that name."""
    if HAS_C_PARSER and _COLON not in text:
        node, problems, _ = compose(c_events, text, name)
        if not problems:
            return node, problems
    node, problems, _ = compose(pure_events, text, name)
    return node, problems


def manifest_files(folder: Path, complain: Callable[[Path, str], None]) -> Iterator[Path]:
    """Every path below the folder that ends in .yaml or .yml, hidden folders left out, sorted.

    Links to folders are followed once each; `complain` hears of folders that cannot be read.
    """

    def unreadable(error: OSError) -> None:
        complain(folder.__class__(error.filename), error.strerror or "")

    seen: set[str] = set()
    for parent, folders, files in os.walk(folder, onerror=unreadable, followlinks=True):
        real = os.path.realpath(parent)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        names = [n for n in (*files, *folders) if n.lower().endswith((".yaml", ".yml"))]
        for name in sorted(n for n in names if not n.startswith(".")):
            yield folder.__class__(parent, name)


def c_events(text: str) -> Events:
    """Events of the C parser.

    Old libyaml refuses `{start: 09:00}`; a colon inside a word is never an indicator, so it
    travels as a private character of the same width.
    """
    parser = CParser(_INNER_COLON.sub(_COLON, text))
    while parser.check_event():
        event = parser.get_event()
        if _COLON in (getattr(event, "value", None) or ""):
            event.value = event.value.replace(_COLON, ":")
        yield event


def pure_events(text: str) -> Events:
    """Events of the parser in pure Python."""
    yield from YAML(typ="safe", pure=True).parse(text)


def compose(
    parse: Callable[[str], Events], text: str, name: str
) -> tuple[Node | None, list[Problem], bool]:
    composer = Composer(name)
    try:
        for event in parse(text):
            composer.take(event)
    except Refused as refused:
        return None, [*composer.problems, refused.problem], False
    except YAMLError as error:
        problem = _syntax_problem(error, text, name, composer.open_bracket())
        return None, [*composer.problems, problem], True
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        NotImplementedError,
        AssertionError,
    ):
        message = "this cannot be read as YAML"
        return None, [*composer.problems, Problem(composer.place, "", message)], True
    return composer.document, composer.problems, False


# ---- syntax errors in words ----------------------------------------------------------------------

_WORDS: tuple[tuple[str, str, str], ...] = (
    (r"\\t|tab", "a tab where YAML wants spaces", "indent with spaces"),
    (
        r"mapping values are not allowed",
        "a colon where no key can stand",
        "check the indentation, and put text that contains a colon in quotes",
    ),
    (r"escape", "an unknown escape in a quoted text", "use single quotes, or double the \\"),
    (r"quoted scalar", "a quote that is opened here is not closed", "close the quote"),
    (
        r"flow (sequence|mapping|node)",
        "a bracket that is opened here is not closed, or a comma is missing",
        "close the bracket, or separate its entries by commas",
    ),
    (
        r"node content",
        "a value is missing here, or a bracket before it is not closed",
        "Close the bracket, or write the value.",
    ),
    (
        r"undefined alias|unknown alias",
        "an alias without an anchor",
        "write &name before what it means",
    ),
    (
        r"could not find expected ':'|simple key",
        "a key without its colon",
        "write key: value, and text of several lines in quotes",
    ),
    (
        r"block (mapping|sequence|collection|end)|did not find expected key",
        "this line does not fit the lines before it",
        "check the indentation: entries of one list or mapping start in the same column",
    ),
    (
        r"cannot start any token",
        "a character that cannot start a value",
        "put the value in quotes",
    ),
    (r"tag", "a tag that is not known", "remove the tag"),
)


def _syntax_problem(error: YAMLError, text: str, name: str, bracket: Location | None) -> Problem:
    if not isinstance(error, MarkedYAMLError):
        return Problem(Location(name, 1, 1), "", "this cannot be read as YAML")
    said = f"{error.problem or ''} {error.context or ''}"
    known = ((words, hint) for pattern, words, hint in _WORDS if re.search(pattern, said))
    message, hint = next(known, ("this cannot be read as YAML", ""))
    here = _inside(_mark(error, text), text, name)
    if bracket is not None and "stream end" in said:
        here = bracket
    return Problem(here, "", f"not valid YAML: {message}", hint)


def _mark(error: MarkedYAMLError, text: str) -> tuple[int, int]:
    """Where to point: at an opening quote or bracket where that is what is wrong."""
    mark, opened = error.problem_mark, error.context_mark
    if mark is None or opened is None:
        found = mark or opened
        return (found.line, found.column) if found else (0, 0)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    context = error.context or ""
    if "find expected ':'" in (error.problem or ""):
        return opened.line, opened.column
    never_closed = "quoted" in context and "end of stream" in (error.problem or "")
    if "flow" in context and mark.line > opened.line:
        never_closed = _indent(lines, mark.line) <= _indent(lines, opened.line)
    return (opened.line, opened.column) if never_closed else (mark.line, mark.column)


def _indent(lines: list[str], line: int) -> int:
    """How far a line is indented; -1 for the end of the text."""
    text = lines[line] if line < len(lines) else ""
    return len(text) - len(text.lstrip(" ")) if text.strip() else -1


def _inside(mark: tuple[int, int], text: str, name: str) -> Location:
    """A location inside the file: the end of the text is the end of its last line."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")
    line = min(mark[0], len(lines) - 1)
    return Location(name, line + 1, min(mark[1], len(lines[line])) + 1)
