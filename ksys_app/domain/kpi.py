"""What a KPI tile shows, from numbers alone (PRD §5.2, decisions 1 and 2)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from ksys_app.domain import figures
from ksys_app.domain.figures import finite
from ksys_app.models.rows import QcRule

StatusLevel = Literal[0, 1, 2]


def active(rule: QcRule | None) -> QcRule | None:
    """The rule unless it is missing or disabled."""
    return rule if rule is not None and rule.enabled else None


LIMIT_COLUMNS: Final = ("min_val", "crit_min", "warn_min", "warn_max", "crit_max", "max_val")
"""The limits and the range of a rule, from the lowest to the highest."""


def limiting(rule: QcRule | None) -> QcRule | None:
    """The rule where it is on and has a limit or a range that a value can break."""
    if active(rule) is None or all(getattr(rule, name) is None for name in LIMIT_COLUMNS):
        return None
    return rule


def change_pct(last: float | None, prev: float | None) -> float | None:
    """Change of the newest bucket's ``last`` against the one before it, in percent.

    None where there is nothing to compare: a value is missing, or what is not zero is compared
    with zero. The sign is that of the change, so that a fall of a negative quantity is negative.
    """
    last, prev = finite(last), finite(prev)
    if last is None or prev is None:
        return None
    if prev == 0:
        return 0.0 if last == 0 else None
    return finite((last - prev) / abs(prev) * 100)


@dataclass(frozen=True, slots=True)
class Change:
    """The change of a tag as people read it, a dash for none, and its direction: -1, 0, 1."""

    text: str = figures.DASH
    direction: int = 0


def change(
    last: float | None, prev: float | None, span: figures.Span | None, places: int, unit: str
) -> Change:
    """The change of the newest bucket's ``last`` against the one before it.

    In percent, but in the tag's unit where ``prev`` is zero, or less than a twentieth of the
    range's width: a percentage of next to nothing says nothing.

    Args:
        last: the newest value.
        prev: the one before.
        span: the range of :func:`tile_range`.
        places: decimals of the tag's figures.
        unit: its unit, may be empty.
    """
    last, prev = finite(last), finite(prev)
    if last is None or prev is None:
        return Change()
    pct = change_pct(last, prev)
    small = prev == 0 or (span is not None and abs(prev) < span[1] / 20 - span[0] / 20)
    if pct is not None and not small:
        figure, unit = delta_label(pct), ""
    else:
        figure = figures.figure(last - prev, places)
        if figure == figures.DASH:
            return Change()
        figure = figure if figure.startswith("-") else f"+{figure}"
    still = not figure.strip("+-0.%")
    return Change(f"{figure} {unit}".rstrip(), 0 if still else -1 if figure[0] == "-" else 1)


def rule_range(rule: QcRule | None) -> figures.Span | None:
    """The hard limits of a rule that is on, None unless it has both."""
    rule = active(rule)
    if rule is None or rule.min_val is None or rule.max_val is None:
        return None
    return rule.min_val, rule.max_val


def gauge_range(rule: QcRule | None) -> figures.Span | None:
    """The hard limits between which a gauge means something, None for none or without width.

    What a window happened to hold is no such range: its own largest value would fill the gauge.
    """
    span = rule_range(rule)
    return span if span is not None and span[0] < span[1] else None


def named_limits(rule: QcRule | None) -> tuple[tuple[str, float], ...]:
    """LL, L, H and HH of a rule that is on, as far as it has them."""
    rule = active(rule)
    if rule is None:
        return ()
    limits = (
        ("LL", rule.crit_min),
        ("L", rule.warn_min),
        ("H", rule.warn_max),
        ("HH", rule.crit_max),
    )
    return tuple((name, value) for name, value in limits if value is not None)


def broken_limit(value: float | None, limits: Sequence[tuple[str, float]]) -> str | None:
    """The name of the first of some named limits that ``value`` is at or past, None for none."""
    if value is None:
        return None
    for name, limit in limits:
        low, high = (limit, None) if name in ("L", "LL") else (None, limit)
        if beyond(value, low, high):
            return name
    return None


def gauge_marks(rule: QcRule | None, names: tuple[str, ...]) -> tuple[float, ...]:
    """Where limits of these names stand on the gauge, percent; those inside of its range."""
    span = gauge_range(rule)
    if span is None:
        return ()
    return tuple(
        round(gauge_pct(value, span), 1)
        for name, value in named_limits(rule)
        if name in names and span[0] < value < span[1]
    )


def data_range(low: float | None, high: float | None) -> figures.Span | None:
    """The span of what was measured, None where nothing was."""
    low, high = finite(low), finite(high)
    return None if low is None or high is None else (low, high)


def tile_range(rule: QcRule | None, low: float | None, high: float | None) -> figures.Span | None:
    """The range a gauge spans: the rule's hard limits, else the window's ``low`` and ``high``."""
    return rule_range(rule) or data_range(low, high)


def decimals(rule: QcRule | None, low: float | None, high: float | None) -> int:
    """Decimals of a tag's figures, by its rule where that spans a range, else by the data.

    By the rule they are the same on every page and in every window. It spans a range between its
    outermost lower and its outermost upper limit.
    """
    rule = active(rule)
    if rule is not None:
        lower = next(
            (v for v in (rule.min_val, rule.crit_min, rule.warn_min) if v is not None), None
        )
        upper = next(
            (v for v in (rule.max_val, rule.crit_max, rule.warn_max) if v is not None), None
        )
        if lower is not None and upper is not None:
            return figures.places((lower, upper))
    return figures.places(data_range(low, high))


def series_decimals(rule: QcRule | None, rows: Sequence[Any]) -> int:
    """Decimals of a series: those of its tag's tile in the same window.

    Args:
        rule: the tag's rule.
        rows: buckets, features or indicators; of the last only the average is looked at.
    """
    for low, high in (("min", "max"), ("min_5m", "max_5m"), ("avg", "avg")):
        if rows and hasattr(rows[0], low):
            lows = (value for row in rows if (value := finite(getattr(row, low))) is not None)
            highs = (value for row in rows if (value := finite(getattr(row, high))) is not None)
            return decimals(rule, min(lows, default=None), max(highs, default=None))
    return decimals(rule, None, None)


def gauge_pct(value: float | None, span: figures.Span | None) -> float:
    """Where ``value`` stands in ``span``, 0 to 100, clamped; 0 for no value or no width."""
    value = finite(value)
    if value is None or span is None or span[1] <= span[0]:
        return 0.0
    low, high = span
    if math.isinf(high - low):
        # Halves of a range that is wider than the largest number.
        value, low, high = value / 2, low / 2, high / 2
    return min(100.0, max(0.0, (value - low) / (high - low) * 100))


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


def delta_label(pct: float) -> str:
    """``+0.0%``: signed, one decimal, never ``-0.0%``."""
    rounded = round(pct, 1)
    if abs(rounded) >= 10**figures.LARGE:
        text = figures.brief(rounded)
        return f"{text}%" if text.startswith("-") else f"+{text}%"
    return f"{rounded if rounded else 0.0:+.1f}%"
