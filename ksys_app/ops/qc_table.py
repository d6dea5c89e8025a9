"""Tables of master data: their columns, how a cell of each is read, what a row must fulfil."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Generic, LiteralString, TypeVar

from ksys_app.models.rows import Expectation, QcRule
from ksys_app.ops import cells

Row_co = TypeVar("Row_co", bound=QcRule | Expectation, covariant=True)
Cell = Any
MAX_INTEGER: Final = 2**31 - 1
LIMITS: Final = ("min_val", "crit_min", "warn_min", "warn_max", "crit_max", "max_val")
LOWER: Final = 3
"""How many of ``LIMITS`` are lower ones; a lower limit is below, not at, an upper one."""


MAX_DEADBAND: Final = 25
"""Percent of the range; with 50 a broken range would hold its alarm for good."""


def _null() -> Cell:
    return None


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Attributes:
        name: its name.
        sql_type: its type.
        parse: reads a cell; raises ValueError with what is wrong with it.
        empty: what an empty cell stands for, NULL unless said otherwise.
    """

    name: LiteralString
    sql_type: LiteralString
    parse: Callable[[str], Cell]
    empty: Callable[[], Cell] = _null

    def read(self, cell: str) -> Cell:
        """The value of a cell.

        Raises:
            ValueError: the message says what is wrong with it.
        """
        return self.parse(cell) if cell else self.empty()


@dataclass(frozen=True, slots=True)
class Table(Generic[Row_co]):
    """A table of master data, keyed by ``tag_name``.

    Attributes:
        name: the relation in ``public``.
        row: the type of its rows; its fields are the columns.
        columns: in the order of the DDL.
        check: what a row as a whole gets wrong, as (column, sentence).
        stamped: whether ``updated_at`` notes when a row changed.
    """

    name: LiteralString
    row: type[Row_co]
    columns: tuple[Column, ...]
    check: Callable[[Any], Iterable[tuple[str, str]]]
    stamped: bool = False

    @property
    def names(self) -> list[str]:
        """The columns' names in the order of the DDL."""
        return [column.name for column in self.columns]


def show(cell: Cell) -> str:
    """A cell as the CSV has it."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, dict):
        return json.dumps(cell, ensure_ascii=False, sort_keys=True) if cell else ""
    return repr(cell).removesuffix(".0") if isinstance(cell, float) else str(cell)


def _no_name() -> Cell:
    raise ValueError("must be given")


def _positive(cell: str) -> float:
    value = cells.number(cell)
    if value <= 0:
        raise ValueError(f"{cell[:40]} must be above 0")
    return value


def _within(high: int) -> Callable[[str], float]:
    def parse(cell: str) -> float:
        value = cells.number(cell)
        if not 0 <= value <= high:
            raise ValueError(f"{cell[:40]} must be from 0 to {high}")
        return value

    return parse


def _count(cell: str) -> int:
    return cells.integer(cell, 1, MAX_INTEGER)


def _limits_in_order(rule: QcRule) -> Iterator[tuple[str, str]]:
    given = [(i, name) for i, name in enumerate(LIMITS) if getattr(rule, name) is not None]
    for (i, low), (j, high) in pairwise(given):
        below, above = getattr(rule, low), getattr(rule, high)
        crossing = i < LOWER <= j
        if below > above or (crossing and below == above):
            wanted = "below" if crossing else "at most"
            yield low, f"{show(below)} must be {wanted} {high}, which is {show(above)}"


def _room_to_return(rule: QcRule) -> Iterator[tuple[str, str]]:
    """An alarm ends when the value is back by the deadband: there must be a place where it is."""
    if not rule.deadband_pct or rule.min_val is None or rule.max_val is None:
        return
    band = (rule.max_val - rule.min_val) * rule.deadband_pct / 100
    lower = next(name for name in LIMITS[LOWER - 1 :: -1] if getattr(rule, name) is not None)
    upper = next(name for name in LIMITS[LOWER:] if getattr(rule, name) is not None)
    if getattr(rule, lower) + band >= getattr(rule, upper) - band:
        yield (
            "deadband_pct",
            f"{show(rule.deadband_pct)} % of the range is {band:g}, which leaves no value between "
            f"{lower} and {upper} at which an alarm could end",
        )


def _rule_problems(rule: QcRule) -> Iterator[tuple[str, str]]:
    yield from list(_limits_in_order(rule)) or _room_to_return(rule)


def _slo_in_order(row: Expectation) -> Iterator[tuple[str, str]]:
    if row.slo_crit > row.slo_warn:
        yield "slo_crit", f"{row.slo_crit:g} must be at most slo_warn, which is {row.slo_warn:g}"


_DOUBLE: Final = "double precision"
RULES: Final = Table(
    "influx_qc_rule",
    QcRule,
    (
        Column("tag_name", "text", cells.name, _no_name),
        Column("min_val", _DOUBLE, cells.number),
        Column("max_val", _DOUBLE, cells.number),
        Column("max_step", _DOUBLE, _positive),
        Column("max_gap_seconds", "integer", _count),
        Column("allow_negative", "boolean", cells.boolean),
        Column("enabled", "boolean", cells.boolean),
        Column("meta", "jsonb", cells.json_object, dict),
        Column("warn_min", _DOUBLE, cells.number),
        Column("warn_max", _DOUBLE, cells.number),
        Column("crit_min", _DOUBLE, cells.number),
        Column("crit_max", _DOUBLE, cells.number),
        Column("roc_max_per_min", _DOUBLE, _positive),
        Column("spike_zscore", _DOUBLE, _positive),
        Column("deadband_pct", _DOUBLE, _within(MAX_DEADBAND)),
    ),
    _rule_problems,
)
EXPECTATIONS: Final = Table(
    "ingest_expectation",
    Expectation,
    (
        Column("tag_name", "text", cells.name, _no_name),
        Column("exp_per_min", "integer", _count, lambda: 1),
        Column("slo_warn", _DOUBLE, _within(1), lambda: 0.98),
        Column("slo_crit", _DOUBLE, _within(1), lambda: 0.95),
    ),
    _slo_in_order,
    stamped=True,
)
