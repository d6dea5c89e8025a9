"""``ksys db status``: size of the database, age of its data, and state of its jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from psycopg import AsyncConnection, sql
from psycopg.rows import class_row, dict_row

from ksys_app import resources
from ksys_app.domain import upkeep
from ksys_app.domain.buckets import GRAINS
from ksys_app.domain.jobs import Job, judge
from ksys_app.domain.quality import allowed_gap
from ksys_app.domain.rules import usable_expectation, usable_rule
from ksys_app.domain.upkeep import may_lag
from ksys_app.models.rows import Mark, StoredExpectation, StoredRule
from ksys_app.ops import chunk_spans
from ksys_app.ops.check import Check
from ksys_app.ops.jobs.jobs import has_workers, list_jobs
from ksys_app.ops.masterdata.qc import MAX_ROWS
from ksys_app.ops.masterdata.rates import RATE_AFTER_MINUTES, RATES, Rate, rate_warnings
from ksys_app.ops.owner import SET_ZONE, owner
from ksys_app.ops.verify.check_samples import refusals
from ksys_app.ops.verify.verify import verify
from ksys_app.queries import aggregates, qc

T = TypeVar("T")

MAX_REFUSALS: Final = 50
REFUSED: Final = (resources.VERIFY / "refused.sql").read_text("utf-8")


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
class Sample:
    """Time of a tag's newest sample; ``ahead``: it is too far ahead of the clock."""

    tag_name: str
    ts: datetime
    ahead: bool


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag's newest sample, and its largest allowed age (PRD decision 9)."""

    tag_name: str
    ts: datetime
    allowed: timedelta
    ahead: bool = False


@dataclass(frozen=True, slots=True)
class Lag:
    """How far an aggregate is stored.

    Attributes:
        name: name of the aggregate.
        stored_to: end of the stored buckets, None if nothing is stored; newer buckets are computed
            when they are read.
        due: where ``stored_to`` should be while the job runs in time.
        waiting: whether there are samples between ``stored_to`` and ``due``.
        out_of_reach: whether one of these samples is too old for the range of the job.
        newest_bucket: newest bucket that a reader sees, None without samples in the last days.
        behind: how far the newest sample is after the end of that bucket; 0 in real time.
    """

    name: str
    stored_to: datetime | None
    due: datetime
    waiting: bool
    out_of_reach: bool
    newest_bucket: datetime | None
    behind: timedelta | None


@dataclass(frozen=True, slots=True)
class Status:
    """Everything that ``ksys db status`` shows and judges.

    Attributes:
        server: the database itself.
        storage: sizes of each hypertable and aggregate.
        jobs: the required jobs that exist.
        workers: whether the server runs the jobs itself.
        tags: each tag with a sample, newest sample first.
        lags: how far each aggregate is stored.
        failed: failed checks of ``ksys db verify`` about the schema.
        warnings: sentences about problems that are not the database's fault.
    """

    server: Server
    storage: list[Storage]
    jobs: list[Job]
    workers: bool
    tags: list[Tag]
    lags: list[Lag]
    failed: list[Check]
    warnings: list[str]

    @property
    def newest(self) -> Tag | None:
        """The tag with the newest sample among tags that are not ahead of the clock."""
        return next((tag for tag in self.tags if not tag.ahead), None)


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

NEWEST: Final = """
SELECT tag_name, ts, ts > now() + public.ksys_max_ahead() AS ahead
FROM public.tag_latest
ORDER BY ts DESC, tag_name
LIMIT %(cap)s
"""

# Each subquery stops at the first sample.
WAITING: Final = """
SELECT EXISTS (SELECT FROM public.influx_hist
               WHERE ts >= coalesce(%(stored_to)s, timestamptz '-infinity') AND ts < %(due)s),
       EXISTS (SELECT FROM public.influx_hist
               WHERE ts >= coalesce(%(stored_to)s, timestamptz '-infinity') AND ts < %(reach)s)
"""

# Without a bound of time, PostgreSQL would read the whole real-time aggregate.
NEWEST_BUCKET: Final = """
SELECT max(bucket) FROM {view} WHERE bucket >= %(newest)s - 3 * %(width)s
"""


async def status(dsn: str, zone: str) -> Status:
    """Read the state of the database.

    Args:
        dsn: DSN of the database's owner.
        zone: the display zone, whose days ``influx_agg_1d`` should count.

    Raises:
        DatabaseUnreachable: no server answers at ``dsn``.
        SchemaDrift: the schema does not exist, or a restore was interrupted.
    """
    checks = await verify(dsn, zone=zone)
    async with owner(dsn, read_only=True) as conn, conn.transaction():
        (server,) = await _rows(conn, Server, SERVER)
        names = [*upkeep.HYPERTABLES, *upkeep.REFRESH]
        storage = await _rows(conn, Storage, STORAGE, names=names)
        tags = await _tags(conn)
        newest = next((tag.ts for tag in tags if not tag.ahead), None)
        jobs = await list_jobs(conn)
        marks = await _rows(conn, Mark, aggregates.MARKS, views=list(upkeep.REFRESH))
        lags = [await _lag(conn, mark, newest, server.now) for mark in _in_order(marks)]
        rates = await _rows(conn, Rate, RATES, least=RATE_AFTER_MINUTES)
        async with conn.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(SET_ZONE, {"zone": zone})
            await cursor.execute(REFUSED.encode())
            refused = await cursor.fetchall()
        workers = await has_workers(conn)
        chunks = await chunk_spans.advice(conn)
    return Status(
        server=server,
        storage=storage,
        jobs=list(judge(jobs).found.values()),
        workers=workers,
        tags=tags,
        lags=lags,
        failed=[check for check in checks if not check.ok],
        warnings=[*refusals(refused, MAX_REFUSALS), *rate_warnings(rates), *chunks],
    )


async def _tags(conn: AsyncConnection) -> list[Tag]:
    """Each tag with a sample; rule and expectation set its allowed age, as on the pages."""
    rules = await _rows(conn, StoredRule, qc.RULES, **qc.rule_params(MAX_ROWS))
    expectations = await _rows(conn, StoredExpectation, qc.EXPECTATIONS, cap=MAX_ROWS)
    by_rule = {row.tag_name: usable_rule(row) for row in rules}
    by_rate = {row.tag_name: usable_expectation(row)[0] for row in expectations}
    return [
        Tag(
            row.tag_name,
            row.ts,
            allowed_gap(by_rule.get(row.tag_name), by_rate.get(row.tag_name)),
            row.ahead,
        )
        for row in await _rows(conn, Sample, NEWEST, cap=MAX_ROWS)
    ]


async def _lag(conn: AsyncConnection, mark: Mark, newest: datetime | None, now: datetime) -> Lag:
    view, due = mark.view, now - may_lag(mark.view)
    # The last run of its job may be this old.
    reach = now - upkeep.REFRESH[view].start - may_lag(view)
    cursor = await conn.execute(WAITING, {"stored_to": mark.stored_to, "due": due, "reach": reach})
    waiting, out_of_reach = await cursor.fetchone() or (False, False)
    if newest is None:
        return Lag(view, mark.stored_to, due, waiting, out_of_reach, None, None)
    width = GRAINS[view].width
    statement = sql.SQL(NEWEST_BUCKET).format(view=sql.Identifier("public", view))
    cursor = await conn.execute(statement, {"newest": newest, "width": width})
    row = await cursor.fetchone()
    bucket = row[0] if row else None
    behind = max(newest - (bucket + width), timedelta()) if bucket else None
    return Lag(view, mark.stored_to, due, waiting, out_of_reach, bucket, behind)


def _in_order(marks: list[Mark]) -> list[Mark]:
    """The marks from fine to coarse; the checks report a missing aggregate."""
    order = list(upkeep.REFRESH)
    return sorted(marks, key=lambda mark: order.index(mark.view))


async def _rows(conn: AsyncConnection, model: type[T], statement: str, **params: object) -> list[T]:
    async with conn.cursor(row_factory=class_row(model)) as cursor:
        await cursor.execute(statement, params or None)
        return await cursor.fetchall()
