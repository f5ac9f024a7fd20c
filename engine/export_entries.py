"""`grade_exports` entries -> exports, with the flows that each selects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.flow_selection import selected_flows
from engine.grades.model import (
    ADMINISTRATIVE,
    ALTERNATIVE,
    COUNTS,
    FLOW_KEYS,
    PLAIN_COLUMNS,
    Destination,
    GradeExport,
)
from engine.kinds.grade_export import DESTINATIONS, RANGE, To
from engine.nodes import shown
from engine.words import near

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from engine.csvfile import Sheets
    from engine.documents import Documents, Entry
    from engine.errors import Location
    from engine.kinds.grade_export import Post
    from engine.model import Desired

FILES = ("oneroster_csv", "csv", "jsonl")
TABLE = "wisectl_grades"
"""Where nothing else is said."""
IN_POSTS = ("id", "change", "version")
WITH_COLUMNS = ("csv", "jsonl", "sql", "http")


@dataclass(slots=True)
class ExportReader:
    """Reads every grade export; what is wrong goes to the documents' problems."""

    documents: Documents
    flows: Mapping[str, Desired]
    sheets: Sheets
    """Knows where the repository and its sources are."""
    user_key: str

    def read(self) -> dict[str, GradeExport]:
        """By key every export that says what goes where."""
        self.documents.refuse_twice("grade_exports")
        found: dict[str, GradeExport] = {}
        places: dict[str, Location] = {}
        for entry in self.documents.of("grade_exports"):
            export = self._one(entry)
            if export is not None:
                self._refuse_one_place(entry, export, places)
                found[export.key] = export
        return found

    def _one(self, entry: Entry) -> GradeExport | None:
        value = entry.value
        flows = selected_flows(self.documents, self.flows, entry)
        to = self._to(entry)
        columns = self._columns(entry, to)
        self._check_codes(entry)
        if value.key is None or to is None or value.flows is None:
            return None
        return GradeExport(
            key=value.key,
            location=entry.location,
            flows=tuple(sorted(set(flows))),
            to=to,
            known_by=value.known_by or self.user_key,
            counts=tuple(value.counts or COUNTS),
            before_marking_ends=bool(value.before_marking_ends),
            exported_too=value.exported_too is not False,
            codes=value.codes or {},
            alternative_codes=value.alternative_codes or {},
            columns=columns,
            codes_at=entry.at("codes") if entry.states("codes") else entry.location,
            taken_back=self._taken_back(entry),
        )

    # ---- where to --------------------------------------------------------------------------------

    def _to(self, entry: Entry) -> Destination | None:
        to: To | None = entry.value.to
        if to is None:
            return None
        kind = to.destination
        if not kind:
            if not self._is_wrong(entry, "to"):
                hint = f"state one of {', '.join(DESTINATIONS)}"
                self._wrong(entry, ("to",), "says of no destination", hint)
            return None
        self._refuse_strangers(entry, to, kind)
        at = entry.at("to", kind)
        if to.sql:
            table, before = to.sql.table or TABLE, to.sql.moved_from or ""
            return Destination(kind, to.sql.url or "", at, table=table, moved_from=before)
        if to.http:
            return self._post(entry, to.http)
        path = self._path(entry, kind, getattr(to, kind))
        if path is None:
            return None
        school, classes = to.school or "", to.classes or "flow"
        return Destination(kind, getattr(to, kind), at, path, school=school, classes=classes)

    def _post(self, entry: Entry, to: Post) -> Destination:
        ledger = self._path(entry, "http", to.ledger, "ledger") if to.ledger else None
        return Destination(
            "http",
            to.url or "",
            entry.at("to", "http"),
            secret=to.secret or "",
            batch=to.batch or 100,
            ledger=ledger,
            moved_from=to.moved_from or "",
        )

    def _refuse_strangers(self, entry: Entry, to: To, kind: str) -> None:
        """What belongs to another destination would be believed to have an effect."""
        for word, needed in To.goes_with.items():
            if getattr(to, word) is not None and needed != kind:
                message = f"does not go with {kind}"
                self._wrong(entry, ("to", word), message, f"it goes with {needed}")

    def _path(self, entry: Entry, kind: str, text: str, *below: str) -> Path | None:
        source, colon, path = text.rpartition(":")
        if not colon:
            return self.sheets.root / path
        sources = self.sheets.sources
        if source not in sources:
            hint = near(source, sources) or "name it under sources in wisectl.yaml"
            self._wrong(entry, ("to", kind, *below), f"no source {shown(source)}", hint)
            return None
        return sources[source] / path

    def _refuse_one_place(
        self, entry: Entry, export: GradeExport, places: dict[str, Location]
    ) -> None:
        """Two exports to one place would each take the other's grades away."""
        to = export.to
        place = f"{to.path or to.value} {to.table if to.kind == 'sql' else ''}".casefold()
        if to.kind == "http":
            return
        first = places.setdefault(place, to.location)
        if first is not to.location:
            message = f"another export goes there: {first}"
            self._wrong(entry, ("to", to.kind), message, "give each a place of its own")

    # ---- what -----------------------------------------------------------------------------------

    def _columns(self, entry: Entry, to: Destination | None) -> tuple[tuple[str, str], ...]:
        stated = entry.value.columns
        if stated is None:
            return tuple((name, name) for name in PLAIN_COLUMNS)
        pairs = tuple(stated.items()) if isinstance(stated, dict) else _named(stated)
        if to is not None and to.kind not in WITH_COLUMNS:
            hint = "its columns are those of OneRoster: leave them out"
            self._wrong(entry, ("columns",), f"do not go with {to.kind}", hint)
        if isinstance(stated, list):
            self.documents.refuse_repeats(entry, "columns")
        if not self._is_wrong(entry, "columns"):
            self._check_columns(entry, [held for _, held in pairs])
            self._check_names(entry, to.kind if to else "", [name for name, _ in pairs])
        return pairs

    def _check_columns(self, entry: Entry, held: list[str]) -> None:
        for needed in ("person", "grade"):
            if needed not in held:
                hint = "without it nobody knows whose grade it is, or which"
                self._wrong(entry, ("columns",), f"have no {needed}", hint)
        if not set(FLOW_KEYS) & set(held):
            hint = f"add one of {', '.join(FLOW_KEYS)}"
            self._wrong(entry, ("columns",), "do not say of which flow a grade is", hint)

    def _check_names(self, entry: Entry, kind: str, names: list[str]) -> None:
        """What the receiver could not tell apart, or would find twice."""
        if kind == "http" and (ours := sorted(set(names) & set(IN_POSTS))):
            message = f"are called {ours[0]}, which every grade that is posted has already"
            self._wrong(entry, ("columns",), message, "name it otherwise")
        folded = [name.casefold() for name in names]
        twice = [name for name in names if folded.count(name.casefold()) > 1]
        if kind == "sql" and twice:
            message = f"{' and '.join(twice)} are one column for many databases"
            self._wrong(entry, ("columns",), message, "name one of them otherwise")

    def _taken_back(self, entry: Entry) -> dict[str, frozenset[str]]:
        stated = entry.value.taken_back or {}
        for flow in stated:
            if flow not in self.flows:
                where, name = entry.at("taken_back", flow), entry.name("taken_back", flow)
                self.documents.dangling("flows", flow, where, name)
        return {flow: frozenset(people) for flow, people in stated.items()}

    def _check_codes(self, entry: Entry) -> None:
        value = entry.value
        for scale, codes in (value.codes or {}).items():
            for overlap, message, hint in _odd_ranges(codes):
                self._wrong(entry, ("codes", scale, overlap), message, hint)
        if value.alternative_codes and not {ALTERNATIVE, ADMINISTRATIVE} & {
            *(value.counts or COUNTS)
        }:
            hint = "add administrative or alternative to counts"
            message = "are about grades that do not count"
            self._wrong(entry, ("alternative_codes",), message, hint)

    def _is_wrong(self, entry: Entry, word: str) -> bool:
        """Whether something below a word of the entry is wrong by itself, and was said."""
        name = entry.name(word)
        return any(problem.field.startswith(name) for problem in self.documents.problems)

    def _wrong(self, entry: Entry, steps: tuple[str, ...], message: str, hint: str) -> None:
        self.documents.wrong(entry.at(*steps), entry.name(*steps), message, hint)


def _named(columns: list[str]) -> tuple[tuple[str, str], ...]:
    return tuple((held.removeprefix("data."), held) for held in columns)


def _odd_ranges(codes: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """The ranges that hold nothing, or begin before an earlier one has ended; what to do."""
    ranges = sorted(
        (float(found[1]), float(found[2]), text)
        for text in codes
        if (found := RANGE.fullmatch(text.strip()))
    )
    end = float("-inf")
    for least, most, text in ranges:
        if most < least:
            yield text, "ends before it begins", "write the smaller number first"
        elif least <= end:
            yield text, "overlaps another range", "let each begin after it"
        end = max(end, most)
