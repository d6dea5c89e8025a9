"""``ksys db refresh``: exactly the range, fine to coarse, never past the raw samples."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from psycopg import AsyncConnection

from ksys_app.db import connect
from ksys_app.domain import upkeep
from ksys_app.errors import BadParameter, DatabaseUnreachable
from ksys_app.ops.jobs import jobs
from ksys_app.ops.schema.refresh import Progress, refresh
from tests.conftest import ZONE
from tests.database import TestDatabases
from tests.plant import clock, insert
from tests.waiting import until

NOW = datetime(2026, 8, 14, 3, 7, 11, tzinfo=UTC)
KST = ZoneInfo(ZONE)
DAY = timedelta(days=1)


@pytest.fixture
async def fresh(databases: TestDatabases) -> AsyncIterator[str]:
    dsn = await databases.fresh()
    yield dsn
    await databases.drop(dsn)


async def days(conn: AsyncConnection, tag: str) -> dict[datetime, int]:
    cursor = await conn.execute(
        "SELECT bucket, n FROM public.influx_agg_1d WHERE tag_name = %s", (tag,)
    )
    return dict(await cursor.fetchall())


async def test_old_days_survive_the_retention_of_their_samples(fresh: str) -> None:
    """PRD decision 17. At the end, a refresh without the bound deletes the days."""
    async with await connect(fresh) as conn:
        await _quiet(conn)
        now = await clock(conn)
        old = [(now - 380 * DAY + timedelta(hours=n), "KEPT", float(n)) for n in range(240)]
        new = [(now - 3 * DAY + timedelta(minutes=n), "KEPT", float(n)) for n in range(60)]
        await insert(conn, old + new)
        for view in upkeep.REFRESH:
            await conn.execute(
                "CALL refresh_continuous_aggregate(%s::regclass, %s::timestamptz, %s::timestamptz)",
                (f"public.{view}", now - 400 * DAY, now - 2 * DAY),
            )
        before = await days(conn, "KEPT")
        assert sum(before.values()) == 300

        by_name = {job.name: job for job in await jobs.list_jobs(conn)}
        await conn.execute("CALL run_job(%s)", (by_name["retention influx_hist"].job_id,))
        left = await (
            await conn.execute(
                "SELECT count(*) FROM public.influx_hist WHERE ts < %s", (now - 375 * DAY,)
            )
        ).fetchone()
        assert left == (0,), "the retention job dropped what the test is about"

        await refresh(fresh, KST, start=now - 400 * DAY)
        for name, job in by_name.items():
            if name.startswith("refresh "):
                run = await jobs.run_job(conn, job)
                assert run is not None
                assert run.error is None
        assert await days(conn, "KEPT") == before

        for view in ("influx_agg_1m", "influx_agg_10m", "influx_agg_1h", "influx_agg_1d"):
            await conn.execute(
                "CALL refresh_continuous_aggregate(%s::regclass, %s::timestamptz, %s::timestamptz)",
                (f"public.{view}", now - 400 * DAY, now - 2 * DAY),
            )
        assert sum((await days(conn, "KEPT")).values()) < 300


async def _quiet(conn: AsyncConnection) -> None:
    """End the server's own runs: two refreshes of one range refuse each other."""
    await conn.execute(
        "SELECT alter_job(job_id, scheduled => false)"
        " FROM timescaledb_information.jobs WHERE job_id >= 1000"
    )

    async def idle() -> bool:
        return not any(job.running for job in await jobs.list_jobs(conn))

    await until(idle)


async def test_a_backfilled_range_is_in_every_aggregate_and_the_running_bucket_stays_live(
    dsn: str, conn: AsyncConnection
) -> None:
    now = await clock(conn)
    at = now - 200 * DAY
    await insert(conn, [(at, "FILL", 1.0), (now, "FILL", 2.0)])
    reports: list[Progress] = []
    done = await refresh(dsn, KST, start=at, end=at, on_progress=reports.append)
    assert [item.view for item in done] == [*upkeep.REFRESH, "tech_ind_1m_mv"]
    stages = [(item.view, item.start, item.end) for item in done]
    assert sorted({(item.view, item.start, item.end) for item in reports}) == sorted(stages)
    begun = [
        item
        for before, item in pairwise([None, *reports])
        if before is None or item.view != before.view
    ]
    assert len(begun) == len(stages), (
        "each aggregate is reported before its first slice, and together"
    )
    finished = [item.done for item in reports if item not in begun]
    assert finished == list(range(1, reports[-1].total + 1))
    for view in ("influx_agg_1m", "influx_agg_10m", "influx_agg_1h", "influx_agg_1d"):
        cursor = await conn.execute(
            f"SELECT last FROM public.{view} WHERE tag_name = 'FILL' ORDER BY bucket"
        )
        assert await cursor.fetchall() == [(1.0,), (2.0,)], view
    later = await clock(conn)
    await refresh(dsn, KST)
    await insert(conn, [(later, "FILL", 3.0)])
    cursor = await conn.execute(
        "SELECT max(bucket) <= now(), (SELECT last FROM public.influx_agg_1d"
        " WHERE tag_name = 'FILL' ORDER BY bucket DESC LIMIT 1)"
        " FROM public.influx_agg_1d"
    )
    assert await cursor.fetchone() == (True, 3.0)


async def test_an_empty_database_has_nothing_to_refresh(fresh: str) -> None:
    assert await refresh(fresh, KST) == []


async def test_a_range_without_raw_samples_is_not_refreshed(
    dsn: str, conn: AsyncConnection
) -> None:
    now = await clock(conn)
    await insert(conn, [(now, "GONE", 1.0)])
    assert await refresh(dsn, KST, start=now - 800 * DAY, end=now - 700 * DAY) == []


async def test_a_range_that_ends_before_it_starts_is_refused(dsn: str) -> None:
    with pytest.raises(BadParameter, match="--to 2026-08-13 03:07 is before --from"):
        await refresh(dsn, KST, start=NOW, end=NOW - DAY)


async def test_a_database_that_is_away_is_reported() -> None:
    with pytest.raises(DatabaseUnreachable, match="does not answer"):
        await refresh("postgresql://ksys@127.0.0.1:1/ksys", KST)
