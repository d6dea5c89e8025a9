"""Master data as CSV: every cell of a file is checked before anything is written (PRD §4.4).

The file has the columns of the table in any order. An empty cell means NULL, or the column's
default if the column is NOT NULL. All problems of a file are reported together, each with its line
and column.
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Final, TypeVar

from ksys_app.errors import ConfigError
from ksys_app.models.rows import Expectation, QcRule
from ksys_app.ops.files import dialect, textlines
from ksys_app.ops.files.dialect import PLAIN, Decimals, Header, Reading
from ksys_app.ops.files.textlines import BadLine, Line, TextFile
from ksys_app.ops.masterdata.qc_table import Cell, Column, Table, show
from ksys_app.texts import say

Row = TypeVar("Row", bound=QcRule | Expectation)
MAX_PROBLEMS: Final = 20
NUMERIC: Final = ("double precision", "numeric")


def read(path: Path, table: Table[Row], reading: Reading = PLAIN) -> list[Row]:
    """The rows of a CSV file, in the file's order.

    Args:
        path: the file.
        table: the table of the file.
        reading: how to read the file.

    Raises:
        ConfigError: the file cannot be read, its numbers could be read in two ways, or cells have
            errors. Each error is a line ``file:line column: what is wrong``.
    """
    with textlines.opened(path, reading.encoding) as file:
        header, records = _records(file, table)
        decimal = reading.decimal or _decimal(file.name, header, records, table)
        format_text = dialect.describe(file.encoding, header.separator, decimal)
    if format_text:
        reading.report(f"{path}: {format_text}")
    problems: list[str] = []
    rows: list[Row] = []
    first_line: dict[str, int] = {}
    for line, cells in records:
        row, wrong = _row(table, header, cells, decimal)
        if row is not None:
            if row.tag_name in first_line:
                before = first_line[row.tag_name]
                wrong.append(f"tag_name: {row.tag_name} is already on line {before}")
            first_line.setdefault(row.tag_name, line)
            wrong += [say(fault.sentence) for fault in table.check(row)]
            rows.append(row)
        problems += [f"{path}:{line} {text}" for text in wrong]
    if problems:
        hidden = len(problems) - MAX_PROBLEMS
        more = [f"and {hidden} more problems"] if hidden > 0 else []
        raise ConfigError("\n".join(problems[:MAX_PROBLEMS] + more))
    return rows


Records = list[tuple[int, list[str]]]
"""Line number and cells of each record."""


def _records(file: TextFile, table: Table[Row]) -> tuple[Header, Records]:
    """The header and the records below it; a record may span several lines."""
    lines = _good_lines(file)
    first = next(lines, None)
    separator = dialect.declared(first.text) if first else None
    if separator is not None:
        first = next(lines, None)
    if first is None:
        raise ConfigError(f"{file.name} is empty; its first line must be {','.join(table.names)}")
    header = dialect.header(first.text, table.names, separator)
    _check_header(f"{file.name}:{first.number}", header, table.names)
    last = first.number

    def texts() -> Iterator[str]:
        nonlocal last
        for line in lines:
            last = line.number
            yield line.text + "\n"

    reader = csv.reader(texts(), delimiter=header.separator, strict=True)
    try:
        return header, [(last, cells) for cells in reader if any(cells)]
    except csv.Error as error:
        raise ConfigError(f"{file.name}:{last} is not CSV: {error}") from error


def _good_lines(file: TextFile) -> Iterator[Line]:
    for line in file:
        if isinstance(line, BadLine):
            raise ConfigError(f"{file.name}:{line.line} {line.reason}")
        yield line


def _check_header(where: str, header: Header, names: list[str]) -> None:
    found = header.names
    wrong = {
        "missing columns": [name for name in names if name not in found],
        "unknown columns": [name for name in found if name and name not in names],
        "columns without a name": [str(n) for n, name in enumerate(found, 1) if not name],
        "columns given twice": sorted({name for name in found if name and found.count(name) > 1}),
    }
    faults = [f"{what}: {', '.join(columns)}" for what, columns in wrong.items() if columns]
    if faults:
        between = dialect.SEPARATORS[header.separator]
        raise ConfigError(f"{where} {'; '.join(faults)} ({between} between cells)")


def _numeric(table: Table[Row]) -> Iterator[Column]:
    return (column for column in table.columns if column.sql_type in NUMERIC)


def _decimal(
    name: str, header: Header, records: Records, table: Table[Row]
) -> dialect.Decimal | None:
    if header.separator == ",":
        return "."
    decimals = Decimals()
    for column in _numeric(table):
        at = header.names.index(column.name)
        for _, cells in records:
            if at < len(cells):
                decimals.examine(cells[at])
    try:
        return decimals.sign()
    except ValueError as error:
        raise ConfigError(f"{name}: {error}") from None


def _row(
    table: Table[Row], header: Header, cells: list[str], decimal: dialect.Decimal | None
) -> tuple[Row | None, list[str]]:
    try:
        by_name = dialect.row(header, cells)
    except ValueError as error:
        return None, [str(error)]
    assert by_name is not None, "records without content were left out"
    numeric = {column.name for column in _numeric(table)}
    values: dict[str, Cell] = {}
    wrong: list[str] = []
    for column in table.columns:
        cell = by_name[column.name]
        try:
            if column.name in numeric:
                cell = dialect.plain(cell, decimal)
            values[column.name] = column.read(cell)
        except ValueError as error:
            wrong.append(f"{column.name}: {error}")
    return (None if wrong else table.row(**values)), wrong


def text(rows: Sequence[Row], table: Table[Row]) -> str:
    """The rows as CSV that :func:`read` can read, with the columns in the order of the DDL."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.names)
    writer.writerows([show(getattr(row, name)) for name in table.names] for row in rows)
    return out.getvalue()


def write(path: Path, content: str, *, force: bool = False) -> None:
    """Write ``content`` to ``path`` in one step, so that the file is never half written.

    Raises:
        ConfigError: a file with other content exists and ``force`` is not set, or the folder does
            not exist or cannot be written.
    """
    try:
        if path.exists() and not force and path.read_bytes() != content.encode():
            raise ConfigError(f"{path} differs from the database; --force overwrites it")
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as scratch:
            written = Path(scratch) / path.name
            written.write_text(content, "utf-8", newline="")
            os.replace(written, path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error
