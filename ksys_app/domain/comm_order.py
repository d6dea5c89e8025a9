"""In which order tags stand in the overview of communication (PRD §28.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from ksys_app.models.comm import WORST, Alive, TagDays

_NOW: Final = {"lost": 0, "never": 1, "late": 2, "ok": 3}
_Value = Callable[[TagDays, Alive], float | str | datetime | None]

_COLUMNS: Final[dict[str, _Value]] = {
    "tag": lambda row, _: row.tag_name,
    "now": lambda _, alive: _NOW[alive.comm],
    "24h": lambda row, _: row.success_24h,
    "30d": lambda row, _: row.success_30d,
    "outages": lambda row, _: None if row.success_30d is None else row.outages,
    "longest": lambda row, _: None if row.success_30d is None else row.longest_hours,
    "crit": lambda row, _: None if row.success_30d is None else row.crit_hours,
    "seen": lambda _, alive: alive.ts,
}
COLUMNS: Final = tuple(_COLUMNS)
WORST_IS_MOST: Final = frozenset({"outages", "longest", "crit"})
"""Columns whose greatest value is the worst one; a first click shows the worst."""


def ordered(
    rows: Sequence[TagDays],
    alive: Mapping[str, Alive],
    column: str,
    descending: bool,
    current: bool,
) -> list[TagDays]:
    """The rows by a column, those without a value last; equal ones, and ``worst``, worst first.

    Args:
        rows: the tags.
        alive: whether each is alive now.
        column: one of :data:`COLUMNS`, or :data:`WORST`.
        descending: the greatest first.
        current: whether the 30 days reach today, so that being silent now is part of them.
    """
    worst = sorted(rows, key=lambda row: _severity(row, alive[row.tag_name], current))
    if column == WORST:
        return worst
    value = _COLUMNS[column]
    valued = [(value(row, alive[row.tag_name]), row) for row in worst]
    known = [pair for pair in valued if pair[0] is not None]
    known.sort(key=lambda pair: pair[0], reverse=descending)  # type: ignore[arg-type,return-value]
    return [row for _, row in known] + [row for one, row in valued if one is None]


def _severity(row: TagDays, alive: Alive, current: bool) -> tuple[object, ...]:
    """Silent now, never received, then by success; late tags are still expected to come."""
    silent = _NOW[alive.comm] if current and alive.comm in ("lost", "never") else len(_NOW)
    rate = row.success_30d
    return (silent, rate is None, rate or 0.0, -row.crit_hours, row.tag_name)
