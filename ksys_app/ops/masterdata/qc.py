"""Master data in CSV files and the database: sync, verify, export (PRD §4.4, §4.6).

The file is the master. Rows that only the database has are reported as drift; they stay unless the
caller asks to prune them.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeVar

import psycopg
from psycopg import AsyncConnection, sql

from ksys_app import resources
from ksys_app.db import connect
from ksys_app.driver.failures import map_error
from ksys_app.errors import ConfigError
from ksys_app.models.rows import Expectation, QcRule
from ksys_app.ops.files.dialect import PLAIN, Reading
from ksys_app.ops.masterdata import qc_csv
from ksys_app.ops.masterdata.qc_table import EXPECTATIONS, RULES, Cell, Column, Table, show
from ksys_app.settings import safe_dsn

Row = TypeVar("Row", bound=QcRule | Expectation)
RULES_CSV: Final = resources.QC / "influx_qc_rule.csv"
EXPECTATIONS_CSV: Final = resources.QC / "ingest_expectation.csv"
MAX_ROWS: Final = 100_000
"""Most rows of every statement here; no plant has so many tags."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between the file and the database.

    Attributes:
        tag_name: the tag of the row.
        kind: ``add``: only the file has the row; ``change``: a cell differs; ``remove``: only the
            database has the row.
        column: the column of a ``change``, else None.
        file: value in the file.
        database: value in the database.
    """

    tag_name: str
    kind: Literal["add", "change", "remove"]
    column: str | None = None
    file: Cell = None
    database: Cell = None

    def done(self, *, dry_run: bool, prune: bool) -> str:
        """What a sync did about the difference: ``D100 max_val: changed from 210 to 200``.

        Args:
            dry_run: whether the sync only reported the differences.
            prune: whether the sync deletes rows that the file does not have.
        """
        would = "would be " if dry_run else ""
        if self.kind == "add":
            return f"{self.tag_name}: {would}inserted"
        if self.kind == "remove":
            what = f"{would}deleted" if prune else "not in the file, unchanged"
            return f"{self.tag_name}: {what}"
        was, now = _shown(self.database), _shown(self.file)
        return f"{self.tag_name} {self.column}: {would}changed from {was} to {now}"

    def __str__(self) -> str:
        """``D100 max_val: 200 in the file, 210 in the database``."""
        if self.kind == "add":
            return f"{self.tag_name}: not in the database"
        if self.kind == "remove":
            return f"{self.tag_name}: not in the file"
        file, database = _shown(self.file), _shown(self.database)
        return f"{self.tag_name} {self.column}: {file} in the file, {database} in the database"


def _shown(cell: Cell) -> str:
    return show(cell) or ("NULL" if cell is None else "{}")


def table_of(path: Path) -> Table[QcRule] | Table[Expectation]:
    """The table of a file, by the file's name; a file with another name holds rules."""
    return EXPECTATIONS if path.stem == EXPECTATIONS.name else RULES


def diff(file: Sequence[Row], database: Sequence[Row], table: Table[Row]) -> list[Change]:
    """The changes, cell by cell and by tag, that make the database equal to the file."""
    there = {row.tag_name: row for row in database}
    wanted = {row.tag_name: row for row in file}
    changes: list[Change] = []
    for tag_name in sorted(there.keys() | wanted.keys()):
        if tag_name not in there:
            changes.append(Change(tag_name, "add"))
        elif tag_name not in wanted:
            changes.append(Change(tag_name, "remove"))
        else:
            pairs = [
                (name, getattr(wanted[tag_name], name), getattr(there[tag_name], name))
                for name in table.names
            ]
            changes += [
                Change(tag_name, "change", name, new, old) for name, new, old in pairs if new != old
            ]
    return changes


async def sync(
    dsn: str,
    path: Path,
    table: Table[Row],
    *,
    reading: Reading = PLAIN,
    dry_run: bool = False,
    prune: bool = False,
) -> list[Change]:
    """Make the database equal to the file, in one transaction.

    Args:
        dsn: DSN of the owner or of ``eco_rw``.
        path: the CSV file.
        table: the table of the file.
        reading: how to read the file.
        dry_run: only report what would change.
        prune: delete the rows that only the database has.

    Returns:
        Every difference; rows of kind ``remove`` were deleted only with ``prune``.

    Raises:
        ConfigError: a cell of the file is wrong, or the DSN may not write.
        DatabaseUnreachable: nothing answers there.
        SchemaDrift: the table or a column is missing.
    """
    rows = qc_csv.read(path, table, reading)
    async with _session(dsn) as conn, conn.transaction():
        changes = diff(rows, await _fetch(conn, table), table)
        if not dry_run:
            await _upsert(conn, table, rows, changes)
            if prune:
                await _delete(conn, table, [c.tag_name for c in changes if c.kind == "remove"])
    return changes


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
        DatabaseUnreachable: nothing answers there.
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


async def _upsert(
    conn: AsyncConnection, table: Table[Row], rows: Sequence[Row], changes: Sequence[Change]
) -> None:
    touched = {change.tag_name for change in changes}
    records = [
        {name: getattr(row, name) for name in table.names}
        for row in rows
        if row.tag_name in touched
    ]
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
