"""One sandbox for all rehearsals of a run, returned to its seed before each; and databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine.sandbox.serve import Options, RunningSandbox, running
from tests.e2e.databases import Database, Server, postgresql, sqlite
from tests.e2e.office import SETTINGS, Office
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


@pytest.fixture
def office(
    rehearsal: Rehearsal, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Office:
    for name in ("CI", "GITHUB_ACTIONS", "WISECTL_ENV", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TEST_SECRET", "sandbox")
    settings = SETTINGS.format(url=rehearsal.url)
    (rehearsal.root / "wisectl.yaml").write_text(settings, encoding="utf-8")
    return Office(rehearsal.root, rehearsal, capsys)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Started by the first test that asks for it."""
    with postgresql() as running_server:
        yield running_server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty one of each sort, where the variable SIS_DATABASE says."""
    if request.param == "sqlite":
        found = sqlite(tmp_path)
    else:
        found = request.getfixturevalue("server").database()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIS_DATABASE", found.url)
        yield found
