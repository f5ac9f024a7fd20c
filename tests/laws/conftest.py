"""One sandbox, and one stage before it, for all laws that a worker tries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.laws.server import Server, serving
from tests.laws.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture(scope="session")
def only_stage(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Stage(server, tmp_path_factory.mktemp("laws"))


@pytest.fixture
def stage(only_stage: Stage) -> Stage:
    only_stage.set_out()
    return only_stage
