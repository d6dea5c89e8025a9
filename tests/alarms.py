"""Alarms in the database of a test, as the worker would write them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from psycopg import AsyncConnection, sql


async def evaluate(conn: AsyncConnection, *, ago_s: float = 0.0) -> None:
    """Store that a worker evaluated so many seconds ago; 0: a worker evaluates now."""
    await conn.execute(
        "UPDATE alarm_lease SET holder = 'test', epoch = epoch + 1,"
        " evaluated_to = now() - make_interval(secs => %(ago)s),"
        " until = now() + CASE WHEN %(ago)s = 0 THEN interval '1 hour' ELSE interval '-1 s' END",
        {"ago": ago_s},
    )


async def put(conn: AsyncConnection, tag: str, condition: str = "HIGH", **columns: Any) -> datetime:
    """Insert an alarm and return the time of its episode.

    Without other ``columns``, it is active and unacknowledged and has priority 2.
    """
    if condition != "SOURCE_LOST":  # that is of a group
        await conn.execute(
            "INSERT INTO influx_qc_rule (tag_name) VALUES (%s) ON CONFLICT DO NOTHING", (tag,)
        )
    cursor = await conn.execute("SELECT now()")
    row = await cursor.fetchone()
    assert row is not None
    raised = row[0] - timedelta(minutes=5)
    level = {"HIGH": "HH", "LOW": "LL", "INSTR": "RANGE"}.get(condition, "")
    values: dict[str, Any] = {
        **{"tag_name": tag, "condition": condition, "process": "act", "level": level},
        **{"priority": 2, "raised_at": raised, "ack": "unacked", "count": 1},
        **{"value": 9.5, "limit_value": 9.0, "quality": "GOOD"},
        **columns,
    }
    await conn.execute(
        sql.SQL("INSERT INTO alarm_state ({}) VALUES ({})").format(
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join(map(sql.Placeholder, values)),
        ),
        values,
    )
    raised_at: datetime = values["raised_at"]
    return raised_at


async def clear(conn: AsyncConnection) -> None:
    """Remove all alarms; the journal keeps its rows."""
    await conn.execute(
        "DELETE FROM alarm_state; DELETE FROM alarm_rule; DELETE FROM alarm_cursor;"
        " DELETE FROM alarm_source"
    )


async def note(conn: AsyncConnection, ts: datetime, tag: str, event: str, **columns: Any) -> None:
    """Insert a row of the journal.

    Without other ``columns``, it is about HIGH, has priority 2 and begins an episode at ``ts``.
    """
    values: dict[str, Any] = {
        **{"ts": ts, "tag_name": tag, "condition": "HIGH", "level": "HH", "raised_at": ts},
        **{"event": event, "priority": 2, "value": 9.5, "limit_value": 9.0},
        **columns,
    }
    await conn.execute(
        sql.SQL("INSERT INTO alarm_journal ({}) VALUES ({})").format(
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join(map(sql.Placeholder, values)),
        ),
        values,
    )
