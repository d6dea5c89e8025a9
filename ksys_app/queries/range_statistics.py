"""The course of tags over a range, for their statistics: one row a tag (PRD §33.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString

from ksys_app import db
from ksys_app.domain.ranges import MOST_BUCKETS, RAW_VIEW, Range
from ksys_app.queries.periods import bounds_of, kind_of, of_range, of_ranges
from ksys_app.utils.cache import Answer

MOST_SAMPLES: Final = 50_000
"""Most samples of a tag. A tag with so many is not read whole."""

# The rows reach the aggregates in the order of the subquery, so that ``first`` and ``last`` find
# the earliest of equal values.
_COURSES: Final[LiteralString] = """
SELECT tag_name, now() AS now, sum(n)::bigint AS count,
       min(min) AS low, first(bucket, min) AS low_at,
       max(max) AS high, first(bucket, -max) AS high_at,
       array_agg(date_part('epoch', bucket)) AS at, array_agg(avg) AS value
FROM (
  SELECT tag_name, bucket, n, avg, min, max
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

COURSES: Final = {**of_ranges(_COURSES), "raw": of_range(_SAMPLES, RAW_VIEW)}


@dataclass(frozen=True, slots=True)
class CourseRow:
    """The samples of a tag, or the means of its buckets.

    ``at`` is when each begins, seconds since 1970. ``count`` is the number of samples. ``low_at``
    and ``high_at`` are the first sample or bucket with the smallest and the largest value.
    """

    tag_name: str
    now: datetime
    count: int
    low: float | None
    low_at: datetime | None
    high: float | None
    high_at: datetime | None
    at: list[float]
    value: list[float | None]


async def courses(tags: Sequence[str], span: Range) -> Answer[CourseRow]:
    """The course of each of these tags that has samples, by name.

    Args:
        tags: the tags.
        span: the range, and the width of the buckets to read.
    """
    params = course_params(tags, span)
    kind = kind_of(span, "metrics", fresh=False)
    statement = COURSES[span.bucket]
    return await db.current().fetch_cached(kind, CourseRow, statement, params, name="courses")


def course_params(tags: Sequence[str], span: Range) -> dict[str, object]:
    """The parameters of :data:`COURSES`."""
    known = sorted(set(tags))
    cap = MOST_SAMPLES if span.bucket == "raw" else MOST_BUCKETS
    return {"tags": known, "most": len(known), "cap": cap, **bounds_of(span, span.width)}
