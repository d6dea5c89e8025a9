"""Master data as CSV: every cell of a file is checked before anything is written (PRD §4.4).

The columns are those of the table, in any order; an empty cell is NULL, or the column's default
where it may not be NULL. All problems of a file are told at once, each with its line and column.
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
from ksys_app.ops.qc_table import Cell, Table, show

Row = TypeVar("Row", bound=QcRule | Expectation)
MAX_PROBLEMS: Final = 20


def read(path: Path, table: Table[Row]) -> list[Row]:
    """The rows of a CSV file, in its order.

    Raises:
        ConfigError: the file cannot be read, or one or more cells are wrong; each problem is a
            line ``file:line column: what is wrong``.
    """
    problems: list[str] = []
    rows: list[Row] = []
    first_line: dict[str, int] = {}
    header: list[str] | None = None
    for line, cells in _records(path):
        if header is None:
            header = [cell.strip() for cell in cells]
            _check_header(path, line, header, table.names)
            continue
        row, wrong = _row(table, header, cells)
        if row is not None:
            if row.tag_name in first_line:
                before = first_line[row.tag_name]
                wrong.append(f"tag_name: {row.tag_name} is already on line {before}")
            first_line.setdefault(row.tag_name, line)
            wrong += [f"{column}: {text}" for column, text in table.check(row)]
            rows.append(row)
        problems += [f"{path}:{line} {text}" for text in wrong]
    if header is None:
        raise ConfigError(f"{path} is empty; its first line must be {','.join(table.names)}")
    if problems:
        hidden = len(problems) - MAX_PROBLEMS
        more = [f"and {hidden} more problems"] if hidden > 0 else []
        raise ConfigError("\n".join(problems[:MAX_PROBLEMS] + more))
    return rows


def _records(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each record; blank lines are passed over."""
    reader = csv.reader(StringIO(_content(path), newline=""), strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise ConfigError(f"{path}:{reader.line_num} is not CSV: {error}") from error
        if cells:
            yield reader.line_num, cells


def _content(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text; save it as CSV UTF-8") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error


def _check_header(path: Path, line: int, header: list[str], names: list[str]) -> None:
    found = {
        "missing columns": [name for name in names if name not in header],
        "unknown columns": [name for name in header if name not in names],
        "columns given twice": sorted({name for name in header if header.count(name) > 1}),
    }
    told = [f"{what}: {', '.join(which)}" for what, which in found.items() if which]
    if told:
        raise ConfigError(f"{path}:{line} {'; '.join(told)}")


def _row(table: Table[Row], header: list[str], cells: list[str]) -> tuple[Row | None, list[str]]:
    if len(cells) != len(header):
        return None, [f"has {len(cells)} cells, the header {len(header)}"]
    by_name = dict(zip(header, cells, strict=True))
    values: dict[str, Cell] = {}
    wrong: list[str] = []
    for column in table.columns:
        try:
            values[column.name] = column.read(by_name[column.name])
        except ValueError as error:
            wrong.append(f"{column.name}: {error}")
    return (None if wrong else table.row(**values)), wrong


def text(rows: Sequence[Row], table: Table[Row]) -> str:
    """The rows as CSV, columns in the order of the DDL; :func:`read` gives them back."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.names)
    writer.writerows([show(getattr(row, name)) for name in table.names] for row in rows)
    return out.getvalue()


def write(path: Path, content: str, *, force: bool = False) -> None:
    """Put ``content`` at ``path`` in one step: the old file or the new one, never half of it.

    Raises:
        ConfigError: a file is there that says something else, and ``force`` is not set; or the
            folder is not there or cannot be written.
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
