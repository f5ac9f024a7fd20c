"""The mutants of `make mutants` are still mutants: each text stands where it is said to stand."""

from __future__ import annotations

import pytest

from tests.mutants import MUTANTS, ROOT, Mutant


@pytest.mark.skipif(not (ROOT / "engine").is_dir(), reason="the source is not here")
@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_each_safeguard_is_still_there_to_be_taken_out(mutant: Mutant) -> None:
    text = (ROOT / "engine" / mutant.file).read_text(encoding="utf-8")
    assert text.count(mutant.before) == 1
