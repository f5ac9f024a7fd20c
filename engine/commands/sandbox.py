"""`wisectl sandbox serve`: WISEflow and UNIWeb as servers on loopback, for people and tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import EngineError
from engine.sandbox.quirks import QuirkError
from engine.sandbox.serve import Options, SandboxStartError, serve

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def run(port: int, options: Options) -> int:
    """Serves until interrupted."""
    try:
        serve(options, port, _ready)
    except (SandboxStartError, QuirkError, ValueError) as error:
        raise EngineError(str(error)) from None
    return 0


def _ready(url: str) -> None:
    print(f"WISEflow   {url}/v1")
    print(f"UNIWeb     {url}/uniweb")
    print(f"Control    {url}/_sandbox")
    print("Credentials: sandbox / sandbox, API key sandbox. Stop with Ctrl-C.", flush=True)


def quirks_of(texts: tuple[str, ...]) -> Mapping[str, str]:
    """From `NAME=VALUE` texts. Raises: EngineError."""
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise EngineError(f'"{text}" is no quirk: write NAME=VALUE')
        pairs[name] = value
    return pairs


def data_of(path: Path | None) -> str | Path:
    return path if path is not None else ":memory:"
