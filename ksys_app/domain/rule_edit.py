"""Editing rules: new values, what they change, what is wrong with them (PRD §32.9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, Final, Literal

from ksys_app.domain.rules import LIMITS, rule_faults, value_fault
from ksys_app.models.alarms import CONDITIONS
from ksys_app.models.limits import AlarmRule, Cell, Contradiction, Limits, NewSettings, Settings
from ksys_app.models.message import Message
from ksys_app.models.rows import Fault, QcRule

COLUMNS: Final = tuple(field.name for field in fields(QcRule) if field.compare)
"""The columns of ``influx_qc_rule``."""
EDITABLE: Final = COLUMNS[1:]
SETTINGS: Final = tuple(field.name for field in fields(AlarmRule))
"""The columns of ``alarm_rule`` that people set."""
NUMBERS: Final = (
    *LIMITS,
    *("max_step", "max_gap_seconds", "roc_max_per_min", "spike_zscore", "deadband_pct"),
)
"""The columns that numbers can be added to."""
MAX_WHOLE: Final = 2**53 - 1
"""Whole numbers up to this one are exact in every reader of JSON."""
Operation = Literal["set", "add", "scale", "range"]
OPERATIONS: Final[tuple[Operation, ...]] = ("set", "add", "scale", "range")


def edited(limits: Limits, values: Mapping[str, Any], settings: NewSettings) -> Limits:
    """The limits with new values of some columns, and new settings of some conditions."""
    rule = replace(limits.rule, **dict(values), faults=())
    chosen = {**limits.settings, **settings}
    kept = {condition: one for condition, one in chosen.items() if one is not None}
    return replace(limits, rule=rule, has_rule=True, settings=kept)


def rule_problems(rule: QcRule) -> tuple[Fault, ...]:
    """Why a rule cannot be saved; empty if it can (PRD §4.4)."""
    single = [
        Fault(name, what)
        for name in COLUMNS
        if (what := value_fault(name, getattr(rule, name))) is not None
    ]
    return tuple(single or rule_faults(rule))


def setting_of(row: Mapping[str, Any]) -> AlarmRule:
    """A row of ``alarm_rule`` as JSON, without its key."""
    return AlarmRule(**{name: row[name] for name in SETTINGS if row.get(name) is not None})


def cells(old: Limits, new: Limits) -> tuple[Cell, ...]:
    """The values that differ, in the order of the tables."""
    before, after = _values(old.rule, old.settings), _values(new.rule, new.settings)
    pairs = ((name, before.get(name), after.get(name)) for name in {**before, **after})
    return tuple(Cell(name, was, now) for name, was, now in pairs if was != now)


def contradiction(
    yours: Limits, version: int, theirs: Mapping[str, Any], base: Mapping[str, Any]
) -> Contradiction:
    """The values in which three versions of a tag's limits are not equal.

    Args:
        yours: the limits that the person wants to save.
        version: the version in force.
        theirs: the limits in force: ``rule``, a row or None, and ``settings``, rows by condition.
        base: those that the person saw.
    """
    wanted = _values(yours.rule, yours.settings)
    others = [_stored(theirs), _stored(base)]
    names = {**wanted, **others[0], **others[1]}
    rows = [(name, wanted.get(name), others[0].get(name), others[1].get(name)) for name in names]
    return Contradiction(
        yours.rule.tag_name,
        version,
        tuple(row for row in rows if not row[1] == row[2] == row[3]),
    )


def _values(rule: QcRule, settings: Settings) -> dict[str, Any]:
    """Every value of limits by its name; settings without a value are left out."""
    found = {name: getattr(rule, name) for name in EDITABLE}
    for condition in CONDITIONS:
        if (chosen := settings.get(condition)) is not None:
            values = ((name, getattr(chosen, name)) for name in SETTINGS)
            found |= {f"{condition}.{name}": v for name, v in values if v not in (None, "")}
    return found


def _stored(limits: Mapping[str, Any]) -> dict[str, Any]:
    """The same of stored rows."""
    row = limits.get("rule") or {}
    found = {name: row.get(name) for name in EDITABLE}
    for condition, chosen in (limits.get("settings") or {}).items():
        values = ((name, chosen.get(name)) for name in SETTINGS)
        found |= {f"{condition}.{name}": v for name, v in values if v not in (None, "")}
    return found


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
        if value is not None and isinstance(value, bool) is (column in NUMBERS):
            raise ValueError(Message("errors.limit_no_number", {"column": column}))
        return value if value is None else _rounded(column, value)
    if column not in NUMBERS or value is None or isinstance(value, bool):
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
    return _rounded(column, float(f"{after:.12g}"))


def _rounded(column: str, value: float) -> float:
    """The value, whole for a column of whole numbers."""
    if column != "max_gap_seconds":
        return value
    if not abs(value) <= MAX_WHOLE:
        raise ValueError(Message("errors.limit_no_number", {"column": column}))
    return round(value)
