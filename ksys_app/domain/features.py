"""5-minute features of samples, as ``features_5m`` has them (PRD §4.3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ksys_app.domain.figures import finite
from ksys_app.models.series import Feature

Numbers = NDArray[np.float64]
_SECONDS: Final = 300


def features(
    at: Sequence[float] | Numbers, value: Sequence[float] | Numbers, now: datetime
) -> list[Feature]:
    """The features of each five minutes with a sample, ascending.

    Args:
        at: the times of the samples, seconds since 1970, ascending.
        value: their values; samples with a value that is not finite are ignored.
        now: the database's clock.
    """
    times, values = np.array(at, dtype=np.float64), np.array(value, dtype=np.float64)
    is_finite = np.isfinite(values)
    buckets, values = np.floor_divide(times[is_finite], _SECONDS), values[is_finite]
    if not len(values):
        return []
    first = np.flatnonzero(np.diff(buckets, prepend=-np.inf))
    count = np.diff(first, append=len(values))
    # Sorted by value inside of each bucket, so that percentiles are positions in it.
    ordered = values[np.lexsort((values, buckets))]
    with np.errstate(over="ignore", invalid="ignore"):
        mean = np.add.reduceat(values, first) / count
        deviations = values - np.repeat(mean, count)
        spread = np.add.reduceat(deviations * deviations, first) / np.where(
            count > 1, count - 1, np.nan
        )
        columns = (
            mean,
            np.sqrt(spread),
            ordered[first],
            ordered[first + count - 1],
            _percentile(ordered, first, count, 0.1),
            _percentile(ordered, first, count, 0.9),
        )
    starts = (buckets[first] * _SECONDS).tolist()
    figures = zip(*(map(finite, column.tolist()) for column in columns), strict=True)
    return [
        Feature._make((datetime.fromtimestamp(start, UTC), *row, n, now, ""))
        for start, row, n in zip(starts, figures, count.tolist(), strict=True)
    ]


def _percentile(
    ordered: Numbers, first: NDArray[np.int64], count: NDArray[np.int64], part: float
) -> Numbers:
    """The continuous percentile of each bucket, as ``percentile_cont`` interpolates it."""
    position = part * (count - 1)
    low, high = np.floor(position).astype(np.int64), np.ceil(position).astype(np.int64)
    below, above = ordered[first + low], ordered[first + high]
    found: Numbers = below + (position - low) * (above - below)
    return found
