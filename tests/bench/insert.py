"""The cost of refusing bad rows: inserts into ``influx_hist`` and into a table as in 0.1.0.

Both tables get the same rows in turn. They have the same key, index, compression settings and
number of aggregates. The rows are removed afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from psycopg import AsyncConnection, sql

from ksys_app.db import connect
from tests.bench.figures import figure, ratios
from tests.bench.findings import Findings

# Version 0.1.0 had no constraint and no trigger for each row.
BEFORE: Final = """
CREATE TABLE public.bench_hist (LIKE public.influx_hist INCLUDING DEFAULTS,
                                PRIMARY KEY (ts, tag_name));
SELECT create_hypertable('public.bench_hist', by_range('ts', interval '7 days'),
                         create_default_indexes => false);
ALTER TABLE public.bench_hist SET (timescaledb.compress,
  timescaledb.compress_segmentby = 'tag_name', timescaledb.compress_orderby = 'ts DESC');
CREATE INDEX bench_hist_tag_ts ON public.bench_hist (tag_name, ts DESC);
CREATE TABLE public.bench_latest (LIKE public.tag_latest INCLUDING ALL);
CREATE FUNCTION public.bench_keep_latest() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO public.bench_latest AS kept (tag_name, value, ts, first_ts)
  SELECT DISTINCT ON (tag_name) tag_name, value, ts, min(ts) OVER (PARTITION BY tag_name)
  FROM written ORDER BY tag_name, ts DESC
  ON CONFLICT (tag_name) DO UPDATE
    SET value = CASE WHEN excluded.ts >= kept.ts THEN excluded.value ELSE kept.value END,
        ts = greatest(kept.ts, excluded.ts), first_ts = least(kept.first_ts, excluded.first_ts)
    WHERE excluded.ts >= kept.ts OR excluded.first_ts < kept.first_ts;
  RETURN NULL;
END
$$;
CREATE TRIGGER bench_keep_insert AFTER INSERT ON public.bench_hist
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION public.bench_keep_latest();
CREATE TRIGGER bench_keep_update AFTER UPDATE ON public.bench_hist
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION public.bench_keep_latest();
CREATE MATERIALIZED VIEW public.bench_agg WITH (timescaledb.continuous) AS
SELECT time_bucket('1 minute', ts) AS bucket, tag_name, count(*) AS n
FROM public.bench_hist GROUP BY 1, 2 WITH NO DATA;
CREATE MATERIALIZED VIEW public.bench_agg_5m WITH (timescaledb.continuous) AS
SELECT time_bucket('5 minutes', ts) AS bucket, tag_name, count(*) AS n
FROM public.bench_hist GROUP BY 1, 2 WITH NO DATA;
"""
AFTER: Final = (
    "DROP MATERIALIZED VIEW IF EXISTS public.bench_agg",
    "DROP MATERIALIZED VIEW IF EXISTS public.bench_agg_5m",
    "DROP TABLE IF EXISTS public.bench_hist",
    "DROP TABLE IF EXISTS public.bench_latest",
    "DROP FUNCTION IF EXISTS public.bench_keep_latest()",
    "DELETE FROM public.influx_hist"
    " WHERE tag_name LIKE 'BENCH_' AND ts < now() - interval '2 years'",
    "DELETE FROM public.tag_latest WHERE tag_name LIKE 'BENCH_'",
    # The chunks of that time, unless the site has samples so old.
    """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM public.influx_hist WHERE ts < now() - interval '2 years') THEN
    PERFORM drop_chunks('public.influx_hist', now() - interval '2 years');
  END IF;
END $$""",
)
INSERT: Final = sql.SQL("""
INSERT INTO public.{} (ts, tag_name, value)
SELECT %(start)s + n * interval '1 second', 'BENCH' || tag, random()
FROM generate_series(1, %(seconds)s) AS n, generate_series(1, 9) AS tag
""")
TABLES: Final = ("bench_hist", "influx_hist")
SECTION: Final = "Insert into influx_hist"


def _starts() -> Iterator[datetime]:
    """Times three years back, which nothing else uses."""
    at = datetime.now(UTC) - timedelta(days=3 * 365)
    while True:
        yield at
        at += timedelta(seconds=6000)


async def _insert(conn: AsyncConnection, table: str, start: datetime, seconds: int) -> float:
    statement = INSERT.format(sql.Identifier(table))
    started = time.perf_counter()
    await conn.execute(statement, {"start": start, "seconds": seconds})
    return (time.perf_counter() - started) * 1000


async def measure(dsn: str, sizes: Mapping[str, tuple[int, int]], found: Findings) -> None:
    """Add milliseconds of a statement for each table, and the ratio of each round.

    Args:
        dsn: DSN of the owner of a database with the schema.
        sizes: by name, seconds of nine tags in one statement and the number of statements.
        found: gets the figures.
    """
    starts = _starts()
    async with await connect(dsn) as conn:
        try:
            await conn.execute(BEFORE.encode())
            for name, (seconds, times) in sizes.items():
                found.say(f"insert: {name}")
                before, now = await _rounds(conn, starts, seconds, times)
                found.add(figure(SECTION, name, "table of 0.1.0", "ms", before))
                found.add(figure(SECTION, name, "influx_hist", "ms", now))
                found.add(figure(SECTION, name, "ratio", "x", ratios(now, before)))
        finally:
            for statement in AFTER:
                await conn.execute(statement.encode())


async def _rounds(
    conn: AsyncConnection, starts: Iterator[datetime], seconds: int, times: int
) -> tuple[list[float], list[float]]:
    times_ms: dict[str, list[float]] = {table: [] for table in TABLES}
    for n in range(times + 2):
        start = next(starts)
        # Each table is first equally often; the first two rounds warm up.
        for table in TABLES[:: 1 if n % 2 else -1]:
            ms = await _insert(conn, table, start, seconds)
            if n > 1:
                times_ms[table].append(ms)
    before, now = (times_ms[table] for table in TABLES)
    return before, now
