"""Resource paths in their three spellings, and the names in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.sandbox.uniweb.errors import malformed, not_found

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FIELDS = "_fields_"


@dataclass(frozen=True, slots=True)
class Selection:
    """One section, and the fields that were asked for (None: all)."""

    path: str
    fields: tuple[str, ...] | None = None


def normalised(name: str) -> str:
    """A name as the API writes it: `Postal / Zip Code` → `postal_zip_code`.

    Source: UNIWeb API page, "Resource Paths".
    """
    lowered = name.strip().lower().replace("?", "")
    for separator in (" / ", "/", " "):
        lowered = lowered.replace(separator, "_")
    return lowered


def normalised_path(path: str) -> str:
    """A path whose names are normalised one by one; its slashes stand between names."""
    return "/".join(normalised(name) for name in path.split("/") if name.strip())


def selections(resources: Any, sections: Mapping[str, Any]) -> list[Selection]:
    """The sections that a request names; a page or parent section stands for all below it.

    Raises RefusedError for a path that leads nowhere and for a shape that is none of the three.
    """
    entries = resources if isinstance(resources, list) else [resources]
    found: dict[Selection, None] = {}
    for entry in entries:
        found |= dict.fromkeys(_below("", entry, sections))
    return list(found)


def _below(prefix: str, entry: Any, sections: Mapping[str, Any]) -> Iterator[Selection]:
    if isinstance(entry, str):
        yield from _named(_joined(prefix, entry), sections)
    elif isinstance(entry, dict):
        for name, inner in entry.items():
            yield from _inside(_joined(prefix, name), inner, sections)
    else:
        raise malformed("A resource path is text or an object.")


def _inside(path: str, inner: Any, sections: Mapping[str, Any]) -> Iterator[Selection]:
    """Under a section stand fields, under anything above it stand more of the path."""
    entries = inner if isinstance(inner, list) else [inner]
    if path in sections:
        if not all(isinstance(field, str) for field in entries):
            raise malformed(f'The fields of "{path}" must be names.')
        yield Selection(path, _checked(path, tuple(map(normalised, entries)), sections))
        return
    for entry in entries:
        yield from _below(path, entry, sections)


def _named(path: str, sections: Mapping[str, Any]) -> Iterator[Selection]:
    section, marker, fields = path.partition(f"/{FIELDS}/")
    if marker:
        if section not in sections:
            raise not_found(f'resource "{section}"')
        yield Selection(section, _checked(section, tuple(fields.split("/")), sections))
        return
    matching = [name for name in sections if name == path or name.startswith(f"{path}/")]
    if not matching:
        raise not_found(f'resource "{path}"')
    for name in matching:
        yield Selection(name)


def _checked(path: str, fields: tuple[str, ...], sections: Mapping[str, Any]) -> tuple[str, ...]:
    for field in fields:
        if field not in sections[path]["fields"]:
            raise not_found(f'field "{field}" in "{path}"')
    return fields


def _joined(prefix: str, path: str) -> str:
    return normalised_path(f"{prefix}/{path}")
