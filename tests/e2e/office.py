"""A repository beside a served sandbox, used through the command line alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from engine.main import run
from tests.e2e.history import commit

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.e2e.rehearsal import Rehearsal

SETTINGS = """\
time_zone: UTC
environments:
  staging:
    wiseflow: {{url: "{url}/v1", client_id: sandbox, client_secret: "${{TEST_SECRET}}"}}
    uniweb: {{url: "{url}/uniweb", client_id: sandbox, client_secret: "${{TEST_SECRET}}"}}
"""


@dataclass
class Office:
    """A repository beside a served sandbox, used through the command line alone."""

    root: Path
    stage: Rehearsal
    capsys: pytest.CaptureFixture[str]
    scope: tuple[str, ...] = ()
    """What every plan and apply is called with."""

    def write(self, text: str, name: str = "term.yaml") -> None:
        self.stage.write(text, name)

    def call(self, *arguments: str) -> tuple[int, str]:
        self.capsys.readouterr()
        code = run(["--dir", str(self.root), "--env", "staging", *arguments, *self.scope])
        captured = self.capsys.readouterr()
        return code, captured.out + captured.err

    def document(self, *arguments: str) -> Any:
        self.capsys.readouterr()
        arguments = ("plan", "--json", *arguments, *self.scope)
        run(["--dir", str(self.root), "--env", "staging", *arguments])
        return json.loads(self.capsys.readouterr().out)

    def apply(self) -> None:
        code, said = self.call("apply", "--auto-approve")
        assert code == 0, said

    def clock(self, text: str) -> None:
        now = datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
        self.stage.control("POST", "clock", {"now": int(now)})

    def commit(self) -> str:
        """Everything is committed; the name of the commit."""
        return commit(self.root)

    def proposed(self) -> str:
        """The entries that a plan proposes, as somebody would paste them."""
        lines = self.call("-v", "plan")[1].splitlines()
        start = lines.index("allow:")
        entries = [one for one in lines[start + 1 :] if one.startswith("  - ")]
        return "\n".join(["allow:", *entries, ""])
