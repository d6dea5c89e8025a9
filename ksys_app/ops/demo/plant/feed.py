"""The live feed of the plant: every 15 s one statement writes a sample of each tag."""

from __future__ import annotations

import asyncio
from typing import Final

from psycopg import AsyncConnection

from ksys_app.ops.demo.plant import store
from ksys_app.ops.demo.plant.faults import UNREADABLE_TAG, unreadable
from ksys_app.ops.demo.plant.signals import PERIOD_S, TAGS
from ksys_app.ops.demo.plant.simulator import Plant
from ksys_app.ops.demo.plant.writer import Clock, utc_now, write_until_stopped

CATCH_UP_S: Final = 3600
"""How far back the feed writes samples after an outage of the database; it skips older ones."""

_UNREADABLE: Final = TAGS.index(UNREADABLE_TAG)


async def feed(dsn: str, plant: Plant, stop: asyncio.Event, clock: Clock = utc_now) -> None:
    """Write the plant's samples as they become due, until ``stop`` is set.

    The feed begins after the newest sample in the database. While the database is away, it retries
    after 1, 2, 4, then 8 s. After an outage it writes the missing samples of at most an hour.

    Args:
        dsn: a role that may write ``influx_hist``.
        plant: the source of the samples.
        stop: set it to end the feed.
        clock: returns the current time.
    """
    await write_until_stopped(dsn, _Feed(plant, clock).step, stop, "feed")


class _Feed:
    """The state of the feed: the last written tick."""

    def __init__(self, plant: Plant, clock: Clock) -> None:
        self._plant, self._clock = plant, clock
        self._last: int | None = None

    async def step(self, conn: AsyncConnection) -> float:
        now = self._clock().timestamp()
        begins = self._last is None
        if self._last is None:
            newest = await store.newest(conn)
            self._last = int(now) - PERIOD_S if newest is None else store.epoch(newest)
        oldest = max(self._last + 1, int(now) - CATCH_UP_S)
        due = range(-(-oldest // PERIOD_S) * PERIOD_S, int(now) + 1, PERIOD_S)
        if due:
            values = [value for t in due for value in self._plant.tick(t)]
            # Write one at the start, so that the first page shows it.
            bad = begins or any(map(unreadable, due))
            if bad and values[_UNREADABLE - len(TAGS)] is not None:
                # Write it before the usable samples, so that the tag has a value again at once.
                await store.write_unreadable(conn, UNREADABLE_TAG, due[-1] - PERIOD_S // 2)
            await store.write_grid(conn, due[0], PERIOD_S, values)
            self._last = due[-1]
        until = (int(now) // PERIOD_S + 1) * PERIOD_S - self._clock().timestamp()
        return max(0.0, until)
