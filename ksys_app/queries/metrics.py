"""Reads the buckets of one tag in a window or a range (PRD §5.1, §33.2)."""

from __future__ import annotations

from typing import Final, LiteralString

from ksys_app.domain.ranges import MOST_BUCKETS, RAW_VIEW, Period, Range
from ksys_app.models.series import Bucket
from ksys_app.queries.periods import bounds_of, fetch_period, of_range, of_ranges, of_windows
from ksys_app.utils.cache import Answer

_BUCKETS: Final[LiteralString] = """
SELECT bucket, n, avg, sum, min, max, last, first, diff, now() AS now
FROM {view}
WHERE tag_name = %(tag)s AND bucket >= {start} AND {end}
ORDER BY bucket
"""

# A sample is a bucket of its own.
_SAMPLES: Final[LiteralString] = """
SELECT *
FROM (
  SELECT bucket, 1 AS n, value AS avg, value AS sum, value AS min, value AS max, value AS last,
         value AS first, 0::float8 AS diff, now() AS now
  FROM (SELECT tag_name, ts AS bucket, value FROM {view}) AS sample
  WHERE tag_name = %(tag)s AND bucket >= {start} AND {end}
  ORDER BY bucket DESC
  LIMIT %(cap)s
) AS newest
ORDER BY bucket
"""

BUCKETS: Final = of_windows(_BUCKETS)
# The current bucket is one more than the most complete buckets.
BETWEEN: Final = {
    **of_ranges(_BUCKETS + "LIMIT %(cap)s + 1"),
    "raw": of_range(_SAMPLES, RAW_VIEW),
}


async def buckets(tag_name: str, period: Period, *, fresh: bool = False) -> Answer[Bucket]:
    """The buckets of a tag in a window or a range, ascending, with the current one.

    A range of samples returns the newest 10,000 samples, each as a bucket. The answer is cached for
    30 s; the answer of a range that ended long ago is cached for four minutes.

    Args:
        tag_name: the tag.
        period: the window or range.
        fresh: read from the database, and put the answer into the cache.
    """
    params = {"tag": tag_name, **bounds_of(period, period.width)}
    if isinstance(period, Range):
        statement = BETWEEN[period.bucket]
        params["cap"] = MOST_BUCKETS
    else:
        statement = BUCKETS[period.bucket]
    return await fetch_period(
        "metrics", Bucket, statement, params, period, name="buckets", fresh=fresh
    )
