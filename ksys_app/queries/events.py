"""Reads events of tags in a range: alarms, outages, anomalies, changes of limits (PRD §33.7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from ksys_app import db
from ksys_app.domain.ranges import Range
from ksys_app.models.events import AnomalyRow, EpisodeRow, GapRow
from ksys_app.models.limits import RecordedChange
from ksys_app.models.rows import Expectation
from ksys_app.models.series import Version
from ksys_app.queries import versions
from ksys_app.queries.comm import STORED_HOURS
from ksys_app.queries.periods import fetch_period
from ksys_app.utils.cache import Answer

T = TypeVar("T")
MOST_ROWS: Final = 5_000
"""Most rows of one kind. If there are more, only their numbers are read."""

# The alarm of a row may have ended after the range. Then its end is among the next rows of the tag,
# or the alarm is still active. The row of an alarm of a group has the group as its tag.
ALARMS: Final = """
WITH rows AS NOT MATERIALIZED (
  SELECT ts, tag_name, condition, raised_at, event, level, priority, value, limit_value
  FROM public.alarm_journal
  WHERE event = ANY ('{RAISE,ESCALATE,CLEAR}') AND condition <> ALL ('{"",SOURCE_LOST}')
    AND tag_name = ANY (%(tags)s::text[])
),
later AS (
  SELECT found.*
  FROM unnest(%(tags)s::text[]) AS wanted (tag_name)
  CROSS JOIN LATERAL (
    SELECT rows.* FROM rows
    WHERE rows.tag_name = wanted.tag_name AND ts >= %(end)s AND event = 'CLEAR'
    ORDER BY ts
    LIMIT 1000
  ) AS found
  WHERE found.raised_at < %(end)s
)
SELECT ts, tag_name, condition, raised_at, event, level, priority::integer, value, limit_value
FROM (
  SELECT * FROM rows WHERE ts >= %(start)s AND ts < %(end)s
  UNION ALL
  SELECT * FROM later
  UNION ALL
  SELECT raised_at, tag_name, condition, raised_at, 'STANDS', level, priority, value, limit_value
  FROM public.alarm_state
  WHERE tag_name = ANY (%(tags)s::text[]) AND condition <> 'SOURCE_LOST'
    AND process IN ('act', 'clr') AND raised_at < %(end)s
) AS found
ORDER BY ts
LIMIT %(cap)s
"""
CHANGES: Final = """
SELECT id, at, tag_name, version, relation, condition, op, old, new, actor, reason, source
FROM public.rule_history
WHERE tag_name = ANY (%(tags)s::text[]) AND at >= %(start)s AND at < %(end)s
ORDER BY id
LIMIT %(cap)s
"""
ANOMALIES: Final = """
SELECT ts, tag_name, score, coalesce(level, '') AS level
FROM public.anomalies
WHERE tag_name = ANY (%(tags)s::text[]) AND ts >= %(start)s AND ts < %(end)s
ORDER BY ts
LIMIT %(cap)s
"""
# The hours of the last two days are sums of their minutes, as in queries/comm.py.
_COUNTED: Final = """
{stored}
    AND bucket < date_trunc('hour', now() - interval '2 days')
  UNION ALL
  SELECT tag_name, time_bucket('1 hour', bucket), sum(n)::bigint
  FROM public.influx_agg_1m
  WHERE tag_name = ANY(%(tags)s) AND bucket < %(end)s
    AND bucket >= greatest(%(start)s, date_trunc('hour', now() - interval '2 days'))
  GROUP BY 1, 2
"""
# An hour is judged as domain.comm judges it. One row is added before the first and one after the
# last judged hour, so that each run of critical hours lies between two rows of "edge".
_RUNS: Final = """
WITH counted AS ({counted}),
judged AS MATERIALIZED (
  SELECT *, time_bucket('1 hour', greatest(begins, %(start)s)) AS low,
         time_bucket('1 hour', least(ends, %(end)s) - interval '1 microsecond') AS high
  FROM (
    SELECT tag_name, exp_per_min, slo_crit, latest.first_ts, latest.ts AS last_ts,
           date_trunc('minute', latest.first_ts + interval '59.999999 s') AS begins,
           date_trunc('minute', now() - interval '1 minute') AS ends
    FROM unnest(%(tags)s::text[], %(rates)s::bigint[], %(slo_crit)s::float8[])
      AS expectation (tag_name, exp_per_min, slo_crit)
    JOIN public.tag_latest AS latest USING (tag_name)
    WHERE exp_per_min > 0 AND latest.first_ts IS NOT NULL
  ) AS life
  WHERE begins < least(ends, %(end)s)
),
edge AS (
  SELECT tag_name, bucket, false AS newest
  FROM counted
  JOIN judged USING (tag_name)
  WHERE bucket BETWEEN low AND high
    AND recv_msgs / (exp_per_min * extract(epoch FROM least(bucket + interval '1 hour', ends)
                                           - greatest(bucket, begins)) / 60)::float8 >= slo_crit
  UNION ALL
  SELECT tag_name, low - interval '1 hour', false FROM judged
  UNION ALL
  SELECT tag_name, high + interval '1 hour', true FROM judged
),
beside AS (
  SELECT tag_name, bucket, newest,
         lag(bucket) OVER (PARTITION BY tag_name ORDER BY bucket) AS before
  FROM edge
),
gap AS (
  SELECT tag_name, before + interval '1 hour' AS first, bucket - interval '1 hour' AS last, newest
  FROM beside
  WHERE bucket - before > interval '1 hour'
)
"""
GAP_RUNS: Final = _RUNS.format(counted=_COUNTED.format(stored=STORED_HOURS))
_FROM_GAPS: Final = """
SELECT tag_name, now() AS now, first_ts, last_ts, first, last, newest
FROM gap
JOIN judged USING (tag_name)
ORDER BY first, tag_name
LIMIT %(cap)s
"""
GAPS: Final = GAP_RUNS + _FROM_GAPS


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which events to read.

    Attributes:
        tags: the tags.
        span: the range.
        start: start of what is read.
        end: end of what is read.
        version: version of the events, from :func:`version`.
    """

    tags: Sequence[str]
    span: Range
    start: datetime
    end: datetime
    version: str

    def params(self) -> dict[str, Any]:
        """The parameters of a statement for events."""
        return {
            "tags": list(self.tags),
            "start": self.start,
            "end": self.end,
            "cap": MOST_ROWS + 1,
        }

    def dense_params(self, parts: int) -> dict[str, Any]:
        """The parameters of a statement that counts events in equal parts of the range."""
        # One part before the range and one after it.
        return self.params() | {"parts": parts, "cap": len(self.tags) * (parts + 2)}


async def version(tags: Sequence[str]) -> str:
    """The version of the alarms, anomalies and changes of limits of some tags; not from a cache.

    Raises:
        KsysError: the database does not answer.
    """
    params = {"tags": sorted(set(tags))}
    answer = await db.current().fetch_cached(
        "live", Version, versions.EVENTS, params, name="event_version"
    )
    return answer.fresh_rows()[0].version


async def alarms(query: EventQuery) -> Answer[EpisodeRow]:
    """The rows of alarms that were active between two times, ascending.

    At most one row more than ``MOST_ROWS``. As all events, they are cached for four minutes, or
    until the version changes.
    """
    return await fetch_period(
        "past",
        EpisodeRow,
        ALARMS,
        query.params(),
        query.span,
        name="event_alarms",
        version=query.version,
    )


async def changes(query: EventQuery) -> Answer[RecordedChange]:
    """The changes of limits between two times, ascending; at most one more than ``MOST_ROWS``."""
    return await fetch_period(
        "past",
        RecordedChange,
        CHANGES,
        query.params(),
        query.span,
        name="event_changes",
        version=query.version,
    )


async def anomalies(query: EventQuery) -> Answer[AnomalyRow]:
    """The anomalies between two times, ascending; at most one more than ``MOST_ROWS``."""
    return await fetch_period(
        "past",
        AnomalyRow,
        ANOMALIES,
        query.params(),
        query.span,
        name="event_anomalies",
        version=query.version,
    )


async def gaps(query: EventQuery, expected: Sequence[Expectation]) -> Answer[GapRow]:
    """The runs of critical hours, ascending; at most one more than ``MOST_ROWS``.

    The answer is cached for five minutes, as that of ``/comm``.

    Args:
        query: the tags, and the start of the first hour and the end of the last one.
        expected: the expectation of each tag.
    """
    params = query.params() | expected_params(expected)
    return await db.current().fetch_cached("comm", GapRow, GAPS, params, name="event_gaps")


def expected_params(expected: Sequence[Expectation]) -> dict[str, Any]:
    """The parameters of a statement that judges hours."""
    return {
        "rates": [max(0, expectation.exp_per_min) for expectation in expected],
        "slo_crit": [expectation.slo_crit for expectation in expected],
    }
