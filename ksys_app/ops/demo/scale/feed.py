"""The live feed of the plant: a sample of each tag whenever one is due."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from psycopg import AsyncConnection

from ksys_app.ops.demo.plant.writer import write_until_stopped
from ksys_app.ops.demo.scale import store
from ksys_app.ops.demo.scale.parts import Span
from ksys_app.ops.demo.scale.sizing import Size

CATCH_UP_S: Final = 600
"""How far back the feed writes late samples; the next start writes older ones."""


BLOCK: Final = 50_000
"""Samples of a statement that catches up."""


async def feed(dsn: str, begin: int, size: Size, stop: asyncio.Event) -> None:
    """Write the samples as they become due, until ``stop`` is set; wait for a lost database.

    Args:
        dsn: the owner's DSN.
        begin: the first second, epoch.
        size: the plant.
        stop: set it to end the feed.
    """
    await write_until_stopped(dsn, _Feed(begin, size).step, stop, "feed")


class _Feed:
    """The state of the feed: the next second to write."""

    def __init__(self, begin: int, size: Size) -> None:
        self._next, self._every = begin, size.every
        self._block_s = size.seconds_of(BLOCK)

    async def step(self, conn: AsyncConnection) -> float:
        now = await store.now(conn)
        # After a lost connection, the statement may have been committed anyway.
        written = await store.newest(conn) or 0
        start = max(self._next, now - CATCH_UP_S, written)
        end = min(now + 1, start + self._block_s)
        if start < end:
            await store.write(conn, Span(start, end))
            self._next = end
        return 0.0 if end <= now else self._every - now % self._every - time.time() % 1.0
