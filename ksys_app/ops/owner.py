"""The owner's connection of a command, with the driver's errors told as the product's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from psycopg import AsyncConnection

from ksys_app.db import connect, map_error
from ksys_app.errors import ConfigError
from ksys_app.settings import safe_dsn


@asynccontextmanager
async def owner(dsn: str, *, timeout_s: int = 5, **options: str) -> AsyncIterator[AsyncConnection]:
    """An autocommit connection of the database's owner.

    Args:
        dsn: its DSN.
        timeout_s: longest wait for the connection, seconds.
        options: session settings.

    Raises:
        ConfigError: the password, the role or the database's name is wrong, or the role is not
            the owner's.
        DatabaseUnreachable: nothing answers there, or it went away.
        SchemaDrift: a relation or a column is missing.
    """
    async with await connect(dsn, timeout_s=timeout_s, **options) as conn:
        try:
            yield conn
        except (
            psycopg.errors.InsufficientPrivilege,
            psycopg.errors.ReadOnlySqlTransaction,
        ) as error:
            raise ConfigError(
                f"{safe_dsn(dsn)}: {error.diag.message_primary}; TS_ADMIN_DSN must name the owner"
            ) from error
        except psycopg.Error as error:
            mapped = map_error(error, safe_dsn(dsn))
            if mapped is None:
                raise
            raise mapped from error
