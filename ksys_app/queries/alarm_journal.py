"""Reads the journal of alarms: pages, the number of rows, rows for figures (PRD §32.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from psycopg import sql

from ksys_app import db
from ksys_app.models.alarm_kpi import Happening
from ksys_app.models.alarm_rows import JournalKey, JournalRow
from ksys_app.models.series import Version
from ksys_app.queries import versions
from ksys_app.utils.cache import Answer

T = TypeVar("T")

_WHERE: Final = """
WHERE ts >= %(start)s AND ts < %(end)s
  AND (%(tags)s::text[] IS NULL OR tag_name = ANY (%(tags)s::text[]))
  AND (%(conditions)s::text[] IS NULL OR condition = ANY (%(conditions)s::text[]))
  AND (%(events)s::text[] IS NULL OR event = ANY (%(events)s::text[]))
  AND (%(priorities)s::smallint[] IS NULL OR priority = ANY (%(priorities)s::smallint[]))
  AND (%(actor)s::text IS NULL OR actor = %(actor)s)
"""
_PAGE: Final = """
SELECT ts, recorded_at, id::text AS id, tag_name, condition, level, raised_at, event, priority,
       value, limit_value, deadband, quality, rule_version, actor, via, station, comment, reason,
       data, (
         SELECT coalesce(jsonb_agg(m ORDER BY m.route, m.purpose, m.state), '[]')
         FROM (
           SELECT t.route, t.purpose, t.state, count(*) AS recipients,
                  max(coalesce(t.settled_at, t.due_at)) AS at
           FROM public.alarm_message AS t
           WHERE (t.tag_name, t.condition, t.raised_at, t.ts, t.event)
                 = (j.tag_name, j.condition, j.raised_at, j.ts, j.event)
           GROUP BY t.route, t.purpose, t.state
         ) AS m
       ) AS messages
FROM public.alarm_journal AS j
{where}
  AND (%(after_ts)s::timestamptz IS NULL OR ts {beyond}= %(after_ts)s AND
       (ts, tag_name, condition, raised_at, event)
       {beyond} (%(after_ts)s, %(after_tag)s::text, %(after_condition)s::text,
                 %(after_raised)s::timestamptz, %(after_event)s::text))
ORDER BY ts {way}, tag_name {way}, condition {way}, raised_at {way}, event {way}
LIMIT %(limit)s
"""
NEWEST: Final = sql.SQL(_PAGE).format(
    where=sql.SQL(_WHERE), beyond=sql.SQL("<"), way=sql.SQL("DESC")
)
OLDEST: Final = sql.SQL(_PAGE).format(
    where=sql.SQL(_WHERE), beyond=sql.SQL(">"), way=sql.SQL("ASC")
)
COUNT: Final = sql.SQL(
    "SELECT count(*) AS count FROM"
    " (SELECT FROM public.alarm_journal {where} LIMIT %(most)s) AS found"
).format(where=sql.SQL(_WHERE))


@dataclass(frozen=True, slots=True)
class JournalFilter:
    """A filter of rows: from ``start`` to before ``end``. Empty sequences and None allow all."""

    start: datetime
    end: datetime
    tags: Sequence[str] = ()
    conditions: Sequence[str] = ()
    events: Sequence[str] = ()
    priorities: Sequence[int] = ()
    actor: str | None = None


@dataclass(frozen=True, slots=True)
class _Count:
    count: int


async def page(
    filters: JournalFilter,
    after: JournalKey | None,
    limit: int,
    *,
    newest_first: bool,
    timeout_s: float | None = None,
) -> list[JournalRow]:
    """Rows of the journal in the order of their key.

    Args:
        filters: which rows.
        after: the key of the last row of the previous page, None for the first page.
        limit: most rows.
        newest_first: the order.
        timeout_s: longest time, in place of the setting, seconds.
    """
    key = {
        "after_ts": None if after is None else after.ts,
        "after_tag": None if after is None else after.tag_name,
        "after_condition": None if after is None else after.condition,
        "after_raised": None if after is None else after.raised_at,
        "after_event": None if after is None else after.event,
    }
    params = {**_params(filters), **key, "limit": limit}
    statement = NEWEST if newest_first else OLDEST
    return await db.current().fetch_all(
        JournalRow, statement, params, timeout_s, name="alarm_journal"
    )


async def count(filters: JournalFilter, most: int, timeout_s: float | None = None) -> int:
    """The number of matching rows, at most ``most``."""
    params = {**_params(filters), "most": most}
    rows = await db.current().fetch_all(
        _Count, COUNT, params, timeout_s, name="alarm_journal_count"
    )
    return rows[0].count


def _params(filters: JournalFilter) -> dict[str, Any]:
    return {
        "start": filters.start,
        "end": filters.end,
        "tags": list(filters.tags) or None,
        "conditions": list(filters.conditions) or None,
        "events": list(filters.events) or None,
        "priorities": list(filters.priorities) or None,
        "actor": filters.actor,
    }


_HAPPENED: Final = """
       (extract(epoch FROM ts) * 1000000)::bigint AS ts_us, tag_name, condition,
       (extract(epoch FROM raised_at) * 1000000)::bigint AS raised_at_us, event,
       coalesce(priority, 4)::integer AS priority
FROM public.alarm_journal
"""
_KINDS: Final = """
CASE WHEN event IN ('RAISE', 'CLEAR') THEN 1 WHEN event IN ('SHELVE', 'UNSHELVE') THEN 2
     WHEN event IN ('SUPPRESS', 'RELEASE') THEN 3 ELSE 4 END
"""
# Also read the last rows of each alarm before the period. They say whether it was active, shelved,
# suppressed or out of service.
HAPPENINGS: Final = f"""
SELECT {_HAPPENED}
WHERE ts >= %(start)s AND ts < %(end)s AND condition <> ''
  AND event <> ALL ('{{SUPERSEDED,RULE_CHANGED,UNACK,RESET,DEESCALATE,ASSIGN}}')
UNION ALL
(SELECT DISTINCT ON (tag_name, condition, {_KINDS}) {_HAPPENED}
 WHERE ts >= %(before)s AND ts < %(start)s AND event = ANY (%(lead)s::text[])
 ORDER BY tag_name, condition, {_KINDS}, ts DESC, raised_at DESC)
LIMIT %(cap)s
"""
LEAD: Final = (
    *("RAISE", "CLEAR", "SHELVE", "UNSHELVE", "SUPPRESS", "RELEASE", "OOS_IN", "OOS_OUT"),
)


async def version() -> str:
    """The version of the journal and of the history of limits; not from a cache.

    Raises:
        KsysError: the database does not answer.
    """
    answer = await db.current().fetch_cached(
        "live", Version, versions.JOURNAL, {}, name="journal_version"
    )
    return answer.fresh_rows()[0].version


async def computed(key: Mapping[str, object], version: str, compute: db.Compute[T]) -> Answer[T]:
    """What ``compute`` returns, cached for 30 s, or until the version changes.

    Figures are cached in place of the rows, because there may be many rows.

    Args:
        key: what identifies the figures.
        version: their version, from :func:`version`.
        compute: reads rows and computes figures from them.
    """
    return await db.current().compute_cached("metrics", "alarm_figures", key, version, compute)


async def happenings(
    start: datetime, end: datetime, before: datetime, cap: int, timeout_s: float
) -> list[Happening]:
    """The rows of a period, and the last rows of each alarm before it, for the figures.

    Args:
        start: beginning of the period.
        end: end of the period; rows at this time are left out.
        before: no row before this time is read.
        cap: most rows.
        timeout_s: longest time, seconds.
    """
    params = {"start": start, "end": end, "before": before, "cap": cap, "lead": list(LEAD)}
    return await db.current().fetch_all(
        Happening, HAPPENINGS, params, timeout_s, name="alarm_happenings"
    )
