"""Writes messages into the outbox, and the results of sending them (PRD §32.10)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from psycopg import AsyncConnection

from ksys_app.domain.alarms.times import moment
from ksys_app.models.notify import Delivery

# Only recipients of a message about the alarm get the message that it cleared.
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
# Only one of several programs claims a message. If that program dies, another one sends it later.
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


async def add_messages(conn: AsyncConnection, deliveries: Sequence[Delivery]) -> None:
    """Add messages to the outbox, unless it has them already; in the caller's transaction."""
    # Add the messages about cleared alarms last: they need the others, which may be among these.
    for clears in (False, True):
        chosen = [delivery for delivery in deliveries if (delivery.purpose == "clear") is clears]
        if not chosen:
            continue
        columns: dict[str, list[object]] = {
            "ts": [moment(delivery.ts_us) for delivery in chosen],
            "raised_at": [moment(delivery.raised_at_us) for delivery in chosen],
            "due": [moment(delivery.due_us) for delivery in chosen],
        }
        for name in ("tag_name", "condition", "event", "purpose", "route", "recipient"):
            columns[name] = [getattr(delivery, name) for delivery in chosen]
        columns["dedupe_key"] = [delivery.dedupe_key for delivery in chosen]
        await conn.execute(OUTBOX, columns)


async def claim_messages(
    conn: AsyncConnection, ids: Sequence[str], now: datetime, lasts_s: float
) -> set[str]:
    """Claim messages for ``lasts_s`` seconds; returns the ids that no other program has claimed."""
    cursor = await conn.execute(CLAIM, {"ids": ids, "now": now, "lasts": lasts_s})
    return {name for (name,) in await cursor.fetchall()}


async def mark_sent(conn: AsyncConnection, ids: Sequence[str], now: datetime) -> None:
    """Note that messages were sent."""
    await conn.execute(SENT, {"ids": ids, "now": now})


async def mark_failed(
    conn: AsyncConnection,
    ids: Sequence[str],
    error: str,
    due: Sequence[datetime],
    ended: Sequence[datetime | None],
) -> None:
    """Note why messages were not sent, and when each is tried again or was given up."""
    await conn.execute(FAILED, {"ids": ids, "error": error, "due": due, "ended": ended})


async def mark_ended(
    conn: AsyncConnection, ids: Sequence[str], errors: Sequence[str], now: datetime
) -> None:
    """Note that messages are not needed, each with its reason."""
    await conn.execute(ENDED, {"ids": ids, "errors": errors, "now": now})


async def prune_messages(conn: AsyncConnection, before: datetime) -> None:
    """Remove messages that were settled before a time."""
    await conn.execute(PRUNE, {"before": before})
