"""Whether a restore is at work in a database, or was broken off there (PRD §27.7).

``timescaledb_pre_restore()`` switches TimescaleDB off for a database, and
``timescaledb_post_restore()`` switches it on again. Between them a reader may see a part of the
rows, and what is written is seen by nobody afterwards.
"""

from __future__ import annotations

from typing import Final, LiteralString

from psycopg import AsyncConnection, sql
from psycopg.pq import TransactionStatus

from ksys_app.errors import DatabaseRestoring

# In a session that began before the hook only the catalog tells.
IS_RESTORING: Final[LiteralString] = """(
  coalesce(current_setting('timescaledb.restoring', true) = 'on', false)
  OR EXISTS (
    SELECT FROM pg_db_role_setting AS s
    JOIN pg_database AS d ON d.datname = current_database() AND s.setdatabase IN (0, d.oid)
    CROSS JOIN unnest(s.setconfig) AS one (setting)
    WHERE one.setting ~* '^timescaledb\\.restoring=(on|t|tr|tru|true|y|ye|yes|1)$'
  )
)"""
_ASK: Final = sql.SQL("SELECT {}").format(sql.SQL(IS_RESTORING))


async def is_restoring(conn: AsyncConnection) -> bool:
    """Whether it is so; False where the connection is lost or in a transaction that failed."""
    usable = (TransactionStatus.IDLE, TransactionStatus.INTRANS)
    if conn.closed or conn.pgconn.transaction_status not in usable:
        return False
    return await (await conn.execute(_ASK)).fetchone() == (True,)


def restoring(name: str) -> DatabaseRestoring:
    """What to say of such a database.

    Args:
        name: the database without its secrets.
    """
    return DatabaseRestoring(
        f"{name} is not whole: a restore is running or was broken off (timescaledb.restoring is "
        "on), and what is written now is lost; if none is running: ksys db restore FILE --replace "
        f"(docs/runbooks/{DatabaseRestoring.code}.md)"
    )
