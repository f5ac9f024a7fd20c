"""Servers on this machine, and requests to them: no proxy, no certificates, which load slowly."""

from __future__ import annotations

import ssl
import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def request(method: str, url: str, **options: Any) -> httpx.Response:
    """One request on a connection of its own."""
    return httpx.request(
        method, url, verify=NO_CERTIFICATES, trust_env=False, **{"timeout": 30, **options}
    )


def get(url: str, **options: Any) -> httpx.Response:
    return request("GET", url, **options)


def post(url: str, **options: Any) -> httpx.Response:
    return request("POST", url, **options)


def network() -> httpx.AsyncHTTPTransport:
    """The transport that httpx uses itself."""
    return httpx.AsyncHTTPTransport(verify=NO_CERTIFICATES)


class _Server(ThreadingHTTPServer):
    """Keeps what goes wrong in a thread for the end, and prints nothing.

    Standard error belongs to the test that runs, and may be closed when a thread would print.
    """

    daemon_threads = True

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.failures: list[BaseException] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        if error and not isinstance(error, ConnectionError):  # a client may hang up at any time
            self.failures.append(error)


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The URL of a server that answers as the handler does, until the block ends."""
    server = _Server(handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert server.failures == []
