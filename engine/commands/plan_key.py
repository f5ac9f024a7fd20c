"""The key of saved plans: from the settings, else a file that is made on first use."""

from __future__ import annotations

import os
import secrets
import stat
from typing import TYPE_CHECKING

from engine.checking import at
from engine.commands.session import WORK_FOLDER, make_work_folder
from engine.errors import EngineError, ManifestError, Problem
from engine.settings import expand

if TYPE_CHECKING:
    from pathlib import Path

    from engine.commands.session import Session

FILE = "plan.key"
SHORTEST = 16
"""Characters: a shorter key can be guessed, and with it the values behind the digests."""


def plan_key(session: Session) -> bytes:
    """The key. Raises: ManifestError, where its variable is not set or too short; EngineError."""
    environment = session.environment
    if environment is None or environment.plan_key is None:
        return _own_key(session.invocation.root / WORK_FOLDER)
    path = ("environments", session.name, "plan_key")
    text = expand(session.settings, path, environment.plan_key, os.environ).get_secret_value()
    if len(text) < SHORTEST:
        where = at(session.settings.node, path).location
        message = f"has fewer than {SHORTEST} characters"
        raise ManifestError([Problem(where, ".".join(path), message, "choose a random one")])
    return text.encode()


def _own_key(folder: Path) -> bytes:
    make_work_folder(folder)
    path = folder / FILE
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read_key(path)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32) + "\n")
    return _read_key(path)


def _read_key(path: Path) -> bytes:
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise EngineError(f"others can read {path}: chmod 600 it, and make saved plans anew")
    key = path.read_bytes().strip()
    if len(key) < SHORTEST:
        raise EngineError(f"{path} holds no key: delete it, and make saved plans anew")
    return key
