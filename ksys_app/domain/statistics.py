"""Statistics of a tag over a range: each value counts as long as it holds (PRD §33.3)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from ksys_app.domain.kpi import active, named_limits
from ksys_app.domain.rates import Rate
from ksys_app.models.rows import QcRule

Numbers = NDArray[np.float64]
Side = Literal["above", "below"]
QUANTILES: Final = (0.05, 0.5, 0.95)
_LOW: Final = ("LL", "L")


@dataclass(frozen=True, slots=True)
class Course:
    """Values over time.

    Attributes:
        at: since when each value holds, seconds since 1970, ascending.
        value: the values.
        held: how long each of them holds, seconds.
    """

    at: Numbers
    value: Numbers
    held: Numbers


@dataclass(frozen=True, slots=True)
class OverLimit:
    """How long a tag was beyond a limit of its rule.

    Attributes:
        name: LL, L, H or HH; MIN or MAX for the ends of the hard range.
        value: the limit.
        side: on which side of it.
        seconds: how long.
    """

    name: str
    value: float
    side: Side
    seconds: float


@dataclass(frozen=True, slots=True)
class Statistics:
    """What the values of a tag were over a range; None where they do not say it.

    Attributes:
        covered_s: for how long a value is known, seconds.
        mean: the mean over time.
        std: the standard deviation over time.
        p5, p50, p95: the value that is not exceeded for 5, 50 and 95 % of the time.
        slope_h: the slope of the straight line with the least squares, per hour.
        total: what the values add up to, in the unit of ``rate``.
        limits: how long each limit was exceeded.
    """

    covered_s: float = 0.0
    mean: float | None = None
    std: float | None = None
    p5: float | None = None
    p50: float | None = None
    p95: float | None = None
    slope_h: float | None = None
    total: float | None = None
    limits: tuple[OverLimit, ...] = ()


def of_samples(at: Sequence[float], value: Sequence[float], until: float, hold: float) -> Course:
    """The course of samples: each holds until the next one, at most ``hold`` seconds.

    Args:
        at: their times, ascending.
        value: their values.
        until: the end of the range.
        hold: seconds that a tag may be silent.
    """
    times = np.array(at, dtype=np.float64)
    held = np.diff(times, append=max(until, times[-1])) if len(times) else times
    return _finite(times, np.array(value, dtype=np.float64), np.clip(held, 0, hold))


def of_buckets(
    at: Sequence[float], value: Sequence[float | None], widths: Sequence[float], until: float
) -> Course:
    """The course of the means of buckets: each holds for its bucket, the running one until now.

    Args:
        at: when each begins, ascending.
        value: their means.
        widths: their lengths, seconds; one for all, or one for each.
        until: the end of the range.
    """
    times = np.array(at, dtype=np.float64)
    held = np.minimum(times + np.array(widths, dtype=np.float64), until) - times
    return _finite(times, np.array(value, dtype=np.float64), np.clip(held, 0, None))


def statistics(course: Course, rule: QcRule | None, rate: Rate | None) -> Statistics:
    """The statistics of a course.

    Args:
        course: the values over time.
        rule: the tag's rule, for its limits.
        rate: what the values add up to, if their unit is a rate.
    """
    value, held = course.value, course.held
    covered = float(held.sum())
    if covered <= 0:
        return Statistics(limits=tuple(_over(value, held, *limit) for limit in _limits(rule)))
    mean = float(value @ held / covered)
    away = value - mean
    p5, p50, p95 = _quantiles(value, held)
    return Statistics(
        covered,
        mean,
        math.sqrt(float((away * away) @ held / covered)),
        p5,
        p50,
        p95,
        _slope(course, away, covered),
        None if rate is None else float(value @ held / rate.seconds),
        tuple(_over(value, held, *limit) for limit in _limits(rule)),
    )


def _finite(at: Numbers, value: Numbers, held: Numbers) -> Course:
    known = np.isfinite(value)
    return Course(at, value, held) if known.all() else Course(at[known], value[known], held[known])


def _quantiles(value: Numbers, held: Numbers) -> list[float]:
    """The smallest values that are not exceeded for these parts of the time."""
    order = np.argsort(value, kind="stable")
    reached = np.cumsum(held[order])
    # The sum may be a rounding error less than its last part asks for.
    places = np.searchsorted(reached, np.array(QUANTILES) * reached[-1] * (1 - 1e-12))
    found: list[float] = value[order][places].tolist()
    return found


def _slope(course: Course, away: Numbers, covered: float) -> float | None:
    """Per hour. Each value stands at the middle of its time."""
    middle = course.at - course.at[0] + course.held / 2
    from_mean = middle - middle @ course.held / covered
    spread = float((from_mean * from_mean) @ course.held)
    if spread <= 0:
        return None
    return float((from_mean * away) @ course.held / spread * 3600)


def _limits(rule: QcRule | None) -> list[tuple[str, float, bool]]:
    """Name and value of each limit, and whether its own value is beyond it (PRD §5.2)."""
    limits = [(name, value, True) for name, value in named_limits(rule)]
    rule = active(rule)
    if rule is None:
        return limits
    low = [] if rule.min_val is None else [("MIN", rule.min_val, False)]
    high = [] if rule.max_val is None else [("MAX", rule.max_val, False)]
    return [*low, *limits, *high]


def _over(value: Numbers, held: Numbers, name: str, limit: float, reached: bool) -> OverLimit:
    side: Side = "below" if name in (*_LOW, "MIN") else "above"
    beyond = value < limit if side == "below" else value > limit
    if reached:
        beyond |= value == limit
    return OverLimit(name, limit, side, float(held[beyond].sum()))
