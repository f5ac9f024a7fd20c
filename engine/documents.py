"""Every entry of every manifest, held against the model of its kind, and every problem so far."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from engine.addresses import ADDRESS_LISTS, Named
from engine.checking import as_written, at, check
from engine.errors import Location, Problem
from engine.files import shown_path
from engine.kinds import KINDS
from engine.manifest import manifest_files, read_yaml
from engine.nodes import Node, Scalar, Sequence, Table, is_null, said, shown
from engine.words import near

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from engine.kind import Kind

Steps = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a manifest: its node without what is wrong, and the model's value of that.

    A required key that is missing is None in the value.
    """

    kind: Kind
    path: Steps
    node: Table
    value: Any

    @property
    def location(self) -> Location:
        return self.node.location

    @property
    def key(self) -> str | None:
        key: str | None = getattr(self.value, "key", None)
        return key

    def at(self, *steps: str | int) -> Location:
        """Where a value is written: of a mapping's value its key, of a list entry its start."""
        if not steps:
            return self.location
        table, last = at(self.node, steps[:-1]), steps[-1]
        if isinstance(table, Table) and isinstance(last, str):
            return table.at(last)
        return at(self.node, steps).location

    def name(self, *steps: str | int) -> str:
        return said((*self.path, *as_written(self.node, steps)))

    def states(self, *steps: str) -> bool:
        """Whether a value stands in the entry itself, rightly or wrongly."""
        *way, last = steps
        table = at(self.node, tuple(way)) if way else self.node
        return isinstance(table, Table) and table.states(last)

    def first_stated(self, *paths: tuple[str, ...]) -> tuple[Location, str]:
        """Place and name of the first path that the entry itself states, else of the entry.

        In a row of a flow set, cells come first, even empty ones: they are what is different there.
        """
        found = [(self._place(*path), self.name(*path)) for path in paths]
        stated = [(place, name) for place, name in found if place is not None]
        cells = [(place, name) for place, name in stated if place.through]
        return (*cells, *stated, (self.location, self.name()))[0]

    def _place(self, *steps: str) -> Location | None:
        return self.at(*steps) if self.states(*steps) else self._empty(*steps)

    def _empty(self, *steps: str) -> Location | None:
        """The empty cell because of which a row does not state a value."""
        table: Node = self.node
        for step in steps:
            if isinstance(table, Table) and step in table.vacant:
                return table.vacant[step]
            table = at(table, (step,))
        return None


@dataclass(frozen=True, slots=True)
class Mention:
    """An address in a list of addresses: as it is written, its place and its name in messages."""

    text: str
    location: Location
    name: str


@dataclass(slots=True)
class Documents:
    """All entries by plural kind, and every problem so far."""

    entries: dict[str, list[Entry]] = field(default_factory=dict)
    mentions: dict[str, list[Mention]] = field(default_factory=dict)
    """What stands in lists of addresses, by the word above them."""
    problems: list[Problem] = field(default_factory=list)
    files: int = 0
    unread: list[str] = field(default_factory=list)
    """Names of manifests that could not be read: what seems missing may stand there."""
    partial: set[str] = field(default_factory=set)
    """Kinds of which a source that was not read may hold more entries, by plural."""
    _by_key: dict[str, dict[str, Entry]] = field(default_factory=dict)

    def copy(self) -> Documents:
        """The same entries and problems, to which others can be added."""
        entries = {plural: [*found] for plural, found in self.entries.items()}
        return replace(self, entries=entries, problems=[*self.problems], partial=set(), _by_key={})

    def of(self, plural: str) -> list[Entry]:
        return self.entries.get(plural, [])

    def by_key(self, plural: str) -> dict[str, Entry]:
        """Entries by folded key, the first of each; to be asked when all files are read."""
        if plural not in self._by_key:
            found: dict[str, Entry] = {}
            for entry in self.of(plural):
                if entry.key:
                    found.setdefault(entry.key.casefold(), entry)
            self._by_key[plural] = found
        return self._by_key[plural]

    def wrong(self, where: Location, name: str, message: str, hint: str = "") -> None:
        self.problems.append(Problem(where, name, message, hint))

    def dangling(self, plural: str, key: str, where: Location, name: str) -> None:
        """The problem of a key that no entry of a kind has, where all entries are known."""
        if plural in self.partial:
            return
        known = [one.key for one in self.by_key(plural).values() if one.key]
        hint = near(key, known)
        if self.unread:
            hint = f"{hint}\n  " * bool(hint) + f"or it stands in {self.unread[0]}, not readable"
        word = plural.removesuffix("s").replace("_", " ")
        self.wrong(where, name, f"no {word} {shown(key)}", hint)

    def refer(self, entry: Entry, name: str, plural: str) -> Entry | None:
        """The entry of another kind that a key of this one names; a problem where there is none."""
        key = getattr(entry.value, name)
        if not key:
            return None
        found = self.by_key(plural).get(key.casefold())
        if found is None:
            self.dangling(plural, key, entry.at(name), entry.name(name))
        return found

    def refuse_twice(self, plural: str) -> None:
        """A problem for each entry whose key an earlier one has."""
        keys = [(e.key, e.at("key"), e.name("key")) for e in self.of(plural) if e.key]
        self.problems += twice(keys, plural)

    def refuse_repeats(self, entry: Entry, *steps: str | int) -> None:
        """A problem for each scalar that stands in one list before, compared without case."""
        node = at(entry.node, steps)
        if isinstance(node, Sequence):
            keys = [
                (one.text.strip(), one.location, entry.name(*steps, index))
                for index, one in enumerate(node.items)
                if isinstance(one, Scalar)
            ]
            self.problems += twice(keys, "this list")


def twice(keys: Iterable[tuple[str, Location, str]], what: str) -> list[Problem]:
    """A problem for each key that stood before, without case, with both places."""
    first: dict[str, Location] = {}
    problems = []
    for key, location, name in keys:
        known = first.setdefault(key.casefold(), location)
        if known is not location:
            said = shown(key) if location.through is None else "this value"
            message = f"{said} stands twice in {what}: here and at {known}"
            problems.append(Problem(location, name, message, "keep one of them"))
    return problems


# ---- reading -------------------------------------------------------------------------------------


def read_documents(root: Path, manifests: Path) -> Documents:
    """Every entry below the manifests folder; nothing is raised, all problems are collected."""
    documents = Documents()
    if not manifests.is_dir():
        where = Location(shown_path(manifests, root), 1, 1)
        hint = "wisectl init makes one with an example"
        documents.wrong(where, "", "there is no such folder", hint)
        return documents
    for path in manifest_files(manifests, lambda p, m: _unread_folder(documents, root, p, m)):
        documents.files += 1
        node, problems = read_yaml(path, root)
        documents.problems += problems
        if node is None and problems:
            documents.unread.append(shown_path(path, root))
        elif node is not None and not is_null(node):
            _take_file(documents, node)
    return documents


def _unread_folder(documents: Documents, root: Path, path: Path, reason: str) -> None:
    where = Location(shown_path(path, root), 1, 1)
    documents.wrong(where, "", f"this folder cannot be read: {reason}", "check its rights")


def _take_file(documents: Documents, node: Node) -> None:
    if not isinstance(node, Table):
        message = "a manifest is a mapping from kinds to lists of entries"
        hint = f"start with one of: {', '.join(sorted([*KINDS, *ADDRESS_LISTS]))}"
        documents.wrong(node.location, "", message, hint)
        return
    for plural, below in node.entries.items():
        _take_kind(documents, plural, below)


def _take_kind(documents: Documents, plural: str, node: Node) -> None:
    kind = KINDS.get(plural)
    if kind is None and plural not in ADDRESS_LISTS:
        hint = near(plural, [*KINDS, *ADDRESS_LISTS])
        documents.wrong(node.location, "", f"unknown kind {shown(plural)}", hint)
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            if kind is None:
                _take_mention(documents, (plural, index), item)
            else:
                _take_entry(documents, kind, (plural, index), item)
    elif not is_null(node):
        hint = 'start each with "- "'
        documents.wrong(node.location, plural, f"must be a list of {plural}", hint)


def _take_mention(documents: Documents, path: tuple[str, int], node: Node) -> None:
    problems, _, value = check(node, Named, path)
    documents.problems += problems
    if value is not None and not problems:
        mention = Mention(value.root, node.location, said(path))
        documents.mentions.setdefault(path[0], []).append(mention)


def _take_entry(documents: Documents, kind: Kind, path: Steps, node: Node) -> None:
    if not isinstance(node, Table):
        hint = "write what it has as key: value"
        documents.wrong(node.location, said(path), "must be a mapping", hint)
        return
    problems, clean, value = check(node, kind.model, path)
    documents.problems += problems
    if value is not None and isinstance(clean, Table):
        documents.entries.setdefault(kind.plural, []).append(Entry(kind, path, clean, value))
