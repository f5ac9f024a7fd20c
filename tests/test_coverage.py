"""docs/coverage.md says of every operation of the document who uses it, or why nobody does."""

from __future__ import annotations

import re

import pytest

from tests import coverage
from tests.contract import contract_or_skip


def test_the_page_is_what_the_code_says() -> None:
    assert coverage.PAGE.read_text(encoding="utf-8") == coverage.page(coverage.listed()), (
        "make coverage writes it anew"
    )


def test_the_page_has_every_operation_of_the_document_once() -> None:
    known = sorted(f"{method} {path}" for method, path in contract_or_skip().operations())
    assert sorted(coverage.listed()) == known


def test_what_the_engine_sends_is_on_the_page() -> None:
    assert coverage.used() <= set(coverage.listed())


@pytest.mark.parametrize("table", ["USERS", "REASONS"])
def test_nothing_is_said_of_operations_that_are_not_there(table: str) -> None:
    sent = coverage.used()
    chosen = [one for one in coverage.listed() if (one in sent) is (table == "USERS")]
    idle = [
        pattern
        for pattern, _ in getattr(coverage, table)
        if not any(re.fullmatch(pattern, one) for one in chosen)
    ]
    assert idle == []
