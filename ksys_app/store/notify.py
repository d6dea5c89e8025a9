"""What is written about messages: new ones, and what became of them (PRD §32.10)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from psycopg import AsyncConnection

from ksys_app.domain.alarms.times import moment
from ksys_app.models.notify import Delivery

# That an alarm has cleared is only for those who hear, or have heard, of the alarm.
OUTBOX: Final = """
INSERT INTO ksys.alarm_outbox
  (ts, tag_name, condition, raised_at, event, purpose, route, recipient, wanted_at, due_at,
   dedupe_key)
SELECT n.ts, n.tag_name, n.condition, n.raised_at, n.event, n.purpose, n.route, n.recipient,
       n.due_at, n.due_at, n.dedupe_key
FROM unnest(%(ts)s::timestamptz[], %(tag_name)s::text[], %(condition)s::text[],
            %(raised_at)s::timestamptz[], %(event)s::text[], %(purpose)s::text[],
            %(route)s::text[], %(recipient)s::text[], %(due)s::timestamptz[],
            %(dedupe_key)s::text[])
     AS n (ts, tag_name, condition, raised_at, event, purpose, route, recipient, due_at, dedupe_key)
WHERE n.purpose <> 'clear' OR EXISTS (
  SELECT FROM ksys.alarm_outbox AS o
  WHERE (o.tag_name, o.condition, o.raised_at) = (n.tag_name, n.condition, n.raised_at)
    AND o.recipient = n.recipient AND o.purpose <> 'clear')
ON CONFLICT (dedupe_key) DO NOTHING
"""
# Of several programs one gets a message. If it dies, another one sends the message later.
CLAIM: Final = """
UPDATE ksys.alarm_outbox
SET attempt = attempt + 1, due_at = %(now)s::timestamptz + %(lasts)s * interval '1 second'
WHERE id = ANY (%(ids)s::uuid[]) AND due_at <= %(now)s AND sent_at IS NULL AND ended_at IS NULL
RETURNING id::text
"""
SENT: Final = """
UPDATE ksys.alarm_outbox SET sent_at = %(now)s, error = '' WHERE id = ANY (%(ids)s::uuid[])
"""
FAILED: Final = """
UPDATE ksys.alarm_outbox AS o
SET error = %(error)s, due_at = f.due_at, ended_at = f.ended_at
FROM unnest(%(ids)s::uuid[], %(due)s::timestamptz[], %(ended)s::timestamptz[])
     AS f (id, due_at, ended_at)
WHERE o.id = f.id
"""
ENDED: Final = """
UPDATE ksys.alarm_outbox AS o SET ended_at = %(now)s, error = e.error
FROM unnest(%(ids)s::uuid[], %(errors)s::text[]) AS e (id, error)
WHERE o.id = e.id AND o.sent_at IS NULL AND o.ended_at IS NULL
"""
PRUNE: Final = """
DELETE FROM ksys.alarm_outbox
WHERE id IN (SELECT id FROM ksys.alarm_outbox
             WHERE greatest(sent_at, ended_at) < %(before)s LIMIT 10000)
"""


async def add(conn: AsyncConnection, wanted: Sequence[Delivery]) -> None:
    """Put messages into the outbox that it does not have yet, in the caller's transaction."""
    # A message that an alarm cleared looks for those about the alarm, which may be among these.
    for clears in (False, True):
        some = [one for one in wanted if (one.purpose == "clear") is clears]
        if not some:
            continue
        columns: dict[str, list[object]] = {
            "ts": [moment(one.ts_us) for one in some],
            "raised_at": [moment(one.raised_at_us) for one in some],
            "due": [moment(one.due_us) for one in some],
        }
        for name in ("tag_name", "condition", "event", "purpose", "route", "recipient"):
            columns[name] = [getattr(one, name) for one in some]
        columns["dedupe_key"] = [one.dedupe_key for one in some]
        await conn.execute(OUTBOX, columns)


async def claim(
    conn: AsyncConnection, ids: Sequence[str], now: datetime, lasts_s: float
) -> set[str]:
    """Take messages for ``lasts_s`` seconds; those that nobody else has taken."""
    cursor = await conn.execute(CLAIM, {"ids": ids, "now": now, "lasts": lasts_s})
    return {name for (name,) in await cursor.fetchall()}


async def sent(conn: AsyncConnection, ids: Sequence[str], now: datetime) -> None:
    """Note that messages were sent."""
    await conn.execute(SENT, {"ids": ids, "now": now})


async def failed(
    conn: AsyncConnection,
    ids: Sequence[str],
    error: str,
    due: Sequence[datetime],
    ended: Sequence[datetime | None],
) -> None:
    """Note why messages were not sent, and when each is tried again, or that it is given up."""
    await conn.execute(FAILED, {"ids": ids, "error": error, "due": due, "ended": ended})


async def end(
    conn: AsyncConnection, ids: Sequence[str], errors: Sequence[str], now: datetime
) -> None:
    """Note that messages are not needed, each with its reason."""
    await conn.execute(ENDED, {"ids": ids, "errors": errors, "now": now})


async def prune(conn: AsyncConnection, before: datetime) -> None:
    """Remove messages that were settled before a time."""
    await conn.execute(PRUNE, {"before": before})
