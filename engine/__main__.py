"""`wisectl`, and `python -m engine`: loads the rest, which Ctrl-C may interrupt too."""

from __future__ import annotations

import json
import signal
import sys
from typing import NoReturn

from engine import __version__

INTERRUPTED = 130
MESSAGE = "Interrupted before it began."


def main() -> NoReturn:
    """Runs one command and exits with its code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        from engine.main import main as run

        run()
    except KeyboardInterrupt:
        _tell()
        sys.exit(INTERRUPTED)


def _tell() -> None:
    """As engine/main.py ends a command, of which nothing may be there yet."""
    if "--json" in sys.argv:
        error = {"message": MESSAGE, "exit_code": INTERRUPTED}
        document = {"format_version": "1.0", "tool_version": __version__, "error": error}
        print(json.dumps(document | {"problems": []}, indent=2))
    print(f"wisectl: {MESSAGE}", file=sys.stderr)


if __name__ == "__main__":
    main()
