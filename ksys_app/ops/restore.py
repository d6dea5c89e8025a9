"""``ksys db restore``: a dump of ``ksys db backup`` into an empty database, compared and verified.

TimescaleDB must be there in the dump's version, and its two hooks stand around the restore: without
them a third of the rows and every key were lost (PRD decision 19).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from psycopg import AsyncConnection, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row

from ksys_app.errors import BackupFailed, ConfigError
from ksys_app.ops import backup, manifest, pg_programs, refresh, schema, verify
from ksys_app.ops.check import Check
from ksys_app.ops.embedded import IS_EMBEDDED
from ksys_app.ops.manifest import Manifest
from ksys_app.ops.owner import owner

MAINTENANCE: Final = "postgres"
NAME_BYTES: Final = 63

TARGET: Final = """
SELECT current_database() AS name,
       current_user AS role,
       (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS is_superuser,
       current_setting('server_version_num')::integer / 10000 AS major,
       (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') AS installed,
       (SELECT coalesce(array_agg(version), '{}') FROM pg_available_extension_versions
        WHERE name = 'timescaledb') AS offered,
       (SELECT coalesce(array_agg(name::text), '{}') FROM pg_available_extensions) AS extensions,
       EXISTS (SELECT FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace
               AND NOT EXISTS (SELECT FROM pg_depend AS d
                               WHERE d.objid = c.oid AND d.deptype = 'e')) AS is_used
"""
# The runner's notes are of the server that was dumped; jobs are new here.
JOBS_ARE_NEW: Final = """
UPDATE public.ksys_job_run
SET known_since = now(), started_at = NULL, finished_at = NULL, error = NULL
"""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore came to.

    Attributes:
        differences: what is otherwise than in the manifest; None where there was no manifest.
        checks: those of ``ksys db verify``.
        aside: what the database that was there is called now.
    """

    differences: list[str] | None
    checks: list[Check]
    aside: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What to restore, where, and how.

    Attributes:
        dsn: DSN of a superuser of the target.
        file: the dump.
        zone: IANA zone of the days of ``influx_agg_1d``.
        passwords: role to password, as for :func:`ksys_app.ops.schema.apply`.
        replace: put the database that is there aside under another name.
    """

    dsn: str
    file: Path
    zone: str
    passwords: Mapping[str, str | None]
    replace: bool = False


async def restore(plan: Plan, on_step: Callable[[str], None]) -> Restored:
    """Bring a dump back, compare it with its manifest and verify every object.

    Raises:
        ConfigError: the dump cannot be read, the target is in use, or the server is another than
            the dump needs. Nothing was changed.
        BackupFailed: the restore failed on the way; what there is of it is not usable.
        DatabaseUnreachable: nothing answers there.
    """
    on_step("dump and target are looked at")
    noted = await asyncio.to_thread(_manifest, plan.file)
    async with owner(plan.dsn) as conn:
        program, version = await _require_target(conn, noted, plan)
    aside = None
    if plan.replace:
        on_step("the database that is there is put aside")
        aside = await _put_aside(plan.dsn)
    on_step("roles")
    await schema.apply_roles(plan.dsn, zone=plan.zone, passwords=plan.passwords)
    on_step("TimescaleDB")
    async with owner(plan.dsn) as conn:
        extension = sql.SQL("CREATE EXTENSION IF NOT EXISTS timescaledb VERSION {}")
        await conn.execute(extension.format(sql.Literal(version)))
    on_step("data")
    async with owner(plan.dsn) as conn:
        await conn.execute("SELECT timescaledb_pre_restore()")
    try:
        await pg_programs.run(program, plan.dsn, "--exit-on-error", str(plan.file))
    except BackupFailed as error:
        raise BackupFailed(
            f"{error.message}; the database is of no use now: mend the cause and restore again "
            "with --replace"
        ) from error
    on_step("statistics")
    async with owner(plan.dsn) as conn:
        await conn.execute("SELECT timescaledb_post_restore()")
        await conn.execute(JOBS_ARE_NEW)
        await conn.execute("ANALYZE")
    on_step("rows and checksums are compared")
    differences = None if noted is None else await _compare(plan.dsn, noted)
    on_step("every object is verified")
    return Restored(differences, await verify.verify(plan.dsn, zone=plan.zone), aside)


def _manifest(file: Path) -> Manifest | None:
    """The manifest of a dump that is whole; None where there is none."""
    try:
        with file.open("rb") as dump:
            if dump.read(5) != b"PGDMP":
                raise ConfigError(f"{file} is no dump of ksys db backup (pg_dump --format=custom)")
        path = manifest.beside(file)
        if not path.exists():
            return None
        noted = manifest.read(path)
        if noted.dump.sha256 != backup.hash_of(file):
            raise ConfigError(
                f"{file} is not what {path.name} describes: it has {file.stat().st_size:,} bytes "
                f"of {noted.dump.bytes:,}, or others; fetch the dump again"
            )
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from error
    return noted


async def _require_target(
    conn: AsyncConnection, noted: Manifest | None, plan: Plan
) -> tuple[pg_programs.Found, str]:
    """The program to restore with, and the version of TimescaleDB to restore into."""
    if await (await conn.execute(IS_EMBEDDED)).fetchone() == (True,):
        raise ConfigError(
            "the embedded database cannot take a dump; restore into a server with TimescaleDB"
        )
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(TARGET)
        target: dict[str, Any] | None = await cursor.fetchone()
    assert target is not None, "a SELECT without FROM has one row"
    if target["is_used"] and not plan.replace:
        raise ConfigError(
            f"the database {target['name']} is not empty; name an empty one in TS_ADMIN_DSN, or "
            "put it aside under another name with --replace"
        )
    if not target["is_superuser"]:
        raise ConfigError(
            f"{target['role']} is no superuser, and only one may restore TimescaleDB's own tables; "
            "name one in TS_ADMIN_DSN"
        )
    version = _version(target, noted, replace=plan.replace)
    if noted is not None:
        _require_origin(target, noted)
    return await pg_programs.find("pg_restore", target["major"]), version


def _version(target: dict[str, Any], noted: Manifest | None, *, replace: bool) -> str:
    if noted is None:
        wanted = target["installed"] or max(target["offered"], key=_numbers, default="none")
    else:
        wanted = noted.timescaledb
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


def _require_origin(target: dict[str, Any], noted: Manifest) -> None:
    if target["major"] < noted.major:
        raise ConfigError(
            f"the dump is of PostgreSQL {noted.major}, and this server is {target['major']}; "
            "restore into the same version or a newer one"
        )
    if target["role"] != noted.owner:
        raise ConfigError(
            f"the dump belongs to the role {noted.owner}; restore as a superuser of that name, so "
            "that tables and jobs have one owner"
        )
    lacking = sorted(set(noted.extensions) - set(target["extensions"]))
    if lacking:
        raise ConfigError(f"this server lacks extensions of the dump: {', '.join(lacking)}")


async def _put_aside(dsn: str) -> str:
    """Rename the database, make an empty one in its place; the old one's new name."""
    elsewhere = make_conninfo(dsn, dbname=MAINTENANCE)
    name = str(conninfo_to_dict(dsn).get("dbname") or conninfo_to_dict(dsn).get("user"))
    if name == MAINTENANCE:
        raise ConfigError(f"the database {MAINTENANCE} cannot be put aside; use one of its own")
    stamp = datetime.now(UTC).strftime("_before_%Y%m%d%H%M%S")
    aside = name.encode()[: NAME_BYTES - len(stamp)].decode(errors="ignore") + stamp
    async with owner(elsewhere) as conn:
        row = await (
            await conn.execute(
                "SELECT pg_encoding_to_char(encoding), datcollate, datctype"
                " FROM pg_database WHERE datname = %s",
                (name,),
            )
        ).fetchone()
        assert row is not None, "it was connected to a moment ago"
        database, other = sql.Identifier(name), sql.Identifier(aside)
        forbid = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
        await conn.execute(forbid.format(database, sql.SQL("false")))
        try:
            await conn.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s",
                (name,),
            )
            await conn.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(database, other))
        except BaseException:
            await conn.execute(forbid.format(database, sql.SQL("true")))
            raise
        await conn.execute(forbid.format(other, sql.SQL("true")))
        create = "CREATE DATABASE {} TEMPLATE template0 ENCODING {} LC_COLLATE {} LC_CTYPE {}"
        await conn.execute(sql.SQL(create).format(database, *map(sql.Literal, row)))
    return aside


async def _compare(dsn: str, noted: Manifest) -> list[str]:
    async with owner(dsn, timezone="UTC", datestyle="ISO") as conn:
        limits = await refresh.bounds(conn)
        found = await manifest.content(conn)
    return list(manifest.differences(noted.content, found, limits.floor.date()))
