"""The demo plant's past in a real database: each sample once, and correct aggregates."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from psycopg import AsyncConnection, sql

from ksys_app.db import connect
from ksys_app.domain.windows import WINDOWS
from ksys_app.ops.demo.plant import history
from ksys_app.ops.demo.plant.history import Density, Span
from ksys_app.ops.demo.plant.signals import PERIOD_S, TAGS
from ksys_app.ops.demo.plant.simulator import Plant
from ksys_app.ops.jobs import jobs
from tests.conftest import ZONE
from tests.database import TestDatabases
from tests.waiting import until

KST = ZoneInfo(ZONE)
DAY = timedelta(days=1)
# Like the real thinning, with fewer rows: the densest part begins today.
THINNING = (
    Density(372 * DAY, 21_600),
    Density(92 * DAY, 3600),
    Density(2 * DAY, 300),
    Density(timedelta(0), PERIOD_S),
)
PLANT = Plant(7)
Row = tuple[datetime, str, float, dict[str, int]]


def samples(spans: list[Span]) -> set[tuple[int, str, float, int]]:
    """The samples of the plant in these ticks: epoch, tag, value, and the step if thinned."""
    return {
        (t, tag, value, span.step if span.step > PERIOD_S else 0)
        for span in spans
        for t in range(span.start, span.end, span.step)
        for tag, value in zip(TAGS, PLANT.tick(t), strict=True)
        if value is not None
    }


async def stored(conn: AsyncConnection) -> list[tuple[int, str, float, int]]:
    cursor = await conn.execute(
        "SELECT extract(epoch FROM ts)::bigint, tag_name, value,"
        " coalesce((meta ->> 'thinned_s')::integer, 0) FROM public.influx_hist"
    )
    return await cursor.fetchall()


async def number(conn: AsyncConnection, statement: str) -> int:
    row = await (await conn.execute(statement.encode())).fetchone()
    assert row is not None
    return int(row[0])


async def stop_workers(dsn: str) -> None:
    """Stop the server's own jobs: its retention would delete days before they are aggregated."""
    async with await connect(dsn) as conn:
        await conn.execute(
            "SELECT alter_job(job_id, scheduled => false)"
            " FROM timescaledb_information.jobs WHERE job_id >= 1000"
        )

        async def idle() -> bool:
            return not any(job.running for job in await jobs.list_jobs(conn))

        await until(idle)


@pytest.fixture
async def fresh(databases: TestDatabases) -> AsyncIterator[str]:
    dsn = await databases.fresh()
    yield dsn
    await databases.drop(dsn)


@pytest.fixture(scope="module")
async def loaded(databases: TestDatabases) -> AsyncIterator[tuple[AsyncConnection, datetime, int]]:
    """A database with the history, the time of its end, and the number of written rows."""
    dsn = await databases.fresh()
    await stop_workers(dsn)
    now = datetime.now(UTC)
    done = await history.load(dsn, KST, PLANT, now, thinning=THINNING)
    assert done is not None
    async with await connect(dsn) as conn:
        yield conn, now, done.rows
    await databases.drop(dsn)


async def test_the_raw_rows_are_the_samples_of_the_plant(
    loaded: tuple[AsyncConnection, datetime, int],
) -> None:
    conn, now, _ = loaded
    rows = await stored(conn)
    assert len(rows) == len(set(rows))
    oldest = min(row[0] for row in rows)
    expected = samples(history.spans(None, now, THINNING))
    assert set(rows) == {row for row in expected if row[0] >= oldest}


async def test_days_past_the_retention_are_only_in_the_aggregates(
    loaded: tuple[AsyncConnection, datetime, int],
) -> None:
    conn, _, written = loaded
    assert await number(conn, "SELECT count(*) FROM public.influx_hist") < written
    assert await number(conn, "SELECT sum(n) FROM public.influx_agg_1d") == written
    assert await number(conn, "SELECT sum(n) FROM public.influx_agg_1h") == written
    assert await number(conn, "SELECT sum(recv_msgs) FROM public.comm_recv_1h") == written


async def test_a_tags_life_begins_where_its_samples_are_no_longer_thinned(
    loaded: tuple[AsyncConnection, datetime, int],
) -> None:
    conn, now, _ = loaded
    dense = history.spans(None, now, THINNING)[-1]
    assert await number(conn, "SELECT count(*) FROM public.tag_latest") == len(TAGS)
    first = "SELECT extract(epoch FROM {}(first_ts)) FROM public.tag_latest"
    assert await number(conn, first.format("min")) == dense.start
    assert await number(conn, first.format("max")) == dense.start


async def test_all_13_windows_have_something_to_show(
    loaded: tuple[AsyncConnection, datetime, int],
) -> None:
    conn, now, _ = loaded
    for window in WINDOWS:
        statement = sql.SQL(
            "SELECT count(DISTINCT bucket) FROM public.{} WHERE tag_name = 'D100'"
            " AND bucket >= %s AND bucket <= %s"
        ).format(sql.Identifier(window.view))
        cursor = await conn.execute(statement, (now - window.duration, now))
        row = await cursor.fetchone()
        possible = window.duration / window.width
        assert row is not None
        assert row[0] >= min(1, possible), window.label
        if window.duration >= 30 * DAY:
            assert row[0] >= possible - 2, window.label


async def test_old_chunks_are_compressed_by_the_end_of_the_load(
    loaded: tuple[AsyncConnection, datetime, int],
) -> None:
    conn, now, _ = loaded
    old = (
        " FROM timescaledb_information.chunks WHERE hypertable_name = 'influx_hist'"
        f" AND range_end < timestamptz '{now.isoformat()}' - interval '7 days'"
    )
    chunks = await number(conn, "SELECT count(*)" + old)
    assert chunks > 45
    assert await number(conn, "SELECT count(*) FILTER (WHERE is_compressed)" + old) == chunks


async def test_a_later_load_fills_the_gap_and_nothing_else(fresh: str) -> None:
    now = datetime.now(UTC)
    recent = (Density(2 * DAY, 600), Density(timedelta(0), 60))
    first = now - timedelta(hours=30)
    async with await connect(fresh) as conn:
        assert await history.load(fresh, KST, PLANT, first, thinning=recent) is not None
        await history.load(fresh, KST, PLANT, now, thinning=recent)
        newest = await number(conn, "SELECT extract(epoch FROM max(ts)) FROM public.influx_hist")
        assert now.timestamp() - newest < 120
        begun = history.spans(None, first, recent)
        last = begun[-1].start + (begun[-1].ticks - 1) * begun[-1].step
        resumed = history.spans(datetime.fromtimestamp(last, UTC), now, recent)
        assert set(await stored(conn)) == samples(begun) | samples(resumed)
        assert await history.load(fresh, KST, PLANT, now, thinning=recent) is None


async def test_a_load_that_was_interrupted_continues_where_it_was(fresh: str) -> None:
    now = datetime.now(UTC)
    recent = (Density(20 * DAY, 600), Density(2 * DAY, 60))

    def break_off(stage: str, done: int, total: int) -> None:
        if done > total / 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await history.load(fresh, KST, PLANT, now, thinning=recent, on_progress=break_off)
    reports: list[tuple[str, int, int]] = []
    await history.load(
        fresh, KST, PLANT, now, thinning=recent, on_progress=lambda *step: reports.append(step)
    )
    async with await connect(fresh) as conn:
        rows = await stored(conn)
        assert set(rows) == samples(history.spans(None, now, recent))
        assert await number(conn, "SELECT sum(n) FROM public.influx_agg_1d") == len(rows)
    for stage in ("samples", "aggregates"):
        steps = [(done, total) for name, done, total in reports if name == stage]
        assert steps == sorted(steps)
        assert steps[-1][0] == steps[-1][1]
