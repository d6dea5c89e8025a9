"""Sums, minima and maxima over many ranges of an array at once (PRD §33.4).

Each range is composed of pieces of 1, 2, 4, … values, and nothing is ever subtracted. So a large
value does not disturb the ranges beside it. Each sum has its rounding error beside it, so that it
does not depend on the order of its values.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]


def extreme(values: Numbers, low: Places, high: Places, *, largest: bool) -> Numbers:
    """The smallest or largest value of each range; NaN for a range without values.

    Args:
        values: the values; NaN is a hole.
        low: the first place of each range.
        high: the place after its last.
        largest: whether to find the largest value.
    """
    better = np.fmax if largest else np.fmin
    result = np.full(len(low), np.nan)
    at, remaining = low.copy(), np.maximum(high - low, 0)
    pieces, length = values, 1
    while remaining.any():
        has_piece = (remaining & 1) == 1
        result[has_piece] = better(result[has_piece], pieces[at[has_piece]])
        at[has_piece] += length
        remaining >>= 1
        if len(pieces) > length:
            pieces = better(pieces[:-length], pieces[length:])
        length *= 2
    return result


def total(values: Numbers, low: Places, high: Places) -> Numbers:
    """The sum of each range, rounded once. Holes add nothing. NaN if the sum overflows.

    Args:
        values: the values; NaN is a hole.
        low: the first place of each range.
        high: the place after its last.
    """
    sums, sum_errors = np.zeros(len(low)), np.zeros(len(low))
    at, remaining = low.copy(), np.maximum(high - low, 0)
    pieces, errors, length = np.where(np.isnan(values), 0.0, values), np.zeros(len(values)), 1
    while remaining.any():
        has_piece = (remaining & 1) == 1
        sums[has_piece], sum_errors[has_piece] = _both(
            sums[has_piece], sum_errors[has_piece], pieces[at[has_piece]], errors[at[has_piece]]
        )
        at[has_piece] += length
        remaining >>= 1
        if len(pieces) > length:
            pieces, errors = _both(
                pieces[:-length], errors[:-length], pieces[length:], errors[length:]
            )
        length *= 2
    summed: Numbers = sums + sum_errors
    return summed


def count(values: Numbers, low: Places, high: Places) -> Places:
    """The number of values in each range that are not holes."""
    counts = np.concatenate(([0], np.cumsum(~np.isnan(values))))
    answer: Places = counts[np.maximum(high, low)] - counts[low]
    return answer


def _both(
    first: Numbers, error: Numbers, second: Numbers, second_error: Numbers
) -> tuple[Numbers, Numbers]:
    """Add two pairs of number and rounding error; the result is such a pair (Dekker)."""
    large = first + second
    part = large - first
    small = (first - (large - part)) + (second - part) + error + second_error
    total = large + small
    return total, small - (total - large)
