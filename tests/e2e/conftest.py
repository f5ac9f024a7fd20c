"""One sandbox for all rehearsals of a run, returned to its seed before each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine.sandbox.serve import Options, RunningSandbox, running
from tests.e2e.rehearsal import Rehearsal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def sandbox() -> Iterator[RunningSandbox]:
    with running(Options(rate_limit=False)) as server:
        yield server


@pytest.fixture
def rehearsal(sandbox: RunningSandbox, tmp_path: Path) -> Rehearsal:
    stage = Rehearsal(sandbox.url, tmp_path)
    stage.control("POST", "reset")
    return stage
