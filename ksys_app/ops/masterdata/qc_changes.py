"""Differences between a file of master data and the database, and how a sync resolves each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeVar

from ksys_app.models.rows import Expectation, QcRule
from ksys_app.ops.masterdata.qc_table import Cell, Table, show
from ksys_app.texts import say

Row = TypeVar("Row", bound=QcRule | Expectation)
Kind = Literal["add", "change", "remove", "keep", "conflict", "misfit"]
CONFLICTS: Final = ("conflict", "misfit")
"""Kinds with which a sync writes nothing."""
_LACKS: Final = object()


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between the file and the database.

    Attributes:
        tag_name: the tag of the row.
        kind: ``add``: only the file has the row; ``change``: a cell differs; ``remove``: only the
            database has the row; ``keep``: only a page changed it; ``conflict``: a page and the
            file changed it; ``misfit``: they changed different cells that contradict each other.
        column: the column of a cell, None for a row.
        file: the value in the file.
        database: the value in the database.
        why: who changed it on the page, or the contradiction.
    """

    tag_name: str
    kind: Kind
    column: str | None = None
    file: Cell = None
    database: Cell = None
    why: str = ""

    def done(self, *, dry_run: bool, prune: bool) -> str:
        """The action of a sync on the difference: ``D100 max_val: changed from 210 to 200``.

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
        if self.kind in ("keep", *CONFLICTS):
            return f"{self._where}: {self._merge(would)}"
        was, now = _shown(self.database), _shown(self.file)
        return f"{self._where}: {would}changed from {was} to {now}"

    @property
    def _where(self) -> str:
        return self.tag_name if self.column is None else f"{self.tag_name} {self.column}"

    def _merge(self, would: str) -> str:
        file, database = _shown(self.file), _shown(self.database)
        if self.kind == "misfit":
            return f"conflict, the cells of the page and of the file do not fit: {self.why}"
        if self.column is None:
            what = f"{would}kept" if self.kind == "keep" else "conflict"
            return f"{what}, not in the file, {self.why}"
        if self.kind == "keep":
            return f"{would}kept at {database}, {self.why}, {file} in the file"
        return f"conflict, {file} in the file, {database} in the database, {self.why}"

    def __str__(self) -> str:
        """``D100 max_val: 200 in the file, 210 in the database``."""
        if self.kind == "add":
            return f"{self.tag_name}: not in the database"
        if self.kind == "remove":
            return f"{self.tag_name}: not in the file"
        file, database = _shown(self.file), _shown(self.database)
        return f"{self._where}: {file} in the file, {database} in the database"


def _shown(cell: Cell) -> str:
    return show(cell) or ("NULL" if cell is None else "{}")


def diff(file: Sequence[Row], database: Sequence[Row], table: Table[Row]) -> list[Change]:
    """The changes, by tag and cell, that make the database equal to the file."""
    stored = {row.tag_name: row for row in database}
    wanted = {row.tag_name: row for row in file}
    changes: list[Change] = []
    for tag_name in sorted(stored.keys() | wanted.keys()):
        if tag_name not in stored:
            changes.append(Change(tag_name, "add"))
        elif tag_name not in wanted:
            changes.append(Change(tag_name, "remove"))
        else:
            pairs = [
                (name, getattr(wanted[tag_name], name), getattr(stored[tag_name], name))
                for name in table.names
            ]
            changes += [
                Change(tag_name, "change", name, new, old) for name, new, old in pairs if new != old
            ]
    return changes


def merged(
    changes: Sequence[Change],
    base: Mapping[str, Mapping[str, Any]],
    page: Mapping[tuple[str, str], str],
) -> list[Change]:
    """The changes, with those of pages since the last sync as ``keep`` or ``conflict``.

    If only a program or a person with psql changed a cell, this is drift, and the file wins.

    Args:
        changes: the result of :func:`diff`.
        base: the rows of the file at the last sync, by tag; empty before the first sync.
        page: tag and column to the person, for each cell whose last change was made on a page.
    """
    return [_merged(change, base, page) for change in changes] if base else list(changes)


def _merged(
    change: Change,
    base: Mapping[str, Mapping[str, Any]],
    page: Mapping[tuple[str, str], str],
) -> Change:
    row = base.get(change.tag_name)
    if change.kind == "change" and change.column is not None:
        by = page.get((change.tag_name, change.column))
        base_value = _LACKS if row is None else row.get(change.column, _LACKS)
        if by is None or base_value == change.database:
            return change
        if base_value == change.file:
            return replace(change, kind="keep", why=f"changed on the page by {by}")
        before = "no value" if base_value is _LACKS else _shown(base_value)
        why = f"changed on the page by {by}, {before} at the last sync"
        return replace(change, kind="conflict", why=why)
    if change.kind == "remove":
        by = next((who for (tag, _), who in page.items() if tag == change.tag_name), None)
        if by is not None:
            kind: Kind = "keep" if row is None else "conflict"
            return replace(change, kind=kind, why=f"changed on the page by {by}")
    return change


def wanted_rows(
    rows: Sequence[Row], changes: Sequence[Change], table: Table[Row]
) -> tuple[list[Row], list[Change]]:
    """The rows to write, with the cells of pages that stay, and the conflicts in these rows.

    A cell of the file and a cell of a page may each be valid but contradict each other.
    """
    page_cells: dict[str, dict[str, Cell]] = {}
    for change in changes:
        if change.kind == "keep" and change.column is not None:
            page_cells.setdefault(change.tag_name, {})[change.column] = change.database
    touched: Collection[str] = {
        change.tag_name for change in changes if change.kind in ("add", "change")
    }
    found = [
        replace(row, **page_cells.get(row.tag_name, {})) for row in rows if row.tag_name in touched
    ]
    return found, [
        Change(row.tag_name, "misfit", column, why=text)
        for row in found
        if row.tag_name in page_cells
        for column, text in _faults(row, table)
    ]


def _faults(row: Row, table: Table[Row]) -> Iterator[tuple[str, str]]:
    for fault in table.check(row):
        yield fault.column, say(fault.what)
