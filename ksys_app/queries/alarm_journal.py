"""The journal of alarms: a page of it, and how many rows there are (PRD §32.6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg import sql

from ksys_app import db
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
       data
FROM public.alarm_journal
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
