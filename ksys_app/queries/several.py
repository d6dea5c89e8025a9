"""Buckets or samples of several tags as columns: one row a tag (PRD §33.2).

Arrays in place of rows: the driver reads them several times as fast, and the browser gets columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final, LiteralString

from psycopg import sql

from ksys_app import db
from ksys_app.domain.ranges import MOST_BUCKETS, RAW_VIEW, Period, Range
from ksys_app.domain.windows import VIEW
from ksys_app.models.series import Columns
from ksys_app.queries.periods import bounds_of, kind_of, of_range, of_window
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


@cache
def statement(bucket: str, figures: Sequence[str], *, of_a_range: bool) -> sql.Composed:
    """The statement for a bucket width, with these figures as arrays."""
    if bucket == "raw":
        rows = of_range(_SAMPLES, RAW_VIEW)
    else:
        rows = (of_range if of_a_range else of_window)(_BUCKETS, VIEW[bucket])  # type: ignore[index]
    arrays = [
        sql.SQL(", array_agg({0}) AS {0}").format(sql.Identifier(name))
        for name in FIGURES
        if name in figures
    ]
    return sql.SQL(_COLUMNS).format(sql.SQL("").join(arrays), rows)


async def columns(tags: Sequence[str], period: Period, figures: Sequence[str]) -> Answer[Columns]:
    """The columns of these tags by name, ascending in time; a tag without rows has none.

    Args:
        tags: the tags.
        period: the window or range. Of samples, each tag has its newest 10,000.
        figures: which figures, of :data:`FIGURES`; the others are empty.
    """
    chosen = tuple(name for name in FIGURES if name in figures)
    asked = statement(period.bucket, chosen, of_a_range=isinstance(period, Range))
    params = {
        "tags": sorted(set(tags)),
        "most": len(set(tags)),
        "cap": MOST_BUCKETS,
        **bounds_of(period, period.width),
    }
    kind = kind_of(period, "metrics", fresh=False)
    return await db.current().fetch_cached(kind, Columns, asked, params, name="several")
