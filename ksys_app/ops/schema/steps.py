"""The numbered files of ``db/``: read, and run a transaction each."""

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

# A table that somebody holds for longer than this is not waited for: writers would queue behind.
LOCK_TIMEOUT: Final = "15s"
ATTEMPTS: Final = 5
RETRY_S: Final = 0.2
# A job, or another init, has the same rows of the catalog in hand: trying again helps.
COLLISIONS: Final = (
    psycopg.errors.DeadlockDetected,
    psycopg.errors.UniqueViolation,
    psycopg.errors.DuplicateTable,
    # A row of the catalog that another session changed meanwhile has no code of its own.
    psycopg.errors.InternalError_,
)
LICENSE: Final = "SELECT current_setting('timescaledb.license', true)"


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


Work = Callable[[AsyncConnection, Step], Awaitable[None]]
"""What is done in the transaction of a step."""


def plan(directory: Path = resources.DB) -> list[Step]:
    """The schema's steps in order.

    Raises:
        ConfigError: the folder with the SQL files is not there.
    """
    files = sorted(directory.glob("[0-9]*.sql"))
    if not files:
        raise ConfigError(f"no SQL files in {directory}; run ksys from its own installation")
    return [Step(file.stem, file, file.read_text("utf-8")) for file in files]


def script(zone: str, directory: Path = resources.DB, *, toolkit: bool = False) -> str:
    """The whole schema as text for ``psql``, days in ``zone``, roles without passwords.

    Args:
        zone: IANA zone whose days ``influx_agg_1d`` counts.
        directory: the numbered files.
        toolkit: whether percentiles are those of the Timescale Toolkit.
    """
    setting = sql.SQL("SET ksys.zone = {};\n").format(sql.Literal(zone)).as_string(None)
    if toolkit:
        setting += "SET ksys.toolkit = 'on';\n"
    return setting + "".join(f"\n-- {step.file.name}\n{step.sql}" for step in plan(directory))


async def execute(
    conn: AsyncConnection, step: Step, settings: Mapping[str, str], work: Work | None = None
) -> None:
    """Run a step in one transaction, again where it collides with another session.

    Args:
        conn: an autocommit connection of the owner.
        step: the file.
        settings: what holds in the transaction.
        work: done in it in place of the file's text alone.

    Raises:
        ConfigError: this server, or the role, cannot do it.
        SchemaDrift: it failed; nothing of it was kept.
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
    """The text of a step: without parameters it goes as one simple query, DO blocks and all."""
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
    """Whether this TimescaleDB lacks what stands under Timescale's own license."""
    return not conn.closed and await (await conn.execute(LICENSE)).fetchone() == ("apache",)
