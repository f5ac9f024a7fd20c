"""Ctrl-C, SIGTERM, a closed terminal: the first finishes what is in flight, the second stops."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")
SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


def run_interruptible(main: Callable[[asyncio.Event], Coroutine[Any, Any, T]]) -> T:
    """What `main` gives; its event is set by the first signal, the second cancels it.

    Raises: KeyboardInterrupt, where it was cancelled and had nothing to give.
    """
    return asyncio.run(_guarded(main))


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
    loop = asyncio.get_running_loop()

    def heed() -> None:
        if stop.is_set():
            task.cancel()
            return
        stop.set()
        text = "Interrupted: finishing what is in flight. Once more stops at once."
        print(text, file=sys.stderr, flush=True)

    heeded = [one for one in SIGNALS if signal.getsignal(one) is not signal.SIG_IGN]
    for number in heeded:
        loop.add_signal_handler(number, heed)
    try:
        return await task
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        for number in heeded:
            loop.remove_signal_handler(number)
