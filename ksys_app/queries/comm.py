"""Reads message counts: by hours for one tag, by days for many tags (PRD §28.2).

Both statements read ``comm_recv_1h`` for a time range and use the current expectations (PRD
decision 13). An answer is cached for five minutes, or until an expectation changes. Each row holds
the time of its count.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from ksys_app import db
from ksys_app.domain.rules import usable_expectation
from ksys_app.models.comm import CommDayRow, CommRow, NewestRow, StoredCommRow
from ksys_app.models.rows import Expectation, StoredExpectation
from ksys_app.models.series import Clock
from ksys_app.queries import versions
from ksys_app.utils.cache import Answer, Kind

# 30 days, one hour more for a change of clocks, and one hour to spare.
MAX_HOURS: Final = 722
MAX_TAGS: Final = 250
LATE: Final = timedelta(days=2)
"""Samples that arrive within this time are counted from a finer level; later samples are counted
only after ``comm_recv_1h`` is refreshed."""
HOUR: Final = timedelta(hours=1)

# The hours of the last two days are sums of their minutes. A late sample is in the minutes after a
# minute, but in comm_recv_1h only after the next refresh of that view.
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

# Count only the part of each hour that domain.comm would judge: whole minutes from the tag's first
# sample to a minute ago. There are many rows, so times are numbers of hours and minutes since the
# start. "delivered_24h" covers the 24 hours of the summary. An hour that is not critical has its
# bit set in "sound"; a critical hour has no bit, with messages or without.
# OFFSET 0 makes the planner compute an expression once, not at each use. The casts keep the sums
# small, so that the planner hashes the hours and does not sort them.
STORED_HOURS: Final = """
  SELECT tag_name, bucket, recv_msgs
  FROM public.comm_recv_1h
  WHERE tag_name = ANY(%(tags)s) AND bucket >= %(start)s AND bucket < %(end)s
"""
# The hours of the last two days as sums of ten minutes, which have a late sample within 4 minutes.
# Minutes would cost three times as much and more: they lie in the order of time, so those of all
# tags are read.
_LATE: Final = """{stored}
    AND bucket < date_trunc('hour', now() - interval '2 days')
  UNION ALL
  SELECT tag_name, time_bucket('1 hour', bucket), sum(n)::bigint
  FROM public.influx_agg_10m
  WHERE tag_name = ANY(%(tags)s) AND bucket < %(end)s
    AND bucket >= greatest(%(start)s, date_trunc('hour', now() - interval '2 days'))
  GROUP BY 1, 2
"""
_DAYS: Final = """
WITH bounds AS (
  SELECT date_part('epoch', %(start)s::timestamptz) AS start,
         date_trunc('minute', now() - interval '1 minute') AS ends,
         floor((date_part('epoch', least(now(), %(end)s - interval '1 hour'))
                - date_part('epoch', %(start)s::timestamptz)) / 3600)::integer AS newest
),
expected AS MATERIALIZED (
  SELECT tag_name, latest.first_ts, latest.ts AS last_ts, exp_per_min, slo_crit, newest,
         (ceil((date_part('epoch', latest.first_ts) - start) / 60))::integer AS begins,
         ((date_part('epoch', ends) - start) / 60)::integer AS ends
  FROM unnest(%(tags)s::text[], %(rates)s::bigint[], %(slo_crit)s::float8[])
    AS expectation (tag_name, exp_per_min, slo_crit)
  CROSS JOIN bounds
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
  JOIN expected USING (tag_name)
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
FROM expected
LEFT JOIN listed USING (tag_name)
ORDER BY tag_name
LIMIT %(cap)s
"""
DAYS: Final = _DAYS.format(counted=STORED_HOURS)
LATE_DAYS: Final = _DAYS.format(counted=_LATE.format(stored=STORED_HOURS))


NEWEST: Final = """
SELECT tag_name, now() AS now, latest.ts, latest.value, expectation.exp_per_min
FROM unnest(%(tags)s::text[]) WITH ORDINALITY AS wanted (tag_name, place)
LEFT JOIN public.tag_latest AS latest USING (tag_name)
LEFT JOIN public.ingest_expectation AS expectation USING (tag_name)
ORDER BY place
LIMIT %(cap)s
"""


async def database_clock(*, fresh: bool = False) -> datetime:
    """The database's current time: its answer of the last 10 s, and the time that has passed since.

    The answer is on its way for a moment, so this time is late by that. While the database is away,
    this time goes on.

    Args:
        fresh: read from the database, not from the cache. Samples that are already in the database
            are then never later than this time.
    """
    kind: Kind = "live" if fresh else "clock"
    answer = await db.current().fetch_cached(kind, Clock, db.PING, {}, name="clock")
    return answer.rows[0].now + timedelta(seconds=answer.age_s)


async def newest(tags: Sequence[str]) -> Answer[NewestRow]:
    """The newest sample of each of ``tags``, one row per tag in this order; not from a cache."""
    params = {"tags": list(tags), "cap": len(tags)}
    return await db.current().fetch_cached("live", NewestRow, NEWEST, params, name="comm_newest")


async def comm_hours(
    tag_name: str, start: datetime, end: datetime, *, fresh: bool = False
) -> Answer[CommRow]:
    """The message counts of a tag by hours: always one row, even for an unknown tag.

    Args:
        tag_name: the tag.
        start: start of the first hour, UTC.
        end: end of the last hour, UTC.
        fresh: read from the database, and put the answer into the cache.
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
    """The message counts of at most 250 tags by days: one row per tag, by name.

    Args:
        expected: the expectation of each tag.
        bounds: the start of each day and the end of the last one, UTC.
        late: count the last two days from ten minutes, which include samples that arrived late.
        fresh: read from the database, and put the answer into the cache.
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
        "tags": [expectation.tag_name for expectation in expected],
        "rates": [expectation.exp_per_min for expectation in expected],
        "slo_crit": [expectation.slo_crit for expectation in expected],
        "edges": [(bound - bounds[0]) // HOUR for bound in bounds],
        "start": bounds[0],
        "end": bounds[-1],
        "cap": MAX_TAGS,
    }
