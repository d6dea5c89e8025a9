"""Reads the messages that are due, with their contents (PRD §32.10)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.rows import dict_row

from ksys_app.domain.meta import MAX_META, read_meta
from ksys_app.models.notify import Waiting
from ksys_app.models.rows import MAX_TITLE, MAX_UNIT, short_text

# A message that an alarm cleared waits until the other messages about the alarm are sent or given
# up.
WAITING: Final = """
SELECT o.id::text, o.purpose, o.route, o.recipient, o.event, o.ts, o.tag_name, o.condition,
       o.raised_at, o.dedupe_key, o.created_at, o.wanted_at, o.attempt,
       coalesce(j.level, '') AS level, j.priority, j.value, j.limit_value,
       coalesce(r.message, '') AS message, coalesce(r.cause, '') AS cause,
       coalesce(r.consequence, '') AS consequence, coalesce(r.response, '') AS response,
       CASE WHEN octet_length(q.meta::text) <= %(meta)s THEN q.meta::text END AS meta,
       coalesce(s.process IN ('act', 'clr'), false) AS active,
       coalesce(s.ack = 'unacked' AND s.shelved_until IS NULL AND s.designed_by IS NULL
                AND s.oos_at IS NULL, false) AS unacked,
       coalesce(s.shelved_until IS NOT NULL OR s.designed_by IS NOT NULL OR s.oos_at IS NOT NULL
                OR s.process NOT IN ('act', 'clr') AND s.ack <> 'unacked', false) AS over,
       EXISTS (SELECT FROM ksys.alarm_outbox AS t
               WHERE (t.tag_name, t.condition, t.raised_at) = (o.tag_name, o.condition, o.raised_at)
                 AND t.recipient = o.recipient AND t.purpose <> 'clear' AND t.sent_at IS NOT NULL)
         AS was_notified
FROM ksys.alarm_outbox AS o
LEFT JOIN LATERAL (
  SELECT a.level, a.priority, a.value, a.limit_value FROM public.alarm_journal AS a
  WHERE a.ts = o.ts AND a.tag_name = o.tag_name AND a.condition = o.condition
    AND a.raised_at = o.raised_at AND a.event = o.event
  LIMIT 1
) AS j ON true
LEFT JOIN public.alarm_rule AS r ON (r.tag_name, r.condition) = (o.tag_name, o.condition)
LEFT JOIN public.influx_qc_rule AS q
  ON q.tag_name = o.tag_name AND o.condition <> 'SOURCE_LOST'
LEFT JOIN public.alarm_state AS s
  ON (s.tag_name, s.condition, s.raised_at) = (o.tag_name, o.condition, o.raised_at)
WHERE o.sent_at IS NULL AND o.ended_at IS NULL AND o.due_at <= %(now)s
  AND o.recipient <> ALL (%(resting)s::text[])
  AND (o.purpose <> 'clear' OR NOT EXISTS (
    SELECT FROM ksys.alarm_outbox AS t
    WHERE (t.tag_name, t.condition, t.raised_at) = (o.tag_name, o.condition, o.raised_at)
      AND t.recipient = o.recipient AND t.purpose = 'tell'
      AND t.sent_at IS NULL AND t.ended_at IS NULL))
ORDER BY o.due_at, o.wanted_at, o.ts, o.id
LIMIT %(cap)s
"""
THERE: Final = "SELECT FROM ksys.alarm_outbox LIMIT 0"
LAST_SENT: Final = """
SELECT recipient, max(sent_at) FROM ksys.alarm_outbox
WHERE sent_at > %(since)s GROUP BY recipient ORDER BY recipient LIMIT 10000
"""
EVALUATING: Final = """
SELECT coalesce(greatest(until, evaluated_to + interval '10 s') > %(now)s, false)
FROM public.alarm_lease WHERE name = 'alarms'
"""


async def require_outbox(conn: AsyncConnection) -> None:
    """Check that messages can be read.

    Raises:
        psycopg.Error: the database has no outbox, or the role may not read it.
    """
    await conn.execute(THERE)


async def due_messages(
    conn: AsyncConnection, now: datetime, cap: int, resting: Sequence[str] = ()
) -> list[Waiting]:
    """The due messages; the message that has been due longest comes first.

    Args:
        conn: a connection of ``eco_alarm`` or the owner.
        now: the database's clock.
        cap: most messages.
        resting: recipients that get no message now.
    """
    params = {"now": now, "cap": cap, "resting": list(resting), "meta": MAX_META}
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(WAITING, params)
        return [_waiting(row) for row in await cursor.fetchall()]


def _waiting(row: dict[str, Any]) -> Waiting:
    meta, _ = read_meta(row.pop("meta"))
    title = short_text(meta.get("title"), MAX_TITLE)
    return Waiting(**row, title=title, unit=short_text(meta.get("unit"), MAX_UNIT))


async def last_sent(conn: AsyncConnection, since: datetime) -> dict[str, datetime]:
    """Recipient to the time of its last message, for messages after ``since``."""
    cursor = await conn.execute(LAST_SENT, {"since": since})
    return dict(await cursor.fetchall())


async def is_evaluating(conn: AsyncConnection, now: datetime) -> bool:
    """Whether a worker evaluates alarms."""
    row = await (await conn.execute(EVALUATING, {"now": now})).fetchone()
    return row is not None and bool(row[0])
