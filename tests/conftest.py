"""Hooks of the whole suite: pytest reads them here only, before the tests are collected."""

from hypothesis import settings

from tests.laws.report import pytest_configure, pytest_sessionfinish, pytest_terminal_summary

__all__ = ["pytest_configure", "pytest_sessionfinish", "pytest_terminal_summary"]

# No test fails because a machine is busy.
settings.register_profile("wisectl", deadline=None)
settings.load_profile("wisectl")
