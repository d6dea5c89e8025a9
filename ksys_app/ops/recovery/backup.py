"""``ksys db backup``: writes a dump for ``ksys db restore``, and the manifest of the dump.

Dump and manifest use the same snapshot, while new samples arrive. Both files get their final names
when they are complete; a file with ``.partial`` in its name is not complete (PRD §27.7).
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection, IsolationLevel, sql

from ksys_app.domain import upkeep
from ksys_app.errors import BackupFailed, ConfigError, SchemaDrift
from ksys_app.ops.embedded import IS_EMBEDDED
from ksys_app.ops.owner import owner, require_direct
from ksys_app.ops.recovery import manifest, pg_programs
from ksys_app.ops.recovery.manifest import Dump, Manifest
from ksys_app.utils import private

COMPRESSION: Final = "--compress=5"
# Take the lock before the snapshot: the compression of a chunk truncates it, and an older snapshot
# would then see an empty chunk.
LOCK_CHUNKS: Final = sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(
    sql.SQL(", ").join(
        sql.Identifier("public", name) for name in (*upkeep.HYPERTABLES, *upkeep.REFRESH)
    )
)
# Rows that a job wrote outside the chunks while TimescaleDB was switched off. No query reads them.
# A dump with such rows cannot be restored, because the restore would insert them twice.
BESIDE_CHUNKS: Final = """
SELECT format('--exclude-table-data=%I.%I', materialization_hypertable_schema,
              materialization_hypertable_name)
FROM timescaledb_information.continuous_aggregates
"""
# A restore must not bring back a session that has ended since the dump, so all users log in again.
WITHOUT_SESSIONS: Final = tuple(
    f"--exclude-table-data=ksys.{name}" for name in ("session", "attempt")
)
LOOK_S: Final = 0.5
CHUNK: Final = 2**20

OnStage = Callable[[str, int], None]
"""Called with a stage (``rows``, ``dump``) and the size of the dump in bytes."""


async def backup(dsn: str, file: Path, *, zone: str, on_stage: OnStage) -> Manifest:
    """Dump a database to a new file.

    Args:
        dsn: DSN of the database's owner, or of a superuser.
        file: the dump; its manifest is written to ``FILE.manifest.json``.
        zone: IANA zone with which the schema was created.
        on_stage: called when rows are counted, and while the dump grows.

    Raises:
        ConfigError: the file exists already, its folder cannot be written, ``pg_dump`` is missing
            or too old, or the database is the embedded one.
        BackupFailed: the dump failed, for example because the disk is full; the file is removed.
        SchemaDrift: the schema does not exist.
        DatabaseUnreachable: no server answers at ``dsn``.
    """
    partial = _create_partial(file)
    try:
        async with owner(dsn) as conn:
            await require_direct(conn, dsn)
            await _require_server(conn)
            origin = await manifest.about(conn)
            program = await pg_programs.find("pg_dump", origin["major"])
            await conn.set_isolation_level(IsolationLevel.REPEATABLE_READ)
            async with conn.transaction():
                await conn.execute(LOCK_CHUNKS)
                row = await (await conn.execute("SELECT pg_export_snapshot()")).fetchone()
                assert row is not None
                beside = await (await conn.execute(BESIDE_CHUNKS)).fetchall()
                excluded = (argument for (argument,) in beside)
                arguments = ("--format=custom", COMPRESSION, f"--file={partial}", *WITHOUT_SESSIONS)
                dumping = asyncio.create_task(
                    pg_programs.run(program, dsn, f"--snapshot={row[0]}", *arguments, *excluded)
                )
                try:
                    on_stage("rows", 0)
                    content = await manifest.content(conn)
                    await _watch(dumping, partial, on_stage)
                finally:
                    dumping.cancel()
                    await asyncio.wait([dumping])
        written = manifest.make(origin, content, await asyncio.to_thread(_seal, partial), zone)
        await asyncio.to_thread(_write, manifest.beside(file), manifest.text(written))
        os.replace(partial, file)
    except OSError as error:
        raise BackupFailed(f"{file} cannot be written: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)
    return written


def _create_partial(file: Path) -> Path:
    """Create the empty file to which the dump is written until it is complete."""
    try:
        if not file.name or file.is_dir():
            raise ConfigError(f"{file} is a folder; name a file in it")
        partial = file.with_name(f"{file.name}.partial")
        for path in (file, manifest.beside(file)):
            if path.exists():
                raise ConfigError(f"{path} exists already; name another file or move it away")
        private.create(partial)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}") from error
    return partial


async def _require_server(conn: AsyncConnection) -> None:
    if await (await conn.execute(IS_EMBEDDED)).fetchone() == (True,):
        raise ConfigError(
            "the embedded database cannot be dumped, no server could restore its build of "
            "TimescaleDB; stop it and copy its data folder"
        )
    row = await (await conn.execute("SELECT to_regclass('public.influx_hist')")).fetchone()
    if row == (None,):
        raise SchemaDrift("there is nothing to dump: the database has no ksys schema")


async def _watch(dumping: asyncio.Task[None], partial: Path, on_stage: OnStage) -> None:
    while not dumping.done():
        await asyncio.wait([dumping], timeout=LOOK_S)
        on_stage("dump", await asyncio.to_thread(lambda: partial.stat().st_size))
    dumping.result()


def _seal(partial: Path) -> Dump:
    """Flush a dump to the disk and compute its hash."""
    digest = hash_of(partial)
    with partial.open("rb+") as file:
        os.fsync(file.fileno())
    return Dump(partial.stat().st_size, digest)


def hash_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _write(path: Path, text: str) -> None:
    scratch = path.with_name(f"{path.name}.partial")
    try:
        with private.open_text(scratch) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)
