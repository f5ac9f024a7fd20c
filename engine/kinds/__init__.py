"""Every kind there is: a module of this package that exports KIND is one."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.kind import Kind


def _find() -> dict[str, Kind]:
    names = sorted(m.name for m in iter_modules(__path__) if not m.name.startswith("_"))
    kinds = [import_module(f"{__name__}.{name}").KIND for name in names]
    return {kind.plural: kind for kind in kinds}


KINDS: dict[str, Kind] = _find()
"""By the plural under which manifests list them."""
