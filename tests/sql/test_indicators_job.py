"""``tech_ind_1m_mv`` is written in parts, and has the rows that its old view would compute."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from psycopg import AsyncConnection

from ksys_app.db import connect
from ksys_app.ops.verify import verify
from tests.conftest import ZONE
from tests.database import TestDatabases
from tests.ksys import ksys
from tests.plant import Sample, clock, insert

COLUMNS = "bucket, tag_name, avg, sma_10, sma_60, bb_top, bb_bot, slope_60"
# The materialized view of 0.1.0; the specification has it without the bound.
VIEW = """
SELECT bucket, tag_name, avg, avg(avg) OVER w10 AS sma_10, avg(avg) OVER w60 AS sma_60,
       avg + 2 * stddev_samp(avg) OVER w20 AS bb_top, avg - 2 * stddev_samp(avg) OVER w20 AS bb_bot,
       avg - lag(avg, 60) OVER (PARTITION BY tag_name ORDER BY bucket) AS slope_60
FROM public.influx_agg_1m
WHERE bucket >= now() - interval '25 hours'
WINDOW
  w10 AS (PARTITION BY tag_name ORDER BY bucket ROWS BETWEEN 9 PRECEDING AND CURRENT ROW),
  w20 AS (PARTITION BY tag_name ORDER BY bucket ROWS BETWEEN 19 PRECEDING AND CURRENT ROW),
  w60 AS (PARTITION BY tag_name ORDER BY bucket ROWS BETWEEN 59 PRECEDING AND CURRENT ROW)
"""
JOB = "CALL public.refresh_tech_ind_1m_mv(1)"
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
async def conn(databases: TestDatabases) -> AsyncIterator[AsyncConnection]:
    """A database of its own, whose workers do not run the job meanwhile, with three tags."""
    dsn = await databases.fresh()
    async with await connect(dsn) as conn:
        await conn.execute(
            "SELECT alter_job(job_id, scheduled => false) FROM timescaledb_information.jobs"
        )
        now = (await clock(conn)).replace(second=0, microsecond=0)
        # The 60 rows before a row of HOLES or RARE take hours, so these two end within 25 hours:
        # with each minute the view would have one row less at its end.
        for tag, minutes, share in (
            ("DENSE", 1560, 1.0),
            ("HOLES", 1400, 0.4),
            ("RARE", 1400, 0.01),
        ):
            await insert(conn, samples(now, tag, range(1, minutes), minutes, share))
        yield conn
    await databases.drop(dsn)


async def differences(conn: AsyncConnection) -> tuple[int, ...]:
    """The numbers of rows of the newest 24 hours, of missing rows, and of different rows."""
    cursor = await conn.execute(
        f"WITH wanted AS ({VIEW}),"  # type: ignore[arg-type]
        " w AS (SELECT * FROM wanted WHERE bucket > now() - interval '24 hours'),"
        " k AS (SELECT * FROM public.tech_ind_1m_mv WHERE bucket > now() - interval '24 hours')"
        " SELECT count(*), count(*) FILTER (WHERE k IS NULL OR w IS NULL),"
        " count(*) FILTER (WHERE abs(k.avg - w.avg) > 1e-9 OR abs(k.sma_10 - w.sma_10) > 1e-9"
        "  OR abs(k.sma_60 - w.sma_60) > 1e-9 OR abs(k.bb_top - w.bb_top) > 1e-9"
        "  OR abs(k.bb_bot - w.bb_bot) > 1e-9 OR abs(k.slope_60 - w.slope_60) > 1e-9)"
        " FROM k FULL JOIN w USING (tag_name, bucket)"
    )
    return await cursor.fetchone() or ()


def samples(now: datetime, tag: str, minutes: range, seed: int, share: float = 1.0) -> list[Sample]:
    source = random.Random(seed)
    return [
        (now - n * MINUTE, tag, source.gauss(100, 5)) for n in minutes if source.random() < share
    ]


# With 2,000 tags the newest minutes are compared in each run, and the rest in eleven.
@pytest.mark.parametrize(("tags", "runs"), [(3, 1), (2000, 11)])
async def test_changes_are_written_within_one_round_of_the_parts(
    conn: AsyncConnection, tags: int, runs: int
) -> None:
    await conn.execute(
        "INSERT INTO public.tag_latest SELECT 'MANY' || n, 1, now(), now()"
        " FROM generate_series(4, %s) AS n",
        (tags,),
    )
    await conn.execute(JOB)
    rows, missing, different = await differences(conn)
    assert (rows > 1900, missing, different) == (True, 0, 0)

    now = (await clock(conn)).replace(second=0, microsecond=0)
    await insert(conn, [(now, "DENSE", 1.0 + tags), (now - 9 * MINUTE, "HOLES", 2.0)])
    await conn.execute(JOB)
    assert (await differences(conn))[1:] == (0, 0)

    await insert(conn, samples(now, "HOLES", range(200, 300), tags))
    await insert(conn, [(now - 1300 * MINUTE, "DENSE", -5.0)])
    await conn.execute(
        "DELETE FROM public.influx_hist WHERE tag_name = 'DENSE' AND ts BETWEEN %s AND %s",
        (now - (800 + tags) * MINUTE, now - 700 * MINUTE),
    )
    for _ in range(runs + 1):
        await conn.execute(JOB)
    assert (await differences(conn))[1:] == (0, 0)
    async with conn.transaction():
        await conn.execute(JOB)
        cursor = await conn.execute(
            "SELECT count(*) FROM public.tech_ind_1m_mv WHERE xmin = pg_current_xact_id()::xid"
        )
        assert await cursor.fetchone() == (0,), "what has not changed is not written again"


async def test_a_call_by_hand_compares_all_rows_and_deletes_old_ones(
    conn: AsyncConnection,
) -> None:
    now = (await clock(conn)).replace(second=0, microsecond=0)
    await conn.execute(
        "INSERT INTO public.tech_ind_1m_mv (bucket, tag_name, avg)"
        " VALUES (%s, 'ONE', 1), (%s, 'GONE', 1)",
        (now - timedelta(hours=26), now - timedelta(hours=3)),
    )
    await insert(conn, [(now - timedelta(hours=20), "HOLES", 7.0)])
    await conn.execute("CALL public.refresh_tech_ind_1m_mv()")
    assert (await differences(conn))[1:] == (0, 0)
    cursor = await conn.execute(
        "SELECT min(bucket) > now() - interval '26 hours' FROM public.tech_ind_1m_mv"
    )
    assert await cursor.fetchone() == (True,)


async def test_the_view_of_an_older_version_becomes_the_table(conn: AsyncConnection) -> None:
    dsn = conn.info.dsn
    for statement in (
        "DROP TABLE public.tech_ind_1m_mv",
        f"CREATE MATERIALIZED VIEW public.tech_ind_1m_mv AS {VIEW}",
        "CREATE UNIQUE INDEX tech_ind_1m_mv_tag_bucket"
        " ON public.tech_ind_1m_mv (tag_name, bucket DESC)",
        "GRANT SELECT ON public.tech_ind_1m_mv TO PUBLIC",
        "CREATE VIEW public.report AS SELECT sma_10 FROM public.tech_ind_1m_mv",
        # Where only psql has applied the files, the job goes on with the old view.
        JOB,
    ):
        await conn.execute(statement.encode())
    checks = {check.name: check for check in await verify.verify(dsn, zone=ZONE)}
    assert checks["table tech_ind_1m_mv"].detail == (
        "is a materialized view; run ksys db init --rebuild tech_ind_1m_mv"
    )
    code, _, err = await ksys("db", "init", TS_ADMIN_DSN=dsn)
    assert (code, "tech_ind_1m_mv cannot be rebuilt while report reads it" in err) == (1, True)

    await conn.execute("DROP VIEW public.report")
    code, out, _ = await ksys("db", "init", "--dry-run", TS_ADMIN_DSN=dsn)
    assert "-- tech_ind_1m_mv becomes a table with the last 25 hours" in out
    code, out, err = await ksys("db", "init", TS_ADMIN_DSN=dsn)
    assert code == 0, err
    assert "is a table with the last 25 hours now; its job writes what has changed" in out
    assert (await differences(conn))[1:] == (0, 0)
    cursor = await conn.execute(
        "SELECT relkind::text, relacl::text ~ '[{,]=r/' FROM pg_class"
        " WHERE oid = 'public.tech_ind_1m_mv'::regclass"
    )
    assert await cursor.fetchone() == ("r", True)
    failed = [c for c in await verify.verify(dsn, zone=ZONE) if not c.ok]
    assert [check for check in failed if not check.name.startswith("job ")] == []
