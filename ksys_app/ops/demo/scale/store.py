"""The plant in a database: its mark, its tags, which seconds are written, and its samples.

``ksys_demo.plant`` marks a database that the demo may write to. The seconds that are written are
recorded in the transaction that writes them, so that a killed run leaves neither a gap nor a
repeated sample.
"""

from __future__ import annotations

from dataclasses import astuple, replace
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from ksys_app.errors import ConfigError
from ksys_app.ops.demo.scale.parts import Span
from ksys_app.ops.demo.scale.sizing import Size
from ksys_app.ops.demo.scale.tags import expected_per_min, rule_rows, scale_tags
from ksys_app.ops.demo.scale.values import SOURCE
from ksys_app.store import samples

MARKED: Final = "SELECT to_regclass('ksys_demo.plant') IS NOT NULL"
PRODUCT: Final = "SELECT to_regclass('public.tag_latest') IS NOT NULL"
# Whether the database has an object that the demo did not create.
RELATIONS: Final = """
SELECT EXISTS (
  SELECT FROM pg_class AS c
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')
)
"""
ANY_TAG: Final = """
SELECT EXISTS (SELECT FROM public.tag_latest) OR EXISTS (SELECT FROM public.influx_qc_rule)
    OR EXISTS (SELECT FROM public.ingest_expectation) OR EXISTS (SELECT FROM public.influx_hist)
"""
FOREIGN_TAG: Final = """
SELECT tag_name FROM public.tag_latest
WHERE tag_name NOT IN (SELECT tag_name FROM ksys_demo.tag) ORDER BY tag_name LIMIT 1
"""
SIZE: Final = "SELECT tags, every_s FROM ksys_demo.plant"

TABLES: Final = """
CREATE SCHEMA IF NOT EXISTS ksys_demo;
COMMENT ON SCHEMA ksys_demo IS 'written by ksys demo --scale, which may write to this database';
CREATE TABLE IF NOT EXISTS ksys_demo.plant (
  tags integer NOT NULL,
  every_s integer NOT NULL,
  since bigint NOT NULL,
  filled int8multirange NOT NULL DEFAULT '{}'
);
CREATE TABLE IF NOT EXISTS ksys_demo.tag (
  number integer PRIMARY KEY,
  tag_name text NOT NULL,
  base double precision NOT NULL,
  span double precision NOT NULL,
  period integer NOT NULL,
  steps integer NOT NULL,
  reach double precision NOT NULL,
  silent boolean NOT NULL,
  unchanged boolean NOT NULL,
  loss integer NOT NULL
);
"""
PLANT: Final = """
INSERT INTO ksys_demo.plant (tags, every_s, since)
SELECT %(tags)s, %(every)s, floor(extract(epoch FROM now()))::bigint - %(seconds)s
WHERE NOT EXISTS (SELECT FROM ksys_demo.plant)
"""
TAG: Final = """
INSERT INTO ksys_demo.tag VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
RULE: Final = """
INSERT INTO public.influx_qc_rule
  (tag_name, min_val, max_val, max_gap_seconds, warn_min, warn_max, crit_min, crit_max, enabled,
   meta)
VALUES (%(tag_name)s, %(min_val)s, %(max_val)s, %(max_gap_seconds)s, %(warn_min)s, %(warn_max)s,
        %(crit_min)s, %(crit_max)s, true, %(meta)s)
ON CONFLICT DO NOTHING
"""
EXPECTATION: Final = """
INSERT INTO public.ingest_expectation (tag_name, exp_per_min)
SELECT tag_name, %s FROM ksys_demo.tag ON CONFLICT DO NOTHING
"""
MISSING: Final = """
SELECT lower(r), upper(r)
FROM ksys_demo.plant, unnest(int8multirange(int8range(since, %(now)s)) - filled) AS r
"""
SET_CHUNK: Final = """
SELECT set_chunk_time_interval('public.influx_hist', make_interval(secs => %s))
"""
NEWEST: Final = "SELECT upper(filled) FROM ksys_demo.plant"
NOW: Final = "SELECT floor(extract(epoch FROM clock_timestamp()))::bigint"
RECORD: Final = """
UPDATE ksys_demo.plant SET filled = filled + int8multirange(int8range(%(start)s, %(end)s))
"""
# Chunks that get no more samples: they ended an hour ago, and all their seconds are written.
COMPLETE: Final = """
SELECT format('%I.%I', c.chunk_schema, c.chunk_name)::regclass
FROM timescaledb_information.chunks AS c, ksys_demo.plant AS p
WHERE c.hypertable_schema = 'public' AND c.hypertable_name = 'influx_hist'
  AND NOT c.is_compressed AND c.range_end < now() - interval '1 hour'
  AND int8range(extract(epoch FROM c.range_start)::bigint, extract(epoch FROM c.range_end)::bigint)
      <@ (p.filled + int8multirange(int8range(NULL, p.since)))
ORDER BY c.range_start
LIMIT 1000
"""
COMPRESS: Final = "SELECT compress_chunk(%s::regclass, if_not_compressed => true)"


async def require_own(conn: AsyncConnection, name: str, size: Size) -> None:
    """Check that the demo may write to a database: it is empty, or the demo has filled it.

    Args:
        conn: a connection of the owner.
        name: the database, for the message.
        size: the plant.

    Raises:
        ConfigError: it has other data, or a plant of another size or interval.
    """
    if not await _value(conn, MARKED):
        product = await _value(conn, PRODUCT)
        if await _value(conn, ANY_TAG if product else RELATIONS):
            raise ConfigError(
                f"{name} holds tables or samples that ksys demo --scale did not write, and it "
                "changes nothing there; name an empty database in TS_ADMIN_DSN"
            )
        return
    found = await (await conn.execute(SIZE)).fetchone()
    if found not in (None, (size.tags, size.every)):
        its = replace(size, tags=found[0], every=found[1])
        raise ConfigError(
            f"{name} holds the plant of {its.tags:,} tags, {its.interval}; start it with --scale "
            f"{its.tags} --every {its.every}, or name an empty database"
        )
    foreign = await _value(conn, FOREIGN_TAG) if await _value(conn, PRODUCT) else None
    if foreign is not None:
        raise ConfigError(
            f"{name} holds the tag {foreign}, which ksys demo --scale did not write; name an empty "
            "database in TS_ADMIN_DSN"
        )


async def create(conn: AsyncConnection, size: Size, seconds: int) -> None:
    """Mark the database, and write tags, rules and expectations. Safe to repeat.

    Args:
        conn: a connection of the owner; the database has the schema.
        size: the plant.
        seconds: length of the history before now; ignored if an earlier start has set it.
    """
    tags = scale_tags(size.tags)
    plant = {"tags": size.tags, "every": size.every, "seconds": seconds}
    async with conn.transaction(), conn.cursor() as cursor:
        await cursor.execute(TABLES)
        await cursor.execute(PLANT, plant)
        await cursor.executemany(TAG, [astuple(tag) for tag in tags])
        rules = [{**row, "meta": Jsonb(row["meta"])} for row in rule_rows(tags, size.every)]
        await cursor.executemany(RULE, rules)
        await cursor.execute(EXPECTATION, [expected_per_min(size.every)])


async def set_chunk(conn: AsyncConnection, seconds: int) -> None:
    """Set how much time a new chunk of the samples covers."""
    await conn.execute(SET_CHUNK, [seconds])


async def left(conn: AsyncConnection, size: Size) -> int:
    """The number of missing samples of the history; all of them if nothing is written yet."""
    if not await _value(conn, MARKED):
        return size.rows
    spans = await missing(conn, await now(conn))
    return size.samples(sum(span.seconds for span in spans))


async def now(conn: AsyncConnection) -> int:
    """The database's clock, whole epoch seconds."""
    return int(await _value(conn, NOW))


async def missing(conn: AsyncConnection, until: int) -> list[Span]:
    """The seconds before ``until`` that are not written."""
    cursor = await conn.execute(MISSING, {"now": until})
    return [Span(*row) for row in await cursor.fetchall()]


async def newest(conn: AsyncConnection) -> int | None:
    """The end of the written seconds, epoch seconds; None before the first sample."""
    found = await _value(conn, NEWEST)
    return None if found is None else int(found)


async def write(conn: AsyncConnection, span: Span) -> int:
    """Write the samples of all tags in ``span``, which is not written; return their number."""
    bounds = span._asdict()
    async with conn.transaction():
        rows = await samples.write_computed(conn, SOURCE, bounds)
        await conn.execute(RECORD, bounds)
    return rows


async def compress(conn: AsyncConnection) -> None:
    """Compress the chunks that get no more samples."""
    for (chunk,) in await (await conn.execute(COMPLETE)).fetchall():
        await conn.execute(COMPRESS, (chunk,))


async def _value(conn: AsyncConnection, statement: str) -> Any:
    row = await (await conn.execute(statement.encode())).fetchone()
    return None if row is None else row[0]
