"""``ksys db init`` on a database of version 0.1.0 with unusable samples."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from psycopg import AsyncConnection

from ksys_app.db import connect
from ksys_app.ops.jobs.jobs import list_jobs, run_job
from ksys_app.ops.schema import quarantine, refresh, schema
from ksys_app.ops.verify.verify import verify
from tests.conftest import RO_PASSWORD, RW_PASSWORD, ZONE
from tests.database import TestDatabases
from tests.dr.test_migration import CATALOG, catalog
from tests.plant import Sample, clock, insert

MINUTE = timedelta(minutes=1)

# Removes what the first version did not have, and restores its trigger for the newest sample.
UNDO = """
SELECT delete_job(job_id) FROM timescaledb_information.jobs
WHERE proc_name = 'settle_tags' OR hypertable_name = 'ingest_reject';
DROP TRIGGER refuse_unusable ON public.influx_hist;
DROP TRIGGER recheck_tag_latest_update ON public.influx_hist;
DROP TRIGGER recheck_tag_latest_delete ON public.influx_hist;
DROP TRIGGER recheck_tag_latest_truncate ON public.influx_hist;
ALTER TABLE public.influx_hist DROP CONSTRAINT influx_hist_usable;
DROP TABLE public.ingest_reject;
DROP TABLE public.tag_recheck;
DROP PROCEDURE public.settle_tags(integer, jsonb);
DROP PROCEDURE public.settle_tag(text, timestamptz, timestamptz);
DROP PROCEDURE public.take_in_samples();
DROP PROCEDURE public.require_usable();
DROP PROCEDURE public.drop_empty_chunks();
DROP PROCEDURE public.gather_statistics();
DROP FUNCTION public.quarantine_chunk(text, text);
DROP FUNCTION public.refuse_unusable();
DROP FUNCTION public.recheck_tag_latest();
DROP FUNCTION public.recheck_every_tag();
CREATE OR REPLACE VIEW public.influx_live AS
SELECT tag_name, ts, value, qc FROM public.influx_hist WHERE ts >= now() - interval '1 hour';
CREATE OR REPLACE FUNCTION public.keep_tag_latest() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO public.tag_latest AS kept (tag_name, value, ts, first_ts)
  SELECT DISTINCT ON (tag_name) tag_name, value, ts, min(ts) OVER (PARTITION BY tag_name)
  FROM written ORDER BY tag_name, ts DESC
  ON CONFLICT (tag_name) DO UPDATE
    SET value = CASE WHEN excluded.ts >= kept.ts THEN excluded.value ELSE kept.value END,
        ts = greatest(kept.ts, excluded.ts), first_ts = least(kept.first_ts, excluded.first_ts)
    WHERE excluded.ts >= kept.ts OR excluded.first_ts < kept.first_ts;
  RETURN NULL;
END
$$;
DROP FUNCTION public.ksys_max_ahead();
DROP FUNCTION public.unusable_reason(timestamptz, text, double precision);
DROP FUNCTION public.usable(timestamptz, text, double precision);
"""
RAW = "INSERT INTO public.influx_hist (ts, tag_name, value) VALUES (%s::timestamptz, %s, %s)"


def bad_rows(now: datetime) -> list[tuple[object, str, float]]:
    return [
        (now - 20.5 * MINUTE, "MIXED", math.nan),
        (now - 90.5 * MINUTE, "MIXED", 2e200),
        (now - 95.5 * MINUTE, "MIXED", 3.16e-322),
        (now - timedelta(days=20, seconds=30), "MIXED", -math.inf),
        ("1970-01-01T00:00:00Z", "MIXED", 4.0),
        ("0001-01-01T00:00:00Z", "MIXED", 4.0),
        (f"{now.year + 4}-01-01T00:00:00Z", "MIXED", 5.0),
        (now - MINUTE, "ONLY", math.nan),
        (now + timedelta(hours=5), "LATER", 6.0),
    ]


def good_rows(now: datetime) -> list[Sample]:
    recent = [(now - m * MINUTE, "MIXED", 10.0) for m in range(1, 200)]
    old = [(now - timedelta(days=20) - m * MINUTE, "MIXED", 10.0) for m in range(200)]
    return [*recent, *old, (now - 3 * MINUTE, "CLEAN", 1.0)]


@pytest.fixture
async def older(databases: TestDatabases) -> AsyncIterator[str]:
    dsn = await databases.fresh()
    async with await connect(dsn) as conn:
        await conn.execute(UNDO.encode())
        now = await clock(conn)
        await insert(conn, good_rows(now))
        for row in bad_rows(now):
            await conn.execute(RAW, row)
        await conn.execute(
            "SELECT compress_chunk(c, true) FROM show_chunks('public.influx_hist',"
            " older_than => interval '10 days', newer_than => interval '40 days') AS c"
        )
    yield dsn
    await databases.drop(dsn)


async def init(dsn: str) -> list[schema.StepResult]:
    passwords = {"eco_ro": RO_PASSWORD, "eco_rw": RW_PASSWORD}
    return await schema.apply(dsn, zone=ZONE, passwords=passwords)


async def value(conn: AsyncConnection, statement: str) -> object:
    row = await (await conn.execute(statement.encode())).fetchone()
    assert row is not None
    return row[0]


async def test_init_moves_and_reports_unusable_samples_and_ends_like_a_new_database(
    older: str, databases: TestDatabases
) -> None:
    async with await connect(older) as conn:
        failed = {check.name for check in await verify(older, zone=ZONE) if not check.ok}
        assert {"constraint influx_hist_usable", "samples influx_hist"} <= failed

        steps = await init(older)
        (step,) = [step for step in steps if step.name == "quarantine"]
        notes = "\n".join(step.notes)
        assert "MIXED: 2 rows moved to ingest_reject (NOT_FINITE)" in notes
        assert "MIXED: 2 rows moved to ingest_reject (TOO_OLD)" in notes
        assert "MIXED: 2 rows moved to ingest_reject (MAGNITUDE)" in notes
        assert "LATER: 1 row moved to ingest_reject (AHEAD)" in notes
        times = [line.split("the newest ")[1] for line in steps[-1].notes]
        assert all("+09" in time for time in times), "in the display zone, with its offset"
        assert "ONLY: 1 row moved to ingest_reject (NOT_FINITE)" in notes

        assert await value(conn, "SELECT count(*) FROM influx_hist") == 400
        assert await value(conn, "SELECT count(*) FROM ingest_reject") == 9
        cursor = await conn.execute(
            "SELECT tag_name, value, first_ts > '1990-01-01', ts < now() FROM tag_latest ORDER BY 1"
        )
        assert await cursor.fetchall() == [("CLEAN", 1.0, True, True), ("MIXED", 10.0, True, True)]
        for view in ("influx_agg_1m", "influx_agg_10m", "influx_agg_1h", "influx_agg_1d"):
            cursor = await conn.execute(
                f"SELECT sum(n), min(min), max(max), min(avg) FROM {view}"  # type: ignore[arg-type]
                " WHERE tag_name = 'MIXED'"
            )
            assert await cursor.fetchall() == [(399, 10.0, 10.0, 10.0)], view
        runs = [await run_job(conn, job) for job in await list_jobs(conn)]
        errors = [run.error for run in runs if run is not None and run.error]
        # A worker of the server may be running a job.
        assert [error for error in errors if "concurrent" not in error] == []
        failed = {check.name for check in await verify(older, zone=ZONE) if not check.ok}
        assert {name for name in failed if not (errors and name.startswith("job "))} == set()
    assert "quarantine" not in {step.name for step in await init(older)}

    fresh = await databases.fresh()
    try:
        wanted, found = await catalog(fresh), await catalog(older)
        for part in CATALOG:
            assert found[part] == wanted[part], part
    finally:
        await databases.drop(fresh)


# A database with an older rule, which allows numbers that are too close to zero.
NARROWER = """
DROP TRIGGER refuse_unusable ON public.influx_hist;
ALTER TABLE public.influx_hist DROP CONSTRAINT influx_hist_usable;
CREATE OR REPLACE FUNCTION public.usable(ts timestamptz, tag_name text, value double precision)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT value BETWEEN -1e100 AND 1e100';
ALTER TABLE public.influx_hist
  ADD CONSTRAINT influx_hist_usable CHECK (value BETWEEN -1e100 AND 1e100);
"""


async def test_stored_samples_are_judged_by_a_changed_rule(
    databases: TestDatabases,
) -> None:
    dsn = await databases.fresh()
    try:
        async with await connect(dsn) as conn:
            await conn.execute(NARROWER.encode())
            now = await clock(conn)
            await insert(conn, [(now - m * MINUTE, "ZEROS", 0.0) for m in range(1, 100)])
            old = now - timedelta(days=20)
            await insert(conn, [(old - m * MINUTE, "ZEROS", 0.0) for m in range(1, 100)])
            await insert(conn, [(ts - 2.5 * MINUTE, "ZEROS", 3.16e-322) for ts in (old, now)])
            await conn.execute(
                "SELECT compress_chunk(c, true) FROM show_chunks('public.influx_hist',"
                " older_than => interval '10 days') AS c"
            )
            (step,) = [step for step in await init(dsn) if step.name == "quarantine"]
            (note,) = step.notes
            assert note.startswith("ZEROS: 2 rows moved to ingest_reject (MAGNITUDE)")
            assert await value(conn, "SELECT sum(avg) FROM influx_agg_1d") == 0
            await insert(conn, [(now, "ZEROS", 5e-324)])
            assert await value(conn, "SELECT count(*) FROM influx_hist") == 198
        # A job of the server may have failed during the change of the table.
        checks = {check.name: check.ok for check in await verify(dsn, zone=ZONE)}
        assert checks["constraint influx_hist_usable"]
        assert checks["samples influx_hist"]
        assert "quarantine" not in {step.name for step in await init(dsn)}
    finally:
        await databases.drop(dsn)


async def test_a_killed_init_is_completed_by_the_next_one(
    older: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(Exception):
        pass

    async def killed(*args: object, **kwargs: object) -> list[refresh.Refreshed]:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(refresh, "refresh", killed)
        with pytest.raises(Killed):
            await init(older)
    async with await connect(older) as conn:
        assert await quarantine.needed(conn)
        (last,) = [step for step in await init(older) if step.name == "quarantine"]
        assert len(last.notes) == 6
        assert not await quarantine.needed(conn)
        assert await value(conn, "SELECT sum(n) FROM influx_agg_1d WHERE tag_name = 'MIXED'") == 399
