"""Writes and reads the audit as the owner of the database."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from ksys_app.models.access import AuditRow
from ksys_app.ops.owner import owner

NOTE: Final = """
INSERT INTO ksys.audit (actor, via, action, subject, detail, address)
VALUES (%(actor)s, 'command', %(action)s, %(subject)s, %(detail)s, '')
"""
ROWS: Final = """
SELECT id, at, actor, via, action, subject, detail, address FROM ksys.audit
WHERE at >= coalesce(%(since)s::timestamptz, '-infinity')
  AND at < coalesce(%(until)s::timestamptz, 'infinity')
ORDER BY id
"""


def actor() -> str:
    """Who runs this command: ``<user of the system>@<host> (command)``."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        # A container may run with a number that has no name.
        user = "?"
    return f"{user}@{socket.gethostname()} (command)"


async def note(
    conn: AsyncConnection, by: str, action: str, subject: str, detail: Mapping[str, Any]
) -> None:
    """Record what a command does, in the transaction of the change."""
    params = {"actor": by, "action": action, "subject": subject, "detail": Jsonb(dict(detail))}
    await conn.execute(NOTE, params)


async def rows(dsn: str, since: datetime | None, until: datetime | None) -> list[AuditRow]:
    """What was recorded from ``since`` until before ``until``, the oldest first.

    Raises:
        ConfigError: the role may not read the audit.
        DatabaseUnreachable: nothing answers at ``dsn``.
        SchemaDrift: the database has no schema ``ksys``.
    """
    async with owner(dsn) as conn, conn.cursor(row_factory=class_row(AuditRow)) as cursor:
        await cursor.execute(ROWS, {"since": since, "until": until})
        return await cursor.fetchall()
