"""``ksys alarms status``: the evaluating worker, its progress, and the alarms (PRD §32.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.rows import class_row, dict_row

from ksys_app.ops.owner import owner

MAX_AGE_S: Final = 10.0
"""An older evaluation is reported as missing."""
# A cursor without events is written every ten seconds.
BEHIND_S: Final = 30

LEASE: Final = """
SELECT holder, epoch, until > clock_timestamp() AS held, evaluated_to,
       extract(epoch FROM clock_timestamp() - evaluated_to)::float8 AS age_s
FROM public.alarm_lease WHERE name = 'alarms'
"""
COUNTS: Final = """
SELECT count(*) FILTER (WHERE shown AND process IN ('act', 'clr') AND ack = 'unacked') AS unacked,
       count(*) FILTER (WHERE shown AND process IN ('act', 'clr') AND ack <> 'unacked') AS acked,
       count(*) FILTER (WHERE shown AND process NOT IN ('act', 'clr')
                        AND (ack = 'unacked' OR latched)) AS returned,
       count(*) FILTER (WHERE oos_at IS NULL AND designed_by IS NULL
                        AND shelved_until IS NOT NULL) AS shelved,
       count(*) FILTER (WHERE oos_at IS NULL AND designed_by IS NOT NULL) AS suppressed,
       count(*) FILTER (WHERE oos_at IS NOT NULL) AS out_of_service
FROM (SELECT *, shelved_until IS NULL AND designed_by IS NULL AND oos_at IS NULL AS shown
      FROM public.alarm_state) AS s
"""
TAGS: Final = """
SELECT count(*) AS tags, coalesce(sum(c.late_count), 0)::bigint AS late,
       coalesce(max(extract(epoch FROM l.ts - c.seen_ts)), 0)::float8 AS lag_s,
       coalesce((array_agg(tag_name ORDER BY tag_name) FILTER (
         WHERE c.seen_ts IS NULL OR l.ts - c.seen_ts > %(behind)s * interval '1 second'))[1:20],
         '{}') AS behind,
       count(*) FILTER (
         WHERE c.seen_ts IS NULL OR l.ts - c.seen_ts > %(behind)s * interval '1 second') AS number
FROM public.tag_latest AS l
LEFT JOIN public.alarm_cursor AS c USING (tag_name)
"""
LAST_HOUR: Final = """
SELECT count(*) FROM public.alarm_journal
WHERE event IN ('RAISE', 'ESCALATE') AND ts >= clock_timestamp() - interval '1 hour'
"""


@dataclass(frozen=True, slots=True)
class _Lease:
    holder: str
    epoch: int
    held: bool
    evaluated_to: datetime | None
    age_s: float | None


@dataclass(frozen=True, slots=True)
class AlarmStatus:
    """The state of the evaluation.

    Attributes:
        evaluating: whether a worker holds the lease and has evaluated in the last seconds.
        holder: the worker that has the lease, or had it last.
        epoch: number of the lease.
        evaluated_to: the time up to which every tag is judged; None before the first evaluation.
        age_s: seconds since that time.
        tags: number of tags with samples.
        late: samples that came too late to be judged.
        lag_s: the longest time of a tag between its newest judged and its newest sample.
        behind: names of the tags that are behind their newest samples, the first 20.
        behind_count: number of all these tags.
        raised_last_hour: rows ``RAISE`` and ``ESCALATE`` of the last hour.
        counts: number of alarms by state.
    """

    evaluating: bool
    holder: str
    epoch: int
    evaluated_to: datetime | None
    age_s: float | None
    tags: int
    late: int
    lag_s: float
    behind: list[str]
    behind_count: int
    raised_last_hour: int
    counts: dict[str, int]


async def status(dsn: str) -> AlarmStatus:
    """Read the state of the evaluation.

    Raises:
        SchemaDrift: the database has no alarms yet.
        DatabaseUnreachable: no server answers.
    """
    async with owner(dsn) as conn:
        async with conn.cursor(row_factory=class_row(_Lease)) as cursor:
            await cursor.execute(LEASE)
            lease = await cursor.fetchone() or _Lease("", 0, False, None, None)
        rows: list[dict[str, Any]] = []
        for statement, params in ((COUNTS, {}), (TAGS, {"behind": BEHIND_S}), (LAST_HOUR, {})):
            async with conn.cursor(row_factory=dict_row) as cursor:
                await cursor.execute(statement, params)
                rows += await cursor.fetchall()
    counts, tags, hour = rows
    return AlarmStatus(
        lease.held and lease.age_s is not None and lease.age_s <= MAX_AGE_S,
        lease.holder,
        lease.epoch,
        lease.evaluated_to,
        lease.age_s,
        tags["tags"],
        tags["late"],
        tags["lag_s"],
        tags["behind"],
        tags["number"],
        hour["count"],
        counts,
    )
