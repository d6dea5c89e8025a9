"""Reads samples of the members of a calculated tag, with the sample at the start (PRD §33.9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ksys_app.domain.ranges import Range
from ksys_app.queries.periods import fetch_period
from ksys_app.utils.cache import Answer

# The newest sample before the start is one more row.
SAMPLES: Final = """
SELECT wanted.tag_name, now() AS now,
       array_agg(date_part('epoch', sample.ts) ORDER BY sample.ts) AS at,
       array_agg(sample.value ORDER BY sample.ts) AS value
FROM unnest(%(tags)s::text[], %(holds)s::interval[]) AS wanted (tag_name, hold)
CROSS JOIN LATERAL (
  (SELECT ts, value
   FROM public.influx_hist
   WHERE tag_name = wanted.tag_name AND ts >= %(start)s AND ts <= now()
     AND (%(end)s::timestamptz IS NULL OR ts < %(end)s)
   ORDER BY ts DESC
   LIMIT %(cap)s)
  UNION ALL
  (SELECT ts, value
   FROM public.influx_hist
   WHERE tag_name = wanted.tag_name AND ts < %(start)s AND ts >= %(start)s - wanted.hold
   ORDER BY ts DESC
   LIMIT 1)
) AS sample
GROUP BY wanted.tag_name
ORDER BY wanted.tag_name
LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class MemberRow:
    """The samples of a tag: times in seconds since 1970, ascending, and values."""

    tag_name: str
    now: datetime
    at: list[float]
    value: list[float | None]


async def member_samples(
    holds: Mapping[str, timedelta], span: Range, cap: int, *, fresh: bool = False
) -> Answer[MemberRow]:
    """The newest ``cap`` samples of each tag in a range, and the sample that is valid at its start.

    Args:
        holds: tag to the time for which its samples are valid.
        span: the range.
        cap: most samples of a tag.
        fresh: read from the database, and put the answer into the cache.
    """
    start, end = span.bounds(timedelta())
    tags = sorted(holds)
    params = {
        "tags": tags,
        "holds": [holds[tag] for tag in tags],
        "start": start,
        "end": end,
        "cap": cap,
        "most": max(1, len(tags)),
    }
    return await fetch_period(
        "metrics", MemberRow, SAMPLES, params, span, name="members", fresh=fresh
    )
