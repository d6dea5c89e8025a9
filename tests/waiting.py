"""Waits for the effect of a background task."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

# Seconds after which something hangs; even a busy machine is faster.
HANGS_S = 180


# Time is counted in steps of this length, seconds.
STEP_S = 0.05

T = TypeVar("T")


async def within(seconds: float, work: Awaitable[T]) -> T:
    """The result of ``work``, which has to come in time.

    Only time in which this process runs counts: a step that lasts longer than :data:`STEP_S`,
    because other processes have the processor, counts as one step.

    Args:
        seconds: the limit.
        work: what is awaited.

    Raises:
        TimeoutError: the result did not come in time.
    """
    task = asyncio.ensure_future(work)
    for _ in range(round(seconds / STEP_S)):
        await asyncio.wait([task], timeout=STEP_S)
        if task.done():
            return task.result()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    raise TimeoutError(f"no result within {seconds:g} s")


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = HANGS_S) -> None:
    """Return as soon as ``condition`` holds; TimeoutError if it does not within ``seconds``."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - the condition is a row in a database
            await asyncio.sleep(0.2)
