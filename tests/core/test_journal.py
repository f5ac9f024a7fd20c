"""The journal of a run, when its disk is full for a while."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from engine.errors import JournalError
from engine.journal import Journal, Run, read

if TYPE_CHECKING:
    from pathlib import Path

RUN = Run("staging", "kim", "here", None, "sha256:0", "L-000000", "apply", {})


def test_a_journal_that_lost_lines_takes_none_after_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def calls() -> Path:
        journal = Journal(tmp_path, RUN, datetime.now(UTC))
        assert await journal.calling("PUT /users/{userId}", "/users/1") == 1
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", _full)
            with pytest.raises(JournalError):
                await journal.calling("PUT /users/{userId}", "/users/2")
        with pytest.raises(JournalError):
            await journal.calling("PUT /users/{userId}", "/users/3")
        await journal.end(8)
        return journal.path

    path = asyncio.run(calls())
    assert [row["type"] for row in read(path)] == ["run", "call"]


def _full(*_: object) -> int:
    raise OSError(28, "No space left on device")
