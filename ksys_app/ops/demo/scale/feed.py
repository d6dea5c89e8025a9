"""The live feed of the plant: a sample of each tag every second."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from psycopg import AsyncConnection

from ksys_app.ops.demo.plant.writer import write_until_stopped
from ksys_app.ops.demo.scale import store
from ksys_app.ops.demo.scale.parts import Span

CATCH_UP_S: Final = 600
"""How far back the feed writes samples that are late; the next start fills what is older."""


BLOCK: Final = 50_000
"""Samples of a statement that catches up."""


async def feed(dsn: str, begin: int, tags: int, stop: asyncio.Event) -> None:
    """Write the samples as they become due, until ``stop`` is set; wait for a lost database.

    Args:
        dsn: the owner's DSN.
        begin: the first second, epoch.
        tags: number of tags.
        stop: set it to end the feed.
    """
    await write_until_stopped(dsn, _Feed(begin, max(1, BLOCK // tags)).step, stop, "feed")


class _Feed:
    """The state of the feed: the second that is next."""

    def __init__(self, begin: int, block_s: int) -> None:
        self._next, self._block_s = begin, block_s

    async def step(self, conn: AsyncConnection) -> float:
        now = await store.now(conn)
        # After a lost connection the statement may have been committed all the same.
        written = await store.newest(conn) or 0
        start = max(self._next, now - CATCH_UP_S, written)
        end = min(now + 1, start + self._block_s)
        if start < end:
            await store.write(conn, Span(start, end))
            self._next = end
        return 0.0 if end <= now else 1.0 - time.time() % 1.0
