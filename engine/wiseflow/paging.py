"""Reads a list page by page, and gives it back whole or not at all.

Lists change while they are read. Pages overlap by one row: where the last row of a page is not the
first of the next, something moved between the two reads, and rows may be missing though all counts
agree. So a list is right if every page has its rows, all name one total, neighbours share a row,
and no row comes twice. Otherwise it is read once more from the start, and then given up.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from engine.together import together
from engine.wiseflow.lists import ROW_IDS

if TYPE_CHECKING:
    from engine.wiseflow.answers import Answer

Row = dict[str, Any]
PageReader = Callable[[int, int], Awaitable["Answer"]]
"""From offset and limit to one page."""

RowKey = Callable[[Row], object]

PAGED_IN_BODY = frozenset({"POST /participation-events"})
"""Lists whose offset and limit stand in the request's body, as `pagination`."""


class MovedError(Exception):
    """The pages that were read do not make one list."""


def row_key(operation: str) -> RowKey | None:
    """What tells the rows of a list apart, where that is known."""
    name = ROW_IDS.get(operation)
    return None if name is None else lambda row: _id(row, name)


async def read_pages(read_page: PageReader, limit: int, key: RowKey | None) -> list[Row]:
    """All rows, in the server's order. Raises: MovedError, after two attempts."""
    try:
        return await _read_once(read_page, limit, key)
    except MovedError:
        return await _read_once(read_page, limit, key)


async def _read_once(read_page: PageReader, limit: int, key: RowKey | None) -> list[Row]:
    first = await read_page(0, limit)
    total = first.total
    if total is None or total < 0:
        raise MovedError("the answer does not say how many rows there are")
    size = first.limit if first.limit and 0 < first.limit < limit else limit
    step = max(1, size - 1)
    offsets = range(step, max(0, total - (size - step)), step)
    pages = [first, *await together(read_page(offset, size) for offset in offsets)]
    rows: list[Row] = []
    for offset, page in zip((0, *offsets), pages, strict=True):
        _check(page, min(size, total - offset), total)
        rows += _joined(rows, page.payload, size - step, key)
    if key is not None and len({key(row) for row in rows}) != len(rows):
        raise MovedError("a row came twice")
    return rows


def _check(page: Answer, expected: int, total: int) -> None:
    if page.total != total:
        raise MovedError("the number of rows moved while they were read")
    if not isinstance(page.payload, list) or not all(isinstance(row, dict) for row in page.payload):
        raise MovedError("a page is not a list of rows")
    if len(page.payload) != expected:
        raise MovedError(f"a page has {len(page.payload)} rows where {expected} were due")


def _joined(rows: list[Row], page: list[Row], overlap: int, key: RowKey | None) -> list[Row]:
    if not rows or not overlap:
        return page
    before, after = (rows[-1], page[0]) if key is None else (key(rows[-1]), key(page[0]))
    if before != after:
        raise MovedError("rows moved while they were read")
    return page[overlap:]


def _id(row: Row, name: str) -> object:
    value = row.get(name)
    if not isinstance(value, int | str):
        raise MovedError(f"a row has no {name}")
    return value
