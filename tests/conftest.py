"""Hooks of the whole suite: pytest reads them here only, before the tests are collected."""

from tests.laws.report import pytest_configure, pytest_sessionfinish, pytest_terminal_summary

__all__ = ["pytest_configure", "pytest_sessionfinish", "pytest_terminal_summary"]
