"""A list is given back whole or not at all, whatever happens between its pages."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ApiError, IncompleteReadError
from engine.wiseflow.answers import Answer
from engine.wiseflow.paging import MovedError, read_pages, row_key
from tests.http.virtual import envelope, licence, run

KEY = row_key("GET /flows/{flowId}/participants")
PATH = "/flows/{flowId}/participants"


def rows(*ids: int) -> list[dict[str, Any]]:
    return [{"participantId": number, "userId": number} for number in ids]


def ids(found: list[dict[str, Any]]) -> list[int]:
    return [row["participantId"] for row in found]


@dataclass
class Moving:
    """A list that colleagues change between reads, always in the order of its ids."""

    present: set[int]
    moves: list[tuple[str, int]]
    ever: set[int] = field(default_factory=set)
    always: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.ever, self.always = set(self.present), set(self.present)

    async def page(self, offset: int, limit: int) -> Answer:
        here = sorted(self.present)
        answer = Answer(200, rows(*here[offset : offset + limit]), len(here), limit)
        if self.moves:
            self._move(*self.moves.pop(0))
        return answer

    def _move(self, verb: str, number: int) -> None:
        if verb == "join":
            self.present.add(number)
        elif verb == "leave":
            self.present.discard(number)
        elif verb == "swap" and self.present:
            gone = sorted(self.present)[number % len(self.present)]
            self.present.discard(gone)
            self.present.add(100 + number)
        self.ever |= self.present
        self.always &= self.present


MOVES = st.lists(
    st.tuples(st.sampled_from(["join", "leave", "swap", "rest"]), st.integers(0, 40)), max_size=40
)


@given(st.sets(st.integers(0, 40)), MOVES, st.integers(1, 7))
def test_a_list_that_moves_never_loses_who_was_there_all_the_time(
    present: set[int], moves: list[tuple[str, int]], limit: int
) -> None:
    world = Moving(present, list(moves))
    try:
        found = ids(asyncio.run(read_pages(world.page, limit, KEY)))
    except MovedError:
        assert moves != []
        return
    assert len(found) == len(set(found))
    assert set(found) <= world.ever
    # With pages of one row nothing can overlap: then only counts and repeats protect.
    assert limit == 1 or world.always <= set(found)


FAULTS = st.sampled_from(["fine", "short", "empty", "long", "twice", "shifted", "total", "junk"])


def spoil(fault: str, page: list[dict[str, Any]], total: int) -> tuple[Any, int | None]:
    spoiled: Any = page
    if fault == "short":
        spoiled = page[:-1]
    elif fault == "empty":
        spoiled = []
    elif fault == "long":
        spoiled = [*page, *rows(999)]
    elif fault == "twice" and len(page) > 1:
        spoiled = [page[0], *page[:-1]]
    elif fault == "shifted" and page:
        spoiled = [*page[1:], page[0]] if len(page) > 1 else page
    elif fault == "junk":
        spoiled = [*page[:-1], "row"]
    return spoiled, None if fault == "total" else total


@given(st.integers(0, 30), st.integers(2, 7), st.lists(FAULTS, max_size=40))
def test_spoiled_pages_never_make_a_wrong_list(total: int, limit: int, faults: list[str]) -> None:
    whole, left = rows(*range(total)), list(faults)

    async def page(offset: int, size: int) -> Answer:
        fault = left.pop(0) if left else "fine"
        data, said = spoil(fault, whole[offset : offset + size], total)
        return Answer(200, data, said, size)

    try:
        found = asyncio.run(read_pages(page, limit, KEY))
    except MovedError:
        assert set(faults) - {"fine"}
    else:
        assert sorted(ids(found)) == ids(whole)


@given(st.integers(0, 60), st.integers(1, 9), st.integers(1, 9))
def test_a_quiet_list_is_read_whole_even_where_the_server_gives_smaller_pages(
    total: int, asked: int, most: int
) -> None:
    whole = rows(*range(total))

    async def page(offset: int, size: int) -> Answer:
        used = min(size, most)
        return Answer(200, whole[offset : offset + used], total, used)

    assert asyncio.run(read_pages(page, asked, KEY)) == whole


def test_a_page_that_comes_short_once_is_read_again() -> None:
    whole, calls = rows(*range(250)), 0

    def serve(request: httpx.Request) -> httpx.Response:
        nonlocal calls
        calls += 1
        offset, limit = int(request.url.params["offset"]), int(request.url.params["limit"])
        page = whole[offset : offset + limit]
        return httpx.Response(
            200,
            json=envelope(
                page[:-1] if calls == 2 else page,
                pagination={"offset": offset, "limit": limit, "total": 250},
            ),
        )

    async def read() -> None:
        async with licence(serve) as api:
            assert await api.pages("GET", PATH, limit=100, ids={"flowId": 5}) == whole
            assert calls == 6

    run(read())


def test_a_server_error_is_never_an_empty_page() -> None:
    def serve(request: httpx.Request) -> httpx.Response:
        if int(request.url.params["offset"]):
            return httpx.Response(500, text="")
        page = {"offset": 0, "limit": 100, "total": 150}
        return httpx.Response(200, json=envelope(rows(*range(100)), pagination=page))

    async def read() -> None:
        async with licence(serve) as api:
            with pytest.raises(ApiError) as caught:
                await api.pages("GET", PATH, limit=100, ids={"flowId": 5})
            assert caught.value.status == 500

    run(read())


def test_a_list_without_total_is_not_taken_for_whole() -> None:
    async def read() -> None:
        async with licence(lambda _: httpx.Response(200, json=envelope(rows(1)))) as api:
            with pytest.raises(IncompleteReadError, match="how many"):
                await api.pages("GET", PATH, limit=100, ids={"flowId": 5})

    run(read())


def test_pages_after_the_first_are_read_together() -> None:
    flying, most = 0, 0

    async def serve(request: httpx.Request) -> httpx.Response:
        nonlocal flying, most
        flying += 1
        most = max(most, flying)
        await asyncio.sleep(0.2)
        flying -= 1
        offset, limit = int(request.url.params["offset"]), int(request.url.params["limit"])
        page = {"offset": offset, "limit": limit, "total": 800}
        data = rows(*range(offset, min(800, offset + limit)))
        return httpx.Response(200, json=envelope(data, pagination=page))

    async def read() -> None:
        async with licence(serve, parallelism=4) as api:
            assert len(await api.pages("GET", PATH, limit=100, ids={"flowId": 5})) == 800
        assert most == 4

    run(read())


def test_events_carry_offset_and_limit_in_the_body() -> None:
    def serve(request: httpx.Request) -> httpx.Response:
        assert not request.url.query
        assert request.content == b'{"flowId":5,"pagination":{"offset":0,"limit":1000}}'
        page = {"offset": 0, "limit": 1000, "total": 1}
        return httpx.Response(200, json=envelope([{"type": "LOG"}], pagination=page))

    async def read() -> None:
        async with licence(serve, read_only=True) as api:
            body = {"flowId": 5}
            found = await api.pages("POST", "/participation-events", limit=1000, body=body)
            assert found == [{"type": "LOG"}]

    run(read())
