"""Run the sandbox: in the foreground for people, in a thread for tests and the default."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from engine.sandbox.app import make_app
from engine.sandbox.deliverer import Deliverer
from engine.sandbox.quirks import Quirks
from engine.sandbox.store import Store

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator, Mapping

LOOPBACK = "127.0.0.1"
MEMORY = ":memory:"


@dataclass(frozen=True, slots=True)
class Options:
    """How a sandbox is to be: data file, seed and size of its institution, clock, quirks.

    `clock` is an ISO time or "now"; None keeps the time of an existing file. `institution`
    replaces the seeded one.
    """

    data: str | Path = MEMORY
    seed: int = 1
    size: str = "small"
    clock: str | None = None
    rate_limit: bool = True
    quirks: Mapping[str, str] | None = None
    institution: Callable[[], Any] | None = None


@dataclass(frozen=True, slots=True)
class RunningSandbox:
    """A sandbox that listens: its base URL (no slash at the end) and its store."""

    url: str
    store: Store


class SandboxStartError(Exception):
    """The sandbox cannot listen where it was told to."""


class _CuttableProtocol(H11Protocol):
    """Hands each request its connection, so that faults can cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.app_state = {**self.app_state, "transport": transport}
        super().connection_made(transport)


class _ThreadServer(uvicorn.Server):
    """A server that says when it listens, and leaves the signals to the main thread."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve(options: Options, port: int, ready: Callable[[str], None] = lambda _: None) -> None:
    """Serve on loopback until interrupted; `ready` is called with the URL."""
    listener = _listen(port)
    store = _open(options)
    try:
        app = _app(store, options)
        ready(_url(listener))
        with _delivering(store, options):
            uvicorn.Server(_config(app)).run(sockets=[listener])
    finally:
        store.close()
        listener.close()


@contextmanager
def running(options: Options | None = None, *, port: int = 0) -> Iterator[RunningSandbox]:
    """A sandbox that runs in a thread of this process while the block lasts."""
    options = options or Options()
    listener = _listen(port)
    store = _open(options)
    server = _ThreadServer(_config(_app(store, options)))
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, name="sandbox", daemon=True
    )
    thread.start()
    try:
        if not server.listening.wait(20):
            raise SandboxStartError("The sandbox did not start")
        with _delivering(store, options):
            yield RunningSandbox(_url(listener), store)
    finally:
        server.should_exit = True
        server.force_exit = True
        thread.join(10)
        store.close()
        listener.close()


@contextmanager
def _delivering(store: Store, options: Options) -> Iterator[None]:
    """Call webhooks while the block lasts."""
    deliverer = Deliverer(store, Quirks(options.quirks or {}))
    deliverer.start()
    try:
        yield
    finally:
        deliverer.stop()


def _open(options: Options) -> Store:
    if str(options.data) != MEMORY:
        Path(options.data).parent.mkdir(parents=True, exist_ok=True)
    return Store(options.data, options.institution or _northfield(options), clock=options.clock)


def _northfield(options: Options) -> Callable[[], Any]:
    def build() -> Any:
        from engine.sandbox.institution import build_institution

        return build_institution(options.seed, options.size)

    return build


def _app(store: Store, options: Options) -> Any:
    return make_app(store, rate_limit=options.rate_limit, quirks=options.quirks)


def _listen(port: int) -> socket.socket:
    # With the protocol named, asyncio switches Nagle's algorithm off: 40 ms less an answer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError as error:
        listener.close()
        raise SandboxStartError(f"Port {port} cannot be used: {error.strerror}") from error
    listener.listen(1024)
    return listener


def _url(listener: socket.socket) -> str:
    return f"http://{LOOPBACK}:{listener.getsockname()[1]}"


def _config(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_CuttableProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        date_header=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=60,
    )
