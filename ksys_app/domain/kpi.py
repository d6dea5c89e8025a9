"""What a KPI tile shows, from numbers alone (PRD §5.2, decisions 1 and 2)."""

from __future__ import annotations

import math
from typing import Literal

from ksys_app.models.rows import QcRule

StatusLevel = Literal[0, 1, 2]
DASH = "–"


def finite(value: float | None) -> float | None:
    """``value`` unless it is missing, NaN or infinite."""
    return value if value is not None and math.isfinite(value) else None


def active(rule: QcRule | None) -> QcRule | None:
    """The rule unless it is missing or disabled."""
    return rule if rule is not None and rule.enabled else None


def delta_pct(last: float | None, prev: float | None) -> float:
    """Change of the newest bucket's ``last`` against the one before it, in percent.

    A missing value, or a ``prev`` of zero, gives 0. The sign is that of the change, so that a
    fall of a negative quantity is negative.
    """
    last, prev = finite(last), finite(prev)
    if last is None or prev is None or prev == 0:
        return 0.0
    change = (last - prev) / abs(prev) * 100
    return change if math.isfinite(change) else 0.0


def tile_range(
    rule: QcRule | None, low: float | None, high: float | None
) -> tuple[float, float] | None:
    """The range a gauge spans: the rule's hard limits, else the window's ``low`` and ``high``."""
    rule = active(rule)
    if rule is not None and rule.min_val is not None and rule.max_val is not None:
        return rule.min_val, rule.max_val
    low, high = finite(low), finite(high)
    return None if low is None or high is None else (low, high)


def gauge_pct(value: float | None, span: tuple[float, float] | None) -> float:
    """Where ``value`` stands in ``span``, 0 to 100, clamped; 0 for no value or no width."""
    value = finite(value)
    if value is None or span is None or span[1] <= span[0]:
        return 0.0
    return min(100.0, max(0.0, (value - span[0]) / (span[1] - span[0]) * 100))


def status_level(value: float | None, rule: QcRule | None) -> StatusLevel:
    """0 normal, 1 warning, 2 critical.

    Warning and critical limits are inclusive; the hard range is exclusive, so that a value on
    its end is no violation (PRD decision 2).
    """
    value, rule = finite(value), active(rule)
    if value is None or rule is None:
        return 0
    hard = beyond(value, rule.min_val, rule.max_val, inclusive=False)
    if hard or beyond(value, rule.crit_min, rule.crit_max):
        return 2
    return 1 if beyond(value, rule.warn_min, rule.warn_max) else 0


def beyond(value: float, low: float | None, high: float | None, *, inclusive: bool = True) -> bool:
    """Whether ``value`` is at or past a limit; strictly past it where not ``inclusive``."""
    if low is not None and (value < low or (inclusive and value == low)):
        return True
    return high is not None and (value > high or (inclusive and value == high))


def range_label(span: tuple[float, float] | None) -> str:
    """``0.0 ~ 200.0``, or a dash for no range."""
    return DASH if span is None else f"{_fixed(span[0], 1)} ~ {_fixed(span[1], 1)}"


def delta_label(pct: float) -> str:
    """``+0.0%``: signed, one decimal, never ``-0.0%``."""
    rounded = round(pct, 1)
    if abs(rounded) >= 1e9:
        return f"{rounded:+.4g}%"
    return f"{rounded if rounded else 0.0:+.1f}%"


def decimals(span: tuple[float, float] | None) -> int:
    """Decimals that tell a thousandth of the range apart: 1 for 0..200, 4 for 0..0.5.

    One number a tag, so that figures keep their width from tick to tick.
    """
    width = 0.0 if span is None else span[1] - span[0]
    if not math.isfinite(width) or width <= 0:
        return 1
    return min(4, max(1, math.ceil(3 - math.log10(width))))


def value_label(value: float | None, places: int = 1) -> str:
    """``190.0``, or a dash for a value that is missing or not a number."""
    value = finite(value)
    if value is None:
        return DASH
    if abs(value) >= 1e9:
        return f"{value:.4g}"
    return _fixed(value, places)


def _fixed(value: float, places: int) -> str:
    """``value`` with ``places`` decimals, never a negative zero."""
    text = f"{value:.{places}f}"
    return text[1:] if text.startswith("-") and not text.strip("-0.") else text
