"""Builds a database by the statements of the plant's specification, with data.

Two of these statements fail on every server: ``features_5m`` calls a function with wrong arguments,
and ``comm_success_1h`` misses a column in GROUP BY.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Final

import psycopg
import pytest
from psycopg import AsyncConnection, sql

from ksys_app.ops.schema import watermark

DAY: Final = timedelta(days=1)
# 30 days more than the retention of raw samples; of the oldest 15 days only daily buckets are left.
HISTORY: Final = 395 * DAY
ONLY_DAYS: Final = 380 * DAY
TAGS: Final = ("D100", "D101", "D102")

TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS public.influx_hist (ts timestamptz NOT NULL,"
    " tag_name text NOT NULL, value double precision NOT NULL, qc smallint DEFAULT 0,"
    " meta jsonb DEFAULT '{}'::jsonb,"
    " PRIMARY KEY (ts, tag_name))",
    "SELECT create_hypertable('public.influx_hist', 'ts', if_not_exists => true,"
    " migrate_data => true, chunk_time_interval => interval '7 days')",
    "CREATE UNIQUE INDEX IF NOT EXISTS influx_hist_pkey ON public.influx_hist (ts, tag_name)",
    "CREATE INDEX IF NOT EXISTS idx_hist_tag_ts ON public.influx_hist (tag_name, ts DESC)",
    "CREATE INDEX IF NOT EXISTS influx_hist_ts_idx ON public.influx_hist (ts DESC)",
    "ALTER TABLE public.influx_hist SET (timescaledb.compress,"
    " timescaledb.compress_orderby = 'ts DESC', timescaledb.compress_segmentby = 'tag_name')",
    "SELECT add_compression_policy('public.influx_hist', INTERVAL '7 days')",
    "SELECT add_retention_policy('public.influx_hist', INTERVAL '365 days')",
    "CREATE TABLE IF NOT EXISTS public.influx_qc_rule (tag_name text PRIMARY KEY,"
    " min_val double precision, max_val double precision, max_step double precision,"
    " max_gap_seconds integer, allow_negative boolean, enabled boolean,"
    " meta jsonb DEFAULT '{}'::jsonb, warn_min double precision, warn_max double precision,"
    " crit_min double precision, crit_max double precision, roc_max_per_min double precision,"
    " spike_zscore double precision, deadband_pct double precision)",
    "CREATE TABLE IF NOT EXISTS public.predictions (ts timestamptz NOT NULL,"
    " tag_name text NOT NULL, horizon interval NOT NULL, yhat double precision NOT NULL,"
    " pi_low double precision, pi_high double precision, model_id text NOT NULL,"
    " version text NOT NULL, features jsonb DEFAULT '{}'::jsonb,"
    " PRIMARY KEY (ts, tag_name, horizon, model_id, version))",
    "CREATE UNIQUE INDEX IF NOT EXISTS predictions_pkey"
    " ON public.predictions (ts, tag_name, horizon, model_id, version)",
    "CREATE INDEX IF NOT EXISTS idx_pred_tag_ts ON public.predictions (tag_name, ts DESC)",
    "CREATE INDEX IF NOT EXISTS predictions_ts_idx ON public.predictions (ts DESC)",
    "CREATE TABLE IF NOT EXISTS public.anomalies (ts timestamptz NOT NULL, tag_name text NOT NULL,"
    " score double precision NOT NULL, level text NOT NULL, context jsonb DEFAULT '{}'::jsonb,"
    " PRIMARY KEY (ts, tag_name))",
    "CREATE UNIQUE INDEX IF NOT EXISTS anomalies_pkey ON public.anomalies (ts, tag_name)",
    "CREATE INDEX IF NOT EXISTS anomalies_ts_idx ON public.anomalies (ts DESC)",
    "CREATE INDEX IF NOT EXISTS anomalies_tag_ts_desc ON public.anomalies (tag_name, ts DESC)",
    "CREATE TABLE IF NOT EXISTS public.ingest_expectation (tag_name text PRIMARY KEY,"
    " exp_per_min integer NOT NULL DEFAULT 1, slo_warn numeric NOT NULL DEFAULT 0.98,"
    " slo_crit numeric NOT NULL DEFAULT 0.95, updated_at timestamptz DEFAULT now())",
)
SAMPLES: Final = """
INSERT INTO public.influx_hist (ts, tag_name, value)
SELECT ts, tag, 100 + 20 * sin(extract(epoch FROM ts) / 40000) + length(tag) + random()
FROM generate_series(date_trunc('hour', now(), 'UTC') - %(history)s::interval, now(),
                     %(every)s) AS ts,
     unnest(%(tags)s::text[]) AS tag
"""
AGGREGATE: Final = """
CREATE MATERIALIZED VIEW IF NOT EXISTS public.influx_agg_{name}
WITH (timescaledb.continuous) AS
SELECT time_bucket('{bucket}', ts) AS bucket, tag_name, count(*) n, avg(value) avg,
       sum(value) sum, min(value) min, max(value) max, last(value, ts) last,
       first(value, ts) first, last(value, ts) - first(value, ts) diff
FROM public.influx_hist GROUP BY 1, 2
"""
FEATURES: Final = """
CREATE MATERIALIZED VIEW IF NOT EXISTS public.features_5m WITH (timescaledb.continuous) AS
SELECT time_bucket('5 minutes', ts) AS bucket, tag_name, avg(value) mean_5m,
       stddev_samp(value) std_5m, min(value) min_5m, max(value) max_5m,
       approx_percentile(value, 0.1) p10_5m, approx_percentile(value, 0.9) p90_5m, count(*) n_5m
FROM public.influx_hist GROUP BY 1, 2
"""
INDICATORS: Final = """
CREATE MATERIALIZED VIEW IF NOT EXISTS public.tech_ind_1m_mv AS
SELECT bucket, tag_name, avg, avg(avg) OVER w10 AS sma_10, avg(avg) OVER w60 AS sma_60,
       avg + 2*stddev_samp(avg) OVER w20 AS bb_top, avg - 2*stddev_samp(avg) OVER w20 AS bb_bot,
       (avg - lag(avg, 60) OVER (PARTITION BY tag_name ORDER BY bucket)) AS slope_60
FROM public.influx_agg_1m
WINDOW
  w10 AS (PARTITION BY tag_name ORDER BY bucket ROWS BETWEEN 9 PRECEDING AND CURRENT ROW),
  w20 AS (PARTITION BY tag_name ORDER BY bucket ROWS BETWEEN 19 PRECEDING AND CURRENT ROW),
  w60 AS (PARTITION BY tag_name ORDER BY bucket ROWS BETWEEN 59 PRECEDING AND CURRENT ROW)
"""
LATEST: Final = """
CREATE OR REPLACE VIEW public.influx_latest AS
SELECT DISTINCT ON (tag_name) tag_name, value, ts
FROM public.influx_hist ORDER BY tag_name, ts DESC
"""
COMM: Final = """
CREATE MATERIALIZED VIEW IF NOT EXISTS public.comm_success_1h WITH (timescaledb.continuous) AS
SELECT time_bucket('1 hour', a.bucket) AS bucket, a.tag_name, SUM(a.n)::bigint AS recv_msgs,
       (COALESCE(e.exp_per_min, 1) * 60)::bigint AS exp_msgs,
       LEAST(1.0, GREATEST(0.0, SUM(a.n)::numeric / NULLIF(COALESCE(e.exp_per_min, 1) * 60, 0)))
         AS success_rate,
       GREATEST(0, (COALESCE(e.exp_per_min, 1) * 60) - SUM(a.n))::bigint AS missing_msgs,
       MAX(CASE WHEN a.n > 0 THEN a.bucket END) AS last_seen_min
FROM public.influx_agg_1m a LEFT JOIN public.ingest_expectation e USING (tag_name)
GROUP BY 1, 2, {group}
"""
CANNOT_RUN: Final = {
    FEATURES: "approx_percentile",
    COMM.format(group="4"): "exp_per_min",
}
POLICY: Final = (
    "SELECT add_continuous_aggregate_policy('public.influx_agg_{name}', start_offset => INTERVAL"
    " '{start}', end_offset => INTERVAL '{end}', schedule_interval => INTERVAL '{end}')"
)
LATER: Final = (
    "SELECT alter_job(job_id, next_start => now() + interval '1 day')"
    " FROM timescaledb_information.jobs WHERE hypertable_name = %s"
)
# Name, bucket width, start and end offset of its policy; the end offset is also its interval.
AGGREGATES: Final = (
    ("1m", "1 minute", "2 hours", "1 minute"),
    ("10m", "10 minutes", "1 day", "10 minutes"),
    ("1h", "1 hour", "7 days", "1 hour"),
    ("1d", "1 day", "730 days", "1 day"),
)


async def build(
    conn: AsyncConnection,
    every: timedelta = timedelta(hours=3),
    names: Collection[str] = ("1m", "10m", "1h", "1d"),
) -> None:
    """Run the statements of the specification, with samples of 395 days.

    Raw samples older than 365 days are deleted. If hours are built, the oldest 15 days have only
    daily buckets.

    Args:
        conn: an autocommit connection of the owner.
        every: the period of the samples.
        names: the aggregates to build.
    """
    await conn.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
    # Each job gets a later time in the same transaction, so that no job runs meanwhile.
    async with conn.transaction():
        for statement in TABLES:
            await conn.execute(statement.encode())
        await conn.execute(LATER, ("influx_hist",))
    await conn.execute(SAMPLES, {"history": HISTORY, "every": every, "tags": list(TAGS)})
    aggregates = [one for one in AGGREGATES if one[0] in names]
    for name, bucket, _, _ in aggregates:
        await conn.execute(AGGREGATE.format(name=name, bucket=bucket).encode())
    for statement, what in CANNOT_RUN.items():
        with pytest.raises(psycopg.Error, match=what):
            await conn.execute(statement.encode())
    await conn.execute(INDICATORS.encode())
    await conn.execute(LATEST.encode())
    await conn.execute(
        "SELECT drop_chunks('public.influx_hist', older_than => interval '365 days')"
    )
    if "1h" in names:
        # One time for all, because a bucket may end between two statements.
        row = await (await conn.execute("SELECT now() - %s::interval", (ONLY_DAYS,))).fetchone()
        assert row is not None
        oldest = row[0]
        for name in ("1m", "10m", "1h"):
            table, _ = await watermark.stored(conn, f"influx_agg_{name}")
            delete = sql.SQL("DELETE FROM {} WHERE bucket < %s").format(table)
            await conn.execute(delete, (oldest,))
    for name, _, start, end in aggregates:
        # The policy of the daily aggregate would delete days whose samples are deleted.
        async with conn.transaction():
            await conn.execute(POLICY.format(name=name, start=start, end=end).encode())
            await conn.execute(LATER, (f"influx_agg_{name}",))
