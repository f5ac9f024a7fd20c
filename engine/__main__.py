"""`python -m engine` is `wisectl`."""

from __future__ import annotations

from engine.main import main

if __name__ == "__main__":
    main()
