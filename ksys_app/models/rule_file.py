"""Differences between the rule in force of a tag and the rule file last synced (PRD §32.9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Json = Mapping[str, Any]
Missing = Literal["", "file", "database"]


@dataclass(frozen=True, slots=True)
class RulePair:
    """A row of the file and the row in force that the database finds unequal.

    Attributes:
        tag_name: the tag.
        base: the row of the file at the last sync, None if the file had none.
        synced_at: when a sync brought the row of the file into the database.
        row: the row in force without ``meta``, None if there is none.
        meta: ``meta`` of that row as text, None if there is none or it is too long.
    """

    tag_name: str
    base: Json | None
    synced_at: datetime | None
    row: Json | None
    meta: str | None


@dataclass(frozen=True, slots=True)
class CellChange:
    """The last changes of a cell of a rule, from the history.

    Attributes:
        tag_name: the tag.
        column: the column.
        left_at: when its value last began to differ from the file, None if not recorded.
        changed_at: its last change.
        actor: the person or program of the last change.
        source: ``page``, ``csv`` or ``sql``, of the last change.
    """

    tag_name: str
    column: str
    left_at: datetime | None
    changed_at: datetime
    actor: str
    source: str


@dataclass(frozen=True, slots=True)
class FileCell:
    """A cell that differs.

    Attributes:
        column: the column.
        file: the value of the file.
        value: the value in force.
        since: when they began to differ, None if no change is recorded.
        actor: who changed the cell last, empty if not recorded.
        source: ``page``, ``csv`` or ``sql``, of the last change; empty if not recorded.
    """

    column: str
    file: Any
    value: Any
    since: datetime | None = None
    actor: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class FileDifference:
    """A tag whose rule in force differs from the file.

    Attributes:
        tag_name: the tag.
        synced_at: when the row of the file came into the database, None if the file has no row.
        missing: the side without a row, ``file`` or ``database``; then there are no cells.
        since: when they began to differ, None if no change is recorded.
        actors: the persons and programs of the changes, each once.
        cells: the cells that differ, in the order of the columns.
    """

    tag_name: str
    synced_at: datetime | None
    missing: Missing
    since: datetime | None
    actors: tuple[str, ...]
    cells: tuple[FileCell, ...]
