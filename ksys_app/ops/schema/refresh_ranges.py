"""Selects the ranges to refresh after samples of any age were written (PRD decisions 17, 19).

The unit is a day of UTC. A day within the retention of raw samples has all its samples and is
refreshed. On an older day raw samples may have been deleted while the aggregates still hold their
buckets. Such a day is refreshed only if it has at least as many samples as the aggregates counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Final

from psycopg import AsyncConnection

from ksys_app.domain.buckets import DAY, Span, midnight

# The local day of a written sample is at most one UTC day away. Two days cover whole local days.
MARGIN: Final = range(-2, 3)

# Days for which the aggregates have counted more samples than exist.
INCOMPLETE: Final = """
WITH counted AS (
  SELECT time_bucket('1 day', bucket) AS day, tag_name, sum(n) AS n
  FROM public.influx_agg_1m WHERE bucket >= %(start)s AND bucket < %(end)s GROUP BY 1, 2
  UNION ALL
  SELECT time_bucket('1 day', bucket), tag_name, sum(n)
  FROM public.influx_agg_1h WHERE bucket >= %(start)s AND bucket < %(end)s GROUP BY 1, 2
), present AS (
  SELECT time_bucket('1 day', ts) AS day, tag_name, count(*) AS n
  FROM public.influx_hist WHERE ts >= %(start)s AND ts < %(end)s GROUP BY 1, 2
)
SELECT DISTINCT (counted.day AT TIME ZONE 'UTC')::date
FROM counted LEFT JOIN present USING (day, tag_name)
WHERE counted.n > coalesce(present.n, 0)
"""


async def incomplete(conn: AsyncConnection, touched: Iterable[date], floor: datetime) -> set[date]:
    """Days in or next to ``touched`` whose samples were deleted, at least in part.

    Args:
        conn: a connection that may read the raw samples, with time zone UTC.
        touched: days of UTC with written samples.
        floor: before this time, raw samples may have been deleted.
    """
    old = {day for day in _around(touched) if midnight(day, UTC) <= floor}
    found: set[date] = set()
    for first, last in _runs(old):
        bounds = {"start": midnight(first, UTC), "end": midnight(last + DAY, UTC)}
        cursor = await conn.execute(INCOMPLETE, bounds)
        found |= {row[0] for row in await cursor.fetchall()}
    return found


def windows(touched: Iterable[date], skipped: set[date], now: datetime) -> list[Span]:
    """The ranges to refresh: whole days of UTC, but not past ``now``.

    Args:
        touched: days of UTC with written samples.
        skipped: days that must not be refreshed.
        now: the database's clock.
    """
    days = set(touched)
    found = []
    for first, last in _runs(_around(days) - skipped):
        start, end = midnight(first, UTC), min(midnight(last + DAY, UTC), now)
        if start < end and any(first <= day <= last for day in days):
            found.append((start, end))
    return found


def _around(days: Iterable[date]) -> set[date]:
    return {day + offset * DAY for day in days for offset in MARGIN}


def _runs(days: set[date]) -> Iterator[tuple[date, date]]:
    """The first and the last day of each run of consecutive days."""
    numbered = enumerate(sorted(days))
    for _, run in groupby(numbered, key=lambda pair: pair[1].toordinal() - pair[0]):
        found = [day for _, day in run]
        yield found[0], found[-1]
