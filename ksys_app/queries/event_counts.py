"""Counts events of tags in equal parts of a range that has too many to read each (PRD §33.7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ksys_app import db
from ksys_app.models.events import DenseRow
from ksys_app.models.rows import Expectation
from ksys_app.queries.events import GAP_RUNS, EventQuery, expected_params
from ksys_app.queries.periods import fetch_period
from ksys_app.utils.cache import Answer

_DENSE: Final = """
{before}
SELECT tag_name, width_bucket(date_part('epoch', ts), date_part('epoch', %(start)s::timestamptz),
                              date_part('epoch', %(end)s::timestamptz), %(parts)s) AS place,
       count(*) AS count, min(ts) AS first, max(ts) AS last, min(priority)::integer AS priority
FROM ({rows}) AS found
GROUP BY tag_name, place
ORDER BY place, tag_name
LIMIT %(cap)s
"""
_DENSE_ALARMS: Final = """
  SELECT ts, tag_name, priority
  FROM public.alarm_journal
  WHERE event = 'RAISE' AND condition <> 'SOURCE_LOST' AND priority < 4
    AND tag_name = ANY (%(tags)s::text[]) AND ts >= %(start)s AND ts < %(end)s
"""
_DENSE_CHANGES: Final = """
  SELECT at AS ts, tag_name, NULL::integer AS priority
  FROM public.rule_history
  WHERE tag_name = ANY (%(tags)s::text[]) AND at >= %(start)s AND at < %(end)s
"""
_DENSE_ANOMALIES: Final = """
  SELECT ts, tag_name, NULL::integer AS priority
  FROM public.anomalies
  WHERE tag_name = ANY (%(tags)s::text[]) AND ts >= %(start)s AND ts < %(end)s
"""
_DENSE_GAPS: Final = """
  SELECT first AS ts, tag_name, NULL::integer AS priority
  FROM gap
"""
DENSE_ALARMS: Final = _DENSE.format(before="", rows=_DENSE_ALARMS)
DENSE_CHANGES: Final = _DENSE.format(before="", rows=_DENSE_CHANGES)
DENSE_ANOMALIES: Final = _DENSE.format(before="", rows=_DENSE_ANOMALIES)
DENSE_GAPS: Final = _DENSE.format(before=GAP_RUNS, rows=_DENSE_GAPS)


async def dense_alarms(query: EventQuery, parts: int) -> Answer[DenseRow]:
    """The number of raised alarms in each of ``parts`` equal parts of a range, by tag."""
    params = query.dense_params(parts)
    return await fetch_period(
        "past",
        DenseRow,
        DENSE_ALARMS,
        params,
        query.span,
        name="event_alarms_dense",
        version=query.version,
    )


async def dense_changes(query: EventQuery, parts: int) -> Answer[DenseRow]:
    """The number of changed rows of limits in each of ``parts`` equal parts of a range, by tag."""
    params = query.dense_params(parts)
    return await fetch_period(
        "past",
        DenseRow,
        DENSE_CHANGES,
        params,
        query.span,
        name="event_changes_dense",
        version=query.version,
    )


async def dense_anomalies(query: EventQuery, parts: int) -> Answer[DenseRow]:
    """The number of anomalies in each of ``parts`` equal parts of a range, by tag."""
    params = query.dense_params(parts)
    return await fetch_period(
        "past",
        DenseRow,
        DENSE_ANOMALIES,
        params,
        query.span,
        name="event_anomalies_dense",
        version=query.version,
    )


async def dense_gaps(
    query: EventQuery, expected: Sequence[Expectation], parts: int
) -> Answer[DenseRow]:
    """The number of runs of critical hours that began in each of ``parts`` equal parts, by tag."""
    params = query.dense_params(parts) | expected_params(expected)
    return await db.current().fetch_cached(
        "comm", DenseRow, DENSE_GAPS, params, name="event_gaps_dense"
    )
