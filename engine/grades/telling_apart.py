"""Flows that a receiver would take for one, because what tells them apart is the same. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.model import Address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.grades.model import GradeExport
    from engine.model import Desired, Live


SHOWN = 3


def not_told_apart(
    export: GradeExport, flows: Mapping[str, Desired], live: Mapping[Address, Live]
) -> dict[str, str]:
    """By key the flows of an export that must not be delivered, each with the reason.

    The receiver would write the grades of one over those of the other. A code stands in the
    manifests; a subtitle is known of flows that are there.
    """
    name, held = export.flow_key
    values: dict[str, str] = {}
    for key in export.flows if held != "flow" else ():
        there = live.get(Address("flow", key))
        if held == "flow_code":
            stated = flows[key].fields.get("code")
            values[key] = str(stated.value or "") if stated else ""
        elif there is not None:
            values[key] = there.fields.get("subtitle") or ""
    alike: dict[str, list[str]] = {}
    for key, value in values.items():
        alike.setdefault(same(value), []).append(key)
    found = {}
    for key, value in values.items():
        others = [one for one in alike[same(value)] if one != key]
        if not same(value):
            found[key] = f'it has no {held}, and nothing else tells it from others in "{name}"'
        elif others:
            more = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
            message = f"its {held} is that of {', '.join(others[:SHOWN])}{more} too"
            found[key] = f'{message}, and nothing else tells them apart in "{name}"'
    return found


def same(value: str) -> str:
    """Equal for values that some database takes for one."""
    return value.strip().casefold()
