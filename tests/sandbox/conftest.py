"""One sandbox for all tests of the sandbox; each finds it at its seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sandbox.licence import Licence, licence

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def shared_licence() -> Iterator[Licence]:
    with licence() as client:
        yield client


@pytest.fixture
def wise(shared_licence: Licence) -> Licence:
    """A licence as it was seeded, without rate limit, every exchange checked."""
    assert shared_licence.control.post("/reset").status_code == 200
    return shared_licence
