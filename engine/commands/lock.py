"""One apply at a time for one environment on this machine; who waits is told for whom."""

from __future__ import annotations

import os
import platform
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from engine.commands.session import lock_path, make_work_folder
from engine.errors import LockedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from engine.commands.session import Session


A_MOMENT = 0.5
"""Seconds that an apply waits: `journal` holds the lock for less, to see whether it is free."""


@contextmanager
def locked(session: Session) -> Iterator[None]:
    """Holds the environment's lock. Raises: LockedError, with the holder's name."""
    path = lock_path(session.invocation.root, session.name)
    make_work_folder(path.parent)
    name_file = path.with_suffix(".holder")
    lock = FileLock(path, timeout=A_MOMENT)
    try:
        lock.acquire()
    except Timeout:
        message = f"another apply works on {session.name}{_holder(name_file)}"
        raise LockedError(f"{message}; wait until it has ended") from None
    try:
        name_file.write_text(_myself(), encoding="utf-8")
        yield
    finally:
        name_file.unlink(missing_ok=True)
        lock.release()


def holder(root: Path, environment: str) -> str | None:
    """Who applies to an environment at this moment from here; None where nobody does."""
    path = lock_path(root, environment)
    if not path.exists():
        return None
    lock = FileLock(path, timeout=0)
    try:
        with lock:
            return None
    except Timeout:
        return _holder(path.with_suffix(".holder")).removeprefix(": ")


def _myself() -> str:
    who = os.environ.get("USER") or os.environ.get("USERNAME") or "somebody"
    since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{who} on {platform.node()}, process {os.getpid()}, since {since}"


def _holder(name_file: Path) -> str:
    """Who holds it, as they wrote it; nothing in the moment before they do."""
    try:
        return f": {name_file.read_text(encoding='utf-8').strip()}"
    except (OSError, ValueError):
        return ""
