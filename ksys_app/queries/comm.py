"""Messages counted by the hour, for one tag; by the day, for many (PRD §28.2).

Both read ``comm_recv_1h`` between two bounds of time and judge by the expectation in force (PRD
decision 13). Their answers are kept for five minutes, or until an expectation changes; each holds
the moment it was counted at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ksys_app import db
from ksys_app.domain.rules import usable_expectation
from ksys_app.models.comm import CommDayRow, CommRow, NewestRow, StoredCommRow
from ksys_app.models.rows import Expectation, StoredExpectation
from ksys_app.queries import versions
from ksys_app.utils.cache import Answer

# 30 days with the hour a change of clocks may add, and one to spare.
MAX_HOURS: Final = 722
MAX_TAGS: Final = 250
MAX_LATE_TAGS: Final = 100
LATE: Final = timedelta(days=2)
"""Samples that arrive later than this are counted when comm_recv_1h is refreshed."""
HOUR: Final = timedelta(hours=1)

# The hours of the last two days are summed up from their minutes: what arrives late is in these a
# minute later, in comm_recv_1h when its own refresh comes by.
HOURS: Final = """
SELECT wanted.tag_name, now() AS now, latest.first_ts, latest.ts AS last_ts,
       expectation.exp_per_min, expectation.slo_warn, expectation.slo_crit,
       coalesce(counted.buckets, '{}') AS buckets,
       coalesce(counted.recv, '{}') AS recv,
       coalesce(counted.seen, '{}') AS seen, refused.refused
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
    WHERE tag_name = %(tag)s AND bucket >= %(start)s
      AND bucket < least(%(end)s, date_trunc('hour', now() - interval '2 days'))
    UNION ALL
    SELECT time_bucket('1 hour', bucket), sum(n)::bigint, max(bucket)
    FROM public.influx_agg_1m
    WHERE tag_name = %(tag)s AND bucket < %(end)s
      AND bucket >= greatest(%(start)s, date_trunc('hour', now() - interval '2 days'))
    GROUP BY 1
    ORDER BY bucket
    LIMIT %(cap)s
  ) AS hours
) AS counted
CROSS JOIN (
  SELECT count(*) AS refused
  FROM (
    SELECT FROM public.ingest_reject
    WHERE tag_name = %(tag)s AND source <> 'quarantine'
      AND received_at BETWEEN now() - interval '1 day' AND now()
    LIMIT 1000000
  ) AS newest
) AS refused
"""

# What of an hour can be judged is cut as domain.comm cuts it: whole minutes of the tag's life, up
# to a minute ago. Times are whole hours and minutes since the start: there are many. The newest 24
# hours are those of a summary. A critical hour has no bit in "sound", with messages or without.
# OFFSET 0 keeps expressions from being computed once a use; sums that take little room keep the
# planner from sorting all hours in place of hashing them.
_STORED: Final = """
  SELECT tag_name, bucket, recv_msgs
  FROM public.comm_recv_1h
  WHERE tag_name = ANY(%(tags)s) AND bucket >= %(start)s AND bucket < %(end)s
"""
# The hours of the last two days from their minutes, as above, which costs more than all the others.
_LATE: Final = """{stored}
    AND bucket < date_trunc('hour', now() - interval '2 days')
  UNION ALL
  SELECT tag_name, time_bucket('1 hour', bucket), sum(n)::bigint
  FROM public.influx_agg_1m
  WHERE tag_name = ANY(%(tags)s) AND bucket < %(end)s
    AND bucket >= greatest(%(start)s, date_trunc('hour', now() - interval '2 days'))
  GROUP BY 1, 2
"""
_DAYS: Final = """
WITH given AS (
  SELECT date_part('epoch', %(start)s::timestamptz) AS start,
         date_trunc('minute', now() - interval '1 minute') AS ends,
         floor((date_part('epoch', least(now(), %(end)s - interval '1 hour'))
                - date_part('epoch', %(start)s::timestamptz)) / 3600)::integer AS newest
),
known AS MATERIALIZED (
  SELECT tag_name, latest.first_ts, latest.ts AS last_ts, exp_per_min, slo_crit, newest,
         (ceil((date_part('epoch', latest.first_ts) - start) / 60))::integer AS begins,
         ((date_part('epoch', ends) - start) / 60)::integer AS ends
  FROM unnest(%(tags)s::text[], %(rates)s::bigint[], %(slo_crit)s::float8[])
    AS expectation (tag_name, exp_per_min, slo_crit)
  CROSS JOIN given
  LEFT JOIN public.tag_latest AS latest USING (tag_name)
),
counted AS ({counted}),
placed AS (
  SELECT tag_name, recv_msgs,
         ((date_part('epoch', bucket) - date_part('epoch', %(start)s::timestamptz)) / 3600)::integer
           AS hour
  FROM counted
  OFFSET 0
),
hour AS (
  SELECT tag_name, recv_msgs, slo_crit, newest, hour,
         width_bucket(hour, %(edges)s::integer[]) AS day,
         exp_per_min * greatest(0, least(60 * hour + 60, ends) - greatest(60 * hour, begins)) AS exp
  FROM placed
  JOIN known USING (tag_name)
  OFFSET 0
),
day AS (
  SELECT tag_name, day, sum(least(recv_msgs, exp)::float8)::bigint AS delivered,
         sum(least(recv_msgs, exp)::float8) FILTER (WHERE hour > newest - 24) AS delivered_24h,
         coalesce(bit_or(1 << hour - (%(edges)s::integer[])[day])
                  FILTER (WHERE recv_msgs / exp::float8 >= slo_crit), 0) AS sound
  FROM hour
  WHERE exp > 0
  GROUP BY tag_name, day
),
listed AS (
  SELECT tag_name, array_agg(day - 1 ORDER BY day) AS days,
         array_agg(delivered ORDER BY day) AS delivered, array_agg(sound ORDER BY day) AS sound,
         sum(delivered_24h)::bigint AS delivered_24h
  FROM day
  GROUP BY tag_name
)
SELECT tag_name, now() AS now, first_ts, last_ts, exp_per_min,
       coalesce(days, '{{}}') AS days, coalesce(delivered, '{{}}') AS delivered,
       coalesce(sound, '{{}}') AS sound, coalesce(delivered_24h, 0) AS delivered_24h
FROM known
LEFT JOIN listed USING (tag_name)
ORDER BY tag_name
LIMIT %(cap)s
"""
DAYS: Final = _DAYS.format(counted=_STORED)
LATE_DAYS: Final = _DAYS.format(counted=_LATE.format(stored=_STORED))


NEWEST: Final = """
SELECT tag_name, now() AS now, latest.ts, latest.value, expectation.exp_per_min
FROM unnest(%(tags)s::text[]) WITH ORDINALITY AS wanted (tag_name, place)
LEFT JOIN public.tag_latest AS latest USING (tag_name)
LEFT JOIN public.ingest_expectation AS expectation USING (tag_name)
ORDER BY place
LIMIT %(cap)s
"""

CLOCK: Final = "SELECT now() AS now LIMIT 1"


@dataclass(frozen=True, slots=True)
class Clock:
    """The database's clock."""

    now: datetime


async def database_clock() -> datetime:
    """What time it is for the database; its last answer while it is away."""
    return (await db.current().fetch_cached("live", Clock, CLOCK, {}, name="clock")).rows[0].now


async def newest(tags: Sequence[str]) -> Answer[NewestRow]:
    """The newest sample of some tags, a row each in their order, as it is now."""
    params = {"tags": list(tags), "cap": len(tags)}
    return await db.current().fetch_cached("live", NewestRow, NEWEST, params, name="comm_newest")


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
    stored = await db.current().fetch_versioned(
        "live" if fresh else "comm",
        StoredCommRow,
        HOURS,
        params,
        versions.EXPECTATIONS,
        name="comm_hours",
    )
    return stored.read_as("hours", _usable)


def _usable(row: StoredCommRow) -> CommRow:
    expectation, _faults = usable_expectation(
        StoredExpectation(row.tag_name, row.exp_per_min, row.slo_warn, row.slo_crit)
    )
    return CommRow(
        tag_name=row.tag_name,
        now=row.now,
        first_ts=row.first_ts,
        last_ts=row.last_ts,
        exp_per_min=expectation.exp_per_min,
        slo_warn=expectation.slo_warn,
        slo_crit=expectation.slo_crit,
        buckets=row.buckets,
        recv=row.recv,
        seen=row.seen,
        refused=row.refused,
        assumed=row.exp_per_min is None,
    )


def hour_params(tag_name: str, start: datetime, end: datetime) -> dict[str, object]:
    """The parameters of :data:`HOURS`."""
    return {"tag": tag_name, "start": start, "end": end, "cap": MAX_HOURS}


async def comm_days(
    expected: Sequence[Expectation],
    bounds: Sequence[datetime],
    *,
    late: bool = False,
    fresh: bool = False,
) -> Answer[CommDayRow]:
    """The counted days of at most 250 tags, one row a tag by name.

    Args:
        expected: what is expected of each.
        bounds: where each day begins, UTC, and where the last one ends.
        late: count those of the last two days anew, with what arrived late.
        fresh: as for :func:`comm_hours`.
    """
    params = day_params(expected, bounds)
    if late:
        return await db.current().fetch_cached(
            "live" if fresh else "comm", CommDayRow, LATE_DAYS, params, name="comm_late_days"
        )
    return await db.current().fetch_cached(
        "live" if fresh else "comm", CommDayRow, DAYS, params, name="comm_days"
    )


def day_params(expected: Sequence[Expectation], bounds: Sequence[datetime]) -> dict[str, object]:
    """The parameters of :data:`DAYS`."""
    return {
        "tags": [one.tag_name for one in expected],
        "rates": [one.exp_per_min for one in expected],
        "slo_crit": [one.slo_crit for one in expected],
        "edges": [(bound - bounds[0]) // HOUR for bound in bounds],
        "start": bounds[0],
        "end": bounds[-1],
        "cap": MAX_TAGS,
    }
