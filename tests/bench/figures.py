"""A figure: what was measured, its median, and how far the runs lie apart."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Better = Literal["less", "more"]
# Fewer runs than this say nothing about their spread, so a tenth of the median stands for it.
ENOUGH = 5
UNKNOWN_SPREAD = 0.1


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the report and of its files.

    Attributes:
        section: the table in the report.
        subject: the row of that table.
        measure: the column of that table.
        unit: ``ms``, ``kB``, ``MiB``, ``/s``; ``x`` for a ratio, empty for a count.
        n: how many runs.
        p50: their median.
        p95: their 95th percentile.
        low: their lower quartile.
        high: their upper quartile.
        better: whether less or more is better.
    """

    section: str
    subject: str
    measure: str
    unit: str
    n: int
    p50: float
    p95: float
    low: float
    high: float
    better: Better = "less"

    @property
    def key(self) -> tuple[str, str, str]:
        """What names it in a report."""
        return self.section, self.subject, self.measure

    @property
    def spread(self) -> float:
        """Half the distance of the quartiles; a tenth of the median if there are too few runs."""
        if self.n < ENOUGH:
            return UNKNOWN_SPREAD * abs(self.p50)
        return (self.high - self.low) / 2


def figure(
    section: str,
    subject: str,
    measure: str,
    unit: str,
    samples: Sequence[float],
    better: Better = "less",
) -> Figure:
    """The figure of these runs; there must be one at least."""
    p95 = percentile(samples, 95)
    low, p50, high = (percentile(samples, at) for at in (25, 50, 75))
    p50, p95, low, high = (float(f"{value:.4g}") for value in (p50, p95, low, high))
    return Figure(section, subject, measure, unit, len(samples), p50, p95, low, high, better)


def percentile(samples: Sequence[float], percent: int) -> float:
    """A percentile from 1 to 99, never beyond the smallest and the largest sample."""
    if len(samples) == 1:
        return samples[0]
    return statistics.quantiles(samples, n=100, method="inclusive")[percent - 1]


def ratios(samples: Sequence[float], bare: Sequence[float]) -> list[float]:
    """Each sample divided by the bare one of the same round."""
    return [mine / base for mine, base in zip(samples, bare, strict=True) if base > 0]
