"""The plant of any size in a real database: every second once, also after a kill."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from psycopg import AsyncConnection

from ksys_app.db import connect
from ksys_app.errors import ConfigError
from ksys_app.ops.demo.scale import store
from ksys_app.ops.demo.scale.feed import feed
from ksys_app.ops.demo.scale.fill import History
from ksys_app.ops.demo.scale.parts import NEWEST_S, Span
from ksys_app.ops.demo.scale.sizing import Size
from tests.conftest import ZONE
from tests.database import TestDatabases
from tests.waiting import until

KST = ZoneInfo(ZONE)
TAGS = 17
EVERY = 2
SIZE = Size(TAGS, 1, True, EVERY)
SECONDS = 5400
CHUNK_S = 900


class Small(Size):
    """A plant whose history is shorter than a day, in parts of an hour."""

    @property
    def rows(self) -> int:
        return self.samples(SECONDS)

    @property
    def part_s(self) -> int:
        return 3600


@pytest.fixture
async def plant(databases: TestDatabases) -> AsyncIterator[tuple[str, AsyncConnection]]:
    """A database with the plant's tags and rules, and no sample."""
    dsn = await databases.fresh()
    async with await connect(dsn) as conn:
        await store.create(conn, SIZE, SECONDS)
        await store.set_chunk(conn, CHUNK_S)
        yield dsn, conn
    await databases.drop(dsn)


async def value(conn: AsyncConnection, statement: str) -> Any:
    row = await (await conn.execute(statement.encode())).fetchone()
    assert row is not None
    return row[0]


async def test_a_killed_history_goes_on_and_has_every_second_once(
    plant: tuple[str, AsyncConnection],
) -> None:
    dsn, conn = plant
    end = await store.now(conn) + 1
    reported: list[int] = []
    size = Small(TAGS, 1, True, EVERY)
    doomed: list[asyncio.Task[None]] = []

    def report(_stage: str, done: int, _total: int) -> None:
        reported.append(done)
        for task in doomed:
            task.cancel()

    def history() -> History:
        return History(dsn, KST, size, end, report)

    await history().write_newest()
    since = await value(conn, "SELECT since FROM ksys_demo.plant")
    assert await store.missing(conn, end) == [Span(since, end - NEWEST_S)]
    assert await store.left(conn, size) >= size.samples(end - NEWEST_S - since)
    stop = asyncio.Event()
    # It is killed as soon as it has written something.
    running = asyncio.create_task(history().run(stop))
    doomed.append(running)
    with suppress(asyncio.CancelledError):
        await running
    doomed.clear()
    assert await store.missing(conn, end)

    running = asyncio.create_task(history().run(stop))

    async def complete() -> bool:
        return not await store.missing(conn, end) and await value(conn, COMPRESSED) > 0

    await until(complete)
    stop.set()
    await running
    assert await value(conn, MISSED.format(since=since, end=end, every=EVERY)) == 0
    assert await value(conn, STORED) == await value(conn, "SELECT sum(n) FROM public.influx_agg_1m")
    assert await value(conn, STORED) == await value(conn, "SELECT sum(n) FROM public.influx_agg_1h")
    assert reported[-1] >= size.rows
    assert await value(conn, f"SELECT count(*) FROM influx_hist WHERE {ODD}") == 0


STORED = "SELECT count(*) FROM public.influx_hist"
COMPRESSED = """
SELECT count(*) FROM timescaledb_information.chunks
WHERE hypertable_name = 'influx_hist' AND is_compressed
"""
ODD = f"extract(epoch FROM ts)::bigint % {EVERY} <> 0"
# Samples that were due and are missing, of the tags that always send.
MISSED = """
SELECT count(*)
FROM generate_series({since}::bigint, {end} - 1) AS s
CROSS JOIN ksys_demo.tag AS t
LEFT JOIN public.influx_hist AS h ON h.ts = to_timestamp(s) AND h.tag_name = t.tag_name
WHERE NOT silent AND h.ts IS NULL AND s % {every} = 0
"""


async def test_the_feed_goes_on_where_the_history_ends(plant: tuple[str, AsyncConnection]) -> None:
    dsn, conn = plant
    begin = await store.now(conn) - 30
    await store.write(conn, Span(begin - 60, begin))
    stop = asyncio.Event()
    feeding = asyncio.create_task(feed(dsn, begin, SIZE, stop))

    async def live() -> bool:
        return await value(conn, "SELECT max(ts) > now() - interval '3 seconds' FROM influx_hist")

    await until(live)
    stop.set()
    await feeding
    end = await store.newest(conn)
    assert end is not None
    assert await value(conn, MISSED.format(since=begin - 60, end=end, every=EVERY)) == 0
    since = await value(conn, "SELECT since FROM ksys_demo.plant")
    assert await store.missing(conn, end) == [Span(since, begin - 60)]


async def test_the_values_have_every_kind_of_fault_and_stay_in_range(
    plant: tuple[str, AsyncConnection],
) -> None:
    _, conn = plant
    now = await store.now(conn)
    for start in range(now - 5400, now, 600):
        await store.write(conn, Span(start, start + 5))
    levels = """
    SELECT array_agg(DISTINCT CASE WHEN value NOT BETWEEN crit_min AND crit_max THEN 'crit'
                                   WHEN value NOT BETWEEN warn_min AND warn_max THEN 'warn'
                                   ELSE 'normal' END)
    FROM public.influx_hist JOIN public.influx_qc_rule USING (tag_name)
    """
    assert await value(conn, levels) == ["crit", "normal", "warn"]
    outside = """
    SELECT count(*) FROM public.influx_hist JOIN public.influx_qc_rule USING (tag_name)
    WHERE value NOT BETWEEN min_val AND max_val
    """
    assert await value(conn, outside) == 0
    assert await value(conn, "SELECT count(*) FROM public.ingest_reject") == 0


async def test_a_database_of_somebody_else_is_refused(
    plant: tuple[str, AsyncConnection], databases: TestDatabases
) -> None:
    _, conn = plant
    await store.require_own(conn, "plant", SIZE)
    for other in (Size(25, 1, True, EVERY), Size(TAGS, 1, True)):
        with pytest.raises(ConfigError, match="--scale 17 --every 2"):
            await store.require_own(conn, "plant", other)
    await conn.execute(
        "INSERT INTO public.influx_hist (ts, tag_name, value) VALUES (now(), 'P1.FLOW', 1)"
    )
    with pytest.raises(ConfigError, match=r"P1\.FLOW"):
        await store.require_own(conn, "plant", SIZE)
    await conn.execute("DROP SCHEMA ksys_demo CASCADE")
    with pytest.raises(ConfigError, match="did not write"):
        await store.require_own(conn, "plant", SIZE)
