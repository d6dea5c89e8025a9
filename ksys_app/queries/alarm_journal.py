"""The journal of alarms: a page of it, and how many rows there are (PRD §32.6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg import sql

from ksys_app import db
from ksys_app.models.alarm_kpi import Happening
from ksys_app.models.alarm_rows import JournalKey, JournalRow

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
    """Which rows: from ``start`` up to, without, ``end``; empty sequences and None for all."""

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
    wanted: JournalFilter,
    after: JournalKey | None,
    limit: int,
    *,
    newest_first: bool,
    timeout_s: float | None = None,
) -> list[JournalRow]:
    """Rows of the journal in the order of their key.

    Args:
        wanted: which rows.
        after: the key of the last row of the page before, None for the first page.
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
    params = {**_params(wanted), **key, "limit": limit}
    statement = NEWEST if newest_first else OLDEST
    return await db.current().fetch_all(
        JournalRow, statement, params, timeout_s, name="alarm_journal"
    )


async def count(wanted: JournalFilter, most: int, timeout_s: float | None = None) -> int:
    """How many rows there are; counted up to ``most``."""
    params = {**_params(wanted), "most": most}
    rows = await db.current().fetch_all(
        _Count, COUNT, params, timeout_s, name="alarm_journal_count"
    )
    return rows[0].count


def _params(wanted: JournalFilter) -> dict[str, Any]:
    return {
        "start": wanted.start,
        "end": wanted.end,
        "tags": list(wanted.tags) or None,
        "conditions": list(wanted.conditions) or None,
        "events": list(wanted.events) or None,
        "priorities": list(wanted.priorities) or None,
        "actor": wanted.actor,
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
# Of each alarm the last rows before the period: whether it was active, shelved, suppressed, out of
# service.
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


async def happenings(
    start: datetime, end: datetime, before: datetime, cap: int, timeout_s: float
) -> list[Happening]:
    """What the figures need: rows of a period, and how each alarm stood at its beginning.

    Args:
        start: beginning of the period.
        end: its end, which does not belong to it.
        before: how far back to look for how an alarm stood.
        cap: most rows.
        timeout_s: longest time, seconds.
    """
    params = {"start": start, "end": end, "before": before, "cap": cap, "lead": list(LEAD)}
    return await db.current().fetch_all(
        Happening, HAPPENINGS, params, timeout_s, name="alarm_happenings"
    )
