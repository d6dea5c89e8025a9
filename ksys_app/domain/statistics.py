"""Statistics of a tag over a range, weighted by how long each value holds (PRD §33.3)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ksys_app.domain.kpi import active, named_limits
from ksys_app.domain.rates import Rate
from ksys_app.domain.windows import BUCKET_WIDTH, first_bucket
from ksys_app.models.rows import QcRule

Numbers = NDArray[np.float64]
Values = Sequence[float] | Sequence[float | None] | Numbers
Side = Literal["above", "below"]
QUANTILES: Final = (0.05, 0.5, 0.95)
_LOW: Final = ("LL", "L")


@dataclass(frozen=True, slots=True)
class StepSeries:
    """A series as a step function: each value holds for some time.

    Attributes:
        at: when each value begins to hold, seconds since 1970, ascending.
        value: the values, all finite.
        held: how long each value holds, seconds.
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
        side: the side of the limit that counts as beyond.
        seconds: how long the tag was beyond it.
    """

    name: str
    value: float
    side: Side
    seconds: float


@dataclass(frozen=True, slots=True)
class Statistics:
    """The statistics of a tag over a range; None where there is too little data.

    Attributes:
        covered_s: for how long the range has a value, seconds.
        mean: the mean over time.
        std: the standard deviation over time.
        p5, p50, p95: the value that is not exceeded for 5, 50 and 95 % of the time.
        slope_h: the slope of the straight line with the least squares, per hour.
        total: the total of the values, in the unit of the rate.
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


def steps_of_samples(at: Values, value: Values, until: float, hold: float | Numbers) -> StepSeries:
    """The step series of samples: each holds until the next sample, at most ``hold`` seconds.

    Args:
        at: their times, seconds since 1970, ascending.
        value: their values; after a NaN there is no value until the next sample.
        until: the end of the range.
        hold: seconds that a tag may be silent, one number for all samples or one for each.
    """
    times = np.array(at, dtype=np.float64)
    held = np.diff(times, append=max(until, times[-1])) if len(times) else times
    return _finite(times, np.array(value, dtype=np.float64), np.clip(held, 0, hold))


def steps_of_buckets(at: Values, value: Values, widths: Values, until: float) -> StepSeries:
    """The step series of bucket means: each holds for its bucket, but not after ``until``.

    Args:
        at: the start of each bucket, seconds since 1970, ascending.
        value: the mean of each bucket.
        widths: lengths of the buckets in seconds, one for all or one for each.
        until: the end of the range.
    """
    times = np.array(at, dtype=np.float64)
    held = np.minimum(times + np.array(widths, dtype=np.float64), until) - times
    return _finite(times, np.array(value, dtype=np.float64), np.clip(held, 0, None))


def widths(at: Iterable[float], width: timedelta, zone: ZoneInfo) -> list[float]:
    """The lengths of buckets in seconds: one number for all, or one for each daily bucket.

    Args:
        at: the start of each bucket, seconds since 1970.
        width: the width of the buckets.
        zone: the zone of daily buckets.
    """
    if width < BUCKET_WIDTH["1d"]:
        return [width.total_seconds()]
    begins = [datetime.fromtimestamp(begin, UTC) for begin in at]
    ends = (first_bucket(begin + timedelta.resolution, width, zone) for begin in begins)
    return [(end - begin).total_seconds() for begin, end in zip(begins, ends, strict=True)]


def statistics(series: StepSeries, rule: QcRule | None, rate: Rate | None) -> Statistics:
    """The statistics of a series.

    Args:
        series: the values over time.
        rule: the tag's rule, for its limits.
        rate: the total of the unit, if the unit is a rate.
    """
    value, held = series.value, series.held
    covered = float(held.sum())
    if covered <= 0:
        return Statistics(limits=tuple(_over(value, held, *limit) for limit in _limits(rule)))
    mean = float(value @ held / covered)
    away = value - mean
    p5, p50, p95 = quantiles(value, held, QUANTILES)
    return Statistics(
        covered,
        mean,
        math.sqrt(float((away * away) @ held / covered)),
        p5,
        p50,
        p95,
        _slope(series, away, covered),
        None if rate is None else float(value @ held / rate.seconds),
        tuple(_over(value, held, *limit) for limit in _limits(rule)),
    )


def _finite(at: Numbers, value: Numbers, held: Numbers) -> StepSeries:
    finite = np.isfinite(value)
    return (
        StepSeries(at, value, held)
        if finite.all()
        else StepSeries(at[finite], value[finite], held[finite])
    )


def quantiles(value: Numbers, held: Numbers, parts: Sequence[float]) -> list[float]:
    """The smallest values that are not exceeded for these parts of the time."""
    order = np.argsort(value, kind="stable")
    reached = np.cumsum(held[order])
    # Because of rounding, the sum may be slightly below the requested part.
    places = np.searchsorted(reached, np.array(parts) * reached[-1] * (1 - 1e-12))
    found: list[float] = value[order][places].tolist()
    return found


def _slope(series: StepSeries, away: Numbers, covered: float) -> float | None:
    """The slope per hour of the regression line; each value counts at the middle of its time."""
    middle = series.at - series.at[0] + series.held / 2
    from_mean = middle - middle @ series.held / covered
    spread = float((from_mean * from_mean) @ series.held)
    if spread <= 0:
        return None
    return float((from_mean * away) @ series.held / spread * 3600)


def _limits(rule: QcRule | None) -> list[tuple[str, float, bool]]:
    """Name and value of each limit, and whether an equal value is beyond it (PRD §5.2)."""
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
