"""The live demo plant continues its history without a gap and survives a lost database."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from ksys_app.db import connect
from ksys_app.log import logger
from ksys_app.ops.demo.plant import store
from ksys_app.ops.demo.plant.faults import UNREADABLE_TAG
from ksys_app.ops.demo.plant.feed import CATCH_UP_S, feed
from ksys_app.ops.demo.plant.signals import PERIOD_S, TAGS
from ksys_app.ops.demo.plant.simulator import Plant
from tests.database import TestDatabases
from tests.waiting import until

PLANT = Plant(7)


@pytest.fixture
async def fresh(databases: TestDatabases) -> AsyncIterator[str]:
    dsn = await databases.fresh()
    yield dsn
    await databases.drop(dsn)


async def stored(dsn: str) -> dict[tuple[int, str], float]:
    async with await connect(dsn) as conn:
        cursor = await conn.execute(
            "SELECT extract(epoch FROM ts)::bigint, tag_name, value FROM public.influx_hist"
        )
        return {(t, tag): value for t, tag, value in await cursor.fetchall()}


def expected(first: int, last: int) -> dict[tuple[int, str], float]:
    return {
        (t, tag): value
        for t in range(first, last + 1, PERIOD_S)
        for tag, value in zip(TAGS, PLANT.tick(t), strict=True)
        if value is not None
    }


async def refused(dsn: str) -> list[tuple[str, int]]:
    async with await connect(dsn) as conn:
        cursor = await conn.execute(
            "SELECT tag_name, extract(epoch FROM ts)::bigint FROM public.ingest_reject"
        )
        return await cursor.fetchall()


async def begin(dsn: str, t: int) -> None:
    """One tick of history at ``t``."""
    async with await connect(dsn) as conn:
        await store.write_grid(conn, t, PERIOD_S, PLANT.tick(t))


async def test_it_begins_after_the_newest_sample_and_continues_tick_by_tick(
    fresh: str,
) -> None:
    now = int(datetime.now(UTC).timestamp()) // PERIOD_S * PERIOD_S
    await begin(fresh, now - 600)
    stop = asyncio.Event()
    feeding = asyncio.create_task(feed(fresh, PLANT, stop))

    async def one_more() -> bool:
        return max(t for t, _ in await stored(fresh)) > now

    await until(one_more)
    stop.set()
    await feeding
    rows = await stored(fresh)
    assert rows == expected(now - 600, max(t for t, _ in rows))


async def test_an_empty_database_gets_the_present_only(fresh: str) -> None:
    at = datetime(2026, 8, 14, 3, 7, 17, tzinfo=UTC)
    stop = asyncio.Event()
    feeding = asyncio.create_task(feed(fresh, PLANT, stop, lambda: at))

    async def something() -> bool:
        return bool(await stored(fresh))

    await until(something)
    stop.set()
    await feeding
    present = int(at.timestamp()) - 2
    assert await stored(fresh) == expected(present, present)


async def test_it_catches_up_an_hour_and_no_more(fresh: str) -> None:
    at = datetime(2026, 8, 14, 3, 7, 15, tzinfo=UTC)
    last = int(at.timestamp())
    await begin(fresh, last - 3 * CATCH_UP_S)
    stop = asyncio.Event()
    feeding = asyncio.create_task(feed(fresh, PLANT, stop, lambda: at))

    async def caught_up() -> bool:
        return len(await stored(fresh)) > len(TAGS)

    await until(caught_up)
    stop.set()
    await feeding
    first = last - 3 * CATCH_UP_S
    assert await stored(fresh) == expected(first, first) | expected(last - CATCH_UP_S, last)
    assert await refused(fresh) == [(UNREADABLE_TAG, last - PERIOD_S // 2)], "one a step"


async def test_a_lost_database_is_reported_once_and_what_it_missed_is_filled(
    fresh: str, databases: TestDatabases, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger.name)
    start = int(datetime.now(UTC).timestamp()) // PERIOD_S * PERIOD_S
    await begin(fresh, start)
    stop = asyncio.Event()
    feeding = asyncio.create_task(feed(fresh, PLANT, stop))
    try:
        await databases.stop(fresh)

        async def lost() -> bool:
            return "feed_lost" in caplog.text

        await until(lost)
        assert not feeding.done()
        await databases.start(fresh)
        back = datetime.now(UTC)

        async def live_again() -> bool:
            return max(t for t, _ in await stored(fresh)) >= back.timestamp()

        await until(live_again)
    finally:
        stop.set()
        await feeding
        rows = await stored(fresh)
    assert rows == expected(start, max(t for t, _ in rows))
    events = [record.getMessage().split()[0] for record in caplog.records]
    assert [event for event in events if event.startswith("feed_")] == ["feed_lost", "feed_back"]
