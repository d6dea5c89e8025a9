"""Reads and sets the time that a chunk covers: ``ksys db init --tags``, ``ksys db status``."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from psycopg import AsyncConnection, sql

from ksys_app.domain.chunks import AGGREGATE_FACTOR, Load, does_fit, index_bytes, span_for
from ksys_app.ops.check import days
from ksys_app.ops.owner import owner

SAMPLES: Final = "influx_hist"
AGGREGATES: Final = ("influx_agg_1m", "features_5m", "influx_agg_10m")

# The server cannot report its memory. Usually shared_buffers is 25 % of it, and
# effective_cache_size 75 %; a server with default settings has 128 MB and 4 GB.
MEMORY: Final = """
SELECT greatest(pg_size_bytes(current_setting('shared_buffers')),
                pg_size_bytes(current_setting('effective_cache_size')) / 3)
"""
INITIALISED: Final = "SELECT to_regclass('public.tech_ind_1m_mv') IS NOT NULL"
# The last whole hour. Tags that did not send do not count.
MEASURED: Final = """
SELECT count(DISTINCT tag_name), coalesce(sum(n), 0)::float8 / 3600
FROM public.influx_agg_1m
WHERE bucket >= now() - interval '61 minutes' AND bucket < now() - interval '1 minute'
"""
SPAN: Final = """
SELECT time_interval FROM timescaledb_information.dimensions
WHERE hypertable_schema = 'public' AND hypertable_name = 'influx_hist'
"""
SET: Final = sql.SQL("SELECT set_chunk_time_interval({}, {}::interval)")
TABLE_OF: Final = """
SELECT format('%%I.%%I', materialization_hypertable_schema, materialization_hypertable_name)
FROM timescaledb_information.continuous_aggregates
WHERE view_schema = 'public' AND view_name = %s
"""


async def read_load(conn: AsyncConnection, tags: int | None, rate: float = 1.0) -> Load | None:
    """The load of the database from the samples of the last hour; without samples, from ``rate``.

    Args:
        conn: a connection of the owner.
        tags: number of tags; None to use the tags of the last hour.
        rate: samples of a tag in a second.

    Returns:
        The load; None if neither ``tags`` nor samples are given.
    """
    memory = await (await conn.execute(MEMORY)).fetchone()
    assert memory is not None, "a SELECT without FROM has one row"
    sending, rows_s = 0, 0.0
    if await (await conn.execute(INITIALISED)).fetchone() == (True,):
        sending, rows_s = await (await conn.execute(MEASURED)).fetchone() or (0, 0.0)
    if sending:
        return Load(tags or sending, rows_s / sending, True, int(memory[0]))
    return None if tags is None else Load(tags, rate, False, int(memory[0]))


async def survey(dsn: str, tags: int) -> list[str]:
    """The spans that :func:`set_spans` would set, and their reason; changes nothing."""
    async with owner(dsn, read_only=True) as conn, conn.transaction():
        load = await read_load(conn, tags)
        assert load is not None, "the number of tags is given"
        return _sentences(load)


async def set_spans(dsn: str, tags: int, rate: float = 1.0) -> list[str]:
    """Set the spans of the new chunks for a number of tags; existing chunks stay as they are.

    Args:
        dsn: the owner's DSN.
        tags: number of tags.
        rate: samples of a tag in a second, used if the last hour has no samples.

    Returns:
        Sentences with the spans and their reason.
    """
    async with owner(dsn) as conn:
        load = await read_load(conn, tags, rate)
        assert load is not None, "the number of tags is given"
        span = span_for(load)
        await conn.execute(SET.format(f"public.{SAMPLES}", span))
        for view in AGGREGATES:
            row = await (await conn.execute(TABLE_OF, (view,))).fetchone()
            if row is not None:
                await conn.execute(SET.format(row[0], AGGREGATE_FACTOR * span))
        return _sentences(load)


async def advice(conn: AsyncConnection) -> list[str]:
    """A sentence if the span of new chunks does not fit the load; otherwise empty."""
    load = await read_load(conn, None)
    row = await (await conn.execute(SPAN)).fetchone()
    if load is None or row is None or row[0] is None:
        return []
    span: timedelta = row[0]
    if does_fit(load, span):
        return []
    size = "long" if span > span_for(load) else "short"
    return [
        f"chunks of {days(span)} are too {size} for {load.tags:,} tags with {_rate(load)} "
        f"samples a second: {days(span_for(load))} suits them; run "
        f"ksys db init --tags {load.tags}"
    ]


def _sentences(load: Load) -> list[str]:
    span, source = span_for(load), "measured" if load.measured else "one a second from each"
    needed = index_bytes(load, span)
    fits = "fit in" if needed <= load.memory else "do not fit in"
    found = [
        f"{load.tags:,} tags write {_rate(load)} samples a second ({source})",
        f"new chunks of {SAMPLES} cover {days(span)}, those of {', '.join(AGGREGATES)} "
        f"{days(AGGREGATE_FACTOR * span)}",
        f"the indexes of the chunks being written take {_bytes(needed)}, and {fits} 25 % of the "
        f"memory, {_bytes(load.memory)} (shared_buffers, or a third of effective_cache_size)",
    ]
    if needed > load.memory:
        found.append(
            f"with {_bytes(4 * needed)} of memory they would fit; if the server has it, set both "
            "settings accordingly"
        )
    return found


def _rate(load: Load) -> str:
    return f"{load.rows_s:,.0f}" if load.rows_s >= 10 else f"{load.rows_s:.2g}"


def _bytes(size: int) -> str:
    return f"{size / 1e9:,.1f} GB"
