"""The connection of a command: one, guarded for its whole session (PRD §6.3)."""

from __future__ import annotations

from typing import Any, Final

import psycopg
from psycopg import AsyncCursor
from psycopg.conninfo import conninfo_to_dict

from ksys_app.driver.connection import KEEPALIVE
from ksys_app.driver.failures import map_error, refused
from ksys_app.driver.refusal import refusal
from ksys_app.driver.restoring import IS_RESTORING, restoring
from ksys_app.driver.watched import Watched
from ksys_app.settings import safe_dsn, with_parameters

# Sent and not acknowledged for longer than this, the line is dead (milliseconds). Longer than the
# app's: a server that is at work reads a large batch when it has the time.
COMMAND_UNACKNOWLEDGED_MS: Final = 60_000
# For a command's whole session, where the session is its own. Behind a pooler the client was told
# another process than the one it talks to.
SESSION: Final = f"""
SELECT {IS_RESTORING} AS restoring,
       CASE WHEN own THEN set_config('plan_cache_mode', 'force_custom_plan', false) END,
       CASE WHEN own THEN set_config('jit', 'off', false) END
FROM (SELECT pg_backend_pid() = %(pid)s AS own) AS session
"""  # noqa: S608 - a constant of ours


async def connect(dsn: str, *, timeout_s: int = 5, even_restoring: bool = False) -> Watched:
    """One autocommit connection for a command, its failure told in one sentence.

    Args:
        dsn: where.
        timeout_s: longest wait for the connection, seconds.
        even_restoring: also to a database in which a restore is at work or was broken off.

    Raises:
        ConfigError: the password, the role or the database's name is wrong, or TLS cannot be had.
        DatabaseRestoring: a restore is at work there, or was broken off.
        DatabaseUnreachable: nothing answers there.
    """
    line = with_parameters(
        dsn, application_name="ksys", tcp_user_timeout=COMMAND_UNACKNOWLEDGED_MS, **KEEPALIVE
    )
    try:
        conn = await Watched.open(line, timeout_s)
    except psycopg.OperationalError as error:
        raise refused(await refusal(error, line), safe_dsn(dsn), user_of(dsn)) from error
    conn.dsn = line
    try:
        asked = await conn.execute(SESSION, {"pid": conn.info.backend_pid})
        if await tells_restoring(asked) and not even_restoring:
            raise restoring(safe_dsn(dsn))
    except BaseException as error:
        await conn.close()
        mapped = map_error(error, safe_dsn(dsn))
        if mapped is None:
            raise
        raise mapped from error
    return conn


async def tells_restoring(guards: AsyncCursor[Any]) -> bool:
    """What the first column of a guard's answer says, False where none came."""
    row = await guards.fetchone() if guards.rowcount == 1 else None
    return row is not None and row[0] is True


def user_of(dsn: str) -> str:
    """The user that a DSN names, empty where it names none."""
    return str(conninfo_to_dict(dsn).get("user") or "")
