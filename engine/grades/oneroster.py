"""Grades as a OneRoster 1.2 CSV bundle, in bulk: line items, results, one category, a manifest.

Source: 1EdTech OneRoster 1.2, CSV binding (Final). From there are the names of the files, their
headers and the order of them; what is required; the types (an id has the characters of `AN_ID`, a
date is YYYY-MM-DD, a Boolean `true` or `false`); the vocabularies (`scoreStatus`, and `bulk`,
`delta` or `absent` of each file in the manifest); that `status` and `dateLastModified` stay empty
in bulk mode; UTF-8 without a mark, rows as in RFC 4180, files at the root of an archive.

Ours: ids are made from what they stand for, so that the same grade has the same id in every
bundle. All grades are of one category. A code that is a number is a score, and any code stands as
text too, as `02` is no number for everybody. Dates are required: what has none gets the next best.
"""

from __future__ import annotations

import re
import uuid
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING

from engine.grades.columns import moment
from engine.grades.files import csv_row
from engine.kinds.grade_export import SOURCED_ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.grades.ledger import Ledger, Line
    from engine.grades.model import Destination

NAMESPACE = uuid.UUID("5b0d6f1e-0d0a-5c55-9f0e-3c3f6f9f2a17")
"""All ids below are made in it: never to be changed."""

CATEGORY = "Examinations"
FULLY_GRADED = "fully graded"

LINE_ITEMS = (
    "sourcedId",
    "status",
    "dateLastModified",
    "title",
    "description",
    "assignDate",
    "dueDate",
    "classSourcedId",
    "categorySourcedId",
    "gradingPeriodSourcedId",
    "resultValueMin",
    "resultValueMax",
    "schoolSourcedId",
)
RESULTS = (
    "sourcedId",
    "status",
    "dateLastModified",
    "lineItemSourcedId",
    "studentSourcedId",
    "scoreStatus",
    "score",
    "scoreDate",
    "comment",
    "textScore",
    "classSourcedId",
    "inProgress",
    "incomplete",
    "late",
    "missing",
)
CATEGORIES = ("sourcedId", "status", "dateLastModified", "title", "weight")
FILES = (
    "academicSessions",
    "categories",
    "classes",
    "classResources",
    "courses",
    "courseResources",
    "demographics",
    "enrollments",
    "lineItemLearningObjectiveIds",
    "lineItems",
    "lineItemScoreScales",
    "orgs",
    "resources",
    "resultLearningObjectiveIds",
    "results",
    "resultScoreScales",
    "roles",
    "scoreScales",
    "userProfiles",
    "userResources",
    "users",
)
HELD = {"categories", "lineItems", "results"}

_NUMBER = re.compile(r"-?\d+([.,]\d+)?", re.ASCII)
_NO_ID = re.compile(r"[^A-Za-z0-9._/@-]+")
AN_ID = re.compile(SOURCED_ID, re.ASCII)
"""A sourcedId: an identifier of somebody which is none cannot stand in a bundle."""


def source_id(*parts: str) -> str:
    """The sourcedId of what the parts name; the same for the same parts."""
    return str(uuid.uuid5(NAMESPACE, "/".join(parts)))


def result_id(line: Line) -> str:
    """The sourcedId of one person's grade on one flow, through all its corrections."""
    return source_id("result", line.flow, line.person)


class Bundle:
    """The four files, made anew from the ledger; the manifest last."""

    def __init__(self, to: Destination) -> None:
        self._classes = to.classes
        self._school = to.school or "wiseflow"
        self.names: tuple[str, ...] = (
            "results.csv",
            "lineItems.csv",
            "categories.csv",
            "manifest.csv",
        )
        self.shape = f"OneRoster 1.2 {self._classes} {self._school}"

    def files(self, ledger: Ledger) -> Iterator[tuple[str, Iterable[str]]]:
        yield "results.csv", self._results(ledger.lines())
        yield "lineItems.csv", self._line_items(ledger.lines())
        yield "categories.csv", _categories()
        yield "manifest.csv", _manifest()

    def _results(self, lines: Iterable[Line]) -> Iterator[str]:
        yield csv_row(RESULTS)
        for line in lines:
            yield csv_row(
                (
                    result_id(line),
                    None,
                    None,
                    source_id("lineItem", line.flow),
                    line.person,
                    FULLY_GRADED,
                    _score(line),
                    _graded(line),
                    None,
                    str(line.content["code"]),
                    self._class(line),
                    *("false",) * 4,
                )
            )

    def _line_items(self, lines: Iterable[Line]) -> Iterator[str]:
        yield csv_row(LINE_ITEMS)
        for flow, several in groupby(lines, key=lambda line: line.flow):
            yield csv_row(self._line_item(flow, several))

    def _line_item(self, flow: str, lines: Iterator[Line]) -> tuple[str | None, ...]:
        line = next(lines)
        facts = line.facts
        least, most, first = _extent(line, lines)
        starts = facts["starts"] or facts["ends"] or first
        return (
            source_id("lineItem", flow),
            None,
            None,
            facts["title"] or flow,
            facts["subtitle"],
            starts,
            facts["ends"] or starts,
            self._class(line),
            source_id("category", CATEGORY),
            _plain(str(facts["term"] or "no-term")),
            least,
            most,
            self._school,
        )

    def _class(self, line: Line) -> str:
        found = None if self._classes == "flow" else line.facts.get(self._classes)
        return _plain(str(found or line.flow))


def _score(line: Line) -> str | None:
    """The code as a number, where it is one."""
    code = str(line.content["code"])
    return code.replace(",", ".") if _NUMBER.fullmatch(code) else None


def _graded(line: Line) -> str:
    """The day of the grade; where WISEflow says none, that on which it was read."""
    graded = moment(line.content["graded"])
    return graded[:10] if graded else str(line.facts["read"])


def _extent(first: Line, others: Iterable[Line]) -> tuple[str, str, str]:
    """The least and the greatest score that may be or is there, and the day of the first grade."""
    least, most = Decimal(first.facts["least"]), Decimal(first.facts["most"])
    day = _graded(first)
    for line in (first, *others):
        day = min(day, _graded(line))
        if score := _score(line):
            least, most = min(least, Decimal(score)), max(most, Decimal(score))
    return f"{least:f}", f"{most:f}", day


def _plain(text: str) -> str:
    """The text with only those characters that an id may have."""
    return _NO_ID.sub("-", text)


def _categories() -> Iterator[str]:
    yield csv_row(CATEGORIES)
    yield csv_row((source_id("category", CATEGORY), None, None, CATEGORY, None))


def _manifest() -> Iterator[str]:
    yield csv_row(("propertyName", "value"))
    yield csv_row(("manifest.version", "1.0"))
    yield csv_row(("oneroster.version", "1.2"))
    for name in FILES:
        yield csv_row((f"file.{name}", "bulk" if name in HELD else "absent"))
    yield csv_row(("source.systemName", "WISEflow"))
    yield csv_row(("source.systemCode", "wisectl"))
