"""The values of tags by bucket, so that the values of two tags can be paired (PRD §33.8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ksys_app.domain.offsets import local_seconds
from ksys_app.domain.ranges import Resolution
from ksys_app.domain.windows import BUCKET_WIDTH

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]
_DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class Placed:
    """The values of a tag, at most one for each bucket.

    Attributes:
        place: number of each bucket, ascending; consecutive buckets have consecutive numbers.
        at: start of each bucket, seconds since 1970.
        value: the values.
    """

    place: Places
    at: Numbers
    value: Numbers


def placed(at: ArrayLike, value: ArrayLike, bucket: Resolution, days: ZoneInfo) -> Placed:
    """The values of a tag in their buckets. Samples become the mean of each second.

    Args:
        at: start of each bucket, or time of each sample; seconds since 1970, ascending.
        value: the values; None and values that are not finite are holes.
        bucket: the bucket width, or ``raw`` for samples.
        days: the zone of daily buckets.
    """
    times, values = np.array(at, dtype=np.float64), np.array(value, dtype=np.float64)
    finite = np.isfinite(values)
    times, values = times[finite], values[finite]
    if bucket == "raw":
        return _by_second(times, values)
    seconds = np.floor(times).astype(np.int64)
    if bucket == "1d":
        # Count local days, because a day may have 23 or 25 hours.
        return Placed(local_seconds(seconds, days) // _DAY_S, times, values)
    return Placed(seconds // int(BUCKET_WIDTH[bucket].total_seconds()), times, values)


def _by_second(times: Numbers, values: Numbers) -> Placed:
    place, first, count = np.unique(
        np.floor(times).astype(np.int64), return_index=True, return_counts=True
    )
    sums = np.add.reduceat(values, first) if len(place) else values
    return Placed(place, place.astype(np.float64), sums / count)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Values of two tags at the same time.

    Attributes:
        at: start of the bucket of ``x``, seconds since 1970, ascending.
        x: the values of the first tag.
        y: the values of the second tag.
    """

    at: Numbers
    x: Numbers
    y: Numbers


def pairs(x: Placed, y: Placed, lag: int = 0) -> Pairs:
    """The values of two tags in the buckets that both have.

    Args:
        x: the first tag.
        y: the second tag.
        lag: how many buckets the value of ``y`` is later than the value of ``x``.
    """
    _, of_x, of_y = np.intersect1d(x.place, y.place - lag, assume_unique=True, return_indices=True)
    return Pairs(x.at[of_x], x.value[of_x], y.value[of_y])
