"""Who marks and reviews whom, drawn so that most of it can be: of people who are on the flow."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests.laws.scene import OWN

if TYPE_CHECKING:
    from collections.abc import Iterator

Draw = st.DrawFn
Entry = dict[str, Any]
Table = Callable[[], Entry]
"""Draws people as a mapping, whoever they are."""

TITLES = ("A", "gruppe Ä", "no: 1")
"""Of groups."""

_half = st.booleans()
_often = st.sampled_from([True] * 3 + [False])
_ways = st.sampled_from(["all", "all", "", "", "", "table", "table"])
_groups = st.lists(st.sampled_from(TITLES), unique=True, max_size=2)


def allocate(draw: Draw, flow: Entry, entry: Entry, table: Table) -> None:
    """Adds allocations to what is stated of one flow's roles, mostly as the flow is allocated."""
    way = flow.get("allocation", "") if draw(_often) else ""
    if "reviewers" in entry and draw(_often):
        entry["reviewers"] = _allocated(draw, entry, "reviewers", table)
    if "assessors" in entry and way != "grouped" and draw(_often):
        entry["assessors"] = _allocated(draw, entry, "assessors", table)
    if way != "single" and draw(_half):
        entry["assessor_groups"] = [_group(draw, title, entry, table) for title in draw(_groups)]


def _allocated(draw: Draw, entry: Entry, role: str, table: Table) -> Any:
    """The people of a role, some of them with participants."""
    there = entry[role]
    if not isinstance(there, list):
        return there
    found = []
    for one in there:
        long: Entry = {"people": [one]} if isinstance(one, str) else dict(one)
        if draw(_often):
            long.pop("allocated_to_all", None)
            long["participants"] = _participants(draw, entry, table)
        found.append(long if "participants" in long else one)
    return found


def _participants(draw: Draw, entry: Entry, table: Table) -> Any:
    way = draw(_ways)
    return way if way == "all" else table() if way else on_flow(draw, entry, "participants")


def _group(draw: Draw, title: str, entry: Entry, table: Table) -> Entry:
    """A group always has an assessor."""
    assessors: Any = on_flow(draw, entry, "assessors") or [OWN[0]]
    if not draw(_often):
        assessors = table() | {"users": [OWN[0]]}
    group: Entry = {"title": title, "assessors": assessors}
    if draw(_often):
        there = on_flow(draw, entry, "participants")
        group["participants"] = there if draw(_often) else table()
    return group


def on_flow(draw: Draw, entry: Entry, role: str) -> list[str]:
    """Some of those whom a role names one by one."""
    keys = list(dict.fromkeys(_keys(entry.get(role, ()))))
    return draw(st.lists(st.sampled_from(keys), unique=True)) if keys else []


def _keys(people: Any) -> Iterator[str]:
    for one in people.get("users", ()) if isinstance(people, dict) else people:
        if isinstance(one, str):
            yield one
        else:
            yield from _keys(one["people"])
