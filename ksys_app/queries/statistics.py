"""SQL of the statistics of a window's tiles, and the query of its past part."""

from __future__ import annotations

from functools import cache
from typing import Final, LiteralString

from psycopg import sql

from ksys_app import db
from ksys_app.domain.pieces import Past
from ksys_app.domain.windows import VIEW, BucketName, Window
from ksys_app.models.rows import PastRow
from ksys_app.queries.pieces import (
    FROM,
    NOW,
    Shape,
    bounds,
    newest_buckets,
    older_buckets,
    shape,
    since,
)
from ksys_app.utils.cache import Answer

_STATS: Final[LiteralString] = """
older AS MATERIALIZED (
  SELECT tag_name, sum(n)::bigint AS n, min(min) AS min, max(max) AS max,
         first(first, bucket) AS first, last(last, bucket) AS last
  FROM ({older}) AS piece
  GROUP BY tag_name
),
tail AS MATERIALIZED (
  {newest}
),
newest AS MATERIALIZED (
  SELECT tag_name, sum(n)::bigint AS n, min(min) AS min, max(max) AS max,
         first(first, bucket) AS first, last(last, bucket) AS last, max(bucket) AS bucket
  FROM tail
  WHERE bucket >= {start}
  GROUP BY tag_name
),
second AS MATERIALIZED (
  SELECT tag_name, last(tail.last, tail.bucket) AS last
  FROM tail
  FULL JOIN newest USING (tag_name)
  WHERE coalesce(tail.bucket < newest.bucket, false)
  GROUP BY tag_name
),
-- prev_last is the value of the bucket before the newest. If the newest bucket is the only one of
-- the last piece, this is the last value of the older pieces.
stats AS MATERIALIZED (
  SELECT tag_name, coalesce(older.n, 0) + coalesce(newest.n, 0) AS count,
         least(older.min, newest.min) AS min, greatest(older.max, newest.max) AS max,
         coalesce(older.first, newest.first) AS first, coalesce(newest.last, older.last) AS last,
         coalesce(second.last, CASE WHEN newest.n > 0 THEN older.last END) AS prev_last
  FROM older
  FULL JOIN newest USING (tag_name)
  FULL JOIN second USING (tag_name)
)
"""

# For a tag without a bucket in the last piece, prev_last is further back. The array makes the
# planner read only the buckets of these tags, whatever it estimates.
_SILENT: Final[LiteralString] = """
  SELECT tag_name, (array_agg(last ORDER BY bucket DESC))[2] AS prev_last
  FROM {view}
  WHERE tag_name = ANY (ARRAY(SELECT tag_name FROM stats WHERE prev_last IS NULL))
    AND bucket >= {start} - %(width)s AND {end}
  GROUP BY tag_name
"""
_NOBODY: Final[LiteralString] = """
  SELECT NULL::text AS tag_name, NULL::float8 AS prev_last WHERE false
"""

_PAST: Final[LiteralString] = """
WITH {stats},
-- Of the bucket before the window, the value before the first one of the window.
before AS (
  SELECT tag_name, last(last, bucket) AS last
  FROM {view}
  WHERE bucket >= %(start)s - %(width)s AND bucket < %(start)s
  GROUP BY tag_name
)
SELECT tag_name, coalesce(stats.count, 0) AS count, stats.min, stats.max, stats.first, stats.last,
       coalesce(stats.prev_last, silent.prev_last, before.last) AS prev_last
FROM stats
FULL JOIN silent USING (tag_name)
FULL JOIN before USING (tag_name)
ORDER BY tag_name
LIMIT %(cap)s
"""


def statistics(
    base: BucketName, widths: Shape, start: sql.SQL = FROM, end: sql.SQL = NOW
) -> sql.Composed:
    """SQL of two relations over all tags, for the WITH clause.

    ``stats`` has ``count``, ``min``, ``max``, ``first``, ``last`` and ``prev_last`` of each tag.
    ``prev_last`` is the value of the bucket before the newest one. If ``stats`` lacks it,
    ``silent`` has it.

    Args:
        base: the buckets of the window.
        widths: the pieces; empty for only the buckets from the parameter ``since`` on.
        start: the start of the window.
        end: the condition of the buckets before its end.
    """
    view = sql.Identifier("public", VIEW[base])
    silent = sql.SQL(_SILENT).format(view=view, start=start, end=end) if widths else _NOBODY_SQL
    older = older_buckets(widths or (base,), start)
    newest = newest_buckets(widths, start, end) if widths else since(base)
    stats = sql.SQL(_STATS).format(older=older, newest=newest, start=start)
    return stats + sql.SQL(",\nsilent AS (") + silent + sql.SQL(")")


_NOBODY_SQL: Final = sql.SQL(_NOBODY)


@cache
def _past_statement(base: BucketName, widths: Shape) -> sql.Composed:
    stats = statistics(base, widths, sql.SQL("%(start)s"), sql.SQL("bucket < %(end)s"))
    return sql.SQL(_PAST).format(stats=stats, view=sql.Identifier("public", VIEW[base]))


async def past_rows(window: Window, past: Past, cap: int) -> Answer[PastRow]:
    """The statistics of all tags over the past part of a window; cached for four minutes.

    Args:
        window: the time range.
        past: its past part.
        cap: most tags. An answer with this many rows may lack some tags.
    """
    params: dict[str, object] = {"start": past.start, "end": past.end, "width": window.width}
    params |= {"tags": None, "cap": cap, **bounds(past.pieces)}
    statement = _past_statement(window.bucket, shape(past.pieces))
    key = {"window": window.label, "start": past.start, "end": past.end, "cap": cap}
    return await db.current().fetch_cached("past", PastRow, statement, params, name="past", key=key)
