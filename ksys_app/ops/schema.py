"""The schema as desired state: the numbered files of ``db/``, applied again at will.

Each file is one transaction: it is there in whole or not at all. Migrations, which change what
``IF NOT EXISTS`` leaves as it is, run before them on a database that has had the schema, and are
only recorded on one that has not.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.rows import class_row

from ksys_app.errors import ConfigError, KsysError, SchemaDrift
from ksys_app.ops import expected, migrations
from ksys_app.ops.owner import owner

DB_DIR: Final = Path(__file__).resolve().parents[2] / "db"
# A table that somebody holds for longer than this is not waited for: writers would queue behind.
LOCK_TIMEOUT: Final = "15s"
ATTEMPTS: Final = 5
RETRY_S: Final = 0.2
COLLISIONS: Final = (
    psycopg.errors.DeadlockDetected,
    psycopg.errors.UniqueViolation,
    psycopg.errors.DuplicateTable,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One file of the schema.

    Attributes:
        name: file name without ``.sql``.
        file: where it is.
        sql: its text.
    """

    name: str
    file: Path
    sql: str


@dataclass(frozen=True, slots=True)
class StepResult:
    """One step, done.

    Attributes:
        name: name of the step.
        seconds: how long it took.
        notes: what the person who runs it should know.
    """

    name: str
    seconds: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Server:
    """What decides whether a server will do.

    Attributes:
        available: version of TimescaleDB that it offers.
        installed: version in this database.
        major: version of PostgreSQL.
        zone_known: whether it knows the display zone.
    """

    available: str | None
    installed: str | None
    major: int
    zone_known: bool


OnStep = Callable[[StepResult], None]


def plan(directory: Path = DB_DIR) -> list[Step]:
    """The schema's steps in order.

    Raises:
        ConfigError: the folder with the SQL files is not there.
    """
    files = sorted(directory.glob("[0-9]*.sql"))
    if not files:
        raise ConfigError(f"no SQL files in {directory}; run ksys from its own installation")
    return [Step(file.stem, file, file.read_text("utf-8")) for file in files]


def script(zone: str, directory: Path = DB_DIR) -> str:
    """The whole schema as text for ``psql``, days in ``zone``, roles without passwords."""
    setting = sql.SQL("SET ksys.zone = {};\n").format(sql.Literal(zone)).as_string(None)
    return setting + "".join(f"\n-- {step.file.name}\n{step.sql}" for step in plan(directory))


async def apply_roles(dsn: str, *, zone: str, passwords: Mapping[str, str | None]) -> None:
    """Only the step that makes the roles: a dump grants to them and does not hold them.

    Args:
        dsn: DSN of the database's owner, who may create roles.
        zone: as for :func:`apply`.
        passwords: as for :func:`apply`.

    Raises:
        ConfigError: the role may not create roles.
        DatabaseUnreachable: nothing answers at ``dsn``.
    """
    async with owner(dsn, lock_timeout=LOCK_TIMEOUT, client_min_messages="warning") as conn:
        for step in plan():
            if "CREATE ROLE" in step.sql:
                await _execute(conn, step, _settings(conn, zone, passwords))


async def apply(
    dsn: str,
    *,
    zone: str,
    passwords: Mapping[str, str | None],
    on_step: OnStep | None = None,
    directory: Path = DB_DIR,
) -> list[StepResult]:
    """Bring the database to the schema of ``directory``; a second time changes nothing.

    Args:
        dsn: DSN of the database's owner, who may create roles.
        zone: IANA zone whose days ``influx_agg_1d`` counts.
        passwords: role (``eco_ro``, ``eco_rw``) to password; a role without one is created without
            the right to log in, and one that has a password keeps it.
        on_step: told of each step when it is done.
        directory: the numbered files, and ``migrations/``.

    Raises:
        ConfigError: TimescaleDB is missing, not loaded or too old, or the zone is unknown.
        SchemaDrift: a step failed; nothing of that step was kept.
        DatabaseUnreachable: nothing answers at ``dsn``.
    """
    steps = plan(directory)
    results: list[StepResult] = []
    async with owner(dsn, lock_timeout=LOCK_TIMEOUT, client_min_messages="warning") as conn:
        require_server(await _server(conn, zone), zone)
        settings = _settings(conn, zone, passwords)

        async def run(step: Step) -> None:
            started = time.perf_counter()
            await _execute(conn, step, settings)
            notes = await _notes(conn, step)
            results.append(StepResult(step.name, time.perf_counter() - started, notes))
            if on_step is not None:
                on_step(results[-1])

        history = await migrations.load(conn, directory / "migrations")
        for migration in history.pending:
            await run(Step(migration.name, migration.file, migrations.with_record(migration)))
        for step in steps:
            if migrations.MAKES_THE_TABLE in step.sql:
                step = replace(step, sql=step.sql + migrations.records(history))
            await run(step)
    return results


def _settings(
    conn: AsyncConnection, zone: str, passwords: Mapping[str, str | None]
) -> dict[str, str]:
    """What the SQL files take from their session."""
    return {"ksys.zone": zone} | {
        f"ksys.{role}_password": verifier(conn, role, password)
        for role, password in passwords.items()
        if password
    }


def verifier(conn: AsyncConnection, role: str, password: str) -> str:
    """The SCRAM-SHA-256 verifier of a password, so that the password itself stays here."""
    secret = conn.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    return secret.decode()


async def _server(conn: AsyncConnection, zone: str) -> Server:
    async with conn.cursor(row_factory=class_row(Server)) as cursor:
        await cursor.execute(
            """
            SELECT (SELECT default_version FROM pg_available_extensions
                    WHERE name = 'timescaledb') AS available,
                   (SELECT extversion FROM pg_extension
                    WHERE extname = 'timescaledb') AS installed,
                   current_setting('server_version_num')::integer / 10000 AS major,
                   EXISTS (SELECT FROM pg_timezone_names WHERE name = %(zone)s) AS zone_known
            """,
            {"zone": zone},
        )
        server = await cursor.fetchone()
    assert server is not None, "a SELECT without FROM has one row"
    return server


def require_server(server: Server, zone: str) -> None:
    """Raise unless the schema can be made there.

    Raises:
        ConfigError: TimescaleDB is missing or too old, or the zone is unknown.
    """
    version = server.installed or server.available
    if version is None:
        raise ConfigError(
            "this server has no TimescaleDB; install the package "
            f"timescaledb-2-postgresql-{server.major} and set "
            "shared_preload_libraries = 'timescaledb'"
        )
    if tuple(int(n) for n in re.findall(r"\d+", version)[:2]) < expected.MIN_TIMESCALEDB:
        least = ".".join(map(str, expected.MIN_TIMESCALEDB))
        raise ConfigError(f"TimescaleDB {version} is too old; {least} or newer is needed")
    if not server.zone_known:
        raise ConfigError(f"the server does not know the time zone {zone!r}; correct TZ")


async def _execute(conn: AsyncConnection, step: Step, settings: Mapping[str, str]) -> None:
    for attempt in range(ATTEMPTS):
        try:
            async with conn.transaction():
                for name, value in settings.items():
                    await conn.execute("SELECT set_config(%s, %s, true)", (name, value))
                # Without parameters the whole text goes as one simple query, DO blocks and all.
                await conn.execute(step.sql.encode())
        except psycopg.Error as error:
            if attempt == ATTEMPTS - 1 or not _collided(error):
                raise _explain(step, error) from error
            await asyncio.sleep(RETRY_S * (attempt + 1))
        else:
            return


def _collided(error: psycopg.Error) -> bool:
    """Whether a job, or another init, changed the same catalog rows: trying again helps."""
    text = error.diag.message_primary or ""
    return isinstance(error, COLLISIONS) or "concurrently updated" in text


def _explain(step: Step, error: psycopg.Error) -> KsysError:
    text = error.diag.message_primary or str(error).strip()
    if "must be preloaded" in text:
        return ConfigError(
            "TimescaleDB is installed but not loaded; add timescaledb to "
            "shared_preload_libraries in postgresql.conf and restart the server"
        )
    if "license" in text:
        return ConfigError(
            "this TimescaleDB is the Apache edition, without continuous aggregates; install the "
            "community edition and set timescaledb.license = 'timescale'"
        )
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return ConfigError(f"{step.file.name}: {text}; TS_ADMIN_DSN must name the owner")
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return SchemaDrift(f"{step.file.name}: a table stayed locked for {LOCK_TIMEOUT}; try again")
    hint = f"; {error.diag.message_hint}" if error.diag.message_hint else ""
    return SchemaDrift(f"{step.file.name}: {text}{hint}")


async def _notes(conn: AsyncConnection, step: Step) -> tuple[str, ...]:
    if "CREATE ROLE" not in step.sql:
        return ()
    cursor = await conn.execute(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) AND NOT rolcanlogin ORDER BY 1",
        (list(expected.ROLE_SETTINGS),),
    )
    return tuple(
        f"{role} cannot log in: no password was given (KSYS_{role[-2:].upper()}_PASSWORD)"
        for (role,) in await cursor.fetchall()
    )
