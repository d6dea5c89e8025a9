"""The schema as desired state: the numbered files of ``db/``, which may be applied again and again.

Each file is one transaction, so it is applied completely or not at all. Migrations change objects
that ``IF NOT EXISTS`` would leave unchanged. They run before the files on a database with the
schema; on a new database they are only recorded. Objects that the plant built itself are rebuilt
together with the file that creates them (:mod:`ksys_app.ops.schema.adoption`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from psycopg import AsyncConnection

from ksys_app import resources
from ksys_app.ops.keep import Keep
from ksys_app.ops.owner import owner
from ksys_app.ops.schema import adoption, migrations, quarantine, refresh, replaced
from ksys_app.ops.schema.refresh import OnProgress
from ksys_app.ops.schema.steps import LOCK_TIMEOUT, Step, execute, plan as plan, script as script
from ksys_app.ops.server import require_server, server

ROLES: Final = ("eco_alarm", "eco_op", "eco_ro", "eco_rw")
NO_CHOICE: Final = Keep()
ADDS_POLICIES: Final = "PERFORM add_continuous_aggregate_policy"


@dataclass(frozen=True, slots=True)
class StepResult:
    """The result of one step.

    Attributes:
        name: name of the step.
        seconds: duration of the step.
        notes: sentences for the user of the command.
    """

    name: str
    seconds: float
    notes: tuple[str, ...] = ()


OnStep = Callable[[StepResult], None]


async def apply_roles(dsn: str, *, zone: str, passwords: Mapping[str, str | None]) -> None:
    """Apply only the step that creates the roles; a dump has grants to the roles but not the roles.

    Args:
        dsn: DSN of the database's owner, who may create roles.
        zone: as for :func:`apply`.
        passwords: as for :func:`apply`.

    Raises:
        ConfigError: the role may not create roles.
        DatabaseUnreachable: no server answers at ``dsn``.
    """
    async with owner(dsn) as conn:
        for step in plan():
            if "CREATE ROLE" in step.sql:
                await execute(conn, step, _settings(conn, zone, passwords))


async def apply(
    dsn: str,
    *,
    zone: str,
    passwords: Mapping[str, str | None],
    max_ahead_s: int | None = None,
    keep: Keep = NO_CHOICE,
    toolkit: bool = False,
    on_begin: Callable[[str], None] = lambda name: None,
    on_step: OnStep | None = None,
    on_progress: OnProgress | None = None,
    directory: Path = resources.DB,
) -> list[StepResult]:
    """Bring the database to the schema of ``directory``; a second run changes nothing.

    Args:
        dsn: DSN of the database's owner, who may create roles.
        zone: IANA zone whose days ``influx_agg_1d`` counts.
        passwords: role (one of ``ROLES``) to password. A new role without a
            password cannot log in; an existing role keeps its password.
        max_ahead_s: how far ahead of the clock a sample may be, seconds; None leaves the value of
            the database, which is 60 in a new one.
        keep: objects of the plant to leave unchanged.
        toolkit: whether a new ``features_5m`` computes approximate percentiles with the Timescale
            Toolkit; without it they are exact.
        on_begin: called with the name of each step before the step.
        on_step: called with the result of each step.
        on_progress: called while empty aggregates are filled from existing samples.
        directory: folder of the numbered files and of ``migrations/``.

    Raises:
        ConfigError: TimescaleDB is missing, not loaded or too old, or the zone is unknown.
        SchemaDrift: a step failed; its changes were rolled back.
        DatabaseUnreachable: no server answers at ``dsn``.
    """
    steps = plan(directory)
    async with owner(dsn) as conn:
        require_server(await server(conn, zone), zone)
        settings = _settings(conn, zone, passwords)
        if max_ahead_s is not None:
            settings["ksys.max_ahead_s"] = str(max_ahead_s)
        if toolkit:
            settings["ksys.toolkit"] = "on"
        reporter = _Reporter(on_begin, on_step)
        unchanged = await keep.of(conn)
        due = await adoption.due(conn, zone, unchanged, keep.rebuild)
        changes = await replaced.policies(conn, unchanged) + await replaced.relations(conn)
        await adoption.disarm(conn)

        history = await migrations.load(conn, directory / "migrations")
        for migration in history.pending:
            text = migrations.with_record(migration)
            step = Step(migration.name, migration.file, text)
            with reporter.step(step.name):
                await execute(conn, step, settings)
        for step in steps:
            if migrations.CREATES_TABLE in step.sql:
                text = step.sql + migrations.records(history) + keep.records()
                step = replace(step, sql=text)
            for rebuild in due:
                if rebuild.step == step.name:
                    with reporter.step(f"rebuild {rebuild.view}") as notes:
                        notes += await adoption.adopt(conn, dsn, rebuild, step, settings)
            if ADDS_POLICIES in step.sql:
                await _fill(conn, dsn, zone, reporter, on_progress)
            with reporter.step(step.name) as notes:
                await execute(conn, step, settings)
                notes += [change.text for change in changes if change.step == step.name]
                notes += await _notes(conn, step)
    return reporter.results


async def _fill(
    conn: AsyncConnection, dsn: str, zone: str, reporter: _Reporter, on_progress: OnProgress | None
) -> None:
    """Fill and correct the aggregates before the schema adds their policies, which run at once.

    A policy would move the watermark of an empty aggregate. Then no reader would see buckets older
    than the range of the policy.
    """
    await adoption.settle(conn)
    if await quarantine.needed(conn):
        with reporter.step("quarantine") as notes:
            notes += quarantine.sentences(await quarantine.quarantine(conn, dsn, zone))
    if empty := await refresh.unfilled(dsn, ZoneInfo(zone)):
        with reporter.step("fill") as notes:
            filled = await refresh.refresh(
                dsn, ZoneInfo(zone), views=empty, on_progress=on_progress
            )
            notes += [
                f"{part.view} from {part.start:%Y-%m-%d} to {part.end:%Y-%m-%d}, "
                f"{part.seconds:.2f} s"
                for part in filled
            ]


class _Reporter:
    """Reports the start and the end of each step."""

    def __init__(self, on_begin: Callable[[str], None], on_step: OnStep | None) -> None:
        self.results: list[StepResult] = []
        self._on_begin, self._on_step = on_begin, on_step

    @contextmanager
    def step(self, name: str) -> Iterator[list[str]]:
        """Time a step in the block; the block may add notes to the list."""
        self._on_begin(name)
        started = time.perf_counter()
        notes: list[str] = []
        yield notes
        self.results.append(StepResult(name, time.perf_counter() - started, tuple(notes)))
        if self._on_step is not None:
            self._on_step(self.results[-1])


def _settings(
    conn: AsyncConnection, zone: str, passwords: Mapping[str, str | None]
) -> dict[str, str]:
    """Settings for the transaction of each file; the files read some of them."""
    return {"ksys.zone": zone, "lock_timeout": LOCK_TIMEOUT} | {
        f"ksys.{role}_password": verifier(conn, role, password)
        for role, password in passwords.items()
        if password
    }


def verifier(conn: AsyncConnection, role: str, password: str) -> str:
    """The SCRAM-SHA-256 verifier of a password; the password itself is not sent to the server."""
    secret = conn.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    return secret.decode()


async def _notes(conn: AsyncConnection, step: Step) -> list[str]:
    if "CREATE ROLE" not in step.sql:
        return []
    cursor = await conn.execute(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) AND NOT rolcanlogin ORDER BY 1",
        (list(ROLES),),
    )
    return [
        f"{role} cannot log in: no password was given (KSYS_{role[4:].upper()}_PASSWORD)"
        for (role,) in await cursor.fetchall()
    ]
