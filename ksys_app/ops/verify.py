"""``ksys db verify``: the database as it is against the schema as it should be.

The statements are those of ``db/verify/``, which a DBA can run as well; what the answers should be
stands in :mod:`ksys_app.ops.expected`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from ksys_app.ops import check_structure, check_upkeep
from ksys_app.ops.check import Check, Rows
from ksys_app.ops.jobs import Job, list_jobs
from ksys_app.ops.owner import owner

VERIFY_DIR: Final = Path(__file__).resolve().parents[2] / "db" / "verify"
STATEMENTS: Final = (
    "extensions",
    "columns",
    "indexes",
    "hypertables",
    "definitions",
    "triggers",
    "roles",
    "privileges",
)


@dataclass(frozen=True, slots=True)
class State:
    """What the statements of ``db/verify/`` answer, under their names."""

    extensions: Rows
    columns: Rows
    indexes: Rows
    hypertables: Rows
    definitions: Rows
    triggers: Rows
    roles: Rows
    privileges: Rows
    jobs: tuple[Job, ...]


def all_checks(state: State, zone: str) -> list[Check]:
    """Every check in the order of the schema.

    Args:
        state: the database as it is.
        zone: IANA zone whose days ``influx_agg_1d`` should count.
    """
    return [
        *check_structure.extensions(state.extensions),
        *check_structure.relations(state.columns, state.definitions),
        *check_structure.primary_keys(state.indexes),
        *check_structure.indexes(state.indexes),
        *check_structure.hypertables(state.hypertables),
        *check_structure.compression(state.hypertables),
        *check_structure.aggregates(state.definitions, zone),
        *check_structure.triggers(state.triggers),
        *check_upkeep.policies(state.jobs),
        *check_upkeep.job_results(state.jobs),
        *check_upkeep.roles(state.roles),
        *check_upkeep.privileges(state.privileges),
    ]


async def verify(dsn: str, *, zone: str) -> list[Check]:
    """Every check, in the order of the schema; nothing is changed.

    Args:
        dsn: DSN of the database's owner.
        zone: IANA zone whose days ``influx_agg_1d`` should count.

    Raises:
        ConfigError: the password, the role or the database's name is wrong.
        DatabaseUnreachable: nothing answers at ``dsn``.
    """
    async with owner(dsn, default_transaction_read_only="on") as conn:
        state, failures = await read_state(conn)
        return [*failures, *all_checks(state, zone)]


async def read_state(conn: AsyncConnection) -> tuple[State, list[Check]]:
    """What the statements answer, and a failed check for each one that the database refuses."""
    rows: dict[str, Rows] = {}
    failures: list[Check] = []
    for name in STATEMENTS:
        text = await asyncio.to_thread((VERIFY_DIR / f"{name}.sql").read_bytes)
        try:
            async with conn.cursor(row_factory=dict_row) as cursor:
                await cursor.execute(text)
                rows[name] = await cursor.fetchall()
        except psycopg.ProgrammingError as error:
            rows[name] = []
            failures.append(Check(f"statement {name}.sql", False, _sentence(error)))
    try:
        jobs = await list_jobs(conn)
    except psycopg.ProgrammingError as error:
        jobs = []
        failures.append(Check("statement jobs.sql", False, _sentence(error)))
    return State(jobs=tuple(jobs), **rows), failures


def _sentence(error: psycopg.Error) -> str:
    return f"{error.diag.message_primary or error}; run ksys db init"
