"""Grading scales: what is stored for a grade that is entered, and which grade a seat gets.

A list has a stored value for each grade; an input multiplies by its modifier, so that 89.99 is
stored as 8999. Source: WISEflow OpenAPI, grading-scale-list-option and grading-scale-input.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.sandbox.store import Row, Store

Scale = dict[str, Any]

_NUMBER = re.compile(r"-?[0-9]{1,9}([.,][0-9]{1,9})?")


def scale_of(store: Store, flow: Row) -> Scale:
    """The grading scale of a flow; the licence's first one where it has none."""
    scales: list[Scale] = store.licence("grading_scales")
    return next((scale for scale in scales if scale["id"] == flow["grading_scale"]), scales[0])


def stored(scale: Scale, entered: str) -> str | None:
    """What is stored for a grade as an assessor enters it; None where the scale has no such."""
    options = _options(scale)
    if options:
        return next((o["value"] for o in options if o["grade"] == entered), None)
    limits = scale["input"]
    if not _NUMBER.fullmatch(entered) or not _fits(limits["pattern"], entered):
        return None
    number = Decimal(entered.replace(",", "."))
    low, high = _range(limits)
    value = number * (limits["modifier"] or 1)
    # Only whole numbers are stored; decimals beyond the modifier would be lost.
    if not low <= number <= high or value != int(value):
        return None
    return str(int(value))


def _fits(pattern: str | None, entered: str) -> bool:
    """The document's example has slashes around its pattern."""
    return pattern is None or re.search(pattern.strip("/"), entered) is not None


def drawn(scale: Scale, chance: float) -> str:
    """The stored value for a chance: the middle of a scale is common, 1.0 is its lowest grade."""
    spread = (chance + 0.5 + 4 * (chance - 0.5) ** 3) / 2
    options = _options(scale)
    if options:
        part = chance if len(options) < 3 else spread
        return str(options[min(int(part * len(options)), len(options) - 1)]["value"])
    low, high, step = _stored_range(scale)
    return str(low + int((1 - spread) * (high - low) / step) * step)


def neighbour(scale: Scale, value: str) -> str:
    """A stored value that a second look would give: one grade better, from the best one worse."""
    options = [str(option["value"]) for option in _options(scale)]
    if options:
        place = options.index(value)
        return options[place - 1 if place else 1]
    low, high, step = _stored_range(scale)
    better = int(value) + step * max(1, (high - low) // step // 20)
    return str(better if better <= high else int(value) - step)


def _options(scale: Scale) -> list[dict[str, str]]:
    """The grades of a list from best to worst; nothing for an input."""
    found: list[dict[str, str]] = (scale["list"] or {}).get("options") or []
    return found


def _range(limits: dict[str, Any]) -> tuple[int, int]:
    low = limits["min"] or 0
    return low, low + 100 if limits["max"] is None else limits["max"]


def _stored_range(scale: Scale) -> tuple[int, int, int]:
    """Lowest, highest and step of an input, as stored; quarters where no step is given."""
    limits = scale["input"]
    modifier = limits["modifier"] or 1
    low, high = _range(limits)
    step = limits["stepsize"] * modifier if limits["stepsize"] else max(1, modifier // 4)
    return low * modifier, high * modifier, step
