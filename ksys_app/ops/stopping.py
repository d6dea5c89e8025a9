"""Ends a long-running command on SIGINT and SIGTERM."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def as_by_ctrl_c(work: Awaitable[T]) -> T:
    """Await ``work``; SIGTERM cancels it as Ctrl-C does, so that it can clean up.

    Raises:
        KeyboardInterrupt: a signal cancelled it, and it raised no error itself.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None, "a coroutine runs in a task"
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        return await work
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


def stop_signal() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set; call it in the running event loop."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop
