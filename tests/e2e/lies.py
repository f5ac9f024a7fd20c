"""Lists that come back other than they are, and look healthy: a network that tells lies."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable

Envelope = dict[str, Any]


def _rows(body: Envelope, rows: list[Any], less: int = 0) -> Envelope:
    """The envelope with other rows, and a total that is so much less."""
    changed = {**body, "data": rows}
    if "pagination" in body:
        page = body["pagination"]
        changed["pagination"] = {**page, "total": max(0, page["total"] - less)}
    return changed


def without_last(body: Envelope) -> Envelope:
    return _rows(body, body["data"][:-1])


def without_last_and_less(body: Envelope) -> Envelope:
    return _rows(body, body["data"][:-1], 1)


def without_first_and_less(body: Envelope) -> Envelope:
    return _rows(body, body["data"][1:], 1)


def without_ours(body: Envelope) -> Envelope:
    """Without what the manifests name: our flows, and the licence's names that we use."""
    rows = [row for row in body["data"] if not _OURS & _names(row)]
    return _rows(body, rows, len(body["data"]) - len(rows))


_OURS = {"Manager", "Assessor", "Reviewer", "FLOWassign", "Department", "Internal", "wisectl"}


def _names(row: dict[str, Any]) -> set[str]:
    references = row.get("externalSourceReferences") or ()
    keyed = {"wisectl"} if any(text.startswith("wisectl-") for text in references) else set()
    return {str(row.get("name")), str(row.get("title")), *keyed}


def once_more(body: Envelope) -> Envelope:
    return _rows(body, body["data"] + body["data"][-1:])


def first_for_last(body: Envelope) -> Envelope:
    """As many rows as are due, but the first stands in for the last."""
    return _rows(body, body["data"][:-1] + body["data"][:1])


def emptied(body: Envelope) -> Envelope:
    return _rows(body, [])


def emptied_with_total(body: Envelope) -> Envelope:
    return _rows(body, [], 10**9)


def less(body: Envelope) -> Envelope:
    return _rows(body, body["data"], 1)


def bare(body: Envelope) -> Any:
    return []


def null(body: Envelope) -> Envelope:
    return {**body, "data": None}


def without_total(body: Envelope) -> Envelope:
    return {name: value for name, value in body.items() if name != "pagination"}


@dataclass(slots=True)
class Liar(httpx.AsyncBaseTransport):
    """Spoils each answer of one operation that succeeds; `told` counts them.

    With `page` the operation answers pages of so many rows; with `stuck` each of them is the first.
    """

    network: httpx.AsyncBaseTransport
    operation: str
    lie: Callable[[Any], Any] = field(default=lambda body: body)
    page: int = 0
    stuck: bool = False
    told: list[str] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        call = request.extensions.get("call")
        if call is None or call.operation != self.operation:
            return await self.network.handle_async_request(request)
        answer = await self.network.handle_async_request(self._asked(request))
        await answer.aread()
        if answer.status_code != 200:
            return answer
        self.told.append(call.shown)
        gone = {"content-length", "content-encoding", "transfer-encoding"}
        headers = [(k, v) for k, v in answer.headers.multi_items() if k.lower() not in gone]
        text = json.dumps(self.lie(json.loads(answer.content)))
        return httpx.Response(200, headers=headers, content=text.encode())

    async def aclose(self) -> None:
        await self.network.aclose()

    def _asked(self, request: httpx.Request) -> httpx.Request:
        query = parse_qs(request.url.query.decode())
        if not self.page or "limit" not in query:
            return request
        offset = "0" if self.stuck else query["offset"][0]
        page = urlencode({"offset": offset, "limit": min(self.page, int(query["limit"][0]))})
        return httpx.Request(
            request.method,
            request.url.copy_with(query=page.encode()),
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions,
        )
