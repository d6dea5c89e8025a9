"""Reads the numbered files of ``db/`` and runs each in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from psycopg import AsyncConnection, sql

from ksys_app import resources
from ksys_app.errors import ConfigError, KsysError, SchemaDrift
from ksys_app.ops.connections import denied

# Longest wait for a lock on a table. Writers queue behind a waiting statement, so it must give up.
LOCK_TIMEOUT: Final = "15s"
ATTEMPTS: Final = 5
RETRY_S: Final = 0.2
# Errors because a job or another init changes the same rows of the catalog; a retry helps.
COLLISIONS: Final = (
    psycopg.errors.DeadlockDetected,
    psycopg.errors.UniqueViolation,
    psycopg.errors.DuplicateTable,
    # PostgreSQL has no special code for "tuple concurrently updated" in the catalog.
    psycopg.errors.InternalError_,
)
LICENSE: Final = "SELECT current_setting('timescaledb.license', true)"


@dataclass(frozen=True, slots=True)
class Step:
    """One file of the schema.

    Attributes:
        name: file name without ``.sql``.
        file: path of the file.
        sql: text of the file.
    """

    name: str
    file: Path
    sql: str


Work = Callable[[AsyncConnection, Step], Awaitable[None]]
"""The work in the transaction of a step."""


def plan(directory: Path = resources.DB) -> list[Step]:
    """The schema's steps in order.

    Raises:
        ConfigError: the folder with the SQL files does not exist.
    """
    files = sorted(directory.glob("[0-9]*.sql"))
    if not files:
        raise ConfigError(f"no SQL files in {directory}; run ksys from its own installation")
    return [Step(file.stem, file, file.read_text("utf-8")) for file in files]


def script(zone: str, directory: Path = resources.DB, *, toolkit: bool = False) -> str:
    """The whole schema as a script for ``psql``, with roles that have no passwords.

    Args:
        zone: IANA zone whose days ``influx_agg_1d`` counts.
        directory: folder of the numbered files.
        toolkit: whether to compute percentiles with the Timescale Toolkit.
    """
    setting = sql.SQL("SET ksys.zone = {};\n").format(sql.Literal(zone)).as_string(None)
    if toolkit:
        setting += "SET ksys.toolkit = 'on';\n"
    return setting + "".join(f"\n-- {step.file.name}\n{step.sql}" for step in plan(directory))


async def execute(
    conn: AsyncConnection, step: Step, settings: Mapping[str, str], work: Work | None = None
) -> None:
    """Run a step in one transaction; run it again after a conflict with another session.

    Args:
        conn: an autocommit connection of the owner.
        step: the step.
        settings: settings for the transaction.
        work: the work in the transaction, in place of only running the text of the file.

    Raises:
        ConfigError: the server or the role cannot run the step.
        SchemaDrift: the step failed; its changes were rolled back.
    """
    for attempt in range(ATTEMPTS):
        try:
            async with conn.transaction():
                for name, value in settings.items():
                    await conn.execute("SELECT set_config(%s, %s, true)", (name, value))
                await (run if work is None else work)(conn, step)
        except psycopg.Error as error:
            if attempt == ATTEMPTS - 1 or not isinstance(error, COLLISIONS):
                raise await _explain(conn, step, error) from error
            await asyncio.sleep(RETRY_S * (attempt + 1))
        else:
            return


async def run(conn: AsyncConnection, step: Step) -> None:
    """Run the text of a step. Without parameters it is one simple query, which allows DO blocks."""
    await conn.execute(step.sql.encode())


async def _explain(conn: AsyncConnection, step: Step, error: psycopg.Error) -> KsysError:
    text = error.diag.message_primary or str(error).strip()
    if isinstance(error, psycopg.errors.FeatureNotSupported) and await _is_apache(conn):
        return ConfigError(
            "this TimescaleDB is the Apache edition, without continuous aggregates; install the "
            "community edition and set timescaledb.license = 'timescale'"
        )
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return await denied(conn, f"{step.file.name}: {text}")
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return SchemaDrift(f"{step.file.name}: a table stayed locked for {LOCK_TIMEOUT}; try again")
    hint = f"; {error.diag.message_hint}" if error.diag.message_hint else ""
    return SchemaDrift(f"{step.file.name}: {text}{hint}")


async def _is_apache(conn: AsyncConnection) -> bool:
    """Whether this TimescaleDB is the Apache edition, without features of Timescale's license."""
    return not conn.closed and await (await conn.execute(LICENSE)).fetchone() == ("apache",)
