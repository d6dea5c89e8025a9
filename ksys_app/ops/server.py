"""Checks that a server has TimescaleDB, loaded and recent, and knows the time zone."""

from __future__ import annotations

import re
from dataclasses import dataclass

from psycopg import AsyncConnection
from psycopg.rows import class_row

from ksys_app.errors import ConfigError
from ksys_app.ops.tolerances import MIN_TIMESCALEDB


@dataclass(frozen=True, slots=True)
class Server:
    """The facts that decide whether the schema can be created on a server.

    Attributes:
        available: version of TimescaleDB that the server offers.
        installed: version of TimescaleDB in this database.
        loaded: whether the server loaded TimescaleDB when it started.
        major: major version of PostgreSQL.
        zone_known: whether the server knows the display zone.
    """

    available: str | None
    installed: str | None
    loaded: bool
    major: int
    zone_known: bool


async def server(conn: AsyncConnection, zone: str) -> Server:
    """Read the facts about the server of a connection."""
    async with conn.cursor(row_factory=class_row(Server)) as cursor:
        await cursor.execute(
            """
            SELECT (SELECT default_version FROM pg_available_extensions
                    WHERE name = 'timescaledb') AS available,
                   (SELECT extversion FROM pg_extension
                    WHERE extname = 'timescaledb') AS installed,
                   current_setting('timescaledb.disable_load', true) IS NOT NULL AS loaded,
                   current_setting('server_version_num')::integer / 10000 AS major,
                   EXISTS (SELECT FROM pg_timezone_names WHERE name = %(zone)s) AS zone_known
            """,
            {"zone": zone},
        )
        found = await cursor.fetchone()
    assert found is not None, "a SELECT without FROM has one row"
    return found


def require_server(server: Server, zone: str) -> None:
    """Check that the schema can be created on this server.

    Raises:
        ConfigError: TimescaleDB is missing, not loaded or too old, or the zone is unknown.
    """
    version = server.installed or server.available
    if version is None:
        raise ConfigError(
            "this server has no TimescaleDB; install the package "
            f"timescaledb-2-postgresql-{server.major} and set "
            "shared_preload_libraries = 'timescaledb'"
        )
    if tuple(int(n) for n in re.findall(r"\d+", version)[:2]) < MIN_TIMESCALEDB:
        least = ".".join(map(str, MIN_TIMESCALEDB))
        raise ConfigError(f"TimescaleDB {version} is too old; {least} or newer is needed")
    if not server.loaded:
        raise ConfigError(
            "TimescaleDB is installed but not loaded; add timescaledb to "
            "shared_preload_libraries in postgresql.conf and restart the server"
        )
    if not server.zone_known:
        raise ConfigError(f"the server does not know the time zone {zone!r}; correct TZ")
