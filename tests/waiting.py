"""Waits for the effect of a background task."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

# Seconds after which something hangs; even a busy machine is faster.
HANGS_S = 180


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = HANGS_S) -> None:
    """Return as soon as ``condition`` holds; TimeoutError if it does not within ``seconds``."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - the condition is a row in a database
            await asyncio.sleep(0.2)
