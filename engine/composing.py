"""YAML events -> nodes, without recursion: aliases, merge keys, duplicates, and all the caps.

Knows no YAML library: an event is anything with `start_mark` whose class name says what it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.checking import SECRETS
from engine.errors import Location, Problem
from engine.nodes import Node, Scalar, Sequence, Table, is_null, moved, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_DEPTH = 60
MAX_NODES = 2_000_000
_TEXT_TAGS = frozenset({"tag:yaml.org,2002:str", "!"})
_KIND_TAGS = {"tag:yaml.org,2002:seq": Sequence, "tag:yaml.org,2002:map": Table}


class Refused(Exception):  # noqa: N818 - not an error of the program
    """The rest of a file is not worth reading; holds why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come yet."""

    location: Location
    anchor: str | None
    is_table: bool
    is_flow: bool = False
    """Written in brackets."""
    size: int = 1
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Node] = field(default_factory=dict)
    merged: list[tuple[Location, Node]] = field(default_factory=list)
    merge_at: Location | None = None
    key: str | None = None
    key_at: Location | None = None
    """Set while the value of a key is awaited."""
    is_merge: bool = False
    is_dropped: bool = False
    """The value that comes has a key that cannot be used."""


class Composer:
    """Takes the events of one file in order; afterwards holds its document and problems."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.place = self._start_at = Location(name, 1, 1)
        self.document: Node | None = None
        self.problems: list[Problem] = []
        self._stack: list[_Open] = []
        self._anchors: dict[str, Node | None] = {}
        self._count = 0
        self._documents = 0

    def take(self, event: Any) -> None:
        """Work one event in; raises Refused where the file must not be read any further."""
        mark = event.start_mark
        self.place = Location(self.name, mark.line + 1, mark.column + 1)
        handle = _HANDLERS.get(type(event).__name__)
        if handle is not None:
            handle(self, event)

    def open_bracket(self) -> Location | None:
        """The innermost bracket that is open where reading stopped."""
        return self._stack[-1].location if self._stack and self._stack[-1].is_flow else None

    def complain(self, location: Location, message: str, hint: str = "") -> None:
        self.problems.append(Problem(location, "", message, hint))

    # ---- events ----------------------------------------------------------------------------------

    def _document_start(self, _event: Any) -> None:
        self._documents += 1
        self._start_at = self.place
        if self._documents > 1:
            message = "a second YAML document in one file"
            raise Refused(Problem(self.place, "", message, "move it to a file of its own"))

    def _scalar(self, event: Any) -> None:
        plain = bool(event.implicit[0])
        tag = _tag(event)
        if tag is not None and tag not in _TEXT_TAGS:
            self._refuse_tag(tag)
        node = Scalar(self.place, event.value, plain and tag is None)
        top = self._stack[-1] if self._stack else None
        if top is not None and top.is_table and top.key_at is None:
            self._remember(event.anchor, node)
            self._open_key(top, node)
        else:
            self._finish(node, event.anchor)

    def _alias(self, event: Any) -> None:
        name, top = event.anchor, self._stack[-1] if self._stack else None
        if name not in self._anchors:
            raise Refused(self._no_anchor(name, top))
        node = self._anchors[name]
        if node is None:
            raise Refused(Problem(self.place, "", f"the alias *{name} stands inside itself"))
        if top is not None and top.is_table and top.key_at is None:
            self._open_key(top, moved(node, self.place))
        else:
            self._finish(moved(node, self.place), None)

    def _no_anchor(self, name: str, top: _Open | None) -> Problem:
        """The problem of an alias without its anchor: it may be a secret that starts with `*`."""
        if top is not None and top.key in SECRETS:
            hint = "put a value that starts with * in quotes; secrets are ${NAME}"
            return Problem(self.place, "", "an alias without an anchor", hint)
        hint = f"write &{name} before the value, above this line"
        return Problem(self.place, "", f"no anchor is named {shown(name)}", hint)

    def _start(self, event: Any) -> None:
        if len(self._stack) >= MAX_DEPTH:
            message = f"lists and mappings are nested more than {MAX_DEPTH} deep"
            raise Refused(Problem(self.place, "", message, "write it flatter"))
        is_table = type(event).__name__.startswith("Mapping")
        tag = _tag(event)
        if tag is not None and _KIND_TAGS.get(tag) is not (Table if is_table else Sequence):
            self._refuse_tag(tag)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._stack.append(_Open(self.place, event.anchor, is_table, bool(event.flow_style)))

    def _end(self, _event: Any) -> None:
        top = self._stack.pop()
        if top.is_table:
            self._finish(Table(top.location, self._merge(top), top.size), top.anchor)
        else:
            self._finish(Sequence(top.location, tuple(top.items), top.size), top.anchor)

    # ---- building --------------------------------------------------------------------------------

    def _finish(self, node: Node, anchor: str | None) -> None:
        """A whole node goes where it belongs: a list, the key that awaits it, or the document."""
        self._remember(anchor, node)
        size = 1 if isinstance(node, Scalar) else node.size
        self._count = self._count + 1 if not self._stack else self._count
        if not self._stack:
            self.document = moved(node, self._start_at) if is_null(node) else node
            return
        top = self._stack[-1]
        top.size += size
        if top.size > MAX_NODES:
            message = f"more than {MAX_NODES:,} values, aliases expanded"
            raise Refused(Problem(self.place, "", message, "split the file, use fewer aliases"))
        if not top.is_table:
            top.items.append(node)
        elif top.key_at is None:
            self._open_key(top, node)
        else:
            self._add_entry(top, node, top.key_at)

    def _remember(self, anchor: str | None, node: Node) -> None:
        if anchor is not None:
            self._anchors[anchor] = node

    def _open_key(self, top: _Open, node: Node) -> None:
        """A node in the place of a key: text opens an entry, anything else is a problem."""
        top.key_at, top.is_dropped, top.is_merge = node.location, False, False
        if not isinstance(node, Scalar):
            self.complain(node.location, "a key must be text, not a list or mapping")
            top.key, top.is_dropped = None, True
            return
        top.key = node.text
        if node.plain and node.text == "<<":
            top.is_merge = True
            first, top.merge_at = top.merge_at, top.merge_at or node.location
        else:
            known = top.entries.get(node.text)
            first = known.location if known is not None else None
        if first is not None:
            self._duplicate(top, node, first)

    def _duplicate(self, top: _Open, node: Scalar, first: Location) -> None:
        hint = f"the first is in line {first.line}: keep one"
        if top.is_merge:
            hint = f"the first is in line {first.line}: write one, <<: [*a, *b]"
        self.complain(node.location, f"the key {shown(node.text)} stands here twice", hint)
        top.is_dropped = True

    def _add_entry(self, top: _Open, node: Node, key_at: Location) -> None:
        if top.is_merge and not top.is_dropped:
            top.merged.append((key_at, node))
        elif not top.is_dropped and top.key is not None:
            top.entries[top.key] = moved(node, key_at)
        top.key, top.key_at = None, None

    def _merge(self, top: _Open) -> Mapping[str, Node]:
        """The entries with those of `<<` below them: what is written here wins, then the first."""
        for location, node in top.merged:
            for table in node.items if isinstance(node, Sequence) else (node,):
                if not isinstance(table, Table):
                    message = "<< merges a mapping or a list of mappings, and this is none"
                    self.complain(location, message, "write <<: *name, of a mapping's anchor")
                    continue
                for key, value in table.entries.items():
                    top.entries.setdefault(key, value)
        return top.entries

    def _refuse_tag(self, tag: str) -> None:
        message = (
            f"the tag {shown(tag.replace('tag:yaml.org,2002:', '!!'))} is not used in manifests"
        )
        hint = "remove the tag; text that looks like a number is written in quotes"
        top = self._stack[-1] if self._stack else None
        where = top.key_at if top is not None and top.key_at is not None else self.place
        if top is not None and top.key in SECRETS:
            message, hint = "a secret has no tag", "write ${NAME}, an environment variable"
        self.complain(where, message, hint)


def _tag(event: Any) -> str | None:
    """The tag as text: pure events carry an object, C events text."""
    tag = getattr(event, "tag", None)
    return None if tag is None else str(tag)


_HANDLERS = {
    "DocumentStartEvent": Composer._document_start,
    "ScalarEvent": Composer._scalar,
    "AliasEvent": Composer._alias,
    "SequenceStartEvent": Composer._start,
    "MappingStartEvent": Composer._start,
    "SequenceEndEvent": Composer._end,
    "MappingEndEvent": Composer._end,
}
