"""The checks of rules and expectations.

A file that fails these checks is refused (PRD §4.4, §4.6). The same checks are applied to a row
that another program has stored: a value that fails is not used, and the rest of the row is used.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import combinations, pairwise
from typing import Any, Final

from ksys_app.domain.meta import meta_fault, read_meta
from ksys_app.domain.names import flaw
from ksys_app.models.message import Message
from ksys_app.models.rows import Expectation, Fault, QcRule, StoredExpectation, StoredRule

MAX_INTEGER: Final = 2**31 - 1
MAX_DEADBAND: Final = 25
"""Percent of the range. With 50, the alarm of a broken range could never end."""
LIMITS: Final = ("min_val", "crit_min", "warn_min", "warn_max", "crit_max", "max_val")
LOWER: Final = 3
"""How many of ``LIMITS`` are lower limits. A lower limit must be below every upper limit; two lower
limits, or two upper limits, may be equal."""
_NUMBERS: Final = (
    *LIMITS,
    "max_step",
    "max_gap_seconds",
    "roc_max_per_min",
    "spike_zscore",
    "deadband_pct",
)
_EXPECTED: Final = ("exp_per_min", "slo_warn", "slo_crit")
_DEFAULT: Final = Expectation("")


def value_text(value: object) -> str:
    """A value as messages and files write it: ``180``, ``0.5``, ``nan``."""
    return (repr(value).removesuffix(".0") if isinstance(value, float) else str(value))[:40]


def _finite(value: float) -> Message | None:
    if math.isfinite(value):
        return None
    return Message("faults.not_finite", {"value": value_text(value)})


def _above_zero(value: float) -> Message | None:
    if value > 0 and math.isfinite(value):
        return None
    return _finite(value) or Message("faults.not_above_zero", {"value": value_text(value)})


def _within(low: int, high: int) -> Callable[[Any], Message | None]:
    def check(value: float) -> Message | None:
        if math.isfinite(value) and low <= value <= high:
            return None
        values = {"value": value_text(value), "low": low, "high": high}
        return _finite(value) or Message("faults.not_within", values)

    return check


_CHECKS: Final[Mapping[str, Callable[[Any], Message | None]]] = {
    "tag_name": flaw,
    **dict.fromkeys(LIMITS, _finite),
    **dict.fromkeys(("max_step", "roc_max_per_min", "spike_zscore"), _above_zero),
    "max_gap_seconds": _within(1, MAX_INTEGER),
    "deadband_pct": _within(0, MAX_DEADBAND),
    "meta": meta_fault,
    "exp_per_min": _within(1, MAX_INTEGER),
    "slo_warn": _within(0, 1),
    "slo_crit": _within(0, 1),
}


def value_fault(column: str, value: object) -> Message | None:
    """The fault of a value of a column, None for a valid value; NULL is always valid."""
    check = _CHECKS.get(column)
    return None if check is None or value is None else check(value)


def rule_faults(rule: QcRule) -> list[Fault]:
    """Faults between the limits of a rule, each of which is valid by itself."""
    return _order_faults(rule) or _deadband_faults(rule)


def expectation_faults(row: Expectation) -> list[Fault]:
    """Faults between the two limits of an expectation."""
    if row.slo_crit <= row.slo_warn:
        return []
    return [_above("slo_crit", row.slo_crit, "slo_warn", row.slo_warn, at_most=True)]


def usable_rule(row: StoredRule) -> QcRule:
    """The rule without its unusable values; its faults name these values and say why.

    If limits are out of order, the limits that contradict most others are left out, until the
    others are in order. So a single mistyped limit is left out alone. If only two limits contradict
    each other, both are left out.
    """
    values, faults = _checked(row, ("tag_name", *_NUMBERS))
    meta, fault = read_meta(row.meta, row.meta_bytes)
    if fault:
        faults.append(Fault("meta", fault))
    rule = QcRule(
        row.tag_name,
        allow_negative=row.allow_negative,
        enabled=row.enabled,
        meta=meta,
        **{name: values[name] for name in _NUMBERS},
    )
    faults += _order_faults(rule)
    contradicting: dict[str, Any] = dict.fromkeys(_contradicting(rule))
    rule = replace(rule, **contradicting)
    if no_room := _deadband_faults(rule):
        faults += no_room
        rule = replace(rule, deadband_pct=None)
    return replace(rule, faults=tuple(faults))


def usable_expectation(row: StoredExpectation) -> tuple[Expectation, list[Fault]]:
    """The expectation with defaults for unusable values, and the faults of the row.

    If only one limit of the row is usable, the default of the other limit is moved so that both
    are in order.
    """
    values, faults = _checked(row, ("tag_name", *_EXPECTED))
    rate = usable_rate(values["exp_per_min"])
    warn, crit = (None if values[name] is None else float(values[name]) for name in _EXPECTED[1:])
    if warn is not None and crit is not None:
        disorder = expectation_faults(Expectation(row.tag_name, rate, warn, crit))
        if disorder:
            faults, warn, crit = faults + disorder, None, None
    if warn is None:
        warn = max(_DEFAULT.slo_warn, crit or 0.0)
    if crit is None:
        crit = min(_DEFAULT.slo_crit, warn)
    return Expectation(row.tag_name, rate, warn, crit), faults


def usable_rate(exp_per_min: int | None) -> int:
    """Expected messages a minute; the default if the value is missing or not usable."""
    if exp_per_min is None or value_fault("exp_per_min", exp_per_min):
        return _DEFAULT.exp_per_min
    return exp_per_min


def _checked(
    row: StoredRule | StoredExpectation, names: Iterable[str]
) -> tuple[dict[str, Any], list[Fault]]:
    """Column to value, with None for each wrong value, and the faults of the wrong values."""
    values = {name: getattr(row, name) for name in names}
    faults = [
        Fault(name, reason)
        for name, value in values.items()
        if (reason := value_fault(name, value))
    ]
    return values | dict.fromkeys(fault.column for fault in faults), faults


def _out_of_order(low: str, below: float, high: str, above: float) -> bool:
    """Whether two limits contradict each other; ``low`` comes before ``high`` in ``LIMITS``."""
    return below > above or (below == above and _crossing(low, high))


def _crossing(low: str, high: str) -> bool:
    return LIMITS.index(low) < LOWER <= LIMITS.index(high)


def _above(column: str, value: float, other: str, limit: float, *, at_most: bool) -> Fault:
    """The fault of a value that is above the value of another column."""
    values = {"value": value_text(value), "other": other, "limit": value_text(limit)}
    key = "faults.not_at_most" if at_most else "faults.not_below"
    return Fault(column, Message(key, values))


def _limits(rule: QcRule) -> dict[str, float]:
    limits = ((name, getattr(rule, name)) for name in LIMITS)
    return {name: value for name, value in limits if value is not None}


def _order_faults(rule: QcRule) -> list[Fault]:
    return [
        _above(low, below, high, above, at_most=not _crossing(low, high))
        for (low, below), (high, above) in pairwise(_limits(rule).items())
        if _out_of_order(low, below, high, above)
    ]


def _contradicting(rule: QcRule) -> list[str]:
    """Names of the limits to leave out so that the other limits are in order."""
    remaining = _limits(rule)
    left_out: list[str] = []
    while pairs := [
        (low, high)
        for (low, below), (high, above) in combinations(remaining.items(), 2)
        if _out_of_order(low, below, high, above)
    ]:
        found = Counter(name for pair in pairs for name in pair)
        worst = [name for name, count in found.items() if count == max(found.values())]
        left_out += worst
        remaining = {name: value for name, value in remaining.items() if name not in worst}
    return left_out


def _deadband_faults(rule: QcRule) -> list[Fault]:
    """The fault of a deadband that leaves no value at which an alarm could end."""
    if not rule.deadband_pct or rule.min_val is None or rule.max_val is None:
        return []
    band = (rule.max_val - rule.min_val) * rule.deadband_pct / 100
    limits = _limits(rule)
    lower = next(name for name in LIMITS[LOWER - 1 :: -1] if name in limits)
    upper = next(name for name in LIMITS[LOWER:] if name in limits)
    if limits[lower] + band < limits[upper] - band:
        return []
    values = {
        **{"value": value_text(rule.deadband_pct), "band": f"{band:g}"},
        **{"lower": lower, "upper": upper},
    }
    return [Fault("deadband_pct", Message("faults.no_end", values))]
