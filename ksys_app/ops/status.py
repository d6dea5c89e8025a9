"""``ksys db status``: how large, how fresh and how well kept the database is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from psycopg import AsyncConnection, sql
from psycopg.rows import class_row

from ksys_app.ops import expected
from ksys_app.ops.jobs import Job, has_workers, list_jobs
from ksys_app.ops.owner import owner
from ksys_app.ops.refresh import GRAINS

T = TypeVar("T")

# Observed against expected messages a minute (PRD decision 29).
TOO_MANY: Final = 2.0
TOO_FEW: Final = 0.5
CLOCK_SKEW: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Server:
    """The database itself; ``size`` in bytes."""

    name: str
    postgres: str
    timescaledb: str | None
    toolkit: str | None
    size: int
    now: datetime


@dataclass(frozen=True, slots=True)
class Storage:
    """A hypertable or an aggregate; sizes in bytes, of chunks before and after compression."""

    name: str
    size: int
    chunks: int
    compressed_chunks: int
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest sample of all tags."""

    tag_name: str
    ts: datetime


@dataclass(frozen=True, slots=True)
class Lag:
    """How far an aggregate is.

    Attributes:
        name: the aggregate.
        materialized_to: what is stored, None if nothing is; newer buckets are read live.
        newest_bucket: newest bucket that a reader sees, None without samples in the last days.
        behind: how far the newest sample lies beyond the end of that bucket; 0 in real time.
    """

    name: str
    materialized_to: datetime | None
    newest_bucket: datetime | None
    behind: timedelta | None


@dataclass(frozen=True, slots=True)
class Rate:
    """Messages a minute of a tag, the median of the last day, against its expectation."""

    tag_name: str
    observed: float
    expected: int


@dataclass(frozen=True, slots=True)
class Status:
    """Everything that ``ksys db status`` shows."""

    server: Server
    storage: list[Storage]
    jobs: list[Job]
    workers: bool
    newest: Newest | None
    lags: list[Lag]
    warnings: list[str]


SERVER: Final = """
SELECT current_database() AS name,
       current_setting('server_version') AS postgres,
       (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') AS timescaledb,
       (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb_toolkit') AS toolkit,
       pg_database_size(current_database()) AS size,
       clock_timestamp() AS now
"""

STORAGE: Final = """
SELECT h.name, coalesce(hypertable_size(h.relation), 0) AS size,
       s.total AS chunks, s.compressed AS compressed_chunks, s.before, s.after
FROM (
  SELECT coalesce(a.view_name, d.hypertable_name) AS name,
         format('%%I.%%I', d.hypertable_schema, d.hypertable_name)::regclass AS relation,
         d.hypertable_schema, d.hypertable_name
  FROM timescaledb_information.dimensions AS d
  LEFT JOIN timescaledb_information.continuous_aggregates AS a
    ON (a.materialization_hypertable_schema, a.materialization_hypertable_name)
     = (d.hypertable_schema, d.hypertable_name)
  WHERE coalesce(a.view_name, d.hypertable_name) = ANY(%(names)s)
) AS h
CROSS JOIN LATERAL (
  SELECT count(*) AS total, count(*) FILTER (WHERE c.is_compressed) AS compressed,
         (SELECT sum(p.before_compression_total_bytes)
          FROM hypertable_columnstore_stats(h.relation) AS p)::bigint AS before,
         (SELECT sum(p.after_compression_total_bytes)
          FROM hypertable_columnstore_stats(h.relation) AS p)::bigint AS after
  FROM timescaledb_information.chunks AS c
  WHERE (c.hypertable_schema, c.hypertable_name) = (h.hypertable_schema, h.hypertable_name)
) AS s
ORDER BY array_position(%(names)s, h.name::text)
"""

NEWEST: Final = "SELECT tag_name, ts FROM public.tag_latest ORDER BY ts DESC LIMIT 1"

# Of an aggregate that holds nothing the watermark is the beginning of time.
WATERMARK: Final = """
SELECT CASE WHEN w.at > 'epoch' THEN w.at END
FROM timescaledb_information.continuous_aggregates AS a
JOIN _timescaledb_catalog.hypertable AS h
  ON (h.schema_name, h.table_name)
   = (a.materialization_hypertable_schema, a.materialization_hypertable_name)
CROSS JOIN LATERAL (
  SELECT _timescaledb_functions.to_timestamp(_timescaledb_functions.cagg_watermark(h.id)) AS at
) AS w
WHERE (a.view_schema, a.view_name) = ('public', %(view)s)
"""

# Bounded: without a bound a real-time aggregate is read whole.
NEWEST_BUCKET: Final = """
SELECT max(bucket) FROM {view} WHERE bucket >= %(newest)s - 3 * %(width)s
"""

# The median over the minutes of the last day that a tag has lived; one without a message is 0.
RATES: Final = """
SELECT a.tag_name,
       coalesce((array_agg(a.n ORDER BY a.n))
                  [(l.minutes + 1) / 2 - (l.minutes - count(*)::integer)], 0)::float8 AS observed,
       coalesce(min(e.exp_per_min), 1) AS expected
FROM public.influx_agg_1m AS a
JOIN (
  SELECT tag_name, greatest(date_trunc('minute', first_ts) + interval '1 minute',
                            date_trunc('minute', now()) - interval '1 day') AS since,
         least(1440, floor(extract(epoch FROM now() - first_ts) / 60) - 1)::integer AS minutes
  FROM public.tag_latest
) AS l ON l.tag_name = a.tag_name AND l.minutes >= %(least)s AND a.bucket >= l.since
LEFT JOIN public.ingest_expectation AS e ON e.tag_name = a.tag_name
WHERE a.bucket >= date_trunc('minute', now()) - interval '1 day'
  AND a.bucket < date_trunc('minute', now())
GROUP BY a.tag_name, l.minutes
ORDER BY a.tag_name
"""
# A tag that has lived for less says nothing about its rate yet.
RATE_AFTER_MINUTES: Final = 10


async def status(dsn: str) -> Status:
    """What the database is like now.

    Args:
        dsn: DSN of the database's owner.

    Raises:
        DatabaseUnreachable: nothing answers at ``dsn``.
    """
    async with owner(dsn, default_transaction_read_only="on") as conn:
        (server,) = await _rows(conn, Server, SERVER)
        names = [*expected.HYPERTABLES, *expected.REFRESH]
        storage = await _rows(conn, Storage, STORAGE, names=names)
        newest = next(iter(await _rows(conn, Newest, NEWEST)), None)
        jobs = await list_jobs(conn)
        lags = [await _lag(conn, view, newest) for view in expected.REFRESH]
        rates = await _rows(conn, Rate, RATES, least=RATE_AFTER_MINUTES)
        workers = await has_workers(conn)
    warnings = [*clock_warnings(newest, server.now), *rate_warnings(rates)]
    return Status(server, storage, jobs, workers, newest, lags, warnings)


def clock_warnings(newest: Newest | None, now: datetime) -> list[str]:
    """A sample from the future hides every later one of its tag until its time has come."""
    if newest is None or newest.ts <= now + CLOCK_SKEW:
        return []
    return [f"{newest.tag_name} has a sample from the future: {newest.ts:%Y-%m-%d %H:%M:%S}Z"]


def rate_warnings(rates: list[Rate]) -> list[str]:
    """Tags whose median rate is more than twice, or less than half, what is expected."""
    return [
        f"{rate.tag_name} sends {rate.observed:g} a minute (median of the last day), expected "
        f"{rate.expected}: correct exp_per_min in ingest_expectation"
        for rate in rates
        if not TOO_FEW * rate.expected <= rate.observed <= TOO_MANY * rate.expected
    ]


async def _lag(conn: AsyncConnection, view: str, newest: Newest | None) -> Lag:
    cursor = await conn.execute(WATERMARK, {"view": view})
    row = await cursor.fetchone()
    materialized_to = row[0] if row else None
    if newest is None:
        return Lag(view, materialized_to, None, None)
    width = GRAINS[view].width
    statement = sql.SQL(NEWEST_BUCKET).format(view=sql.Identifier("public", view))
    cursor = await conn.execute(statement, {"newest": newest.ts, "width": width})
    row = await cursor.fetchone()
    bucket = row[0] if row else None
    behind = max(newest.ts - (bucket + width), timedelta()) if bucket else None
    return Lag(view, materialized_to, bucket, behind)


async def _rows(conn: AsyncConnection, model: type[T], statement: str, **params: object) -> list[T]:
    async with conn.cursor(row_factory=class_row(model)) as cursor:
        await cursor.execute(statement, params or None)
        return await cursor.fetchall()
