"""Measures how late the event loop is; a late loop delays every page (PRD §8.7)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

EVERY_S: Final = 1.0


async def watch(
    observe: Callable[[float], None],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Call ``observe`` each second with the delay of the event loop, seconds.

    Args:
        observe: takes the delay.
        sleep: waits for some seconds.
        clock: monotonic clock, seconds.
    """
    while True:
        began = clock()
        await sleep(EVERY_S)
        observe(max(0.0, clock() - began - EVERY_S))
