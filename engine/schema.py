"""JSON Schemas for editors, made from the models. Sole user of jsonschema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from engine.addresses import ADDRESS_LISTS, Named
from engine.checking import null_as_none
from engine.kinds import KINDS

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import BaseModel

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DEFS = "#/$defs/{model}"
COLUMN = {"type": "string", "pattern": r"\{[^{}]+\}"}
"""A text with a column of a CSV file in it."""
_BELOW = frozenset({"anyOf", "oneOf", "allOf", "items", "additionalProperties"})
_CHOICES = frozenset({"enum", "const", "pattern", "format"})


class Generator(GenerateJsonSchema):
    """Says what validate takes: null only where it empties a field, and no defaults or titles."""

    def nullable_schema(self, schema: Any) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: Any) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def chain_schema(self, schema: Any) -> JsonSchemaValue:
        steps = [self.generate_inner(step) for step in schema["steps"]]
        return {name: value for step in steps for name, value in step.items()}

    def function_before_schema(self, schema: Any) -> JsonSchemaValue:
        inner = super().function_before_schema(schema)
        if schema["function"]["function"] is null_as_none:
            return {"anyOf": [inner, {"type": "null"}]}
        return inner

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def manifest_schema() -> dict[str, Any]:
    """The schema of a manifest: a mapping from plural kinds to lists of entries."""
    defs: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    for plural, kind in sorted(KINDS.items()):
        schema = kind.model.model_json_schema(ref_template=DEFS, schema_generator=Generator)
        defs |= schema.pop("$defs", {})
        defs[kind.model.__name__] = schema
        description = (kind.model.__doc__ or "").strip()
        items = {"$ref": DEFS.format(model=kind.model.__name__)}
        properties[plural] = {"type": ["array", "null"], "items": items, "description": description}
    _add_rows(defs)
    named = Named.model_json_schema(schema_generator=Generator)
    defs["Address"] = {key: value for key, value in named.items() if key != "$defs"}
    for word, description in ADDRESS_LISTS.items():
        items = {"$ref": DEFS.format(model="Address")}
        properties[word] = {"type": ["array", "null"], "items": items, "description": description}
    return {
        "$schema": DIALECT,
        "title": "wisectl manifest",
        "type": ["object", "null"],
        "properties": properties,
        "additionalProperties": False,
        "$defs": dict(sorted(defs.items())),
    }


def _add_rows(defs: dict[str, Any]) -> None:
    """Models of what one row makes of a mapping, where a field says that it is one."""
    wanted: dict[str, Any] = {}
    for model in list(defs.values()):
        for name, schema in model.get("properties", {}).items():
            if "by_row" in schema:
                target, but = schema["by_row"], schema.get("but", [])
                reference = {"$ref": DEFS.format(model=f"{target}ByRow")}
                model["properties"][name] = reference | {"description": schema["description"]}
                wanted[target] = _without(defs[target], but)
    while wanted:
        target, schema = wanted.popitem()
        found: set[str] = set()
        defs[f"{target}ByRow"] = _by_row(schema, found)
        wanted |= {one: defs[one] for one in found if f"{one}ByRow" not in defs}


def _without(schema: dict[str, Any], names: list[str]) -> dict[str, Any]:
    kept = {key: one for key, one in schema["properties"].items() if key not in names}
    required = [one for one in schema.get("required", []) if one not in names]
    return schema | {"properties": kept, "required": required}


def _by_row(schema: Any, found: set[str]) -> Any:
    """A schema that takes a text with a column wherever it takes a value; `found` gets its refs."""
    if isinstance(schema, list):
        return [_by_row(one, found) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        found.add(target := schema["$ref"].rpartition("/")[2])
        return schema | {"$ref": DEFS.format(model=f"{target}ByRow")}
    if _CHOICES & set(schema) or schema.get("type") in ("boolean", "integer", "number"):
        value = {key: one for key, one in schema.items() if key != "description"}
        said = {key: one for key, one in schema.items() if key == "description"}
        return {"anyOf": [value, COLUMN]} | said
    row = {key: one for key, one in schema.items() if key not in ("examples", "oneOf")}
    for key in _BELOW & set(schema):
        # A text with a column may fit several of those that exclude each other otherwise.
        row["anyOf" if key == "oneOf" else key] = _by_row(schema[key], found)
    if "properties" in schema:
        row["properties"] = {key: _by_row(one, found) for key, one in schema["properties"].items()}
    return row


def model_schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    """The schema of one model, such as that of the settings."""
    schema = model.model_json_schema(ref_template=DEFS, schema_generator=Generator)
    return {"$schema": DIALECT, **schema, "title": title}


def schema_text(schema: dict[str, Any]) -> str:
    """The schema as it is committed: checked against its own dialect, in a stable order."""
    Draft202012Validator.check_schema(schema)
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def violations(schema: dict[str, Any], document: Any) -> list[str]:
    """What an editor would underline in a document."""
    found = Draft202012Validator(schema).iter_errors(document)
    return sorted(f"{error.json_path}: {error.message}" for error in found)


def write_schemas(folder: Path, schemas: dict[str, dict[str, Any]]) -> list[Path]:
    """Writes each schema under its file name; the paths that changed."""
    folder.mkdir(parents=True, exist_ok=True)
    changed = []
    for name, schema in sorted(schemas.items()):
        path, text = folder / name, schema_text(schema)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed
