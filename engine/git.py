"""What git says of the repository of manifests; None where it says nothing."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def head(root: Path) -> str | None:
    """The commit that is checked out; None outside git, or without git."""
    try:
        answer = subprocess.run(  # noqa: S603 - the only argument is a folder
            ["git", "-C", str(root), "rev-parse", "--verify", "HEAD"],  # noqa: S607 - git as the user's shell finds it
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() or None if answer.returncode == 0 else None
