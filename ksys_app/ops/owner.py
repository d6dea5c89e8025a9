"""The owner's connection of a command, with the driver's errors mapped to the product's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import psycopg
from psycopg import AsyncConnection

from ksys_app.db import connect
from ksys_app.driver.failures import map_error
from ksys_app.errors import ConfigError
from ksys_app.ops.connections import denied
from ksys_app.settings import safe_dsn

SET_ZONE: Final = "SELECT set_config('TimeZone', %(zone)s, true)"
"""Sets the time zone for a transaction in which the server converts times to text."""


@asynccontextmanager
async def owner(
    dsn: str, *, timeout_s: int = 5, read_only: bool = False, even_restoring: bool = False
) -> AsyncIterator[AsyncConnection]:
    """An autocommit connection of the database's owner.

    Args:
        dsn: the owner's DSN.
        timeout_s: longest wait for the connection, seconds.
        read_only: make the transactions read-only; a statement needs a transaction for that.
        even_restoring: connect even if a restore is running or was interrupted.

    Raises:
        ConfigError: the password, the role or the database's name is wrong, or the role lacks a
            privilege, which the message names.
        DatabaseRestoring: a restore is running in the database or was interrupted.
        DatabaseUnreachable: no server answers, or the connection was lost.
        SchemaDrift: a relation or a column is missing.
    """
    async with await connect(dsn, timeout_s=timeout_s, even_restoring=even_restoring) as conn:
        try:
            await conn.set_read_only(read_only or None)
            yield conn
        except (
            psycopg.errors.InsufficientPrivilege,
            psycopg.errors.ReadOnlySqlTransaction,
        ) as error:
            words = f"{safe_dsn(dsn)}: {error.diag.message_primary}"
            raise await denied(conn, words) from error
        except psycopg.Error as error:
            mapped = map_error(error, safe_dsn(dsn))
            if mapped is None:
                raise
            raise mapped from error


async def require_direct(conn: AsyncConnection, dsn: str) -> None:
    """Check that a connection goes directly to the server.

    Args:
        conn: the connection.
        dsn: the DSN of the connection.

    Raises:
        ConfigError: a pooler is in between; its clients share sessions, but a dump needs its own.
    """
    cursor = await conn.execute("SELECT pg_backend_pid()")
    if await cursor.fetchone() != (conn.info.backend_pid,):
        raise ConfigError(
            f"{safe_dsn(dsn)} is a pooler, which cannot pass a dump; put into TS_ADMIN_DSN the "
            "address of the server itself"
        )
