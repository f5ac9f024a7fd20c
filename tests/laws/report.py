"""The pytest hooks of the laws: one seed for all workers, and one table at the end."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.laws import tally

if TYPE_CHECKING:
    import pytest

SEED = "WISECTL_SEED"
_STARTED = time.monotonic()


def pytest_configure(config: pytest.Config) -> None:
    """In the process that reports, before there are workers: they inherit what is set here."""
    if os.environ.get(SEED) == "random":
        os.environ[SEED] = str(secrets.randbelow(10**6))
    if not hasattr(config, "workerinput"):
        os.environ[tally.FOLDER] = tempfile.mkdtemp(prefix="wisectl-laws-")


def pytest_sessionfinish() -> None:
    tally.leave()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    folder = os.environ.get(tally.FOLDER)
    is_worker = hasattr(terminalreporter.config, "workerinput")
    if is_worker or not folder or not Path(folder).is_dir():
        return
    found = tally.gather(Path(folder))
    shutil.rmtree(folder, ignore_errors=True)
    if found.get("worlds"):
        terminalreporter.section("laws")
        seconds = time.monotonic() - _STARTED
        for line in tally.lines(found, int(os.environ.get(SEED, "1")), seconds):
            terminalreporter.write_line(line)
