"""Editing rules: new values, the changes that they make, and their faults (PRD §32.9)."""

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
"""The columns with a number, which ``add``, ``scale`` and ``range`` can change."""
MAX_WHOLE: Final = 2**53 - 1
"""Every JSON reader represents whole numbers up to this one exactly."""
Operation = Literal["set", "add", "scale", "range"]
OPERATIONS: Final[tuple[Operation, ...]] = ("set", "add", "scale", "range")


def edited(limits: Limits, values: Mapping[str, Any], settings: NewSettings) -> Limits:
    """The limits with new values of some columns and new settings of some conditions.

    A condition whose new settings are None loses its settings.
    """
    rule = replace(limits.rule, **dict(values), faults=())
    chosen = {**limits.settings, **settings}
    remaining = {condition: setting for condition, setting in chosen.items() if setting is not None}
    return replace(limits, rule=rule, has_rule=True, settings=remaining)


def rule_problems(rule: QcRule) -> tuple[Fault, ...]:
    """Why a rule cannot be saved; empty if it can (PRD §4.4)."""
    single = [
        Fault(name, reason)
        for name in COLUMNS
        if (reason := value_fault(name, getattr(rule, name))) is not None
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
    """The values that differ between three versions of the limits of a tag.

    Args:
        yours: the limits that the person wants to save.
        version: the version number in force.
        theirs: the limits in force: ``rule``, a row or None, and ``settings``, rows by condition.
        base: the limits that the person edited, in the same form.
    """
    wanted = _values(yours.rule, yours.settings)
    stored = [_stored(theirs), _stored(base)]
    names = {**wanted, **stored[0], **stored[1]}
    rows = [(name, wanted.get(name), stored[0].get(name), stored[1].get(name)) for name in names]
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
    """The same as :func:`_values`, from stored rows."""
    row = limits.get("rule") or {}
    found = {name: row.get(name) for name in EDITABLE}
    for condition, chosen in (limits.get("settings") or {}).items():
        values = ((name, chosen.get(name)) for name in SETTINGS)
        found |= {f"{condition}.{name}": v for name, v in values if v not in (None, "")}
    return found


def computed(rule: QcRule, column: str, operation: Operation, value: Any) -> Any:
    """The new value of a column.

    ``add`` and ``scale`` do not change a column without a value. ``range`` gives the point at
    ``value`` percent between ``min_val`` and ``max_val``.

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
    # Readers expect few digits: 0.1 + 0.2 must give 0.3.
    return _rounded(column, float(f"{after:.12g}"))


def _rounded(column: str, value: float) -> float:
    """The value, whole for a column of whole numbers."""
    if column != "max_gap_seconds":
        return value
    if not abs(value) <= MAX_WHOLE:
        raise ValueError(Message("errors.limit_no_number", {"column": column}))
    return round(value)
