"""The mutants of `make mutants` are still mutants: each text stands where it is said to stand."""

from __future__ import annotations

import ast

import pytest

from engine.guards import NAMES
from tests.detections import DETECTIONS, Detection, held
from tests.grade_detections import OF_GRADES
from tests.mutants import MUTANTS, ROOT, Mutant

EVERY: tuple[Mutant | Detection, ...] = (*MUTANTS, *DETECTIONS, *OF_GRADES)
ELSEWHERE = {"starts-soon", "primary-email", "uniweb", "deletion"}
"""Names of --allow whose detections are several, or are tried by tests of their own."""

here = pytest.mark.skipif(not (ROOT / "engine").is_dir(), reason="the source is not here")


@here
@pytest.mark.parametrize("mutant", EVERY, ids=[mutant.name for mutant in EVERY])
def test_each_safeguard_is_still_there_to_be_taken_out(mutant: Mutant | Detection) -> None:
    text = (ROOT / "engine" / mutant.file).read_text(encoding="utf-8")
    assert text.count(mutant.before) == 1


@here
@pytest.mark.parametrize("mutant", EVERY, ids=[mutant.name for mutant in EVERY])
def test_what_is_left_without_it_can_be_read(mutant: Mutant | Detection) -> None:
    """Else any test would fail, whatever it is about."""
    text = (ROOT / "engine" / mutant.file).read_text(encoding="utf-8")
    ast.parse(text.replace(mutant.before, mutant.after))


DETECTED = (*DETECTIONS, *OF_GRADES)


@pytest.mark.parametrize("detection", DETECTED, ids=[one.name for one in DETECTED])
def test_the_tests_that_must_notice_are_there(detection: Detection) -> None:
    assert detection.tests
    for one in detection.tests:
        file, _, name = one.partition("::")
        text = (ROOT / file).read_text(encoding="utf-8")
        assert f"def {name.partition('[')[0]}(" in text, one


def test_every_name_of_allow_has_what_detects_it_taken_out() -> None:
    tried = {test for one in DETECTED for test in one.tests}
    assert {name for name in NAMES if not tried & {*held(name)}} == ELSEWHERE


def test_no_two_have_one_name() -> None:
    assert len({one.name for one in EVERY}) == len(EVERY)
