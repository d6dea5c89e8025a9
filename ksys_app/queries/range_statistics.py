"""Reads the values of tags over a range for statistics: one row per tag (PRD §33.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString

from ksys_app.domain.ranges import MOST_BUCKETS, RAW_VIEW, Range
from ksys_app.queries.periods import bounds_of, fetch_period, of_range, of_ranges
from ksys_app.utils.cache import Answer

MOST_SAMPLES: Final = 50_000
"""Most samples of a tag that are read."""

# The rows reach the aggregates in the order of the subquery, so that ``first`` and ``last`` find
# the earliest of equal values.
_HISTORIES: Final[LiteralString] = """
SELECT tag_name, now() AS now, sum(n)::bigint AS count,
       min(min) AS low, first(bucket, min) AS low_at,
       max(max) AS high, first(bucket, -max) AS high_at,
       last(last, bucket) AS newest, max(bucket) AS newest_at,
       array_agg(date_part('epoch', bucket)) AS at, array_agg(avg) AS value
FROM (
  SELECT tag_name, bucket, n, avg, min, max, last
  FROM {view}
  WHERE tag_name = ANY (%(tags)s) AND bucket >= {start} AND {end}
  ORDER BY tag_name, bucket
  LIMIT %(most)s * (%(cap)s + 1)
) AS found
GROUP BY tag_name
ORDER BY tag_name
LIMIT %(most)s
"""

# Each tag is read on its own, so that one with many samples does not hide the others.
_SAMPLES: Final[LiteralString] = """
SELECT tag_name, now() AS now, count(*) AS count,
       min(value) AS low, first(bucket, value) AS low_at,
       max(value) AS high, first(bucket, -value) AS high_at,
       last(value, bucket) AS newest, max(bucket) AS newest_at,
       array_agg(date_part('epoch', bucket)) AS at, array_agg(value) AS value
FROM (
  SELECT sample.*
  FROM unnest(%(tags)s::text[]) AS wanted (tag_name)
  CROSS JOIN LATERAL (
    SELECT tag_name, bucket, value
    FROM (SELECT tag_name, ts AS bucket, value FROM {view}) AS sample
    WHERE tag_name = wanted.tag_name AND bucket >= {start} AND {end}
    ORDER BY bucket
    LIMIT %(cap)s
  ) AS sample
  ORDER BY sample.tag_name, sample.bucket
) AS found
GROUP BY tag_name
ORDER BY tag_name
LIMIT %(most)s
"""

HISTORIES: Final = {**of_ranges(_HISTORIES), "raw": of_range(_SAMPLES, RAW_VIEW)}


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """The samples of a tag, or the means of its buckets.

    ``at`` is when each begins, seconds since 1970. ``count`` is the number of samples, None if it
    is unknown. ``low_at`` and ``high_at`` are the first sample or bucket with the smallest
    and the largest value. ``newest`` is the last sample, and ``newest_at`` its time or that of its
    bucket.
    """

    tag_name: str
    now: datetime
    count: int | None
    low: float | None
    low_at: datetime | None
    high: float | None
    high_at: datetime | None
    newest: float | None
    newest_at: datetime | None
    at: list[float]
    value: list[float | None]


async def tag_histories(tags: Sequence[str], span: Range) -> Answer[HistoryRow]:
    """The values of each of these tags by name; a tag without samples has no row.

    Args:
        tags: the tags.
        span: the range, and the width of the buckets to read.
    """
    params = history_params(tags, span)
    statement = HISTORIES[span.bucket]
    return await fetch_period("metrics", HistoryRow, statement, params, span, name="tag_histories")


def history_params(tags: Sequence[str], span: Range) -> dict[str, object]:
    """The parameters of :data:`HISTORIES`."""
    names = sorted(set(tags))
    cap = MOST_SAMPLES if span.bucket == "raw" else MOST_BUCKETS
    return {"tags": names, "most": len(names), "cap": cap, **bounds_of(span, span.width)}
