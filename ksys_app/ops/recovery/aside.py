"""Renames a database so that a restore can use its name (PRD §27.7)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, LiteralString

from psycopg import AsyncConnection, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ksys_app.errors import ConfigError
from ksys_app.ops.owner import owner

MAINTENANCE: Final = "postgres"
NAME_BYTES: Final = 63
LOOK_S: Final = 0.1
END_SESSIONS: Final = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
# TimescaleDB starts no scheduler for a database that accepts no connections. So no job runs in the
# renamed database, and it uses no worker, even after a restart. If somebody allows connections to
# read the data, jobs run again, but they are read-only and cannot change anything.
MOVE: Final[tuple[LiteralString, ...]] = (
    "ALTER DATABASE {name} RENAME TO {aside}",
    "ALTER DATABASE {aside} ALLOW_CONNECTIONS false",
    "ALTER DATABASE {aside} SET default_transaction_read_only = on",
)
BACK: Final[tuple[LiteralString, ...]] = (
    "ALTER DATABASE {aside} RESET default_transaction_read_only",
    "ALTER DATABASE {aside} ALLOW_CONNECTIONS true",
    "ALTER DATABASE {aside} RENAME TO {name}",
)
LOCALE_OF: Final = """
SELECT pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database WHERE datname = %s
"""
CREATE: Final[LiteralString] = (
    "CREATE DATABASE {name} TEMPLATE template0 ENCODING {encoding} LC_COLLATE {collate} "
    "LC_CTYPE {ctype}"
)


def name_of(dsn: str) -> str:
    """The name of the database in a DSN."""
    parts = conninfo_to_dict(dsn)
    return str(parts.get("dbname") or parts.get("user"))


def dropping(aside: str) -> str:
    """The statement that drops a renamed database."""
    return sql.SQL("DROP DATABASE {}").format(sql.Identifier(aside)).as_string(None)


async def rename_database(dsn: str, on_done: Callable[[str], None]) -> None:
    """Rename the database and create an empty one with its name.

    If cancelled, this function completes both steps first, so that a database with the name exists.

    Args:
        dsn: DSN of a superuser of the database.
        on_done: called with the new name of the old database after both steps.

    Raises:
        ConfigError: the database is the maintenance database.
        DatabaseFault: a session in the database does not end.
    """
    name = name_of(dsn)
    if name == MAINTENANCE:
        raise ConfigError(
            f"the database {MAINTENANCE} cannot be renamed; restore into a database of its own"
        )
    stamp = datetime.now(UTC).strftime("_before_%Y%m%d%H%M%S")
    aside = name.encode()[: NAME_BYTES - len(stamp)].decode(errors="ignore") + stamp
    work = asyncio.create_task(_rename(make_conninfo(dsn, dbname=MAINTENANCE), name, aside))
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        await work
        on_done(aside)
        raise
    on_done(aside)


async def _rename(elsewhere: str, name: str, aside: str) -> None:
    names = {"name": sql.Identifier(name), "aside": sql.Identifier(aside)}
    async with owner(elsewhere) as conn, owner(elsewhere) as other:
        row = await (await conn.execute(LOCALE_OF, (name,))).fetchone()
        assert row is not None, "it was connected to a moment ago"
        moving = asyncio.create_task(_all(conn, MOVE, names))
        # The server waits some seconds for sessions to end, and accepts no new ones meanwhile.
        while not moving.done():
            await other.execute(END_SESSIONS, (name,))
            await asyncio.wait([moving], timeout=LOOK_S)
        moving.result()
        try:
            like = dict(zip(("encoding", "collate", "ctype"), map(sql.Literal, row), strict=True))
            await conn.execute(sql.SQL(CREATE).format(**names, **like))
        except BaseException:
            await _all(other, BACK, names)
            raise


async def _all(
    conn: AsyncConnection, statements: tuple[LiteralString, ...], names: dict[str, sql.Identifier]
) -> None:
    """Run all statements in one transaction."""
    async with conn.transaction():
        for statement in statements:
            await conn.execute(sql.SQL(statement).format(**names))
