"""What a kind is to the rest of the engine: data, so that a new kind is one new file in kinds/."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pydantic import BaseModel


class LiveKind(Protocol):
    """The side of a kind that WISEflow knows: reading it, planning its parts, writing them."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One resource kind: its name in addresses, its key in manifests, its model there."""

    name: str
    plural: str
    model: type[BaseModel]
    live: LiveKind | None = None
    """None for kinds that only serve others (rosters, templates, profiles)."""
