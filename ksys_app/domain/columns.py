"""Round the numbers of a chart so that they are short and read as in a table (PRD §8.5)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from ksys_app.domain.figures import DIGITS, LARGE, SMALL, Span, at_15_digits, places

LEAST_DIGITS: Final = 7
_TOP: Final = 308
# The largest power of ten that a double represents exactly.
_EXACT_POWER: Final = 22
# At these sizes ``figure`` changes between decimal and engineering notation.
_EDGES: Final = frozenset((10.0**SMALL, 10.0**LARGE, 10.0**DIGITS))


def drawn(values: Sequence[float | None], decimals: int) -> list[float | None]:
    """The numbers of a column, rounded to the digits that a chart needs, at most 15.

    A missing, infinite or NaN number becomes None. The digits resolve a thousandth of the span of
    the numbers, and there are at least seven. ``figure`` writes the same text for the rounded
    number as for the number itself. Where a few outliers stretch the span, the span of the middle
    half of the numbers is used.

    Args:
        values: the column.
        decimals: the decimals with which the reader calls ``figure``.
    """
    finite = {value for value in values if value is not None and math.isfinite(value)}
    column = max(1, decimals, places(_series(sorted(finite))))
    # Powers of ten that move the last written decimal to the units.
    small, large = (10.0 ** min(_TOP, max(least, decimals)) for least in (1, 0))
    # Rounding twice gives another result only this near to the half of such a unit.
    doubt = 0.5 * 10.0 ** min(-1, max(1, decimals) - column)
    # The power of ten of the number before, and what follows from it: the next is mostly the same.
    low = high = scale = unit = 0.0
    edge = False
    rounded: list[float | None] = []
    for value in values:
        if value is None or not math.isfinite(value):
            rounded.append(None)
            continue
        size = abs(value)
        if not low <= size < high:
            if size == 0:
                rounded.append(0.0)
                continue
            exponent = math.floor(math.log10(size))
            low, high = 10.0**exponent, 10.0 ** min(_TOP, exponent + 1)
            scale, unit = _scale(exponent, column), large if exponent >= LARGE else small
            edge = low in _EDGES or high in _EDGES
        if scale:
            sent = math.floor(size * scale + 0.5) / scale
            scaled = size * unit
            near = abs(scaled % 1 - 0.5) <= doubt + scaled * 6e-15
            if (edge and sent in _EDGES) or (near and _differs(scaled, sent * unit)):
                sent = _at_15(size)
        else:
            sent = _at_15(size)
        rounded.append(sent if value > 0 else -sent)
    return rounded


def _scale(exponent: int, column: int) -> float:
    """The factor that moves the last sent decimal to the units, 0 where all 15 digits are sent."""
    sent = max(column, LEAST_DIGITS - 1 - exponent)
    return 0.0 if exponent + 1 + sent >= DIGITS or sent > _EXACT_POWER else 10.0**sent


def _differs(number: float, sent: float) -> bool:
    """Whether two numbers may round differently; both are in units of the last written decimal."""
    if number >= 1e15:
        return True
    whole = math.floor(number)
    half = number - whole - 0.5
    # This near to a half, the 15th digit decides. A sent number that is a half is an exact half.
    near = abs(half) <= number * 6e-15
    return near or math.floor(sent * (1 + 1e-15) + 0.5) != whole + (half > 0)


def _at_15(size: float) -> float:
    rounded = float(at_15_digits(size))
    return rounded if math.isfinite(rounded) else size


def _series(ascending: Sequence[float]) -> Span | None:
    """The span of distinct numbers, or of their middle half if that is under a hundredth of it."""
    if not ascending:
        return None
    last = len(ascending) - 1
    low, high = ascending[last // 4], ascending[3 * last // 4]
    outer = (ascending[0], ascending[-1])
    return (low, high) if 0 < high - low < (outer[1] - outer[0]) / 100 else outer
