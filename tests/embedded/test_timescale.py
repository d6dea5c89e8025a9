"""TimescaleDB itself works in the embedded database, before and after a restart."""

from __future__ import annotations

import psycopg
import pytest

from tests.embedded.conftest import Connect, Start, value

SCHEMA = [
    "CREATE TABLE sample (ts timestamptz NOT NULL, tag text NOT NULL, value float8,"
    " PRIMARY KEY (tag, ts))",
    "SELECT create_hypertable('sample', by_range('ts', interval '1 day'))",
    "ALTER TABLE sample SET (timescaledb.enable_columnstore,"
    " timescaledb.segmentby = 'tag', timescaledb.orderby = 'ts DESC')",
    "CALL add_columnstore_policy('sample', after => interval '7 days')",
    "SELECT add_retention_policy('sample', interval '20 days')",
    "CREATE MATERIALIZED VIEW minute WITH (timescaledb.continuous,"
    " timescaledb.materialized_only = false) AS"
    " SELECT tag, time_bucket('1 minute', ts) AS bucket, count(*) AS n, sum(value) AS total"
    " FROM sample GROUP BY 1, 2 WITH NO DATA",
    "CREATE MATERIALIZED VIEW hour WITH (timescaledb.continuous) AS"
    " SELECT tag, time_bucket('1 hour', bucket) AS bucket, sum(n) AS n, sum(total) AS total"
    " FROM minute GROUP BY 1, 2 WITH NO DATA",
    "SELECT add_continuous_aggregate_policy('minute', interval '30 days', interval '1 minute',"
    " interval '1 minute', buckets_per_batch => 0)",
]
FILL = """
INSERT INTO sample
SELECT now() - make_interval(mins => step), tag, step
  FROM generate_series(1, 43200, 10) AS step, unnest(%s::text[]) AS tag
"""


async def job(conn: psycopg.AsyncConnection, kind: str) -> object:
    return await value(
        conn, "SELECT job_id FROM timescaledb_information.jobs WHERE proc_name LIKE %s", kind
    )


async def test_hypertables_aggregates_and_jobs_work_and_survive_a_restart(start: Start) -> None:
    server = await start()
    async with await psycopg.AsyncConnection.connect(server.dsn, autocommit=True) as conn:
        for statement in SCHEMA:
            await conn.execute(statement)
        await conn.execute(FILL, (["D100", "D200"],))
        assert await value(conn, "SELECT count(*) FROM sample") == 2 * 4320

        await conn.execute("CALL run_job(%s)" % await job(conn, "policy_refresh%"))
        await conn.execute("CALL refresh_continuous_aggregate('hour', NULL, NULL)")
        # By now partly materialized, partly computed from the newest rows.
        assert await value(conn, "SELECT sum(n) FROM minute") == 2 * 4320
        assert await value(conn, "SELECT sum(total) FROM hour") == await value(
            conn,
            "SELECT sum(total) FROM minute WHERE bucket < (SELECT max(bucket) FROM hour)"
            " + interval '1 hour'",
        )

        await conn.execute("CALL run_job(%s)" % await job(conn, "policy_retention"))
        assert 2 * 2880 <= int(str(await value(conn, "SELECT count(*) FROM sample"))) < 2 * 3100
        await conn.execute("CALL run_job(%s)" % await job(conn, "policy_compression"))
        compressed = (
            "SELECT count(*) FROM timescaledb_information.chunks"
            " WHERE hypertable_name = 'sample' AND is_compressed"
        )
        assert int(str(await value(conn, compressed))) >= 10
        total = await value(conn, "SELECT sum(value) FROM sample")

    await server.stop()
    await server.start()
    async with await psycopg.AsyncConnection.connect(server.dsn, autocommit=True) as conn:
        assert await value(conn, "SELECT sum(value) FROM sample") == total
        # Into a new chunk, and into a compressed one.
        await conn.execute("INSERT INTO sample VALUES (now() + interval '3 days', 'D100', 1)")
        await conn.execute("INSERT INTO sample VALUES (now() - interval '10 days', 'D100', 1)")
        await conn.execute("CALL run_job(%s)" % await job(conn, "policy_refresh%"))
        assert await value(conn, "SELECT count(*) FROM timescaledb_information.jobs") == 4


async def test_failed_statements_in_timescaledb_leave_the_session_usable(connect: Connect) -> None:
    conn = await connect()
    for statement in SCHEMA[:2]:
        await conn.execute(statement)
    for _ in range(20):
        with pytest.raises(psycopg.Error, match="already a hypertable"):
            await conn.execute(SCHEMA[1])
    await conn.execute("INSERT INTO sample VALUES (now(), 'D100', 1)")
    assert await value(conn, "SELECT count(*) FROM sample") == 1
    await conn.execute("DROP TABLE sample")
