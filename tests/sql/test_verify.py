"""``ksys db verify``: a new database passes, and each difference fails by name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from psycopg import AsyncConnection

from ksys_app.db import connect
from ksys_app.domain import upkeep
from ksys_app.ops import golden
from ksys_app.ops.jobs.jobs import run_due
from ksys_app.ops.verify.verify import all_checks, read_state, verify
from tests import docs
from tests.conftest import ZONE
from tests.database import TestDatabases
from tests.golden import golden_file, taken

REFRESH = "policy_refresh_continuous_aggregate"
JOB = (
    "SELECT {} FROM timescaledb_information.jobs WHERE proc_name = '{}' AND hypertable_name = '{}'"
)


def alter_job(change: str, proc: str, relation: str) -> str:
    return JOB.format(f"alter_job(job_id, {change})", proc, relation)


# A statement that changes the database, and the names of the checks that must fail, no others.
MUTATIONS: dict[str, set[str]] = {
    "ALTER TABLE public.predictions RENAME TO forecasts": {
        "table predictions", "primary key predictions", "index predictions_pkey",
        "index idx_pred_tag_ts", "index predictions_ts_idx", "hypertable predictions",
        "privilege eco_alarm predictions", "privilege eco_ro predictions",
        "privilege eco_rw predictions",
    },
    "ALTER TABLE public.influx_qc_rule ADD COLUMN note text": {"columns influx_qc_rule"},
    "ALTER TABLE public.influx_qc_rule DROP COLUMN warn_max": {"columns influx_qc_rule"},
    "ALTER TABLE public.influx_qc_rule ALTER COLUMN max_gap_seconds TYPE bigint": {
        "columns influx_qc_rule"
    },
    "ALTER TABLE public.ingest_expectation ALTER COLUMN exp_per_min DROP NOT NULL": {
        "columns ingest_expectation"
    },
    "ALTER TABLE public.tag_latest DROP CONSTRAINT tag_latest_pkey": {"primary key tag_latest"},
    "ALTER TABLE public.influx_hist DROP CONSTRAINT influx_hist_pkey": {
        "primary key influx_hist", "index influx_hist_pkey", "index influx_hist_ts_idx",
    },
    "DROP INDEX public.idx_hist_tag_ts": {"index idx_hist_tag_ts"},
    "DROP INDEX public.anomalies_tag_ts_desc;"
    " CREATE INDEX anomalies_tag_ts_desc ON public.anomalies (tag_name)": {
        "index anomalies_tag_ts_desc"
    },
    "DROP INDEX public.tech_ind_1m_mv_tag_bucket": {"index tech_ind_1m_mv_tag_bucket"},
    "SELECT set_chunk_time_interval('public.influx_hist', interval '30 days')": {
        "hypertable influx_hist"
    },
    "ALTER TABLE public.influx_hist SET (timescaledb.compress,"
    " timescaledb.compress_segmentby = '', timescaledb.compress_orderby = 'ts DESC')": {
        "compression influx_hist"
    },
    "ALTER MATERIALIZED VIEW public.influx_agg_1h SET (timescaledb.materialized_only = true)": {
        "real-time influx_agg_1h"
    },
    "CREATE OR REPLACE VIEW public.influx_latest AS SELECT DISTINCT ON (tag_name) tag_name, value,"
    " ts FROM public.influx_hist ORDER BY tag_name, ts DESC": {"definition influx_latest"},
    "CREATE OR REPLACE VIEW public.influx_live AS SELECT tag_name, ts, value, qc"
    " FROM public.influx_hist": {"definition influx_live"},
    "UPDATE pg_trigger SET tgenabled = 'D' WHERE tgname = 'keep_tag_latest_insert'": {
        "trigger keep_tag_latest_insert"
    },
    "DROP TRIGGER keep_tag_latest_update ON public.influx_hist": {
        "trigger keep_tag_latest_update"
    },
    "DROP TRIGGER refuse_unusable ON public.influx_hist": {"trigger refuse_unusable"},
    "DROP TRIGGER recheck_tag_latest_delete ON public.influx_hist": {
        "trigger recheck_tag_latest_delete"
    },
    "ALTER TABLE public.influx_hist DROP CONSTRAINT influx_hist_usable": {
        "constraint influx_hist_usable"
    },
    "ALTER TABLE public.influx_hist DROP CONSTRAINT influx_hist_usable;"
    " DROP TRIGGER refuse_unusable ON public.influx_hist;"
    " INSERT INTO public.influx_hist (ts, tag_name, value) VALUES (now(), 'BAD', 'NaN')": {
        "constraint influx_hist_usable", "trigger refuse_unusable", "samples influx_hist",
    },
    "SELECT remove_retention_policy('public.ingest_reject')": {"policy retention ingest_reject"},
    "SELECT delete_job(job_id) FROM timescaledb_information.jobs"
    " WHERE proc_name = 'settle_tags'": {"policy settle_tags"},
    "ALTER FUNCTION public.keep_tag_latest() SECURITY INVOKER": {
        "trigger keep_tag_latest_insert", "trigger keep_tag_latest_update",
    },
    "SELECT remove_continuous_aggregate_policy('public.influx_agg_1d')": {
        "policy refresh influx_agg_1d"
    },
    "SELECT remove_retention_policy('public.influx_hist')": {"policy retention influx_hist"},
    "SELECT remove_compression_policy('public.influx_agg_1m')": {
        "policy compression influx_agg_1m"
    },
    "SELECT delete_job(job_id) FROM timescaledb_information.jobs"
    " WHERE proc_name = 'refresh_tech_ind_1m_mv'": {"policy refresh_tech_ind_1m_mv"},
    alter_job("schedule_interval => interval '1 day'", REFRESH, "influx_agg_1m"): {
        "policy refresh influx_agg_1m"
    },
    alter_job("config => config || '{\"start_offset\": \"730 days\"}'", REFRESH, "influx_agg_1d"): {
        "policy refresh influx_agg_1d"
    },
    alter_job("config => config - 'buckets_per_batch'", REFRESH, "influx_agg_1m"): {
        "policy refresh influx_agg_1m"
    },
    alter_job("scheduled => false", REFRESH, "comm_recv_1h"): {"job refresh comm_recv_1h"},
    "ALTER ROLE eco_ro RESET default_transaction_read_only": {"role eco_ro"},
    "ALTER ROLE eco_rw CREATEDB": {"role eco_rw"},
    "GRANT CREATE ON SCHEMA public TO eco_ro": {"role eco_ro"},
    "REVOKE SELECT ON public.influx_agg_10m FROM eco_ro": {"privilege eco_ro influx_agg_10m"},
    "GRANT INSERT ON public.influx_hist TO eco_ro": {"privilege eco_ro influx_hist"},
    "REVOKE INSERT ON public.influx_hist FROM eco_rw": {"privilege eco_rw influx_hist"},
    "GRANT DELETE ON public.influx_hist TO eco_rw": {"privilege eco_rw influx_hist"},
}  # fmt: skip


async def failing(conn: AsyncConnection) -> set[str]:
    """Names of the failed checks, without those of jobs, which the server may be running."""
    state, failures = await read_state(conn, ZONE)
    scheduled = {f"job {job.name}" for job in state.jobs if job.scheduled}
    checks = [*failures, *all_checks(state, ZONE)]
    return {check.name for check in checks if not check.ok} - scheduled


async def test_a_new_database_is_what_its_golden_file_says(conn: AsyncConnection) -> None:
    expected = golden.of(conn)
    current = await taken(conn)
    # One after the other, because the difference of all together would be too long to read.
    for name, rows in current.items():
        assert rows == getattr(expected, name), (
            f"db/ makes other {name} than {golden_file(expected.major).name} says: "
            "run make golden, and review what it changed"
        )


async def test_a_version_without_a_golden_file_is_compared_with_the_nearest(
    conn: AsyncConnection,
) -> None:
    state, _ = await read_state(conn, ZONE)
    extension = {check.name: check for check in all_checks(replace(state, major=99), ZONE)}[
        "extension timescaledb"
    ]
    assert extension.ok
    newest = golden.of_major(99).major
    words = f"PostgreSQL 99 has no golden file, that of {newest} is used"
    assert extension.detail.endswith(f"; {words}")


async def test_a_database_with_the_schema_passes(dsn: str, conn: AsyncConnection) -> None:
    await run_due(conn)
    checks = await verify(dsn, zone=ZONE)
    assert [check for check in checks if not check.ok] == []
    names = [check.name for check in checks]
    assert len(names) == len(set(names)) > 100
    assert all(check.detail for check in checks)
    assert {check.runbook for check in checks} == {
        f"docs/runbooks/{page.name}"
        for page in docs.RUNBOOKS
        if page.stem.startswith("VERIFY_") or page.stem == "DB_RESTORING"
    }


@pytest.mark.parametrize("mutation", MUTATIONS)
async def test_a_difference_is_caught_by_its_name(conn: AsyncConnection, mutation: str) -> None:
    async with conn.transaction(force_rollback=True):
        await conn.execute(mutation.encode())
        found = await failing(conn)
    assert found == MUTATIONS[mutation]


async def test_a_role_that_nobody_can_use_is_caught(
    databases: TestDatabases, conn: AsyncConnection
) -> None:
    # The embedded engine asks nobody for a password.
    caught = set() if databases.kind == "embedded" else {"role eco_rw"}
    async with conn.transaction(force_rollback=True):
        await conn.execute("ALTER ROLE eco_rw NOLOGIN")
        assert await failing(conn) == caught
        await conn.execute(
            "CREATE ROLE node_red_of_a_test LOGIN; GRANT eco_rw TO node_red_of_a_test"
        )
        assert await failing(conn) == set()
    async with conn.transaction(force_rollback=True):
        await conn.execute("ALTER ROLE eco_rw VALID UNTIL '2020-01-01'")
        assert await failing(conn) == {"role eco_rw"}


async def test_another_zone_of_days_is_caught(conn: AsyncConnection) -> None:
    state, _ = await read_state(conn, ZONE)
    checks = all_checks(replace(state, jobs=()), "Europe/Berlin")
    wrong = [check.name for check in checks if not check.ok and "policy" not in check.name]
    assert wrong == ["definition influx_agg_1d"]


async def test_an_aggregate_over_raw_rows_is_as_good(dsn: str) -> None:
    """The plant's own DDL creates a daily aggregate of UTC days from the raw samples."""
    async with await connect(dsn) as conn:
        await conn.execute("DROP MATERIALIZED VIEW public.influx_agg_1d")
        await conn.execute(
            "CREATE MATERIALIZED VIEW public.influx_agg_1d WITH (timescaledb.continuous) AS"
            " SELECT time_bucket('1 day', ts) AS bucket, tag_name, count(*) AS n,"
            " avg(value) AS avg, sum(value) AS sum, min(value) AS min, max(value) AS max,"
            " last(value, ts) AS last, first(value, ts) AS first,"
            " last(value, ts) - first(value, ts) AS diff"
            " FROM public.influx_hist GROUP BY 1, 2 WITH NO DATA"
        )
        assert await failing(conn) == {
            "real-time influx_agg_1d",
            "policy refresh influx_agg_1d",
        }


@pytest.fixture
async def empty(databases: TestDatabases) -> AsyncIterator[str]:
    dsn = await databases.fresh(schema=False)
    yield dsn
    await databases.drop(dsn)


async def test_an_empty_database_fails_by_every_name_and_not_by_an_exception(empty: str) -> None:
    checks = await verify(empty, zone=ZONE)
    expected = golden.of_major(17)
    wrong = {check.name for check in checks if not check.ok}
    assert {f"table {name}" for name in expected.tables} <= wrong
    assert {f"definition {name}" for name in expected.views} <= wrong
    assert {f"index {row['name']}" for row in expected.indexes if not row["is_primary"]} <= wrong
    assert {f"policy refresh {name}" for name in upkeep.REFRESH} <= wrong
