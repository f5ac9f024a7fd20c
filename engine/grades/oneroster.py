"""Grades as a OneRoster 1.2 CSV bundle, in bulk: line items, results, one category, a manifest.

Source: 1EdTech OneRoster 1.2, CSV binding: headers, types and vocabularies of its tables. In bulk
mode `status` and `dateLastModified` stay empty. Ids are made from what they stand for, so that the
same grade has the same id in every bundle.
"""

from __future__ import annotations

import re
import uuid
from itertools import groupby
from typing import TYPE_CHECKING

from engine.grades.columns import moment
from engine.grades.files import csv_row

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


def source_id(*parts: str) -> str:
    """The sourcedId of what the parts name; the same for the same parts."""
    return str(uuid.uuid5(NAMESPACE, "/".join(parts)))


class Bundle:
    """The four files, made anew from the ledger; the manifest last."""

    def __init__(self, to: Destination) -> None:
        self._classes = to.classes
        self._school = to.school or "wiseflow"

    def files(self, ledger: Ledger) -> Iterator[tuple[str, Iterable[str]]]:
        yield "results.csv", self._results(ledger.lines())
        yield "lineItems.csv", self._line_items(ledger.lines())
        yield "categories.csv", _categories()
        yield "manifest.csv", _manifest()

    def _results(self, lines: Iterable[Line]) -> Iterator[str]:
        yield csv_row(RESULTS)
        for line in lines:
            code = str(line.content["code"])
            yield csv_row(
                (
                    source_id("result", line.flow, line.person),
                    None,
                    None,
                    source_id("lineItem", line.flow),
                    line.person,
                    FULLY_GRADED,
                    code.replace(",", ".") if _NUMBER.fullmatch(code) else None,
                    (moment(line.content["graded"]) or "")[:10],
                    None,
                    code,
                    self._class(line),
                    *("false",) * 4,
                )
            )

    def _line_items(self, lines: Iterable[Line]) -> Iterator[str]:
        yield csv_row(LINE_ITEMS)
        for flow, several in groupby(lines, key=lambda line: line.flow):
            line = next(several)
            facts = line.facts
            yield csv_row(
                (
                    source_id("lineItem", flow),
                    None,
                    None,
                    facts["title"] or flow,
                    facts["subtitle"],
                    facts["starts"],
                    facts["ends"],
                    self._class(line),
                    source_id("category", CATEGORY),
                    _plain(str(facts["term"] or "no-term")),
                    facts["least"],
                    facts["most"],
                    self._school,
                )
            )

    def _class(self, line: Line) -> str:
        found = None if self._classes == "flow" else line.facts.get(self._classes)
        return _plain(str(found or line.flow))


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
