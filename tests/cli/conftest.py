"""A repository in a folder, and the command line as people and scripts meet it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from engine.main import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

USERS = """\
users:
  - key: kim@northfield.example
    first_name: Kim
    last_name: Larsen
    language: en
    emails: [kim@northfield.example]
    roles: [Manager]
"""


@dataclass(frozen=True)
class Ended:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output as the one JSON document that it must be."""
        return json.loads(self.out)


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CI", "GITHUB_ACTIONS", "WISECTL_ENV", "FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one user and no environment."""
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests" / "users.yaml").write_text(USERS, encoding="utf-8")
    (tmp_path / "wisectl.yaml").write_text("time_zone: Europe/Copenhagen\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def wisectl(repository: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Runs one command in the repository."""

    def call(*arguments: str) -> Ended:
        capsys.readouterr()
        code = run(["--dir", str(repository), *arguments])
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return call
