"""Rounds numbers to a number of digits, exactly (PRD §33.4)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def rounded(values: Numbers, digits: int) -> Numbers:
    """Each value rounded as Python's ``round`` does it: the nearest number with so many digits.

    Half goes to the even neighbour. Exact values decide, so 2.675, which is a little less than
    its digits say, becomes 2.67. NaN stays NaN.

    Args:
        values: the values.
        digits: digits after the point, -12 to 12; below 0, so many zeros before it.
    """
    if digits == 0:
        return np.rint(values)
    power = 10.0 ** abs(digits)
    with np.errstate(all="ignore"):
        scaled = values * power if digits > 0 else values / power
        near = np.rint(scaled)
        result = near / power if digits > 0 else near * power
        # A unit of the last digit is smaller than the distance to the next number, so that no
        # rounding can change the value. Its scaled value may be infinite.
        step = np.spacing(np.abs(values))
        fixed = step * power >= 4 if digits > 0 else step >= 4 * power
        # The scaled value is rounded itself, so it does not decide between two neighbours.
        sure = np.abs(np.abs(scaled - near) - 0.5) > np.spacing(np.abs(scaled))
    result[fixed] = values[fixed]
    unsure = np.isfinite(values) & ~(fixed | sure)
    result[unsure] = [round(value, digits) for value in values[unsure].tolist()]
    return result
