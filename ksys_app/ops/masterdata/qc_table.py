"""The tables of master data: their columns, how to read a cell, and the checks of a row."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, LiteralString, TypeVar

from ksys_app.domain import rules
from ksys_app.domain.meta import read_meta
from ksys_app.models.rows import Expectation, Fault, QcRule
from ksys_app.ops.files import cells
from ksys_app.texts import say

Row_co = TypeVar("Row_co", bound=QcRule | Expectation, covariant=True)
Cell = Any


def _null() -> Cell:
    return None


def _as_is(value: Cell) -> Cell:
    return value


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table of master data.

    Attributes:
        name: name of the column.
        sql_type: SQL type of the column.
        parse: converts a cell; raises ValueError with a description of the problem.
        empty: returns the value for an empty cell, NULL by default.
        stored: converts any stored value to a cell.
    """

    name: LiteralString
    sql_type: LiteralString
    parse: Callable[[str], Cell]
    empty: Callable[[], Cell] = _null
    stored: Callable[[Cell], Cell] = _as_is

    def read(self, cell: str) -> Cell:
        """The value of a cell.

        Raises:
            ValueError: the cell is wrong; the message is the reason.
        """
        value = self.parse(cell) if cell else self.empty()
        if wrong := rules.value_fault(self.name, value):
            raise ValueError(say(wrong))
        return value


@dataclass(frozen=True, slots=True)
class Table(Generic[Row_co]):
    """A table of master data with the key ``tag_name``.

    Attributes:
        name: name of the relation in ``public``.
        row: type of a row; its fields are the columns.
        columns: the columns in the order of the DDL.
        check: returns the faults of a row whose cells are valid.
        stamped: whether the table has ``updated_at``, the time of a row's last change.
        on_pages: whether people also change the rows on pages, so that a sync has to merge.
    """

    name: LiteralString
    row: type[Row_co]
    columns: tuple[Column, ...]
    check: Callable[[Any], list[Fault]]
    stamped: bool = False
    on_pages: bool = False

    @property
    def names(self) -> list[str]:
        """Names of the columns in the order of the DDL."""
        return [column.name for column in self.columns]


def show(cell: Cell) -> str:
    """A cell as text of the CSV file."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, dict):
        return json.dumps(cell, ensure_ascii=False, sort_keys=True) if cell else ""
    return repr(cell).removesuffix(".0") if isinstance(cell, float) else str(cell)


def _no_name() -> Cell:
    raise ValueError("must be given")


def _stored_meta(text: str | None) -> Cell:
    """The stored object; its text if it is not usable in a rule."""
    if text is None:
        return {}
    try:
        return text if read_meta(text)[1] else json.loads(text)
    except ValueError:
        return text


def _count(cell: str) -> int:
    return cells.integer(cell, 1, rules.MAX_INTEGER)


_DOUBLE: Final = "double precision"
RULES: Final = Table(
    "influx_qc_rule",
    QcRule,
    (
        Column("tag_name", "text", cells.name, _no_name),
        Column("min_val", _DOUBLE, cells.number),
        Column("max_val", _DOUBLE, cells.number),
        Column("max_step", _DOUBLE, cells.number),
        Column("max_gap_seconds", "integer", _count),
        Column("allow_negative", "boolean", cells.boolean),
        Column("enabled", "boolean", cells.boolean),
        Column("meta", "jsonb", cells.json_object, dict, _stored_meta),
        Column("warn_min", _DOUBLE, cells.number),
        Column("warn_max", _DOUBLE, cells.number),
        Column("crit_min", _DOUBLE, cells.number),
        Column("crit_max", _DOUBLE, cells.number),
        Column("roc_max_per_min", _DOUBLE, cells.number),
        Column("spike_zscore", _DOUBLE, cells.number),
        Column("deadband_pct", _DOUBLE, cells.number),
    ),
    rules.rule_faults,
    on_pages=True,
)
EXPECTATIONS: Final = Table(
    "ingest_expectation",
    Expectation,
    (
        Column("tag_name", "text", cells.name, _no_name),
        Column("exp_per_min", "integer", _count, lambda: 1),
        Column("slo_warn", _DOUBLE, cells.number, lambda: 0.98, float),
        Column("slo_crit", _DOUBLE, cells.number, lambda: 0.95, float),
    ),
    rules.expectation_faults,
    stamped=True,
)
