"""`wisectl show`: a saved plan again, as it was reviewed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.commands.session import Invocation, settings_of, style_of
from engine.errors import EngineError, StaleError
from engine.planfile import unsealed
from engine.render.as_json import render
from engine.render.terminal import render_plan

if TYPE_CHECKING:
    from pathlib import Path

    from engine.plan import Plan
    from engine.render.style import Style


def _rendered(plan: Plan, style: Style) -> str:
    """The plan as text. Raises: StaleError: without its seal anything may stand in a file."""
    try:
        return render_plan(plan, style)
    except (TypeError, ValueError, LookupError, AttributeError):
        raise StaleError("this is no plan as wisectl writes it: it cannot be shown") from None


def bytes_of(path: Path) -> bytes:
    """What a plan file holds, read once. Raises: EngineError, StaleError for what is no file."""
    if path.exists() and not path.is_file():
        raise StaleError(f"{path} is no plan file, but a folder or a device")
    try:
        return path.read_bytes()
    except OSError as error:
        raise EngineError(f"{path} cannot be read: {error.strerror or 'no such file'}") from None


def run(invocation: Invocation, path: Path) -> int:
    """Prints the plan; 0. Needs no key and no server: only apply verifies the seal."""
    saved = unsealed(bytes_of(path))
    if invocation.json:
        print(render(saved.document), end="")
    else:
        style = style_of(invocation, settings_of(invocation), None, None)
        print(_rendered(saved.plan, style), end="")
    return 0
