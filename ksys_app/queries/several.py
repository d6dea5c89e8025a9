"""Reads buckets or samples of several tags as columns: one row per tag (PRD §33.2).

The driver reads arrays several times as fast as rows, and the browser needs columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final, LiteralString

from psycopg import sql

from ksys_app.domain.ranges import MOST_BUCKETS, RAW_VIEW, Period, Range
from ksys_app.domain.windows import VIEW
from ksys_app.models.series import Columns
from ksys_app.queries.periods import bounds_of, fetch_period, of_range, of_window
from ksys_app.utils.cache import Answer

FIGURES: Final = ("n", "avg", "sum", "min", "max", "last", "first", "diff")

# The rows reach the aggregates in the order of the subquery.
_COLUMNS: Final[LiteralString] = """
SELECT tag_name, now() AS now, min(min) AS low, max(max) AS high,
       array_agg(date_part('epoch', bucket)) AS bucket{0}
FROM ({1}) AS found
GROUP BY tag_name
ORDER BY tag_name
LIMIT %(most)s
"""

_BUCKETS: Final[LiteralString] = """
  SELECT tag_name, bucket, n, avg, sum, min, max, last, first, diff
  FROM {view}
  WHERE tag_name = ANY (%(tags)s) AND bucket >= {start} AND {end}
  ORDER BY tag_name, bucket
  LIMIT %(most)s * (%(cap)s + 1)
"""

# Each tag is read on its own, so that one with many samples does not hide the others.
_SAMPLES: Final[LiteralString] = """
  SELECT sample.*
  FROM unnest(%(tags)s::text[]) AS wanted (tag_name)
  CROSS JOIN LATERAL (
    SELECT tag_name, bucket, 1 AS n, value AS avg, value AS sum, value AS min, value AS max,
           value AS last, value AS first, 0::float8 AS diff
    FROM (SELECT tag_name, ts AS bucket, value FROM {view}) AS sample
    WHERE tag_name = wanted.tag_name AND bucket >= {start} AND {end}
    ORDER BY bucket DESC
    LIMIT %(cap)s
  ) AS sample
  ORDER BY sample.tag_name, sample.bucket
"""
_OLDEST_SAMPLES: Final = _SAMPLES.replace("bucket DESC", "bucket")


@cache
def statement(
    bucket: str, figures: Sequence[str], *, of_a_range: bool, oldest: bool = False
) -> sql.Composed:
    """The statement for a bucket width, with these figures as arrays.

    Args:
        bucket: the bucket width, or ``raw``.
        figures: the figures.
        of_a_range: whether the bounds are two times; otherwise the length of a window.
        oldest: whether to read the oldest samples; otherwise the newest ones.
    """
    if bucket == "raw":
        rows = of_range(_OLDEST_SAMPLES if oldest else _SAMPLES, RAW_VIEW)
    else:
        rows = (of_range if of_a_range else of_window)(_BUCKETS, VIEW[bucket])  # type: ignore[index]
    arrays = [
        sql.SQL(", array_agg({0}::float8) AS {0}").format(sql.Identifier(name))
        for name in FIGURES
        if name in figures
    ]
    return sql.SQL(_COLUMNS).format(sql.SQL("").join(arrays), rows)


async def columns(
    tags: Sequence[str], period: Period, figures: Sequence[str], *, fresh: bool = False
) -> Answer[Columns]:
    """The columns of these tags by name, ascending in time; a tag without rows has none.

    Args:
        tags: the tags.
        period: the window or range. A range of samples returns the newest 10,000 of each tag.
        figures: which figures, of :data:`FIGURES`; the others are empty.
        fresh: read from the database, and put the answer into the cache.
    """
    chosen = tuple(name for name in FIGURES if name in figures)
    query = statement(period.bucket, chosen, of_a_range=isinstance(period, Range))
    params = {
        "tags": sorted(set(tags)),
        "most": len(set(tags)),
        "cap": MOST_BUCKETS,
        **bounds_of(period, period.width),
    }
    return await fetch_period(
        "metrics", Columns, query, params, period, name="several", fresh=fresh
    )
