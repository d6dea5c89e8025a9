"""Moves unusable samples that a database accepted earlier out of ``influx_hist``, and reports them.

``ksys db init`` does this once, after it has created the schema (PRD §12.4). It adds the constraint
``influx_hist_usable`` last. If the constraint is missing, the work was not done yet or was
interrupted. Every step may run again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from psycopg import AsyncConnection
from psycopg.rows import class_row

from ksys_app.domain import upkeep
from ksys_app.ops.owner import SET_ZONE
from ksys_app.ops.schema import refresh

USABLE: Final = "influx_hist_usable"
"""The constraint of ``influx_hist`` that allows only usable samples (PRD §4.9)."""
MAX_NAMED_TAGS: Final = 10

NEEDED: Final = """
SELECT to_regproc('public.quarantine_chunk') IS NOT NULL
   AND NOT EXISTS (SELECT FROM pg_constraint
                   WHERE conrelid = to_regclass('public.influx_hist') AND conname = %(name)s)
"""
CHUNKS: Final = """
SELECT chunk_schema, chunk_name
FROM timescaledb_information.chunks
WHERE hypertable_schema = 'public' AND hypertable_name = 'influx_hist'
ORDER BY range_start
"""
MOVE: Final = "SELECT public.quarantine_chunk(%s, %s)"
# Chunks before 1990 have only unusable samples. The server cannot refresh buckets that old.
DROP: Final = "SELECT drop_chunks(%s::regclass, older_than => timestamptz '1990-01-01 00:00:00+00')"
REQUIRE: Final = "CALL public.require_usable()"
RECHECK: Final = """
INSERT INTO public.tag_recheck (tag_name)
SELECT tag_name FROM public.tag_latest WHERE ts > now() + public.ksys_max_ahead()
ON CONFLICT (tag_name) DO NOTHING
"""
SETTLE: Final = "CALL public.settle_tags()"
MOVED: Final = """
SELECT tag_name, reason, count(*) AS rows,
       (array_agg(concat(ts::text, ' ', value) ORDER BY ts DESC))[1] AS newest
FROM public.ingest_reject
WHERE source = 'quarantine'
GROUP BY tag_name, reason
ORDER BY count(*) DESC, tag_name, reason
LIMIT 10000
"""


@dataclass(frozen=True, slots=True)
class Moved:
    """Moved samples of one tag for one reason; ``newest``: time and value of the newest one."""

    tag_name: str
    reason: str
    rows: int
    newest: str


async def needed(conn: AsyncConnection) -> bool:
    """Whether the database may still have unusable samples."""
    cursor = await conn.execute(NEEDED, {"name": USABLE})
    return await cursor.fetchone() == (True,)


async def quarantine(conn: AsyncConnection, dsn: str, zone: str) -> list[Moved]:
    """Move every unusable row of ``influx_hist`` to ``ingest_reject``, one transaction a chunk.

    Then refresh the aggregates that counted such rows, add the constraint, and update the first
    and the newest sample of these tags.

    Args:
        conn: an autocommit connection of the owner.
        dsn: the DSN of that connection.
        zone: IANA zone of the days of ``influx_agg_1d``.

    Returns:
        The moved samples by tag and reason, most rows first; empty for a clean database.
    """
    for chunk in await (await conn.execute(CHUNKS)).fetchall():
        await conn.execute(MOVE, chunk)
    for name in ("influx_hist", *upkeep.REFRESH):
        await conn.execute(DROP, (f"public.{name}",))
    moved = await _moved(conn, zone)
    if moved:
        # The server computes only invalidated buckets again, so the whole range costs little.
        await refresh.refresh(dsn, ZoneInfo(zone))
    await conn.execute(REQUIRE)
    await conn.execute(RECHECK)
    await conn.execute(SETTLE)
    return moved


async def _moved(conn: AsyncConnection, zone: str) -> list[Moved]:
    async with conn.transaction(), conn.cursor(row_factory=class_row(Moved)) as cursor:
        await cursor.execute(SET_ZONE, {"zone": zone})
        await cursor.execute(MOVED)
        return await cursor.fetchall()


def sentences(moved: list[Moved]) -> Iterator[str]:
    """A sentence for each of the ten largest groups of moved samples."""
    for group in moved[:MAX_NAMED_TAGS]:
        yield (
            f"{group.tag_name}: {group.rows:,} {'row' if group.rows == 1 else 'rows'} moved to "
            f"ingest_reject ({group.reason}), "
            f"the newest {group.newest}"
        )
    if len(moved) > MAX_NAMED_TAGS:
        rest = moved[MAX_NAMED_TAGS:]
        yield f"and {sum(part.rows for part in rest):,} rows of {len(rest):,} more tags and reasons"
