"""Whether to colour: the flag, NO_COLOR, FORCE_COLOR, TERM=dumb, then whether it is a terminal."""

from __future__ import annotations

import os
import sys


def wants_colour(no_color: bool) -> bool:
    """Empty variables count as unset, as no-color.org has it."""
    if no_color or os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return os.environ.get("TERM") != "dumb" and sys.stdout.isatty()
