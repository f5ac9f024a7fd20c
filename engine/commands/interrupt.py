"""Ctrl-C, SIGTERM, a closed terminal: the first finishes what is in flight, the second stops."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

T = TypeVar("T")
SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


def run_interruptible(main: Callable[[asyncio.Event], Coroutine[Any, Any, T]]) -> T:
    """What `main` gives; its event is set by the first signal, the second cancels it.

    Raises: KeyboardInterrupt, where it was cancelled and had nothing to give.
    """
    return asyncio.run(_guarded(main))


def run_until_signalled(main: Coroutine[Any, Any, T]) -> T:
    """What `main` gives; the first signal cancels it, so that it closes what it has open.

    Raises: KeyboardInterrupt, where it was cancelled.
    """
    return asyncio.run(_cancelled_by_signals(main))


async def unless_stopped(stop: asyncio.Event, reading: Coroutine[Any, Any, T]) -> T:
    """What `reading` gives. Nothing is written yet: the first signal ends it.

    Raises: CancelledError, where it was asked to stop.
    """
    task, asked = asyncio.create_task(reading), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, asked}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise asyncio.CancelledError
    finally:
        task.cancel()
        asked.cancel()
        await asyncio.gather(task, asked, return_exceptions=True)


async def _guarded(main: Callable[[asyncio.Event], Coroutine[Any, Any, T]]) -> T:
    stop = asyncio.Event()
    task = asyncio.create_task(main(stop))

    def heed() -> None:
        if stop.is_set():
            task.cancel()
            return
        stop.set()
        text = "Interrupted: finishing what is in flight. Once more stops at once."
        print(text, file=sys.stderr, flush=True)

    with _heeding(heed):
        try:
            return await task
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None


async def _cancelled_by_signals(main: Coroutine[Any, Any, T]) -> T:
    task = asyncio.create_task(main)
    with _heeding(task.cancel):
        try:
            return await task
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None


@contextmanager
def _heeding(heed: Callable[[], object]) -> Iterator[None]:
    """Signals that nobody ignores call a function, while the block lasts."""
    loop = asyncio.get_running_loop()
    heeded = [one for one in SIGNALS if signal.getsignal(one) is not signal.SIG_IGN]
    for number in heeded:
        loop.add_signal_handler(number, heed)
    try:
        yield
    finally:
        for number in heeded:
            loop.remove_signal_handler(number)
