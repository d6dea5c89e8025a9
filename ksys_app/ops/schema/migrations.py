"""Migrations: files of ``db/migrations/``, append-only, each applied once and known by its hash."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection, sql

from ksys_app.errors import SchemaDrift

MAKES_THE_TABLE: Final = "CREATE TABLE IF NOT EXISTS public.ksys_migration"


@dataclass(frozen=True, slots=True)
class Migration:
    """One file.

    Attributes:
        name: file name without ``.sql``.
        file: where it is.
        sha256: hash of its bytes, hexadecimal.
    """

    name: str
    file: Path
    sha256: str


@dataclass(frozen=True, slots=True)
class History:
    """What a database has had.

    Attributes:
        pending: to be run, in order; none on a database that never had the schema.
        unrecorded: to be recorded when the schema is there; all of them on such a database.
    """

    pending: tuple[Migration, ...]
    unrecorded: tuple[Migration, ...]


async def load(conn: AsyncConnection, directory: Path) -> History:
    """What is still to be done on this database.

    Raises:
        SchemaDrift: an applied file has changed since, or is gone.
    """
    files = _files(directory)
    cursor = await conn.execute("SELECT to_regclass('public.ksys_migration') IS NOT NULL")
    if await cursor.fetchone() != (True,):
        return History((), files)
    cursor = await conn.execute("SELECT name, sha256 FROM public.ksys_migration")
    applied: dict[str, str] = dict(await cursor.fetchall())
    known = {migration.name: migration.sha256 for migration in files}
    for name, sha256 in applied.items():
        if known.get(name) != sha256:
            what = "has changed" if name in known else "is missing"
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
    """The file's text and its record, for one transaction."""
    return f"{migration.file.read_text('utf-8')}\n;\n{_record(migration)}"


def records(history: History) -> str:
    """SQL that notes the files of a new database as applied: the schema holds what they change.

    It belongs into the transaction that makes the table: a run that is killed after it would
    otherwise leave a database on which they are still to be run.
    """
    return "".join(f"\n{_record(migration)};" for migration in history.unrecorded)


def _record(migration: Migration) -> str:
    statement = sql.SQL(
        "INSERT INTO public.ksys_migration (name, sha256) VALUES ({}, {})"
        " ON CONFLICT (name) DO NOTHING"
    )
    values = sql.Literal(migration.name), sql.Literal(migration.sha256)
    return statement.format(*values).as_string(None)
