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

from ksys_app.domain.access import AUDIT_RETENTION
from ksys_app.errors import BadParameter
from ksys_app.models.access import Action, AuditRow
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
BEFORE: Final = "SELECT count(*) FROM ksys.audit WHERE at < %(before)s"
PRUNE: Final = "SELECT ksys.prune_audit(%(before)s, %(actor)s)"


def actor() -> str:
    """The user of this command: ``<user of the system>@<host> (command)``."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        # A container may run with a number that has no name.
        user = "?"
    return f"{user}@{socket.gethostname()} (command)"


async def note(
    conn: AsyncConnection, by: str, action: Action, subject: str, detail: Mapping[str, Any]
) -> None:
    """Record the action of a command, in the transaction of the change."""
    params = {"actor": by, "action": action, "subject": subject, "detail": Jsonb(dict(detail))}
    await conn.execute(NOTE, params)


async def rows(dsn: str, since: datetime | None, until: datetime | None) -> list[AuditRow]:
    """The rows of the audit from ``since`` to ``until`` (exclusive), the oldest first.

    Raises:
        ConfigError: the role may not read the audit.
        DatabaseUnreachable: no server answers at ``dsn``.
        SchemaDrift: the database has no schema ``ksys``.
    """
    async with owner(dsn) as conn, conn.cursor(row_factory=class_row(AuditRow)) as cursor:
        await cursor.execute(ROWS, {"since": since, "until": until})
        return await cursor.fetchall()


async def prune(dsn: str, before: datetime, by: str, *, apply: bool) -> int:
    """Remove the rows before a time, and record the removal.

    Args:
        dsn: the owner's DSN.
        before: the first time that stays.
        by: who removes them (:func:`actor`).
        apply: remove the rows; otherwise only count them.

    Returns:
        The number of rows.

    Raises:
        BadParameter: ``before`` is too recent.
        ConfigError: the role may not do this.
        DatabaseUnreachable: nothing answers at ``dsn``.
        SchemaDrift: the database has no schema ``ksys``.
    """
    async with owner(dsn) as conn:
        now = await (await conn.execute("SELECT now()")).fetchone()
        if now is None or before > now[0] - AUDIT_RETENTION:
            raise BadParameter(f"--before: the last {AUDIT_RETENTION.days} days of the audit stay")
        statement, params = (
            (PRUNE, {"before": before, "actor": by}) if apply else (BEFORE, {"before": before})
        )
        row = await (await conn.execute(statement, params)).fetchone()
    return 0 if row is None else int(row[0])
