"""Differences between the rules in force and the rule file that was last synced (PRD §32.9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ksys_app.domain.meta import read_meta
from ksys_app.domain.rule_edit import EDITABLE
from ksys_app.models.rule_file import CellChange, FileCell, FileDifference, Missing, RulePair


def unequal(pair: RulePair) -> list[FileCell]:
    """The cells that differ, compared as ``ksys qc sync`` does; empty unless both rows exist."""
    if pair.base is None or pair.row is None:
        return []
    now = {**pair.row, "meta": None if pair.meta is None else read_meta(pair.meta)[0]}
    pairs = [(name, _cell(name, pair.base), _cell(name, now)) for name in EDITABLE]
    return [FileCell(name, file, value) for name, file, value in pairs if file != value]


def _cell(name: str, row: Mapping[str, Any]) -> Any:
    value = row.get(name)
    return {} if name == "meta" and value is None else value


def difference(pair: RulePair, changes: Iterable[CellChange]) -> FileDifference | None:
    """How the rule of a tag differs from the file, since when and by whom; None if they are equal.

    Args:
        pair: the two rows.
        changes: the last changes of the tag's cells.
    """
    missing: Missing = "file" if pair.base is None else "database" if pair.row is None else ""
    found = {change.column: change for change in changes}
    cells = tuple(_with_change(cell, found.get(cell.column)) for cell in unequal(pair))
    if not missing and not cells:
        return None
    if missing:
        concerned = list(found.values())
        # A row that the file lacks differs since its insertion, a deleted row since its deletion.
        times = [change.left_at if missing == "file" else change.changed_at for change in concerned]
        since = max((at for at in times if at is not None), default=None)
    else:
        concerned = [found[cell.column] for cell in cells if cell.column in found]
        since = min((cell.since for cell in cells if cell.since is not None), default=None)
    actors = tuple(dict.fromkeys(change.actor for change in sorted(concerned, key=_when)))
    return FileDifference(pair.tag_name, pair.synced_at, missing, since, actors, cells)


def _with_change(cell: FileCell, change: CellChange | None) -> FileCell:
    if change is None:
        return cell
    since = change.left_at or change.changed_at
    return FileCell(cell.column, cell.file, cell.value, since, change.actor, change.source)


def _when(change: CellChange) -> float:
    return change.changed_at.timestamp()
