"""The limits of a rule: when a value breaks a limit, and when it is back (PRD §5.3, §32.1).

Tiles and alarms both judge values here, so that they never disagree about a limit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from ksys_app.models.rows import QcRule

LimitName = Literal["NEGATIVE", "RANGE", "HH", "LL", "H", "L"]
Motion = Literal["STEP", "RATE", "SPIKE"]
INF: Final = math.inf


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of a rule, as two ranges of values.

    A value outside of ``low`` to ``high`` breaks the limit. A value strictly between ``back_low``
    and ``back_high`` is back: it is inside by more than the deadband. A value between these ranges
    changes nothing. For a limit that an equal value breaks, ``low`` or ``high`` is the next number
    inside.

    Attributes:
        name: name of the limit.
        ends: the numbers in the rule: one, or two for a range.
        band: the deadband, in the tag's unit.
    """

    name: LimitName
    low: float
    high: float
    back_low: float
    back_high: float
    ends: tuple[float, ...]
    band: float

    def breaks(self, value: float) -> bool:
        """Whether ``value`` breaks the limit."""
        return value < self.low or value > self.high

    def returned(self, value: float) -> bool:
        """Whether ``value`` is inside the limit by more than the deadband."""
        return self.back_low < value < self.back_high

    def nearest(self, value: float) -> float:
        """The end that is nearer to ``value``."""
        return min(self.ends, key=lambda end: abs(value - end))


def limits(rule: QcRule) -> tuple[Limit, ...]:
    """The limits of a rule, the worst first, even if the rule is disabled."""
    return _limits(
        rule.allow_negative is False,
        rule.min_val,
        rule.max_val,
        (rule.crit_max, rule.crit_min, rule.warn_max, rule.warn_min),
        deadband(rule),
    )


def deadband(rule: QcRule) -> float:
    """The deadband in the unit of the tag, a part of the range; 0 if the range lacks an end."""
    if rule.deadband_pct is None or rule.min_val is None or rule.max_val is None:
        return 0.0
    return max(0.0, (rule.max_val - rule.min_val) * rule.deadband_pct / 100)


# A rule is judged again at every tick, and changes rarely.
@lru_cache(8192)
def _limits(
    positive: bool,
    least: float | None,
    most: float | None,
    sides: tuple[float | None, float | None, float | None, float | None],
    band: float,
) -> tuple[Limit, ...]:
    found = []
    if positive:
        found.append(Limit("NEGATIVE", 0.0, INF, math.nextafter(0.0, -INF), INF, (0.0,), 0.0))
    if least is not None or most is not None:
        low, high = -INF if least is None else least, INF if most is None else most
        ends = tuple(end for end in (least, most) if end is not None)
        found.append(Limit("RANGE", low, high, low + band, high - band, ends, band))
    crit_max, crit_min, warn_max, warn_min = sides
    for name, upper in (("HH", crit_max), ("H", warn_max)):
        if upper is not None:
            at = math.nextafter(upper, -INF)
            found.append(Limit(name, -INF, at, -INF, upper - band, (upper,), band))  # type: ignore[arg-type]
    for name, lower in (("LL", crit_min), ("L", warn_min)):
        if lower is not None:
            at = math.nextafter(lower, INF)
            found.append(Limit(name, at, INF, lower + band, INF, (lower,), band))  # type: ignore[arg-type]
    return tuple(found)


class Figure(NamedTuple):
    """A figure of the motion of a value, and its limit, which a larger figure breaks."""

    name: Motion
    value: float
    limit: float

    @property
    def broken(self) -> bool:
        """Whether the figure is more than its limit."""
        return self.value > self.limit


def moved(rule: QcRule, value: float, before: float, seconds: float) -> list[Figure]:
    """The step from ``before`` to ``value`` and its rate per minute, where the rule limits them."""
    step, found = abs(value - before), []
    if rule.max_step is not None:
        found.append(Figure("STEP", step, rule.max_step))
    minutes = seconds / 60
    if rule.roc_max_per_min is not None and minutes > 0:
        found.append(Figure("RATE", step / minutes, rule.roc_max_per_min))
    return found


def spiked(rule: QcRule, value: float, mean: float | None, std: float | None) -> list[Figure]:
    """How many standard deviations ``value`` is from the mean, where the rule limits that."""
    if rule.spike_zscore is None or mean is None or std is None or not std > 0:
        return []
    return [Figure("SPIKE", abs(value - mean) / std, rule.spike_zscore)]
