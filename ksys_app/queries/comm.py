"""Messages counted by the hour, for one tag; by the day, for many (PRD §28.2).

Both read ``comm_recv_1h`` between two bounds of time and bring the expectation in force with them
(PRD decision 13). Their answers are kept for five minutes; each holds the moment it was counted at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ksys_app import db
from ksys_app.models.comm import CommDayRow, CommRow
from ksys_app.utils.cache import Answer

# 30 days with the hour a change of clocks may add, and one to spare.
MAX_HOURS: Final = 722
MAX_TAGS: Final = 250

HOURS: Final = """
SELECT wanted.tag_name, now() AS now, latest.first_ts, latest.ts AS last_ts,
       coalesce(expectation.exp_per_min, 1) AS exp_per_min,
       coalesce(expectation.slo_warn, 0.98)::float8 AS slo_warn,
       coalesce(expectation.slo_crit, 0.95)::float8 AS slo_crit,
       coalesce(counted.buckets, '{}') AS buckets,
       coalesce(counted.recv, '{}') AS recv,
       coalesce(counted.seen, '{}') AS seen
FROM (SELECT %(tag)s::text AS tag_name) AS wanted
LEFT JOIN public.tag_latest AS latest USING (tag_name)
LEFT JOIN public.ingest_expectation AS expectation USING (tag_name)
CROSS JOIN (
  SELECT array_agg(bucket ORDER BY bucket) AS buckets,
         array_agg(recv_msgs ORDER BY bucket) AS recv,
         array_agg(last_seen_min ORDER BY bucket) AS seen
  FROM (
    SELECT bucket, recv_msgs, last_seen_min
    FROM public.comm_recv_1h
    WHERE tag_name = %(tag)s AND bucket >= %(start)s AND bucket < %(end)s
    ORDER BY bucket
    LIMIT %(cap)s
  ) AS hours
) AS counted
"""

# What of an hour can be judged is cut as domain.comm cuts it: whole minutes of the tag's life, up
# to a minute ago.
DAYS: Final = """
WITH known AS MATERIALIZED (
  SELECT tag_name, latest.first_ts, latest.ts AS last_ts,
         coalesce(expectation.exp_per_min, 1) AS exp_per_min,
         coalesce(expectation.slo_crit, 0.95)::float8 AS slo_crit,
         date_trunc('minute', latest.first_ts + interval '59.999999 seconds') AS begins,
         date_trunc('minute', now() - interval '1 minute') AS ends
  FROM unnest(%(tags)s::text[]) AS tag_name
  LEFT JOIN public.tag_latest AS latest USING (tag_name)
  LEFT JOIN public.ingest_expectation AS expectation USING (tag_name)
),
hour AS (
  SELECT tag_name, slo_crit, recv_msgs,
         width_bucket(bucket, %(bounds)s::timestamptz[]) - 1 AS day,
         exp_per_min * CASE
           WHEN bucket >= begins AND bucket + interval '1 hour' <= ends THEN 60
           ELSE greatest(0, date_part('epoch', least(bucket + interval '1 hour', ends)
                                               - greatest(bucket, begins)) / 60)::bigint
         END AS exp
  FROM public.comm_recv_1h
  JOIN known USING (tag_name)
  WHERE tag_name = ANY(%(tags)s) AND bucket >= %(start)s AND bucket < %(end)s
),
day AS (
  SELECT tag_name, day, sum(least(recv_msgs, exp))::bigint AS delivered, count(*) AS judged,
         count(*) FILTER (WHERE recv_msgs / exp::float8 < slo_crit) AS crit
  FROM hour
  WHERE exp > 0
  GROUP BY tag_name, day
),
listed AS (
  SELECT tag_name, array_agg(day ORDER BY day) AS days,
         array_agg(delivered ORDER BY day) AS delivered,
         array_agg(judged ORDER BY day) AS judged, array_agg(crit ORDER BY day) AS crit
  FROM day
  GROUP BY tag_name
)
SELECT tag_name, now() AS now, first_ts, last_ts, exp_per_min,
       coalesce(days, '{}') AS days, coalesce(delivered, '{}') AS delivered,
       coalesce(judged, '{}') AS judged, coalesce(crit, '{}') AS crit
FROM known
LEFT JOIN listed USING (tag_name)
ORDER BY tag_name
LIMIT %(cap)s
"""


CLOCK: Final = "SELECT now() AS now LIMIT 1"


@dataclass(frozen=True, slots=True)
class Clock:
    """The database's clock."""

    now: datetime


async def database_clock() -> datetime:
    """What time it is for the database; its last answer while it is away."""
    return (await db.current().fetch_cached("live", Clock, CLOCK, {})).rows[0].now


async def comm_hours(
    tag_name: str, start: datetime, end: datetime, *, fresh: bool = False
) -> Answer[CommRow]:
    """The counted hours of a tag from ``start`` to ``end``: one row, whether it is known or not.

    Args:
        tag_name: the tag.
        start: first hour, UTC.
        end: where the last one ends.
        fresh: ask the database now; its answer is kept for the others.
    """
    params = hour_params(tag_name, start, end)
    return await db.current().fetch_cached("live" if fresh else "comm", CommRow, HOURS, params)


def hour_params(tag_name: str, start: datetime, end: datetime) -> dict[str, object]:
    """The parameters of :data:`HOURS`."""
    return {"tag": tag_name, "start": start, "end": end, "cap": MAX_HOURS}


async def comm_days(
    tag_names: Sequence[str], bounds: Sequence[datetime], *, fresh: bool = False
) -> Answer[CommDayRow]:
    """The counted days of at most 250 tags, one row a tag by name.

    Args:
        tag_names: which.
        bounds: where each day begins, UTC, and where the last one ends.
        fresh: as for :func:`comm_hours`.
    """
    params = day_params(tag_names, bounds)
    return await db.current().fetch_cached("live" if fresh else "comm", CommDayRow, DAYS, params)


def day_params(tag_names: Sequence[str], bounds: Sequence[datetime]) -> dict[str, object]:
    """The parameters of :data:`DAYS`."""
    return {
        "tags": list(tag_names),
        "bounds": list(bounds),
        "start": bounds[0],
        "end": bounds[-1],
        "cap": MAX_TAGS,
    }
