"""``ksys db verify``: compares the database with the schema as it should be.

The statements are in ``db/verify/``, and a DBA can run them too. The expected results are in a
golden file (:mod:`ksys_app.ops.golden`).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from ksys_app import resources
from ksys_app.domain.jobs import Job, judge
from ksys_app.driver.restoring import is_restoring, restoring
from ksys_app.ops import golden
from ksys_app.ops.check import Check, Rows
from ksys_app.ops.check_extensions import extensions
from ksys_app.ops.jobs.jobs import list_jobs
from ksys_app.ops.owner import SET_ZONE, owner
from ksys_app.ops.verify import (
    check_access,
    check_restore,
    check_rules,
    check_samples,
    check_structure,
    check_upkeep,
)
from ksys_app.settings import safe_dsn

STATEMENTS: Final = (
    "restore",
    "extensions",
    "columns",
    "indexes",
    "hypertables",
    "definitions",
    "triggers",
    "functions",
    "roles",
    "privileges",
    "access",
    "constraints",
    "samples",
    "refused",
    "kept",
)
# The server returns these times as text, because Python cannot represent every time.
TIMED: Final = ("samples", "refused")


@dataclass(frozen=True, slots=True)
class State:
    """Results of the statements of ``db/verify/``, by name; ``major``: version of PostgreSQL."""

    major: int
    restore: Rows
    extensions: Rows
    columns: Rows
    indexes: Rows
    hypertables: Rows
    definitions: Rows
    triggers: Rows
    functions: Rows
    roles: Rows
    privileges: Rows
    access: Rows
    constraints: Rows
    samples: Rows
    refused: Rows
    kept: Rows
    jobs: tuple[Job, ...]


def all_checks(state: State, zone: str) -> list[Check]:
    """Every check in the order of the schema.

    Args:
        state: the results of the statements.
        zone: IANA zone whose days ``influx_agg_1d`` should count.
    """
    jobs = judge(state.jobs)
    unchanged = frozenset(row["name"] for row in state.kept)
    wanted = golden.of_major(state.major)
    nearest = f"; PostgreSQL {state.major} has no golden file, that of {wanted.major} is used"
    note = "" if wanted.major == state.major else nearest
    return [
        *check_restore.beside_chunks(state.restore),
        *extensions(state.extensions, note),
        *check_structure.relations(state.columns, state.definitions, wanted, unchanged),
        *check_structure.primary_keys(state.indexes, wanted.indexes),
        *check_structure.indexes(state.indexes, wanted),
        *check_structure.hypertables(state.hypertables, wanted.hypertables),
        *check_structure.compression(state.hypertables, wanted.hypertables),
        *check_structure.aggregates(state.definitions, wanted, zone),
        *check_structure.triggers(state.triggers, wanted.triggers),
        *check_structure.functions(state.functions, wanted.functions),
        *check_samples.constraint(state.constraints, wanted.constraints),
        *check_samples.samples(state.samples),
        *check_samples.refused(state.refused),
        *check_upkeep.policies(jobs, ZoneInfo(zone), unchanged),
        *check_upkeep.job_results(jobs, ZoneInfo(zone)),
        *check_upkeep.roles(state.roles, wanted.roles),
        *check_upkeep.privileges(state.privileges, wanted.privileges),
        *check_access.access(state.access, wanted.access),
    ]


async def verify(dsn: str, *, zone: str, content: bool = True) -> list[Check]:
    """Run every check, in the order of the schema; the database is not changed.

    While a restore is running or was interrupted, the result is one failed check about it.

    Args:
        dsn: DSN of the database's owner.
        zone: IANA zone whose days ``influx_agg_1d`` should count.
        content: whether to check the rows of the tables too.

    Raises:
        ConfigError: the password, the role or the database's name is wrong.
        DatabaseUnreachable: no server answers at ``dsn``.
    """
    async with owner(dsn, read_only=True, even_restoring=True) as conn:
        if await is_restoring(conn):
            # Other differences follow from the restore, or cannot be read.
            return [Check(check_restore.NAME, False, restoring(safe_dsn(dsn)).message)]
        state, failures = await read_state(conn, zone)
        row_checks = await check_rules.checks(conn) if content else []
        return [*failures, *all_checks(state, zone), *row_checks]


async def read_state(conn: AsyncConnection, zone: str) -> tuple[State, list[Check]]:
    """The results of the statements, and a failed check for each statement that fails.

    Args:
        conn: the owner's connection.
        zone: the display zone, for the times of samples.
    """
    rows: dict[str, Rows] = {}
    failures: list[Check] = []
    for name in STATEMENTS:
        text = await asyncio.to_thread((resources.VERIFY / f"{name}.sql").read_bytes)
        try:
            async with conn.transaction(), conn.cursor(row_factory=dict_row) as cursor:
                if name in TIMED:
                    await cursor.execute(SET_ZONE, {"zone": zone})
                await cursor.execute(text)
                rows[name] = await cursor.fetchall()
        except psycopg.ProgrammingError as error:
            rows[name] = []
            failures.append(Check(f"statement {name}.sql", False, _sentence(error)))
    try:
        async with conn.transaction():
            jobs = await list_jobs(conn)
    except psycopg.ProgrammingError as error:
        jobs = []
        failures.append(Check("statement jobs.sql", False, _sentence(error)))
    return State(major=golden.major(conn), jobs=tuple(jobs), **rows), failures


def _sentence(error: psycopg.Error) -> str:
    return f"{error.diag.message_primary or error}; run ksys db init"
