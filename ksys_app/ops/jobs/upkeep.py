"""What autovacuum does on a server: for a database that has no background processes at all.

Without it the planner knows nothing of a new chunk and reads it whole, and a table of nine rows
that is updated every five seconds grows.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from psycopg import AsyncConnection, sql

EVERY: Final = timedelta(hours=1)
SMALL_TABLES: Final = ("tag_latest", "tag_recheck", "ksys_job_run")


async def upkeep(conn: AsyncConnection) -> None:
    """Vacuum the small tables and gather statistics of the newest chunk of each hypertable."""
    for name in SMALL_TABLES:
        table = sql.Identifier("public", name)
        await conn.execute(sql.SQL("VACUUM (ANALYZE) {}").format(table))
    await conn.execute("CALL public.gather_statistics()")
