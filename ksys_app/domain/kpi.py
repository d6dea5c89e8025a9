"""The figures of a KPI tile, computed from numbers and a rule (PRD §5.2, decisions 1 and 2)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final, Literal

from ksys_app.domain import figures
from ksys_app.domain.figures import all_finite, finite
from ksys_app.models.rows import QcRule

StatusLevel = Literal[0, 1, 2]


def active(rule: QcRule | None) -> QcRule | None:
    """The rule unless it is missing or disabled."""
    return rule if rule is not None and rule.enabled else None


LIMIT_COLUMNS: Final = ("min_val", "crit_min", "warn_min", "warn_max", "crit_max", "max_val")
"""The limits and the range of a rule, from the lowest to the highest."""


def limiting(rule: QcRule | None) -> QcRule | None:
    """The rule if it is enabled and has a limit or an end of a range; otherwise None."""
    if active(rule) is None or all(getattr(rule, name) is None for name in LIMIT_COLUMNS):
        return None
    return rule


def change_pct(last: float | None, prev: float | None) -> float | None:
    """Change from the previous bucket's last value to the newest bucket's, in percent.

    None if a value is missing, or if only the previous value is zero. The result has the
    sign of the change, so that a fall of a negative quantity is negative.
    """
    last, prev = finite(last), finite(prev)
    if last is None or prev is None:
        return None
    if prev == 0:
        return 0.0 if last == 0 else None
    return finite((last - prev) / abs(prev) * 100)


@dataclass(frozen=True, slots=True)
class Change:
    """The change of a tag as text, a dash without a change, and its direction: -1, 0 or 1."""

    text: str = figures.DASH
    direction: int = 0


def change(
    last: float | None, prev: float | None, span: figures.Span | None, places: int, unit: str
) -> Change:
    """The change from the previous bucket's last value to the newest bucket's.

    The change is in percent. It is in the unit of the tag if ``prev`` is zero or smaller than a
    twentieth of the width of the range, because a percentage of a value near zero means nothing.

    Args:
        last: last value of the newest bucket.
        prev: last value of the bucket before it.
        span: the range of :func:`tile_range`.
        places: decimals of the tag's figures.
        unit: unit of the tag, may be empty.
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
    """The hard limits of an enabled rule, None unless it has both."""
    rule = active(rule)
    if rule is None or rule.min_val is None or rule.max_val is None:
        return None
    return rule.min_val, rule.max_val


def gauge_range(rule: QcRule | None) -> figures.Span | None:
    """The range of a gauge: the rule's hard limits, None if they are missing or equal.

    The lowest and highest value of the window are not used: the highest value would always fill
    the gauge.
    """
    span = rule_range(rule)
    return span if span is not None and span[0] < span[1] else None


def named_limits(rule: QcRule | None) -> tuple[tuple[str, float], ...]:
    """Names and values of the limits LL, L, H and HH that an enabled rule has, in this order."""
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
    """The name of the first limit that ``value`` has reached or passed, None without one."""
    if value is None:
        return None
    for name, limit in limits:
        low, high = (limit, None) if name in ("L", "LL") else (None, limit)
        if beyond(value, low, high):
            return name
    return None


def gauge_marks(rule: QcRule | None, names: tuple[str, ...]) -> tuple[float, ...]:
    """Positions on the gauge, in percent, of the limits with these names inside its range."""
    span = gauge_range(rule)
    return () if span is None else _marks(span, named_limits(rule), names)


# Rules stay the same from tick to tick.
@lru_cache(8192)
def _marks(
    span: figures.Span, limits: tuple[tuple[str, float], ...], names: tuple[str, ...]
) -> tuple[float, ...]:
    return tuple(
        round(gauge_pct(value, span), 1)
        for name, value in limits
        if name in names and span[0] < value < span[1]
    )


def data_range(low: float | None, high: float | None) -> figures.Span | None:
    """The lowest and highest measured value, None if one of them is missing."""
    low, high = finite(low), finite(high)
    return None if low is None or high is None else (low, high)


def tile_range(rule: QcRule | None, low: float | None, high: float | None) -> figures.Span | None:
    """The range of a tile: the rule's hard limits, else ``low`` and ``high`` of the window."""
    return rule_range(rule) or data_range(low, high)


def decimals(rule: QcRule | None, low: float | None, high: float | None) -> int:
    """Decimals of a tag's figures.

    The decimals that a person chose for a calculated tag come first. Otherwise the outermost limits
    of a rule with a lower and an upper limit decide, so that the decimals are the same on every
    page and in every window. Without such a rule, the data decides.
    """
    if rule is not None and rule.decimals is not None:
        return rule.decimals
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
    """Decimals of a series, the same as on the tag's tile in the same window.

    Args:
        rule: the tag's rule.
        rows: buckets, features or indicators. Only the average of indicators is used.
    """
    for low, high in (("min", "max"), ("min_5m", "max_5m"), ("avg", "avg")):
        if rows and hasattr(rows[0], low):
            lows, highs = (_usable(list(map(attrgetter(name), rows))) for name in (low, high))
            if not lows and low != "avg":
                continue  # a calculated tag
            return decimals(rule, min(lows, default=None), max(highs, default=None))
    return decimals(rule, None, None)


def _usable(values: Sequence[float | None]) -> Sequence[float]:
    return values if all_finite(values) else [v for v in values if finite(v) is not None]  # type: ignore[return-value,misc]


def gauge_pct(value: float | None, span: figures.Span | None) -> float:
    """Position of ``value`` in ``span``, clamped to 0 to 100; 0 for no value or no width."""
    value = finite(value)
    if value is None or span is None or span[1] <= span[0]:
        return 0.0
    low, high = span
    if math.isinf(high - low):
        # The width overflows; with halves it does not.
        value, low, high = value / 2, low / 2, high / 2
    return min(100.0, max(0.0, (value - low) / (high - low) * 100))


def status_level(value: float | None, rule: QcRule | None) -> StatusLevel:
    """0 normal, 1 warning, 2 critical.

    A value equal to a warning or critical limit breaks the limit. A value equal to an end of the
    hard range does not break the range (PRD decision 2).
    """
    value, rule = finite(value), active(rule)
    if value is None or rule is None:
        return 0
    hard = beyond(value, rule.min_val, rule.max_val, inclusive=False)
    if hard or beyond(value, rule.crit_min, rule.crit_max):
        return 2
    return 1 if beyond(value, rule.warn_min, rule.warn_max) else 0


def beyond(value: float, low: float | None, high: float | None, *, inclusive: bool = True) -> bool:
    """Whether ``value`` is past a limit, or, if ``inclusive``, equals it."""
    if low is not None and (value < low or (inclusive and value == low)):
        return True
    return high is not None and (value > high or (inclusive and value == high))


def delta_label(pct: float) -> str:
    """A percentage with a sign and one decimal, such as ``+0.0%``; never ``-0.0%``."""
    rounded = round(pct, 1)
    if abs(rounded) >= 10**figures.LARGE:
        text = figures.brief(rounded)
        return f"{text}%" if text.startswith("-") else f"+{text}%"
    return f"{rounded if rounded else 0.0:+.1f}%"
