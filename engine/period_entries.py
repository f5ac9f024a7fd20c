"""`periods` of flows and templates -> fields of the flow, each period under its start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.dates import DateError, parse_moment
from engine.documents import twice
from engine.model import PERIOD_OF, PERIODS, Stated
from engine.nodes import Scalar, Table
from engine.periods import THERE, said

if TYPE_CHECKING:
    from engine.documents import Documents, Entry


def read_periods(
    documents: Documents,
    entry: Entry,
    node: Table,
    fields: dict[str, Stated],
    time_zone: str | None,
) -> None:
    """Puts each stated period, and what is stated of it, under a path of its own."""
    listed = fields.get(PERIODS)
    if listed is None:
        return
    name, found = entry.name(PERIODS), []
    for one, item in zip(listed.value, node.items(PERIODS), strict=True):
        start = item.entries.get("start") if isinstance(item, Table) else None
        if not isinstance(item, Table) or not isinstance(start, Scalar):
            continue
        try:
            period = said(parse_moment(start.text, time_zone))
        except DateError as error:
            documents.wrong(start.location, name, error.message, error.hint)
            continue
        found.append((period, start.location, name))
        fields.setdefault(PERIOD_OF + period, Stated(THERE, start.location))
        for what, value in one:
            if what != "start" and what in item.entries:
                stated = Stated(value, item.entries[what].location)
                fields.setdefault(f"{PERIOD_OF}{period}.{what}", stated)
    documents.problems += twice(found, "this list")
    fields[PERIODS] = Stated(tuple(sorted(period for period, *_ in found)), listed.location)
