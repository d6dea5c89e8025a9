"""Reads the memory of the alarm worker for groups of tags with one source (PRD §32.4)."""

from __future__ import annotations

from typing import Any, Final

from psycopg import AsyncConnection

from ksys_app.queries.alarms import MAX_TAGS

SOURCES: Final = """
SELECT group_name, memory FROM public.alarm_source ORDER BY group_name LIMIT %(cap)s
"""


async def sources(conn: AsyncConnection) -> dict[str, dict[str, Any]]:
    """Name of a group to its memory."""
    return dict(await (await conn.execute(SOURCES, {"cap": MAX_TAGS})).fetchall())
