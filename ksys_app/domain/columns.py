"""Round the numbers of a chart so that they are short and read as in a table (PRD §8.5)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ksys_app.domain.figures import DIGITS, LARGE, SMALL, Span, at_15_digits, places

LEAST_DIGITS: Final = 7
# The largest power of ten that a double represents exactly.
_EXACT_POWER: Final = 22
_LOW, _TOP = -324, 308
# Every power of ten that is a double, and 0 below them. Between two of them, the first digit of a
# number has one place.
_POWERS: Final = np.array([10.0**power for power in range(_LOW, _TOP + 1)])
# At these sizes ``figure`` changes between decimal and engineering notation.
_EDGES: Final = (10.0**SMALL, 10.0**LARGE, 10.0**DIGITS)

Numbers = NDArray[np.float64]


def drawn(
    values: Sequence[float | None] | Numbers, decimals: int, least: int = LEAST_DIGITS
) -> list[float | None]:
    """The numbers of a column, rounded to the digits that a chart needs, at most 15.

    A missing, infinite or NaN number becomes None. The digits resolve a thousandth of the span of
    the numbers, and there are at least ``least``. ``figure`` writes the same text for the rounded
    number as for the number itself. Where a few outliers stretch the span, the span of the middle
    half of the numbers is used.

    Args:
        values: the column.
        decimals: the decimals with which the reader calls ``figure``.
        least: the fewest significant digits.
    """
    column = np.array(values, dtype=np.float64)
    known = np.isfinite(column)
    numbers = column[known]
    sent = _rounded(np.abs(numbers), decimals, max(1, decimals, places(_series(numbers))), least)
    # A zero has no sign.
    column[known] = np.where(numbers < 0, -sent, sent)
    whole = column if known.all() else np.where(known, column, np.array(None))
    rounded: list[float | None] = whole.tolist()
    return rounded


def _rounded(sizes: Numbers, decimals: int, column: int, least: int) -> Numbers:
    """Sizes with the decimals of their column; with 15 digits where a text would differ."""
    exponents = np.searchsorted(_POWERS, sizes, side="right") + (_LOW - 1)
    # The last sent decimal of each size.
    last = np.maximum(column, least - 1 - exponents)
    short = (exponents + 1 + last < DIGITS) & (last <= _EXACT_POWER)
    scale = _POWERS[np.where(short, last, 0) - _LOW]
    sent: Numbers = np.floor(sizes * scale + 0.5) / scale
    # Powers of ten that move the last written decimal to the units.
    small, large = (10.0 ** min(_TOP, max(fewest, decimals)) for fewest in (1, 0))
    unit = np.where(exponents >= LARGE, large, small)
    exact = ~short
    for edge in _EDGES:
        exact |= sent == edge
    with np.errstate(over="ignore", invalid="ignore"):  # only of numbers that have 15 digits anyhow
        exact |= _differ(sizes * unit, sent * unit)
    # A number that has so few decimals has at most 15 digits.
    exact &= (sizes > 0) & ~(short & (sent == sizes))
    for place in np.flatnonzero(exact).tolist():
        sent[place] = _at_15(float(sizes[place]))
    return sent


def _differ(numbers: Numbers, sent: Numbers) -> NDArray[np.bool_]:
    """Where a number and the sent one may round differently; both in units of the last decimal."""
    whole = np.floor(numbers)
    half = numbers - whole - 0.5
    # This near to a half, the 15th digit decides. A sent number that is a half is an exact half.
    near = np.abs(half) <= numbers * 6e-15
    other = np.floor(sent * (1 + 1e-15) + 0.5) != whole + (half > 0)
    differ: NDArray[np.bool_] = (numbers >= 1e15) | near | other
    return differ


def _at_15(size: float) -> float:
    # Most numbers have fewer digits, and this is many times as fast as a decimal number.
    if float(f"{size:.14e}") == size:
        return size
    rounded = float(at_15_digits(size))
    return rounded if math.isfinite(rounded) else size


def _series(numbers: Numbers) -> Span | None:
    """The span of distinct numbers, or of their middle half if that is under a hundredth of it."""
    if not len(numbers):
        return None
    ascending = np.sort(numbers)
    distinct = ascending[np.append(True, ascending[1:] != ascending[:-1])]
    last = len(distinct) - 1
    first, low, high, end = distinct[[0, last // 4, 3 * last // 4, last]].tolist()
    return (low, high) if 0 < high - low < (end - first) / 100 else (first, end)
