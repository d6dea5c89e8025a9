"""Does the work of autovacuum for a database without background processes.

Without this work the planner has no statistics of a new chunk and reads the whole chunk. A table of
nine rows that is updated every five seconds would grow without end.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from psycopg import AsyncConnection, sql

EVERY: Final = timedelta(hours=1)
SMALL_TABLES: Final = (
    *("tag_latest", "tag_recheck", "ksys_job_run", "tech_ind_1m_mv"),
    *("alarm_lease", "alarm_cursor", "alarm_state", "alarm_source"),
)


async def upkeep(conn: AsyncConnection) -> None:
    """Vacuum the small tables and gather statistics of the newest chunk of each hypertable."""
    for name in SMALL_TABLES:
        table = sql.Identifier("public", name)
        await conn.execute(sql.SQL("VACUUM (ANALYZE) {}").format(table))
    await conn.execute("CALL public.gather_statistics()")
