"""Broken manifests: each problem at its place, in words that help, and no problem besides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.manifests.cases_allocation import ALLOCATION_CASES
from tests.manifests.cases_allow import ALLOW_CASES
from tests.manifests.cases_attached import ATTACHED_CASES
from tests.manifests.cases_bookings import BOOKING_CASES
from tests.manifests.cases_csv import CSV_CASES
from tests.manifests.cases_dates import DATE_CASES
from tests.manifests.cases_entries import ENTRY_CASES
from tests.manifests.cases_exports import EXPORT_CASES
from tests.manifests.cases_individual import INDIVIDUAL_CASES
from tests.manifests.cases_lifecycle import LIFECYCLE_CASES
from tests.manifests.cases_oral import ORAL_CASES
from tests.manifests.cases_people import PEOPLE_CASES
from tests.manifests.cases_sequences import SEQUENCE_CASES
from tests.manifests.cases_sets import SET_CASES
from tests.manifests.cases_webhooks import WEBHOOK_CASES
from tests.manifests.cases_yaml import YAML_CASES
from tests.manifests.repositories import problems_of, write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CASES = {
    **YAML_CASES,
    **ENTRY_CASES,
    **DATE_CASES,
    **PEOPLE_CASES,
    **CSV_CASES,
    **ALLOCATION_CASES,
    **ATTACHED_CASES,
    **BOOKING_CASES,
    **ORAL_CASES,
    **ALLOW_CASES,
    **SET_CASES,
    **EXPORT_CASES,
    **WEBHOOK_CASES,
    **INDIVIDUAL_CASES,
    **LIFECYCLE_CASES,
    **SEQUENCE_CASES,
}


@pytest.mark.parametrize("name", CASES)
def test_every_problem_is_found_where_it_stands(name: str, tmp_path: Path) -> None:
    files, *words = CASES[name]
    given: Mapping[str, str | bytes] = {"m.yaml": files} if isinstance(files, str) else files
    expected = write(tmp_path, given)
    problems = problems_of(tmp_path)
    found = [(p.location.file, p.location.line, p.location.column) for p in problems]
    shown = "\n".join(map(str, problems))
    assert found == sorted((e.file, e.line, e.column) for e in expected), shown
    for problem, said in zip(problems, words, strict=True):
        for word in said.split(" … "):
            assert word in str(problem), shown


def test_all_files_of_a_folder_are_reported_at_once(tmp_path: Path) -> None:
    words = 0
    for number, (files, *said) in enumerate(CASES.values()):
        if isinstance(files, str) and "users" not in files:
            write(tmp_path, {f"case-{number:03}.yaml": files})
            words += len(said)
    files_with_problems = {p.location.file for p in problems_of(tmp_path)}
    assert len(files_with_problems) > 60


@pytest.mark.parametrize("name", [name for name in CASES if "secret" in name])
def test_no_problem_shows_a_literal_secret(name: str, tmp_path: Path) -> None:
    write(tmp_path, {"m.yaml": CASES[name][0]})
    assert problems_of(tmp_path) != []
    assert not any("s3cret" in str(p) or "20270131" in str(p) for p in problems_of(tmp_path))
