"""The worlds themselves: whatever a manifest can say is said in some of them, and rightly."""

from __future__ import annotations

import shutil
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from engine.desired import Conventions, load_desired
from engine.errors import ManifestError
from engine.kinds import KINDS
from tests.laws.drawing import paths_in, paths_of
from tests.laws.law import EnoughError
from tests.laws.scene import BEGIN, Scene
from tests.laws.stage import USER_KEY, ZONE
from tests.laws.terms import PLANNED_KINDS, Term, terms

if TYPE_CHECKING:
    from pathlib import Path

LEAST = 400
SCENE = Scene("term", BEGIN + timedelta(days=100))


@pytest.fixture(scope="module")
def drawn() -> list[Term]:
    """Many terms, always the same: until every field was drawn, or for long enough."""
    found: list[Term] = []
    lacking = {path for plural in PLANNED_KINDS for path in paths_of(KINDS[plural].model, plural)}

    @seed(20270111)
    @settings(
        max_examples=1_200,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(terms(SCENE))
    def draw(term: Term) -> None:
        found.append(term)
        for plural in PLANNED_KINDS:
            lacking.difference_update(paths_in(term.entries[plural], plural))
        if not lacking and len(found) >= LEAST:
            raise EnoughError

    with suppress(EnoughError):
        draw()
    return found


@pytest.mark.parametrize("plural", PLANNED_KINDS)
def test_every_field_of_every_kind_is_drawn(drawn: list[Term], plural: str) -> None:
    """Where this fails, say in scene.WORDS what the new field may hold."""
    stated = {path for term in drawn for path in paths_in(term.entries[plural], plural)}
    assert set(paths_of(KINDS[plural].model, plural)) - stated == set()


def test_no_term_is_wrong_in_itself(drawn: list[Term], tmp_path: Path) -> None:
    """Else laws would speak of worlds that nobody lives in."""
    some = drawn[:LEAST]
    right = [not _problems(term, tmp_path) for term in some]
    assert any(right)
    for term, is_right in zip(some, right, strict=True):
        if not is_right:
            assert _problems(term.without_unknown_kinds(), tmp_path) == []


def _problems(term: Term, root: Path) -> list[str]:
    shutil.rmtree(root / "manifests", ignore_errors=True)
    for name, text in term.files().items():
        path = root / "manifests" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    try:
        load_desired(root, root / "manifests", Conventions(USER_KEY, ZONE))
    except ManifestError as error:
        return [str(problem) for problem in error.problems]
    return []
