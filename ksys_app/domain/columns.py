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


def round_column(
    values: Sequence[float | None] | Numbers, decimals: int, least: int = LEAST_DIGITS
) -> list[float | None]:
    """The numbers of a column, rounded to the digits that a chart needs, at most 15.

    A missing, infinite or NaN number becomes None. The digits resolve a thousandth of the span of
    the numbers, with at least ``least`` significant digits. ``figure`` writes the same text for the
    rounded number as for the number itself. If a few outliers stretch the span, the span of the
    middle half of the numbers is used.

    Args:
        values: the column.
        decimals: the decimals with which the reader calls ``figure``.
        least: the fewest significant digits.
    """
    column = round_array(np.array(values, dtype=np.float64), decimals, least)
    missing = np.isnan(column)
    numbers = np.where(missing, np.array(None), column) if missing.any() else column
    rounded: list[float | None] = numbers.tolist()
    return rounded


def round_array(values: Numbers, decimals: int, least: int = LEAST_DIGITS) -> Numbers:
    """As :func:`round_column`, but as a new array in which a missing number is NaN."""
    finite = np.isfinite(values)
    all_finite = bool(finite.all())
    numbers = values if all_finite else values[finite]
    rounded = _rounded(np.abs(numbers), decimals, max(1, decimals, places(_series(numbers))), least)
    # A zero has no sign.
    signed: Numbers = np.where(numbers < 0, -rounded, rounded)
    if all_finite:
        return signed
    column = np.full(len(values), np.nan)
    column[finite] = signed
    return column


def _rounded(sizes: Numbers, decimals: int, column: int, least: int) -> Numbers:
    """Sizes rounded to the decimals of their column; to 15 digits where the text would differ."""
    exponents = _exponents(sizes)
    # The last decimal of each rounded size.
    last = np.maximum(column, least - 1 - exponents)
    short = (exponents + 1 + last < DIGITS) & (last <= _EXACT_POWER)
    scale = _POWERS[np.where(short, last, 0) - _LOW]
    rounded: Numbers = np.floor(sizes * scale + 0.5) / scale
    # Powers of ten that move the last written decimal to the units.
    small, large = (10.0 ** min(_TOP, max(fewest, decimals)) for fewest in (1, 0))
    unit = np.where(exponents >= LARGE, large, small)
    exact = ~short
    for edge in _EDGES:
        exact |= rounded == edge
    with np.errstate(over="ignore", invalid="ignore"):  # only of numbers that have 15 digits anyhow
        exact |= _differ(sizes * unit, rounded * unit)
    # Rounding did not change these numbers, so they have at most 15 digits.
    exact &= (sizes > 0) & ~(short & (rounded == sizes))
    if exact.any():
        rounded[exact] = _at_15(sizes[exact], exponents[exact])
    return rounded


def _exponents(sizes: Numbers) -> NDArray[np.intp]:
    """The power of ten of the first digit of each size."""
    if not len(sizes):
        return np.empty(0, dtype=np.intp)
    # A column spans few powers of ten. Searching only among these is many times as fast.
    first, last = np.searchsorted(_POWERS, [sizes.min(), sizes.max()], side="right").tolist()
    found = np.searchsorted(_POWERS[first:last], sizes, side="right")
    exponents: NDArray[np.intp] = found + (first + _LOW - 1)
    return exponents


def _differ(numbers: Numbers, rounded: Numbers) -> NDArray[np.bool_]:
    """Where a number and its rounding may give different texts, in units of the last decimal."""
    units = np.floor(numbers)
    half = numbers - units - 0.5
    # This close to a half, the 15th digit decides. A rounded number at a half is an exact half.
    near = np.abs(half) <= numbers * 6e-15
    rounds_to = np.floor(rounded * (1 + 1e-15) + 0.5) != units + (half > 0)
    differ: NDArray[np.bool_] = (numbers >= 1e15) | near | rounds_to
    return differ


def _at_15(sizes: Numbers, exponents: NDArray[np.intp]) -> Numbers:
    """Sizes with 15 significant digits."""
    decimals = DIGITS - 1 - exponents
    few = (decimals >= 0) & (decimals <= _EXACT_POWER)
    scale = _POWERS[np.where(few, decimals, 0) - _LOW]
    with np.errstate(over="ignore"):  # only of numbers without decimals
        digits = sizes * scale
    units = np.floor(digits)
    # The product is wrong by less than an eighth.
    few &= np.abs(digits - units - 0.5) > 0.2
    rounded: Numbers = np.where(few, (units + (digits - units > 0.5)) / scale, sizes)
    for place in np.flatnonzero(~few).tolist():
        rounded[place] = _at_15_digits(float(sizes[place]))
    return rounded


def _at_15_digits(size: float) -> float:
    # Most numbers have at most 15 digits. This test is many times as fast as a Decimal.
    if float(f"{size:.14e}") == size:
        return size
    rounded = float(at_15_digits(size))
    return rounded if math.isfinite(rounded) else size


def _series(numbers: Numbers) -> Span | None:
    """The span of the distinct numbers; that of their middle half if under a hundredth of it."""
    if not len(numbers):
        return None
    ascending = np.sort(numbers)
    distinct = ascending[np.append(True, ascending[1:] != ascending[:-1])]
    last = len(distinct) - 1
    first, low, high, end = distinct[[0, last // 4, 3 * last // 4, last]].tolist()
    return (low, high) if 0 < high - low < (end - first) / 100 else (first, end)
