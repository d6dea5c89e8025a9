"""``ksys db restore``: restores a dump of ``ksys db backup`` and verifies the result.

The target must be empty and have TimescaleDB in the dump's version. The restore calls TimescaleDB's
two hooks before and after. Without them a third of the rows and every key were lost (PRD decision
19).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from psycopg import AsyncConnection, sql
from psycopg.rows import dict_row

from ksys_app.driver.restoring import is_restoring
from ksys_app.errors import ConfigError, Interrupted, KsysError
from ksys_app.ops.check import Check
from ksys_app.ops.embedded import IS_EMBEDDED
from ksys_app.ops.owner import owner, require_direct
from ksys_app.ops.recovery import aside, backup, manifest, pg_programs
from ksys_app.ops.recovery.manifest import Comparison, Manifest
from ksys_app.ops.schema import schema
from ksys_app.ops.schema.bounds import bounds
from ksys_app.ops.verify import verify

TARGET: Final = """
SELECT current_database() AS name,
       current_user AS role,
       (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS is_superuser,
       current_setting('server_version_num')::integer / 10000 AS major,
       (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') AS installed,
       (SELECT coalesce(array_agg(version), '{}') FROM pg_available_extension_versions
        WHERE name = 'timescaledb') AS offered,
       (SELECT coalesce(array_agg(name::text), '{}') FROM pg_available_extensions) AS extensions,
       EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
               WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
                 AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
                 AND NOT EXISTS (SELECT FROM pg_depend AS d
                                 WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                                   AND d.deptype = 'e')) AS is_used
"""
# Between the hooks TimescaleDB is off and jobs do not run. A session may switch it on for itself.
AS_USUAL: Final = "SET timescaledb.restoring = off"
# The runner's records belong to the server of the dump; in the restored database jobs are new.
JOBS_ARE_NEW: Final = """
UPDATE public.ksys_job_run
SET known_since = now(), started_at = NULL, finished_at = NULL, error = NULL
"""


@dataclass(frozen=True, slots=True)
class Restored:
    """The result of a restore.

    Attributes:
        comparison: the comparison with the manifest; None without a manifest.
        checks: the checks of ``ksys db verify`` about the schema.
        aside: the new name of the replaced database, if any.
    """

    comparison: Comparison | None
    checks: list[Check]
    aside: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """The options of a restore.

    Attributes:
        dsn: DSN of a superuser of the target.
        file: the dump.
        zone: IANA zone of the days of ``influx_agg_1d``.
        passwords: role to password, as for :func:`ksys_app.ops.schema.schema.apply`.
        replace: rename the existing database and restore into a new one.
    """

    dsn: str
    file: Path
    zone: str
    passwords: Mapping[str, str | None]
    replace: bool = False


# A session that was opened during the restore stays in restore mode. Rows that it writes would be
# lost, so such sessions are ended.
END_OTHERS: Final = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""

# How far a restore is, which decides the message after an interruption or an error.
Reached = Literal["nothing", "empty", "half", "whole"]
MEANING: Final[Mapping[Reached, str]] = {
    "nothing": "nothing was changed",
    "empty": "{name} is still empty: run the same command again",
    "half": "{name} is incomplete: correct the cause and restore again with --replace",
    "whole": "{name} has all of the dump: check it with ksys db verify",
}


@dataclass(slots=True)
class Progress:
    """The progress of a restore.

    Attributes:
        name: name of the target database.
        reached: how far the restore is.
        aside: the new name of the replaced database, if any.
    """

    name: str
    reached: Reached = "nothing"
    aside: str | None = None

    def record_renamed(self, name: str) -> None:
        """Record that the old database was renamed to ``name`` and an empty one was created."""
        self.aside, self.reached = name, "empty"

    def outcome(self, what: str) -> str:
        """A sentence with the event ``what``, the state of the database and how to continue."""
        before = (
            f"; the old database is now {self.aside} (docs/runbooks/RECOVERY.md)"
            if self.aside
            else ""
        )
        return f"{what}; {MEANING[self.reached].format(name=self.name)}{before}"


async def restore(plan: Plan, on_step: Callable[[str], None]) -> Restored:
    """Restore a dump, compare the database with the manifest, and verify every object.

    Raises:
        ConfigError: the dump cannot be read, the target is in use, or the server does not suit the
            dump. Nothing was changed.
        BackupFailed: the restore failed midway; the database is not usable.
        Interrupted: the restore was cancelled.
        DatabaseUnreachable: no server answers there.
    """
    progress = Progress(aside.name_of(plan.dsn))
    try:
        return await _restore(plan, progress, on_step)
    except asyncio.CancelledError:
        raise Interrupted(progress.outcome("the restore was interrupted")) from None
    except KsysError as error:
        if progress.reached == "nothing":
            raise
        raise type(error)(progress.outcome(error.message)) from error


async def _restore(plan: Plan, progress: Progress, on_step: Callable[[str], None]) -> Restored:
    on_step("checking the dump and the target")
    recorded = await asyncio.to_thread(_manifest, plan.file)
    async with owner(plan.dsn, even_restoring=True) as conn:
        program, version, is_new = await _require_target(conn, recorded, plan)
    if not is_new:
        on_step("renaming the existing database")
        await aside.rename_database(plan.dsn, progress.record_renamed)
    progress.reached = "empty"
    on_step("roles")
    await schema.apply_roles(plan.dsn, zone=plan.zone, passwords=plan.passwords)
    on_step("TimescaleDB")
    async with owner(plan.dsn) as conn:
        extension = sql.SQL("CREATE EXTENSION IF NOT EXISTS timescaledb VERSION {}")
        await conn.execute(extension.format(sql.Literal(version)))
    on_step("data")
    progress.reached = "half"
    async with owner(plan.dsn) as conn:
        await conn.execute("SELECT timescaledb_pre_restore()")
    await pg_programs.run(program, plan.dsn, "--exit-on-error", str(plan.file))
    comparison = await _settle(plan.dsn, recorded, on_step)
    # TimescaleDB is switched on only here. After an earlier failure every command reports the
    # incomplete restore.
    async with owner(plan.dsn, even_restoring=True) as conn:
        await conn.execute("SELECT timescaledb_post_restore()")
        await conn.execute(END_OTHERS)
    progress.reached = "whole"
    on_step("verifying every object")
    # Faulty rows were faulty before the backup too, so the restore does not check the rows.
    checks = await verify.verify(plan.dsn, zone=plan.zone, content=False)
    return Restored(comparison, checks, progress.aside)


async def _settle(
    dsn: str, recorded: Manifest | None, on_step: Callable[[str], None]
) -> Comparison | None:
    """Compute statistics and compare, while no job can change the restored rows."""
    on_step("statistics")
    async with owner(dsn, even_restoring=True) as conn:
        await conn.execute(AS_USUAL)
        await conn.execute(JOBS_ARE_NEW)
        await conn.execute("ANALYZE")
        if recorded is None:
            return None
        on_step("comparing rows and checksums")
        limits = await bounds(conn)
        found = await manifest.content(conn, recorded.content.relations)
    return manifest.compare(recorded.content, found, limits.floor.date())


def _manifest(file: Path) -> Manifest | None:
    """Check the hash of a dump and return its manifest; None without a manifest."""
    try:
        with file.open("rb") as dump:
            if dump.read(5) != b"PGDMP":
                raise ConfigError(f"{file} is not a dump of ksys db backup")
        path = manifest.beside(file)
        if not path.exists():
            return None
        recorded = manifest.read(path)
        if recorded.dump.sha256 != backup.hash_of(file):
            raise ConfigError(
                f"{file} does not match {path.name}: it has {file.stat().st_size:,} bytes "
                f"of {recorded.dump.bytes:,}, or other bytes; copy the dump again"
            )
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from error
    return recorded


async def _require_target(
    conn: AsyncConnection, recorded: Manifest | None, plan: Plan
) -> tuple[pg_programs.ClientProgram, str, bool]:
    """The program to restore with, the version of TimescaleDB, and whether the target is new."""
    await require_direct(conn, plan.dsn)
    if await (await conn.execute(IS_EMBEDDED)).fetchone() == (True,):
        raise ConfigError(
            "the embedded database cannot take a dump; restore into a server with TimescaleDB"
        )
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(TARGET)
        target: dict[str, Any] | None = await cursor.fetchone()
    assert target is not None, "a SELECT without FROM has one row"
    half = await is_restoring(conn)
    if (target["is_used"] or half) and not plan.replace:
        state = "has a part of an interrupted restore" if half else "is not empty"
        raise ConfigError(
            f"the database {target['name']} {state}; name an empty one in TS_ADMIN_DSN, or "
            "rename it with --replace"
        )
    if not target["is_superuser"]:
        raise ConfigError(
            f"{target['role']} is no superuser, and only one may restore TimescaleDB's own tables; "
            "name one in TS_ADMIN_DSN"
        )
    version = _version(target, recorded, replace=plan.replace)
    if recorded is not None:
        _require_origin(target, recorded)
    program = await pg_programs.find("pg_restore", target["major"])
    is_new = not (target["is_used"] or half) and target["installed"] in (None, version)
    return program, version, is_new


def _version(target: dict[str, Any], recorded: Manifest | None, *, replace: bool) -> str:
    if recorded is None:
        wanted = target["installed"] or max(target["offered"], key=_numbers, default="none")
    else:
        wanted = recorded.timescaledb
    if target["installed"] not in (None, wanted) and not replace:
        raise ConfigError(
            f"the dump is of TimescaleDB {wanted}, and {target['name']} has "
            f"{target['installed']}; create the database without the extension"
        )
    if wanted not in target["offered"]:
        newest = max(target["offered"], key=_numbers, default="none")
        raise ConfigError(
            f"the dump is of TimescaleDB {wanted}, and this server offers {newest}; install "
            f"timescaledb-2-postgresql-{target['major']} in that version, restore, then update it"
        )
    return str(wanted)


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.replace("-", ".").split(".") if part.isdigit()]


def _require_origin(target: dict[str, Any], recorded: Manifest) -> None:
    if target["major"] < recorded.major:
        raise ConfigError(
            f"the dump is of PostgreSQL {recorded.major}, and this server is {target['major']}; "
            "restore into the same version or a newer one"
        )
    role = recorded.owner
    if target["role"] != role:
        raise ConfigError(
            f"the dump belongs to the role {role}, who has to restore it and be a superuser "
            f"meanwhile: CREATE ROLE {role} LOGIN SUPERUSER PASSWORD '…', or, where it is "
            f"there, ALTER ROLE {role} SUPERUSER; name it in TS_ADMIN_DSN"
        )
    lacking = sorted(set(recorded.extensions) - set(target["extensions"]))
    if lacking:
        raise ConfigError(f"this server lacks extensions of the dump: {', '.join(lacking)}")
