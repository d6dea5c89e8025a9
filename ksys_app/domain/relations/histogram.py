"""The distribution of the values of a tag, weighted by time (PRD §33.8)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from ksys_app.domain.relations.density import edges
from ksys_app.domain.relations.placed import Numbers
from ksys_app.domain.statistics import StepSeries, quantiles

FEWEST_BINS: Final = 10
MOST_BINS: Final = 100


@dataclass(frozen=True, slots=True)
class Histogram:
    """The time in each bin.

    Attributes:
        edges: the edges of the bins, one more than bins; empty without values. An edge belongs to
            the bin above it, and the last edge to the last bin.
        seconds: for how long the value was in each bin.
    """

    edges: Numbers
    seconds: Numbers


def histogram(series: StepSeries) -> Histogram:
    """The time in each bin; the width of the bins follows Freedman and Diaconis.

    The rule takes the quartiles over time and the number of values of the series. There are 10 to
    100 bins, and one bin for a tag that never changes.
    """
    lasting = series.held > 0
    value, held = series.value[lasting], series.held[lasting]
    if not len(value):
        return Histogram(value, held)
    found = edges(value, _bins(value, held))
    seconds, _ = np.histogram(value, bins=found, weights=held)
    return Histogram(found, seconds)


def _bins(value: Numbers, held: Numbers) -> int:
    span = float(value.max()) - float(value.min())
    if span == 0:
        return 1
    low, high = quantiles(value, held, (0.25, 0.75))
    width = 2 * (high - low) / math.cbrt(len(value))
    if width * MOST_BINS <= span:
        return MOST_BINS if width > 0 else FEWEST_BINS
    return max(FEWEST_BINS, math.ceil(span / width))
