"""From manifests to the desired state: templates merged, CSV read, people united, dates in UTC."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from engine.adoptions import with_adoptions
from engine.allow_entries import AllowReader, read_protected
from engine.answers import with_answers
from engine.csvfile import Sheets
from engine.documents import Documents, read_documents
from engine.errors import ManifestError, Problem
from engine.export_entries import ExportReader
from engine.flow_entries import FlowReader
from engine.flow_set_entries import FlowSetReader
from engine.individual_entries import IndividualReader
from engine.kinds import KINDS
from engine.model import Address, Desired, DesiredState
from engine.moves import with_moves
from engine.people import Directory, PeopleReader
from engine.profile_entries import read_profiles
from engine.reassessments import refuse_reassessments
from engine.role_entries import RoleReader
from engine.sequences import refuse_circles, with_sequences
from engine.stating import stated_fields
from engine.user_entries import UserReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from engine.kind import Kind
    from engine.model import DesiredRole


SHOWN_COUNTS = ("accommodations", "grade_exports", "individual", "rooms", "webhooks")
"""Kinds whose number of entries is told where there are any."""


@dataclass(frozen=True, slots=True)
class Conventions:
    """What of the settings decides what manifests mean."""

    user_key: str
    time_zone: str | None = None
    sources: Mapping[str, Path] = field(default_factory=dict)
    environment: str = "sandbox"
    """The environment whose adoptions count."""
    environments: frozenset[str] = frozenset()
    """All that there are, so that a slip in one's name is found; none where nobody knows."""


def load_desired(root: Path, manifests: Path, conventions: Conventions) -> DesiredState:
    """What all manifests below a folder mean.

    Raises: ManifestError with every problem of every file.
    """
    documents = read_documents(root, manifests)
    sheets = Sheets(root, manifests, conventions.sources)
    while True:
        draft = documents.copy()
        state = _build(draft, sheets, conventions)
        if not sheets.spoil(draft.problems):
            break  # Else again, without the file of a source that turned out not to be usable.
    if draft.problems:
        raise ManifestError(_each_once(draft.problems))
    return state


def _build(documents: Documents, sheets: Sheets, conventions: Conventions) -> DesiredState:
    FlowSetReader(documents, sheets).read()
    profiles = read_profiles(documents)
    users = UserReader(documents, sheets, conventions.user_key).read()
    directory = Directory(conventions.user_key)
    for user in users:
        directory.add(user)
    documents.refuse_twice("rosters")
    people = PeopleReader(documents, sheets, directory)
    people.read_rosters()
    flows = FlowReader(documents, conventions.time_zone).read()
    reader = RoleReader(documents, people, flows, conventions.time_zone)
    roles = reader.read()
    individual = IndividualReader(documents, sheets, people, flows, conventions.time_zone)
    resources = {one.address: one for one in (*users, *_others(documents))}
    for key, found in individual.read(roles).items():
        fields = {**flows[key].fields, **reader.bookings.get(key, {})}
        resources[flows[key].address] = replace(flows[key], fields=fields, roles=found)
    counts = {"files": documents.files, "csv_rows": sheets.rows, "seats": _seats(roles)}
    counts |= {"users": len(users), "flows": len(flows), "profiles": len(profiles)}
    counts |= _others_counted(documents)
    unread, names = dict(sheets.unread), [user.address.key for user in users]
    allow = AllowReader(documents, flows, names, conventions.time_zone, not unread)
    answered = with_answers(documents, resources, not unread)
    answered = with_moves(documents, answered)
    known = (conventions.environment, conventions.environments)
    answered = with_adoptions(documents, answered, *known)
    answered = with_sequences(documents, answered)
    refuse_circles(documents, answered)
    refuse_reassessments(documents, answered)
    exporting = ExportReader(documents, flows, sheets, conventions.user_key)
    return DesiredState(
        dict(sorted(answered.items())),
        profiles,
        counts,
        unread,
        allow.read(),
        read_protected(documents, resources, not unread),
        grade_exports=exporting.read(),
    )


def _seats(roles: Mapping[str, Mapping[str, DesiredRole]]) -> int:
    sets = (one for found in roles.values() for one in found.values() if not one.owner)
    return sum(len(one.seats) for one in sets)


def _others_counted(documents: Documents) -> dict[str, int]:
    others = {plural: len(documents.of(plural)) for plural in SHOWN_COUNTS}
    shown = {plural: number for plural, number in others.items() if number}
    return {"rosters": len(documents.of("rosters")), **shown}


def _others(documents: Documents) -> Iterator[Desired]:
    """Resources of kinds whose entries mean just what they state."""
    for plural, kind in KINDS.items():
        if kind.live is None or plural in ("users", "flows"):
            continue
        documents.refuse_twice(plural)
        _refuse_too_many(documents, kind)
        for entry in documents.of(plural):
            if entry.key:
                fields = stated_fields(entry.node, entry.value)
                fields.pop("key", None)
                yield Desired(Address(kind.name, entry.key), entry.at("key"), fields)


def _refuse_too_many(documents: Documents, kind: Kind) -> None:
    """A problem at the first entry that a licence has no place for."""
    entries = documents.of(kind.plural)
    if kind.most is not None and len(entries) > kind.most:
        first = entries[kind.most]
        message = f"a licence takes {kind.most} {kind.plural}, and {len(entries)} are stated"
        documents.wrong(first.at("key"), first.name("key"), message, "take some out")


def _each_once(problems: Iterable[Problem]) -> list[Problem]:
    """What is wrong in a template or a CSV file is said once, not once for each who uses it."""
    first: dict[tuple[str, int, int, str], Problem] = {}
    for problem in problems:
        where = problem.location
        first.setdefault((where.file, where.line, where.column, problem.message), problem)
    return list(first.values())
