"""Flows in which others are examined again: of each flow there is one. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.model import MAIN_OF
from engine.nodes import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.documents import Documents
    from engine.model import Address, Desired

COPY_FROM = "copy_from"


def reassessed(desired: Desired) -> str | None:
    """The key of the flow whose reassessment this is; None where it is none."""
    stated = desired.fields.get(COPY_FROM)
    copied = dict(stated.value) if stated and stated.value else {}
    return str(copied["flow"]) if copied.get("reassessment") else None


def refuse_reassessments(documents: Documents, resources: Mapping[Address, Desired]) -> None:
    """A problem where two flows are the reassessment of one, or one stands in a sequence."""
    first: dict[str, Desired] = {}
    for _, desired in sorted(resources.items()):
        source = reassessed(desired)
        if source is None or not desired.is_stated:
            continue
        where = desired.fields[COPY_FROM].location
        other = first.setdefault(source.casefold(), desired)
        if other is not desired:
            message = f"{shown(other.address.key)} is the reassessment of {shown(source)} already"
            there = other.fields[COPY_FROM].location
            documents.wrong(where, COPY_FROM, message, f"a flow has one: see {there}")
        if MAIN_OF in desired.fields:
            message = "a reassessment is a flow of its own"
            documents.wrong(where, COPY_FROM, message, "take it out of `sequences`")
