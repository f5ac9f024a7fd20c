"""HTTP/1.1 to one server on this machine, and nothing more: a third of the time of a whole client.

Laws send millions of requests. Those that speak of faults go through httpx's own network instead.
"""

from __future__ import annotations

import asyncio

import httpx

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class PlainNetwork(httpx.AsyncBaseTransport):
    """Sends requests over connections that are kept, and gives whole answers."""

    def __init__(self) -> None:
        self._idle: list[Connection] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not self._idle:
            url = request.url
            self._idle.append(await asyncio.open_connection(url.host, url.port))
        connection = self._idle.pop()
        try:
            answer = await _exchange(connection, request)
        except (OSError, EOFError, ValueError) as error:
            connection[1].close()
            raise httpx.ReadError("the connection was lost") from error
        except asyncio.CancelledError:
            connection[1].close()
            raise
        self._idle.append(connection)
        return answer

    async def aclose(self) -> None:
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()


async def _exchange(connection: Connection, request: httpx.Request) -> httpx.Response:
    reader, writer = connection
    head = b"%s %s HTTP/1.1\r\n" % (request.method.encode(), request.url.raw_path)
    head += b"".join(b"%s: %s\r\n" % pair for pair in request.headers.raw)
    writer.write(head + b"\r\n" + request.content)
    first, *lines = (await reader.readuntil(b"\r\n\r\n"))[:-4].split(b"\r\n")
    headers = [tuple(line.split(b": ", 1)) for line in lines]
    answer = httpx.Response(int(first.split()[1]), headers=headers)  # type: ignore[arg-type]
    content = await reader.readexactly(int(answer.headers.get("Content-Length", "0")))
    return httpx.Response(answer.status_code, headers=headers, content=content)  # type: ignore[arg-type]
