"""The order of the tags in the overview of communication (PRD §28.3)."""

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
"""Columns whose greatest value is the worst; the first click on a column shows the worst first."""


def ordered(
    rows: Sequence[TagDays],
    alive: Mapping[str, Alive],
    column: str,
    descending: bool,
    current: bool,
) -> list[TagDays]:
    """The rows sorted by a column. Rows without a value are last; rows that tie are worst first.

    Args:
        rows: the tags.
        alive: whether each tag is alive now.
        column: one of :data:`COLUMNS`, or :data:`WORST`.
        descending: the greatest first; :data:`WORST` ignores it.
        current: whether the 30 days end today, so that a silent tag comes before the others.
    """
    worst = sorted(rows, key=lambda row: _severity(row, alive[row.tag_name], current))
    if column == WORST:
        return worst
    value = _COLUMNS[column]
    valued = [(value(row, alive[row.tag_name]), row) for row in worst]
    present = [pair for pair in valued if pair[0] is not None]
    present.sort(key=lambda pair: pair[0], reverse=descending)  # type: ignore[arg-type,return-value]
    return [row for _, row in present] + [row for key, row in valued if key is None]


def _severity(row: TagDays, alive: Alive, current: bool) -> tuple[object, ...]:
    """Sort key: lost tags, tags never seen, then by success; a late tag is not silent."""
    silent = _NOW[alive.comm] if current and alive.comm in ("lost", "never") else len(_NOW)
    rate = row.success_30d
    return (silent, rate is None, rate or 0.0, -row.crit_hours, row.tag_name)
