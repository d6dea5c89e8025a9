"""A changed aggregate: a migration brings an older database to the new schema and keeps its data.

The product has no migration of an aggregate yet. This is one as `db/migrations/README.md` describes
it, on a copy of the schema in which `features_5m` has one column more.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from psycopg import AsyncConnection

from ksys_app import resources
from ksys_app.db import connect
from ksys_app.domain import upkeep
from ksys_app.ops.jobs import jobs
from ksys_app.ops.schema import refresh, schema
from tests.conftest import RO_PASSWORD, RW_PASSWORD, ZONE
from tests.database import TestDatabases
from tests.plant import clock, insert

DAY = timedelta(days=1)
CALL = "CALL refresh_continuous_aggregate(%s::regclass, %s::timestamptz, %s::timestamptz)"
OLD_COLUMN = "           count(*) AS n_5m\n"
NEW_COLUMNS = (
    "           count(*) AS n_5m,\n"
    "           percentile_cont(0.5) WITHIN GROUP (ORDER BY value) AS median_5m\n"
)
MIGRATION = """
-- Buckets of deleted samples cannot be computed again, so they are copied.
CREATE TEMPORARY TABLE kept ON COMMIT DROP AS
SELECT * FROM public.features_5m WHERE bucket < (
  SELECT coalesce(min(range_start), 'infinity') FROM timescaledb_information.chunks
  WHERE hypertable_schema = 'public' AND hypertable_name = 'influx_hist');
DROP MATERIALIZED VIEW public.features_5m;
{create}
DO $$
DECLARE
  stored text;
BEGIN
  SELECT format('%I.%I', materialization_hypertable_schema, materialization_hypertable_name)
  INTO stored FROM timescaledb_information.continuous_aggregates
  WHERE view_schema = 'public' AND view_name = 'features_5m';
  EXECUTE format('INSERT INTO %s (bucket, tag_name, mean_5m, std_5m, min_5m, max_5m, p10_5m,'
                 ' p90_5m, n_5m) SELECT * FROM kept', stored);
END
$$;
"""
# Objects by name, without columns that depend on the order of their creation.
CATALOG = {
    "relations": "SELECT relname, relkind, relacl::text, reloptions FROM pg_class"
    " WHERE relnamespace = 'public'::regnamespace",
    "columns": "SELECT attrelid::regclass, attnum, attname, atttypid::regtype, attnotnull"
    " FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid"
    " WHERE c.relnamespace = 'public'::regnamespace AND NOT attisdropped",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "views": "SELECT c.relname, pg_get_viewdef(c.oid) FROM pg_class AS c"
    " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('v', 'm')",
    "aggregates": "SELECT view_name, materialized_only, compression_enabled, view_definition"
    " FROM timescaledb_information.continuous_aggregates WHERE view_schema = 'public'",
    "functions": "SELECT proname, prosrc, prosecdef, proconfig FROM pg_proc AS p"
    " JOIN pg_language AS l ON l.oid = p.prolang"
    " WHERE pronamespace = 'public'::regnamespace AND l.lanname <> 'c'",
    "triggers": "SELECT tgrelid::regclass, tgname, tgenabled FROM pg_trigger"
    " WHERE tgname LIKE 'keep%'",
    "jobs": "SELECT proc_name, hypertable_name, schedule_interval, scheduled,"
    " config - 'mat_hypertable_id' - 'hypertable_id' FROM timescaledb_information.jobs"
    " WHERE job_id >= 1000",
    "columnar": "SELECT coalesce(a.view_name, s.hypertable::text), s.segmentby, s.orderby"
    " FROM timescaledb_information.hypertable_compression_settings AS s"
    " LEFT JOIN timescaledb_information.continuous_aggregates AS a"
    " ON s.hypertable = format('%I.%I', a.materialization_hypertable_schema,"
    " a.materialization_hypertable_name)::regclass",
    "migrations": "SELECT name, sha256 FROM public.ksys_migration",
}  # fmt: skip


# Hypertables of aggregates have numbers in the order of their creation.
NUMBERS = r"(?<=_hypertable_)\d+|(?<=cagg_watermark\()\d+"


async def catalog(dsn: str) -> dict[str, list[str]]:
    found = {}
    async with await connect(dsn) as conn:
        for name, statement in CATALOG.items():
            rows = await (await conn.execute(statement.encode())).fetchall()
            found[name] = sorted(re.sub(NUMBERS, "", str(row)) for row in rows)
    return found


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """The schema with one column more, and the migration that brings it to an older database."""
    for step in schema.plan():
        shutil.copy(step.file, tmp_path)
    file = tmp_path / "080_features.sql"
    text = file.read_text("utf-8")
    assert OLD_COLUMN in text
    file.write_text(text.replace(OLD_COLUMN, NEW_COLUMNS), "utf-8")
    shutil.copytree(resources.DB / "migrations", tmp_path / "migrations")
    migration = MIGRATION.replace("{create}", file.read_text("utf-8"))
    (tmp_path / "migrations" / "900_median.sql").write_text(migration, "utf-8")
    return tmp_path


@pytest.fixture
async def older(databases: TestDatabases) -> AsyncIterator[str]:
    """The present schema with samples, of which the retention has deleted a part."""
    dsn = await databases.fresh()
    async with await connect(dsn) as conn:
        now = await clock(conn)
        old = [(now - 380 * DAY + n * timedelta(minutes=1), "D1", float(n)) for n in range(600)]
        new = [(now - 3 * DAY + n * timedelta(minutes=1), "D1", float(n)) for n in range(600)]
        await insert(conn, old + new)
        for view in upkeep.REFRESH:
            await conn.execute(CALL, (f"public.{view}", now - 400 * DAY, now - DAY))
        await conn.execute(
            "SELECT drop_chunks('public.influx_hist', older_than => interval '365 days')"
        )
    yield dsn
    await databases.drop(dsn)


async def features(conn: AsyncConnection) -> list[tuple[object, ...]]:
    cursor = await conn.execute(
        "SELECT bucket, tag_name, mean_5m, std_5m, min_5m, max_5m, p10_5m, p90_5m, n_5m"
        " FROM public.features_5m ORDER BY bucket"
    )
    return await cursor.fetchall()


async def apply(dsn: str, directory: Path) -> list[str]:
    passwords = {"eco_ro": RO_PASSWORD, "eco_rw": RW_PASSWORD}
    done = await schema.apply(dsn, zone=ZONE, passwords=passwords, directory=directory)
    return [step.name for step in done]


async def test_an_older_database_gets_the_schema_of_a_new_one_and_keeps_its_data(
    older: str, changed: Path, databases: TestDatabases
) -> None:
    async with await connect(older) as conn:
        before = await features(conn)
        assert sum(int(str(row[-1])) for row in before) == 1200
        assert (await apply(older, changed))[0] == "900_median"
        assert not await refresh.unfilled(older, ZoneInfo(ZONE))
        assert await features(conn) == before
        cursor = await conn.execute(
            "SELECT median_5m IS NULL, count(*) > 100 FROM public.features_5m GROUP BY 1 ORDER BY 1"
        )
        assert await cursor.fetchall() == [(False, True), (True, True)]
        names = {job.name for job in await jobs.list_jobs(conn)}
        assert {"refresh features_5m", "compression features_5m"} <= names
        cursor = await conn.execute("SELECT count(*) FROM public.influx_hist")
        assert await cursor.fetchone() == (600,)
    assert "900_median" not in await apply(older, changed)

    fresh = await databases.fresh(schema=False)
    try:
        await apply(fresh, changed)
        wanted, found = await catalog(fresh), await catalog(older)
        for part in CATALOG:
            assert found[part] == wanted[part], part
    finally:
        await databases.drop(fresh)
