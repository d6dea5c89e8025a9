"""Migrations: append-only files in ``db/migrations/``, each applied once and checked by hash."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection, sql

from ksys_app.errors import SchemaDrift

CREATES_TABLE: Final = "CREATE TABLE IF NOT EXISTS public.ksys_migration"


@dataclass(frozen=True, slots=True)
class Migration:
    """One migration.

    Attributes:
        name: file name without ``.sql``.
        file: path of the file.
        sha256: hash of the file's bytes, hexadecimal.
    """

    name: str
    file: Path
    sha256: str


@dataclass(frozen=True, slots=True)
class History:
    """The migrations of a database.

    Attributes:
        pending: migrations to run, in order; none on a database without the schema.
        unrecorded: migrations to record after the schema is created; on a database without the
            schema these are all migrations.
    """

    pending: tuple[Migration, ...]
    unrecorded: tuple[Migration, ...]


async def load(conn: AsyncConnection, directory: Path) -> History:
    """Compare the files with the migrations that this database has recorded.

    Raises:
        SchemaDrift: an applied file was changed or deleted.
    """
    files = _files(directory)
    cursor = await conn.execute("SELECT to_regclass('public.ksys_migration') IS NOT NULL")
    if await cursor.fetchone() != (True,):
        return History((), files)
    cursor = await conn.execute("SELECT name, sha256 FROM public.ksys_migration")
    applied: dict[str, str] = dict(await cursor.fetchall())
    hashes = {migration.name: migration.sha256 for migration in files}
    for name, sha256 in applied.items():
        if hashes.get(name) != sha256:
            what = "has changed" if name in hashes else "is missing"
            raise SchemaDrift(
                f"migration {name} {what} since it was applied; put the applied file back and "
                "make a new one"
            )
    return History(tuple(m for m in files if m.name not in applied), ())


def _files(directory: Path) -> tuple[Migration, ...]:
    return tuple(
        Migration(file.stem, file, hashlib.sha256(file.read_bytes()).hexdigest())
        for file in sorted(directory.glob("[0-9]*.sql"))
    )


def with_record(migration: Migration) -> str:
    """SQL of the migration and of its record, for one transaction."""
    return f"{migration.file.read_text('utf-8')}\n;\n{_record(migration)}"


def records(history: History) -> str:
    """SQL that records the migrations of a new database; the schema contains their changes already.

    Run it in the transaction that creates the table. Otherwise, after a run that was killed in
    between, the migrations would be applied although the schema contains them.
    """
    return "".join(f"\n{_record(migration)};" for migration in history.unrecorded)


def _record(migration: Migration) -> str:
    statement = sql.SQL(
        "INSERT INTO public.ksys_migration (name, sha256) VALUES ({}, {})"
        " ON CONFLICT (name) DO NOTHING"
    )
    values = sql.Literal(migration.name), sql.Literal(migration.sha256)
    return statement.format(*values).as_string(None)
