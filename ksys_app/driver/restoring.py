"""Detects a restore that is running in a database or was interrupted in it (PRD §27.7).

``timescaledb_pre_restore()`` switches TimescaleDB off for a database, and
``timescaledb_post_restore()`` switches it on again. Between these calls a reader may see only a
part of the rows, and newly written rows are lost.
"""

from __future__ import annotations

from typing import Final, LiteralString

from psycopg import AsyncConnection, sql
from psycopg.pq import TransactionStatus

from ksys_app.errors import DatabaseRestoring
from ksys_app.models.message import Message

# A session that began before timescaledb_pre_restore() has the old setting; the catalog has the
# new one.
IS_RESTORING: Final[LiteralString] = """(
  coalesce(current_setting('timescaledb.restoring', true) = 'on', false)
  OR EXISTS (
    SELECT FROM pg_db_role_setting AS s
    JOIN pg_database AS d ON d.datname = current_database() AND s.setdatabase IN (0, d.oid)
    CROSS JOIN unnest(s.setconfig) AS one (setting)
    WHERE one.setting ~* '^timescaledb\\.restoring=(on|t|tr|tru|true|y|ye|yes|1)$'
  )
)"""
_STATEMENT: Final = sql.SQL("SELECT {}").format(sql.SQL(IS_RESTORING))


async def is_restoring(conn: AsyncConnection) -> bool:
    """Whether a restore is running or was interrupted; False for a lost or failed connection."""
    usable = (TransactionStatus.IDLE, TransactionStatus.INTRANS)
    if conn.closed or conn.pgconn.transaction_status not in usable:
        return False
    return await (await conn.execute(_STATEMENT)).fetchone() == (True,)


def restoring(name: str) -> DatabaseRestoring:
    """The error for a database in which a restore is running or was interrupted.

    Args:
        name: the database, without its secrets.
    """
    runbook = f"docs/runbooks/{DatabaseRestoring.code}.md"
    return DatabaseRestoring(Message("errors.restoring", {"name": name, "runbook": runbook}))
