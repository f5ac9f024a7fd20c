"""`wisectl show`: a saved plan again, as it was reviewed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.commands.session import Invocation, settings_of, style_of
from engine.errors import EngineError
from engine.planfile import unsealed
from engine.render.as_json import render
from engine.render.terminal import render_plan

if TYPE_CHECKING:
    from pathlib import Path


def run(invocation: Invocation, path: Path) -> int:
    """Prints the plan; 0. Needs no key and no server: only apply verifies the seal."""
    try:
        saved = unsealed(path.read_bytes())
    except OSError as error:
        raise EngineError(f"{path} cannot be read: {error.strerror or 'no such file'}") from None
    if invocation.json:
        print(render(saved.document), end="")
    else:
        style = style_of(invocation, settings_of(invocation), None, None)
        print(render_plan(saved.plan, style), end="")
    return 0
