"""The connection of a command: one connection, with settings for its whole session (PRD §6.3)."""

from __future__ import annotations

from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from ksys_app.driver.connection import KEEPALIVE
from ksys_app.driver.failures import map_error, refused
from ksys_app.driver.refusal import refusal
from ksys_app.driver.restoring import IS_RESTORING, restoring
from ksys_app.driver.rows import first_row
from ksys_app.driver.supervised import SupervisedConnection
from ksys_app.settings import safe_dsn, with_parameters

# A connection is dead if the server has not acknowledged sent data for this time (milliseconds).
# It is longer than the app's limit, because a busy server may read a large batch late.
COMMAND_UNACKNOWLEDGED_MS: Final = 60_000
# Settings for the whole session of a command, if the session belongs to it alone. Behind a pooler
# it does not: there the process id that the client got at connect is not the backend's.
SESSION: Final = f"""
SELECT {IS_RESTORING} AS restoring,
       CASE WHEN own THEN set_config('plan_cache_mode', 'force_custom_plan', false) END,
       CASE WHEN own THEN set_config('jit', 'off', false) END
FROM (SELECT pg_backend_pid() = %(pid)s AS own) AS session
"""  # noqa: S608 - a constant of ours


async def connect(
    dsn: str, *, timeout_s: int = 5, even_restoring: bool = False
) -> SupervisedConnection:
    """Open an autocommit connection for a command; an error explains a failure in one sentence.

    Args:
        dsn: the database.
        timeout_s: longest wait for the connection, seconds.
        even_restoring: connect also while a restore is running or was interrupted.

    Raises:
        ConfigError: the password, the role or the database's name is wrong, or TLS is not possible.
        DatabaseRestoring: a restore is running in the database or was interrupted.
        DatabaseUnreachable: no server answers.
    """
    line = with_parameters(
        dsn, application_name="ksys", tcp_user_timeout=COMMAND_UNACKNOWLEDGED_MS, **KEEPALIVE
    )
    try:
        conn = await SupervisedConnection.open(line, timeout_s)
    except psycopg.OperationalError as error:
        raise refused(await refusal(error, line), safe_dsn(dsn), user_of(dsn)) from error
    conn.dsn = line
    try:
        session = await conn.execute(SESSION, {"pid": conn.info.backend_pid})
        if (await first_row(session))[:1] == (True,) and not even_restoring:
            raise restoring(safe_dsn(dsn))
    except BaseException as error:
        await conn.close()
        mapped = map_error(error, safe_dsn(dsn))
        if mapped is None:
            raise
        raise mapped from error
    return conn


def user_of(dsn: str) -> str:
    """The user in a DSN, empty if it has none."""
    return str(conninfo_to_dict(dsn).get("user") or "")
