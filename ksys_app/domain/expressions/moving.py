"""Sums, minima and maxima over many ranges of an array at once (PRD §33.4).

Each range is put together from pieces of 1, 2, 4, … values, and nothing is ever subtracted. So a
large value leaves no trace in the ranges beside it. Sums carry their rounding error along, so that
a sum does not depend on the order of its values.
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
        largest: the largest one.
    """
    better = np.fmax if largest else np.fmin
    made = np.full(len(low), np.nan)
    at, left = low.copy(), np.maximum(high - low, 0)
    pieces, length = values, 1
    while left.any():
        odd = (left & 1) == 1
        made[odd] = better(made[odd], pieces[at[odd]])
        at[odd] += length
        left >>= 1
        if len(pieces) > length:
            pieces = better(pieces[:-length], pieces[length:])
        length *= 2
    return made


def total(values: Numbers, low: Places, high: Places) -> Numbers:
    """The sum of each range, rounded once; holes add nothing. NaN where it overflows.

    Args:
        values: the values; NaN is a hole.
        low: the first place of each range.
        high: the place after its last.
    """
    made, rest = np.zeros(len(low)), np.zeros(len(low))
    at, left = low.copy(), np.maximum(high - low, 0)
    pieces, errors, length = np.where(np.isnan(values), 0.0, values), np.zeros(len(values)), 1
    while left.any():
        odd = (left & 1) == 1
        made[odd], rest[odd] = _both(made[odd], rest[odd], pieces[at[odd]], errors[at[odd]])
        at[odd] += length
        left >>= 1
        if len(pieces) > length:
            pieces, errors = _both(
                pieces[:-length], errors[:-length], pieces[length:], errors[length:]
            )
        length *= 2
    summed: Numbers = made + rest
    return summed


def count(values: Numbers, low: Places, high: Places) -> Places:
    """How many values each range has that are no holes."""
    counted = np.concatenate(([0], np.cumsum(~np.isnan(values))))
    made: Places = counted[np.maximum(high, low)] - counted[low]
    return made


def _both(one: Numbers, error: Numbers, other: Numbers, more: Numbers) -> tuple[Numbers, Numbers]:
    """The sum of two pairs of number and rounding error, as such a pair (Dekker)."""
    large = one + other
    part = large - one
    small = (one - (large - part)) + (other - part) + error + more
    near = large + small
    return near, small - (near - large)
