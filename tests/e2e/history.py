"""Commits of a repository of manifests, made the same way on every machine."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_WHO = ("-c", "user.name=Kim", "-c", "user.email=kim@example.org", "-c", "commit.gpgsign=false")


def git(root: Path, *arguments: str) -> str:
    """What git says; a failure is a failure of the test."""
    answer = subprocess.run(  # noqa: S603 - arguments of tests
        ["git", "-C", str(root), *_WHO, *arguments],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    )
    return answer.stdout.strip()


def commit(root: Path, message: str = "a term") -> str:
    """Commits all that is there, also nothing; the name of the commit."""
    if not (root / ".git").exists():
        git(root, "init", "--quiet", "--initial-branch", "main")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(root, "rev-parse", "HEAD")
