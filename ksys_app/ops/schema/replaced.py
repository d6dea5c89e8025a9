"""Lists what ``ksys db init`` replaces in a database, for the report of a dry run and of a run."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from psycopg import AsyncConnection, sql
from psycopg.rows import class_row

from ksys_app.domain.jobs import VERBS
from ksys_app.domain.upkeep import EXPECTED, HYPERTABLES, REFRESH
from ksys_app.ops.check import days
from ksys_app.ops.keep import POLICIES, VIEWS, Keep
from ksys_app.ops.owner import owner
from ksys_app.ops.schema import adoption, watermark
from ksys_app.ops.schema.adoption import Rebuild
from ksys_app.ops.schema.carrying import DAYS

# Measured on two busy cores: rows that are copied and compared in a second, and raw samples that
# are read for new objects (features, newest samples, the check for usable samples).
ROWS_PER_S: Final = 25_000
SAMPLES_PER_S: Final = 100_000

POLICIES_NOW: Final = """
SELECT proc_name, hypertable_name AS relation, schedule_interval AS every,
       (config ->> 'start_offset')::interval AS start_offset,
       (config ->> 'end_offset')::interval AS end_offset,
       (config ->> 'buckets_per_batch')::integer AS batch,
       (config ->> 'compress_after')::interval AS compress_after,
       (config ->> 'drop_after')::interval AS drop_after
FROM timescaledb_information.jobs
WHERE proc_name = ANY (%s) AND hypertable_schema = 'public' AND hypertable_name = ANY (%s)
ORDER BY job_id
LIMIT 1000
"""
LATEST: Final = "SELECT pg_get_viewdef(to_regclass('public.influx_latest'))"
SIZE: Final = """
SELECT hypertable_size(format('%%I.%%I', materialization_hypertable_schema,
                              materialization_hypertable_name)::regclass)
FROM timescaledb_information.continuous_aggregates
WHERE view_schema = 'public' AND view_name = %s
"""
TABLES: Final = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relname = ANY (%s) AND relkind = 'r'
ORDER BY 1
"""
HYPER: Final = """
SELECT hypertable_name FROM timescaledb_information.hypertables WHERE hypertable_schema = 'public'
"""
# Without TimescaleDB the samples can only be in a plain table.
PLAIN_SAMPLES: Final = (
    "SELECT reltuples FROM pg_class WHERE oid = to_regclass('public.influx_hist')"
)
SAMPLES: Final = "SELECT approximate_row_count('public.influx_hist')"


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy of the database."""

    proc_name: str
    relation: str
    every: timedelta
    start_offset: timedelta | None
    end_offset: timedelta | None
    batch: int | None
    compress_after: timedelta | None
    drop_after: timedelta | None


@dataclass(frozen=True, slots=True)
class Change:
    """An object that is replaced.

    Attributes:
        step: the step of the schema that replaces the object.
        text: one sentence that describes the change.
    """

    step: str
    text: str


async def policies(conn: AsyncConnection, unchanged: Collection[str]) -> list[Change]:
    """The policies with other values than the schema's; none if the plant's policies stay."""
    if POLICIES in unchanged or not await adoption.has_samples(conn):
        return []
    async with conn.cursor(row_factory=class_row(Policy)) as cursor:
        await cursor.execute(POLICIES_NOW, (list(VERBS), [*HYPERTABLES, *REFRESH]))
        found = await cursor.fetchall()
    return [change for policy in found if (change := _replaced(policy)) is not None]


def _replaced(policy: Policy) -> Change | None:
    name = f"{VERBS[policy.proc_name]} {policy.relation}"
    values = {key: (getattr(policy, key), value) for key, value in EXPECTED.get(name, {}).items()}
    # The batch size changes how a policy works, not its result, so it does not count.
    differs = [
        f"{key} {_text(old)} becomes {_text(new)}"
        for key, (old, new) in values.items()
        if old != new and key != "batch"
    ]
    if all(old == new for old, new in values.values()):
        return None
    step = "060_lifecycle" if policy.relation in HYPERTABLES else "130_policies"
    return Change(step, f"policy {name} replaced: {', '.join(differs) or 'in larger batches'}")


def _text(value: timedelta | int | None) -> str:
    return days(value) if isinstance(value, timedelta) else "none" if value is None else str(value)


async def relations(conn: AsyncConnection) -> list[Change]:
    """The plain tables that become hypertables, and the view that gets another definition."""
    tables = {name for (name,) in await (await conn.execute(TABLES, ([*HYPERTABLES],))).fetchall()}
    if await adoption.has_samples(conn):
        tables -= {name for (name,) in await (await conn.execute(HYPER)).fetchall()}
    changes = [
        Change("040_hypertables", f"table {name} becomes a hypertable; its rows move into chunks")
        for name in sorted(tables)
    ]
    row = await (await conn.execute(LATEST)).fetchone()
    if row is None or row[0] is None or "tag_latest" in row[0]:
        return changes
    text = "view influx_latest replaced: it reads tag_latest in place of all samples"
    return [*changes, Change("110_latest", text)]


async def survey(dsn: str, zone: str, keep: Keep) -> list[str]:
    """Sentences about what a run would replace, its duration and its disk use; changes nothing.

    Args:
        dsn: DSN of the owner.
        zone: IANA zone whose days ``influx_agg_1d`` should count.
        keep: objects of the plant to leave unchanged.

    Raises:
        SchemaDrift: a run would fail.
        DatabaseUnreachable: no server answers at ``dsn``.
    """
    async with owner(dsn, read_only=True) as conn, conn.transaction():
        unchanged = await keep.of(conn)
        due = await adoption.due(conn, zone, unchanged, keep.rebuild)
        changes = [*await policies(conn, unchanged), *await relations(conn)]
        lines: list[str] = []
        largest, carried = 0, 0
        for rebuild in due:
            rows, size, text = await _rebuilt(conn, rebuild, zone)
            lines.append(text)
            carried, largest = carried + rows, max(largest, size)
        lines += [change.text for change in changes]
        lines += [f"{name} stays unchanged" for name in (*VIEWS, POLICIES) if name in unchanged]
        if not due and not changes:
            return [*lines, "nothing would be replaced"]
        samples = await _samples(conn)
    seconds = carried / ROWS_PER_S + samples / SAMPLES_PER_S
    lines.append(f"time: about {_time(seconds)}, for {carried:,} rows and {samples:,} samples")
    lines.append(f"disk: {_bytes(largest)} more while the largest object exists twice")
    return lines


async def _rebuilt(conn: AsyncConnection, rebuild: Rebuild, zone: str) -> tuple[int, int, str]:
    if rebuild.heir is None:
        text = "becomes a table with the last 25 hours, in place of a materialized view"
        return 0, 0, f"{rebuild.view} {text}"
    table, _ = await watermark.stored(conn, rebuild.view)
    (rows,) = await (await conn.execute(_count(table))).fetchone() or (0,)
    (size,) = await (await conn.execute(SIZE, (rebuild.view,))).fetchone() or (0,)
    if rebuild.view == DAYS:
        old = await watermark.day_zone(conn)
        text = f"{rebuild.view} rebuilt: {rows:,} days of {old} become days of {zone}"
    elif rebuild.heir != rebuild.view:
        text = f"{rebuild.view} rebuilt as a view over {rebuild.heir}: {rows:,} rows copied to it"
    else:
        text = f"{rebuild.view} rebuilt on the finer level: {rows:,} rows copied"
    return rows, size or 0, text


def _count(table: sql.Identifier) -> sql.Composed:
    return sql.SQL("SELECT count(*) FROM {}").format(table)


async def _samples(conn: AsyncConnection) -> int:
    """An estimate of the number of raw samples; counting them would take as long as the run."""
    statement = SAMPLES if await adoption.has_samples(conn) else PLAIN_SAMPLES
    row = await (await conn.execute(statement)).fetchone()
    return 0 if row is None else max(int(row[0]), 0)


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _bytes(size: int) -> str:
    return f"{size / 1024**2:,.1f} MB"
