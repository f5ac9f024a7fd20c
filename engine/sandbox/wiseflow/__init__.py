"""The WISEflow API, one module for each area; importing it registers every operation."""

from engine.sandbox.wiseflow import (
    create,
    licence,
    oauth,
    participants,
    search,
    upsert,
    user_search,
)
from engine.sandbox.wiseflow.http import OPERATIONS

__all__ = [
    "OPERATIONS",
    "create",
    "licence",
    "oauth",
    "participants",
    "search",
    "upsert",
    "user_search",
]
