"""Editing rules: new values, what they change, what is wrong with them (PRD §32.9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, Final, Literal

from ksys_app.domain.rules import LIMITS, rule_faults, value_fault
from ksys_app.models.limits import Cell, Contradiction
from ksys_app.models.message import Message
from ksys_app.models.rows import Fault, QcRule

COLUMNS: Final = tuple(field.name for field in fields(QcRule) if field.compare)
"""The columns of ``influx_qc_rule``."""
EDITABLE: Final = COLUMNS[1:]
NUMBERS: Final = (
    *LIMITS,
    *("max_step", "max_gap_seconds", "roc_max_per_min", "spike_zscore", "deadband_pct"),
)
"""The columns that numbers can be added to."""
Operation = Literal["set", "add", "scale", "range"]
OPERATIONS: Final[tuple[Operation, ...]] = ("set", "add", "scale", "range")


def edited(rule: QcRule, values: Mapping[str, Any]) -> QcRule:
    """The rule with new values of some columns."""
    return replace(rule, **dict(values), faults=())


def rule_problems(rule: QcRule) -> tuple[Fault, ...]:
    """Why a rule cannot be saved; empty if it can (PRD §4.4)."""
    single = [
        Fault(name, what)
        for name in COLUMNS
        if (what := value_fault(name, getattr(rule, name))) is not None
    ]
    return tuple(single or rule_faults(rule))


def cells(old: QcRule, new: QcRule) -> tuple[Cell, ...]:
    """The columns whose values differ, in the order of the table."""
    pairs = ((name, getattr(old, name), getattr(new, name)) for name in EDITABLE)
    return tuple(Cell(name, before, after) for name, before, after in pairs if before != after)


def contradiction(
    yours: QcRule,
    version: int,
    theirs: Mapping[str, Any] | None,
    base: Mapping[str, Any] | None,
) -> Contradiction:
    """The columns in which three rules are not equal.

    Args:
        yours: the rule that the person wants to save.
        version: the version in force.
        theirs: the row in force, None if there is none.
        base: the row that the person saw, None if there was none.
    """
    rows = [
        (name, getattr(yours, name), (theirs or {}).get(name), (base or {}).get(name))
        for name in EDITABLE
    ]
    return Contradiction(
        yours.tag_name, version, tuple(row for row in rows if not row[1] == row[2] == row[3])
    )


def computed(rule: QcRule, column: str, operation: Operation, value: Any) -> Any:
    """The new value of a column.

    ``add`` and ``scale`` leave a column without a value as it is. ``range`` takes ``value`` percent
    of the way from ``min_val`` to ``max_val``.

    Raises:
        ValueError: the rule has no range, or the column is no number; the argument is a
            :class:`Message`.
    """
    before = getattr(rule, column)
    if operation == "set":
        return value
    if column not in NUMBERS:
        raise ValueError(Message("errors.limit_no_number", {"column": column}))
    if operation == "range":
        if rule.min_val is None or rule.max_val is None:
            raise ValueError(Message("errors.limit_no_range", {"tag": rule.tag_name}))
        after = rule.min_val + (rule.max_val - rule.min_val) * value / 100
    elif before is None:
        return None
    else:
        after = before + value if operation == "add" else before * value
    # Figures of a person have few digits; 0.1 + 0.2 is 0.3.
    after = float(f"{after:.12g}")
    return round(after) if column == "max_gap_seconds" else after
