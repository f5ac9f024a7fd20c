"""`wisectl schema`: the JSON Schemas of manifests, settings and plans, for editors and tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.render.plan_schema import PLAN_SCHEMA
from engine.schema import manifest_schema, model_schema, write_schemas
from engine.settings import SettingsModel

if TYPE_CHECKING:
    from pathlib import Path

    from engine.commands.session import Invocation


def all_schemas() -> dict[str, dict[str, Any]]:
    """Every schema by file name."""
    return {
        "manifest.schema.json": manifest_schema(),
        "settings.schema.json": model_schema(SettingsModel, "wisectl settings"),
        "plan.schema.json": PLAN_SCHEMA,
    }


def run(invocation: Invocation, folder: Path | None) -> int:
    """Writes the schemas into the repository's schemas/ folder; says which changed."""
    changed = write_schemas(folder or invocation.root / "schemas", all_schemas())
    for path in changed:
        print(f"written: {path.name}")
    print("schemas/ is up to date." if not changed else f"{len(changed)} written.")
    return 0
