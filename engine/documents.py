"""Every entry of every manifest, held against the model of its kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.checking import LATER, check, near
from engine.errors import Location, Problem
from engine.kinds import KINDS
from engine.manifest import manifest_files, read_yaml
from engine.nodes import Node, Sequence, Table, is_null, said, shown

if TYPE_CHECKING:
    from pathlib import Path

    from engine.kind import Kind


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a manifest: its node without what is wrong, and the model's value of that."""

    kind: Kind
    path: tuple[str | int, ...]
    node: Table
    value: Any
    whole: bool
    """Whether nothing was wrong with it."""

    @property
    def location(self) -> Location:
        return self.node.location

    @property
    def key(self) -> str | None:
        return getattr(self.value, "key", None)

    def at(self, *steps: str | int) -> Location:
        """Where a value is written: of a mapping's value its key, of a list entry its start."""
        from engine.checking import at

        return at(self.node, steps).location

    def name(self, *steps: str | int) -> str:
        return said((*self.path, *steps))


@dataclass(slots=True)
class Documents:
    """All entries by plural kind, and every problem so far."""

    entries: dict[str, list[Entry]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    files: int = 0

    def of(self, plural: str) -> list[Entry]:
        return self.entries.get(plural, [])

    def by_key(self, plural: str) -> dict[str, Entry]:
        return {entry.key.casefold(): entry for entry in self.of(plural) if entry.key}


def read_documents(root: Path, manifests: Path) -> Documents:
    """Every entry below the manifests folder; nothing is raised, all problems are collected."""
    documents = Documents()
    if not manifests.is_dir():
        name = (
            manifests.relative_to(root).as_posix()
            if manifests.is_relative_to(root)
            else str(manifests)
        )
        where = Location(name, 1, 1)
        documents.problems.append(
            Problem(where, "", "there is no such folder", "wisectl init makes one with an example")
        )
        return documents
    for path in manifest_files(manifests):
        documents.files += 1
        node, problems = read_yaml(path, root)
        documents.problems += problems
        if node is None or is_null(node):
            continue
        if isinstance(node, Table):
            _take_file(documents, node)
        else:
            message = "a manifest is a mapping from kinds to lists of entries"
            hint = f"start with one of: {', '.join(sorted(KINDS))}"
            documents.problems.append(Problem(node.location, "", message, hint))
    _refuse_twice(documents)
    return documents


def _take_file(documents: Documents, table: Table) -> None:
    for plural, node in table.entries.items():
        kind = KINDS.get(plural)
        if kind is None:
            documents.problems.append(_unknown_kind(plural, node))
        elif isinstance(node, Sequence):
            for index, item in enumerate(node.items):
                _take_entry(documents, kind, (plural, index), item)
        elif not is_null(node):
            message = f"must be a list of {plural}"
            documents.problems.append(
                Problem(node.location, plural, message, 'start each with "- "')
            )


def _unknown_kind(plural: str, node: Node) -> Problem:
    if plural in LATER:
        message = f'"{plural}" is not supported by this version yet'
        return Problem(node.location, plural, message, "Remove it.")
    return Problem(node.location, "", f"unknown kind {shown(plural)}", near(plural, KINDS))


def _take_entry(documents: Documents, kind: Kind, path: tuple[str | int, ...], node: Node) -> None:
    if not isinstance(node, Table):
        message = "must be a mapping"
        documents.problems.append(Problem(node.location, said(path), message, "such as {key: …}"))
        return
    problems, clean, value = check(node, kind.model, path)
    documents.problems += problems
    if value is not None and isinstance(clean, Table):
        entry = Entry(kind, path, clean, value, not problems)
        documents.entries.setdefault(kind.plural, []).append(entry)


def _refuse_twice(documents: Documents) -> None:
    for plural, entries in documents.entries.items():
        documents.problems += twice(
            ((entry.key, entry.at("key"), entry.name("key")) for entry in entries if entry.key),
            plural,
        )


def twice(keys: Iterable[tuple[str, Location, str]], what: str) -> list[Problem]:
    """A problem for each key that stood before, without case, with both places."""
    first: dict[str, Location] = {}
    problems = []
    for key, location, name in keys:
        known = first.setdefault(key.casefold(), location)
        if known is not location:
            message = f"{shown(key)} stands twice in {what}: here and at {known}"
            problems.append(Problem(location, name, message, "keep one of them"))
    return problems


Steps = Mapping[str, Any]
