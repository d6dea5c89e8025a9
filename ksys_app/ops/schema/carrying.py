"""Copies the rows of an old aggregate into its successor, and compares the two."""

from __future__ import annotations

from typing import Final

from psycopg import AsyncConnection, sql

from ksys_app.errors import SchemaDrift
from ksys_app.ops import golden
from ksys_app.ops.schema import watermark

DAYS: Final = "influx_agg_1d"

CARRY: Final = "INSERT INTO {heir} ({columns}) SELECT {columns} FROM {old}"
COMPARE: Final = """
SELECT (SELECT count(*) FROM {old}),
       (SELECT count(*) FROM (SELECT {columns} FROM {old} EXCEPT ALL SELECT {columns} FROM {heir})
        AS missing)
"""
# A column of the plant may have another type, and an hour may have several rows.
MESSAGES: Final = """
CREATE TEMPORARY TABLE ksys_carried ON COMMIT DROP AS
SELECT bucket, tag_name, sum(recv_msgs)::bigint AS recv_msgs, max(last_seen_min) AS last_seen_min
FROM {old}
GROUP BY bucket, tag_name
"""

OLDEST: Final = """
SELECT coalesce(min(range_start), 'infinity')::text FROM timescaledb_information.chunks
WHERE hypertable_schema = 'public' AND hypertable_name = 'influx_hist'
"""
# Days that cannot be computed again because the finer level has fewer samples than the day.
ALONE: Final = """
CREATE TEMPORARY TABLE ksys_carried ON COMMIT DROP AS
SELECT {columns}
FROM {old} AS day
LEFT JOIN (
  SELECT tag_name, time_bucket('1 day', bucket, {old_zone}) AS bucket, sum(n) AS held
  FROM {finer}
  GROUP BY 1, 2
) AS finer USING (tag_name, bucket)
WHERE day.n > coalesce(finer.held, 0) AND day.bucket < {oldest}::timestamptz
"""
COUNT: Final = """
INSERT INTO {heir} ({columns})
SELECT {columns} FROM ksys_carried
UNION ALL
SELECT time_bucket('1 day', f.bucket, {zone}), f.tag_name, sum(f.n)::bigint, sum(f.sum) / sum(f.n),
       sum(f.sum), min(f.min), max(f.max), last(f.last, f.bucket), first(f.first, f.bucket),
       last(f.last, f.bucket) - first(f.first, f.bucket)
FROM {finer} AS f
WHERE f.bucket < (date_trunc('day', now() AT TIME ZONE {zone}) - interval '1 day')
                   AT TIME ZONE {zone}
  AND NOT EXISTS (SELECT FROM ksys_carried AS d
                  WHERE d.tag_name = f.tag_name
                    AND d.bucket = time_bucket('1 day', f.bucket, {old_zone}))
GROUP BY 1, 2
"""
# Days of two zones cannot be compared one by one, but no tag may lose samples.
LESS: Final = """
SELECT tag_name
FROM (SELECT tag_name, sum(n) AS n, min(min) AS min, max(max) AS max
      FROM {old} WHERE bucket < {oldest}::timestamptz GROUP BY 1) AS old
LEFT JOIN (SELECT tag_name, sum(n) AS n, min(min) AS min, max(max) AS max
           FROM {heir} WHERE bucket < {oldest}::timestamptz GROUP BY 1) AS new USING (tag_name)
WHERE (new.n >= old.n AND new.min <= old.min AND new.max >= old.max) IS NOT TRUE
ORDER BY tag_name
LIMIT 1
"""
COUNTS: Final = "SELECT (SELECT count(*) FROM {heir}), (SELECT count(*) FROM ksys_carried)"


async def rows(conn: AsyncConnection, view: str, heir: str, zone: str) -> list[str]:
    """Copy every stored row unchanged.

    Args:
        conn: a connection of the owner, in a transaction.
        view: the old aggregate.
        heir: the aggregate that takes over the rows.
        zone: the zone of days; not used here.

    Raises:
        SchemaDrift: rows are missing in the heir.
    """
    return await _carry(conn, await _locked_table(conn, view), heir, view)


async def messages(conn: AsyncConnection, view: str, heir: str) -> list[str]:
    """Copy the hours of ``comm_success_1h`` into ``comm_recv_1h``; errors as :func:`rows`."""
    await conn.execute(sql.SQL(MESSAGES).format(old=await _locked_table(conn, view)))
    return await _carry(conn, sql.Identifier("pg_temp", "ksys_carried"), heir, heir)


async def days(conn: AsyncConnection, view: str, heir: str, zone: str) -> list[str]:
    """Compute the days again from the finer level, as days of ``zone``.

    If a day is older than the raw samples and the finer level has fewer samples of it, the old
    row is copied. It stays a day of the old zone.

    Args:
        conn: a connection of the owner, in a transaction.
        view: the old aggregate.
        heir: the aggregate that takes its place.
        zone: IANA zone of the days.

    Raises:
        SchemaDrift: a tag would lose samples.
    """
    old = await _locked_table(conn, view)
    stored, finer = await watermark.stored(conn, heir)
    assert finer is not None, "days are built on a finer level"
    oldest = await (await conn.execute(OLDEST)).fetchone()
    assert oldest is not None, "an aggregate has one row"
    old_zone = await watermark.day_zone(conn, view)
    names = {
        "old": old,
        "heir": stored,
        "finer": sql.Identifier("public", finer),
        "columns": _columns(conn, view),
        "old_zone": sql.Literal(old_zone),
        "zone": sql.Literal(zone),
        "oldest": sql.Literal(oldest[0]),
    }
    for statement in (ALONE, COUNT):
        await conn.execute(sql.SQL(statement).format(**names))
    less = await (await conn.execute(sql.SQL(LESS).format(**names))).fetchone()
    if less is not None:
        raise SchemaDrift(f"{view}: tag {less[0]!r} would lose samples; nothing was changed")
    row = await (await conn.execute(sql.SQL(COUNTS).format(heir=stored))).fetchone()
    assert row is not None, "a SELECT without FROM has one row"
    notes = [f"{row[0] - row[1]:,} days of {zone} counted from {finer}, in place of {old_zone}"]
    if row[1]:
        notes.append(f"{row[1]:,} days without finer buckets stay days of {old_zone}")
    return notes


async def _locked_table(conn: AsyncConnection, view: str) -> sql.Identifier:
    """The table with the rows of an aggregate, locked against jobs until the transaction ends."""
    table, _ = await watermark.stored(conn, view)
    await conn.execute(sql.SQL("LOCK TABLE {} IN SHARE MODE").format(table))
    return table


async def _carry(conn: AsyncConnection, old: sql.Identifier, heir: str, view: str) -> list[str]:
    stored, _ = await watermark.stored(conn, heir)
    names = {"old": old, "heir": stored, "columns": _columns(conn, view)}
    await conn.execute(sql.SQL(CARRY).format(**names))
    row = await (await conn.execute(sql.SQL(COMPARE).format(**names))).fetchone()
    assert row is not None, "a SELECT without FROM has one row"
    carried, missing = row
    if missing:
        raise SchemaDrift(f"{view}: {missing:,} of {carried:,} rows were not copied")
    return [f"{carried:,} rows copied and compared"]


def _columns(conn: AsyncConnection, view: str) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, golden.of(conn).columns_of(view)))
