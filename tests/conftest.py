"""Hooks of the whole suite: pytest reads them here only, before the tests are collected."""

import pytest
from hypothesis import settings

from engine import redaction
from tests.laws.report import pytest_configure, pytest_sessionfinish, pytest_terminal_summary

__all__ = ["pytest_configure", "pytest_sessionfinish", "pytest_terminal_summary"]

# No test fails because a machine is busy.
settings.register_profile("wisectl", deadline=None)
settings.load_profile("wisectl")


@pytest.fixture(autouse=True)
def _own_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret that one test drew is a word of another: a process knows secrets for good."""
    monkeypatch.setattr(redaction, "KNOWN", redaction.Secrets())
