"""Columns as differences of whole numbers, which are shorter than the numbers (PRD §33.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

MOST_DECIMALS: Final = 15
# Up to this size, a double represents every whole number and every difference of two of them.
_LARGEST: Final = 2.0**52
# If a number needs more decimals, mostly one of the first numbers shows it.
_FEW: Final = 32


def as_deltas(values: Sequence[float | None] | NDArray[Any]) -> dict[str, Any] | None:
    """The numbers of a column as ``decimals`` and ``deltas``; None if that would lose a digit.

    Each number is a whole number divided by 10 to the power of ``decimals``. ``deltas`` has the
    difference of each whole number from the one before it, and of the first one from 0. A missing
    number is None; the next difference counts from the last number before it.

    Args:
        values: the column; None and NaN are missing numbers.
    """
    column = np.asarray(values, dtype=np.float64)
    present = ~np.isnan(column)
    numbers = column if present.all() else column[present]
    for decimals in range(MOST_DECIMALS + 1):
        wholes = _wholes(numbers[:_FEW], decimals)
        if wholes is not None and len(numbers) > _FEW:
            wholes = _wholes(numbers, decimals)
        if wholes is None:
            continue
        deltas: Any = np.diff(wholes, prepend=0).astype(np.int64)
        if numbers is not column:
            placed = np.full(len(column), None)
            placed[present] = deltas
            deltas = placed.tolist()
        return {"decimals": decimals, "deltas": deltas}
    return None


def _wholes(numbers: Numbers, decimals: int) -> Numbers | None:
    """The numbers times a power of ten; None unless they are whole and give back the numbers."""
    scale = 10.0**decimals
    with np.errstate(over="ignore", invalid="ignore"):
        wholes: Numbers = np.rint(numbers * scale)
        fits = (np.abs(wholes) <= _LARGEST) & (wholes / scale == numbers)
    return wholes if fits.all() else None
