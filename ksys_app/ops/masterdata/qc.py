"""Master data in CSV files and the database: sync, verify, export (PRD §4.4, §4.6).

The file is the master, except for cells that a person changed on a page since the last sync
(PRD §32.9).
Rows that only the database has are reported as drift; they stay unless the caller prunes them.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, TypeVar

import psycopg
from psycopg import AsyncConnection, sql

from ksys_app import resources
from ksys_app.db import connect
from ksys_app.driver.failures import map_error
from ksys_app.errors import ConfigError
from ksys_app.models.rows import Expectation, QcRule
from ksys_app.ops.files.dialect import PLAIN, Reading
from ksys_app.ops.masterdata import qc_base, qc_csv
from ksys_app.ops.masterdata.qc_changes import (
    CONFLICTS,
    Change as Change,
    diff,
    merged,
    wanted_rows,
)
from ksys_app.ops.masterdata.qc_table import EXPECTATIONS, RULES, Column, Table
from ksys_app.settings import safe_dsn

Row = TypeVar("Row", bound=QcRule | Expectation)
RULES_CSV: Final = resources.QC / "influx_qc_rule.csv"
EXPECTATIONS_CSV: Final = resources.QC / "ingest_expectation.csv"
MAX_ROWS: Final = 100_000
"""Most rows of a statement here; no plant has so many tags."""


def table_of(path: Path) -> Table[QcRule] | Table[Expectation]:
    """The table of a file, by the file's name; a file with another name has rules."""
    return EXPECTATIONS if path.stem == EXPECTATIONS.name else RULES


async def sync(
    dsn: str,
    path: Path,
    table: Table[Row],
    *,
    reading: Reading = PLAIN,
    dry_run: bool = False,
    prune: bool = False,
    overwrite: bool = False,
) -> list[Change]:
    """Make the database equal to the file, in one transaction.

    A cell that only a page changed since the last sync stays. If a page and the file changed the
    same cell, nothing is written.

    Args:
        dsn: DSN of the owner or of ``eco_rw``.
        path: the CSV file.
        table: the table of the file.
        reading: how to read the file.
        dry_run: only report what would change.
        prune: delete the rows that only the database has.
        overwrite: also overwrite cells that were changed on a page.

    Returns:
        Every difference. Rows of the kind ``remove`` were deleted only with ``prune``. If there is
        a kind of ``CONFLICTS``, nothing was written.

    Raises:
        ConfigError: a cell of the file has an error, or the DSN may not write.
        DatabaseUnreachable: no server answers.
        SchemaDrift: the table or a column is missing.
    """
    rows = qc_csv.read(path, table, reading)
    async with _session(dsn) as conn, conn.transaction():
        if table.on_pages and not dry_run:
            await qc_base.begin(conn, f"ksys qc sync {path.name}")
        changes = diff(rows, await _fetch(conn, table), table)
        if table.on_pages and not overwrite:
            changes = await _merge(conn, changes, prune=prune)
        wanted, unfit = wanted_rows(rows, changes, table)
        changes += unfit
        if not dry_run and not any(change.kind in CONFLICTS for change in changes):
            await _upsert(conn, table, wanted)
            if prune:
                await _delete(conn, table, [c.tag_name for c in changes if c.kind == "remove"])
            if table.on_pages:
                await qc_base.store(conn, rows, table.names)
    return changes


async def _merge(conn: AsyncConnection, changes: Sequence[Change], *, prune: bool) -> list[Change]:
    """The changes, merged with those of pages; without ``prune``, a row to remove stays anyway."""
    tags = {change.tag_name for change in changes if change.kind != "add"}
    if not tags:
        return list(changes)
    base = await qc_base.base(conn, MAX_ROWS)
    found = merged(changes, base, await qc_base.by_page(conn, tags))
    return (
        found
        if prune
        else [old if old.kind == "remove" else new for old, new in zip(changes, found, strict=True)]
    )


async def verify(
    dsn: str, path: Path, table: Table[Row], *, reading: Reading = PLAIN
) -> list[Change]:
    """The differences between file and database. Raises as :func:`sync`."""
    rows = qc_csv.read(path, table, reading)
    async with _session(dsn) as conn:
        return diff(rows, await _fetch(conn, table), table)


async def export(dsn: str, path: Path, table: Table[Row], *, force: bool = False) -> int:
    """Write the database's rows to the file, by tag, in one step; return the number of rows.

    Raises:
        ConfigError: a file with other content exists and ``force`` is not set, or the file cannot
            be written.
        DatabaseUnreachable: no server answers.
    """
    async with _session(dsn) as conn:
        rows = await _fetch(conn, table)
    qc_csv.write(path, qc_csv.text(rows, table), force=force)
    return len(rows)


@asynccontextmanager
async def _session(dsn: str) -> AsyncIterator[AsyncConnection]:
    name = safe_dsn(dsn)
    async with await connect(dsn) as conn:
        try:
            yield conn
        except (
            psycopg.errors.InsufficientPrivilege,
            psycopg.errors.ReadOnlySqlTransaction,
        ) as error:
            raise ConfigError(f"{name} may not do this; use the owner or eco_rw") from error
        except psycopg.Error as error:
            mapped = map_error(error, name)
            if mapped is None:
                raise
            raise mapped from error


async def _fetch(conn: AsyncConnection, table: Table[Row]) -> list[Row]:
    statement = sql.SQL(
        "SELECT {columns} FROM public.{table} ORDER BY tag_name LIMIT %(cap)s"
    ).format(
        columns=sql.SQL(", ").join(_selected(column) for column in table.columns),
        table=sql.Identifier(table.name),
    )
    async with conn.cursor() as cursor:
        await cursor.execute(statement, {"cap": MAX_ROWS})
        return [
            table.row(
                **{c.name: c.stored(cell) for c, cell in zip(table.columns, row, strict=True)}
            )
            for row in await cursor.fetchall()
        ]


def _selected(column: Column) -> sql.Composable:
    """The column; JSON as text, because the driver cannot parse every stored JSON value."""
    name = sql.Identifier(column.name)
    return sql.SQL("{}::text").format(name) if column.sql_type == "jsonb" else name


async def _upsert(conn: AsyncConnection, table: Table[Row], rows: Sequence[Row]) -> None:
    records = [{name: getattr(row, name) for name in table.names} for row in rows]
    if not records:
        return
    names = [sql.Identifier(name) for name in table.names]
    updates: list[sql.Composable] = [
        sql.SQL("{0} = excluded.{0}").format(name) for name in names[1:]
    ]
    if table.stamped:
        updates.append(sql.SQL("updated_at = now()"))
    statement = sql.SQL(
        "INSERT INTO public.{table} ({columns})"
        " SELECT {columns} FROM jsonb_to_recordset(%(rows)s::jsonb) AS r ({typed})"
        " ON CONFLICT (tag_name) DO UPDATE SET {updates}"
    ).format(
        table=sql.Identifier(table.name),
        columns=sql.SQL(", ").join(names),
        typed=sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(c.name), sql.SQL(c.sql_type))
            for c in table.columns
        ),
        updates=sql.SQL(", ").join(updates),
    )
    await conn.execute(statement, {"rows": json.dumps(records)})


async def _delete(conn: AsyncConnection, table: Table[Row], tag_names: list[str]) -> None:
    statement = sql.SQL("DELETE FROM public.{} WHERE tag_name = ANY(%(tags)s)")
    await conn.execute(statement.format(sql.Identifier(table.name)), {"tags": tag_names})
