"""Columns of numbers for charts: short, and true to what a table of them says (PRD §8.5)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from ksys_app.domain.figures import DIGITS, LARGE, SMALL, Span, at_15_digits, places

LEAST_DIGITS: Final = 7
_TOP: Final = 308
# The largest power of ten that is one exactly.
_EXACT_POWER: Final = 22
# Where the way to write a number changes.
_EDGES: Final = frozenset((10.0**SMALL, 10.0**LARGE, 10.0**DIGITS))


def drawn(values: Sequence[float | None], decimals: int) -> list[float | None]:
    """The numbers of a column with the digits that a chart needs, 15 at most; None for no number.

    That is a thousandth of their span, at least seven digits, and always so many that ``figure``
    writes what it writes of the number itself. Where a few numbers lie far off, the span is that of
    the middle half.

    Args:
        values: the column.
        decimals: those that ``figure`` is given.
    """
    known = {value for value in values if value is not None and math.isfinite(value)}
    column = max(1, decimals, places(_series(sorted(known))))
    # Powers of ten that bring the last decimal that is written to the units.
    small, large = (10.0 ** min(_TOP, max(least, decimals)) for least in (1, 0))
    # Rounding first can only matter that near to a half of such a unit.
    doubt = 0.5 * 10.0 ** min(-1, max(1, decimals) - column)
    scales: dict[int, float] = {}
    made: list[float | None] = []
    for value in values:
        if value not in known:
            made.append(None)
        elif value == 0:
            made.append(0.0)
        else:
            size = abs(value)
            exponent = math.floor(math.log10(size))
            if exponent not in scales:
                scales[exponent] = _scale(exponent, column)
            scale, unit = scales[exponent], large if exponent >= LARGE else small
            if scale:
                sent = math.floor(size * scale + 0.5) / scale
                scaled = size * unit
                near = abs(scaled % 1 - 0.5) <= doubt + scaled * 6e-15
                if sent in _EDGES or (near and _differs(scaled, sent * unit)):
                    sent = _at_15(size)
            else:
                sent = _at_15(size)
            made.append(sent if value > 0 else -sent)
    return made


def _scale(exponent: int, column: int) -> float:
    """What brings the last decimal that is sent to the units, 0 where all 15 digits are sent."""
    sent = max(column, LEAST_DIGITS - 1 - exponent)
    return 0.0 if exponent + 1 + sent >= DIGITS or sent > _EXACT_POWER else 10.0**sent


def _differs(number: float, sent: float) -> bool:
    """Whether two numbers, in units of the last decimal that is written, may round to others."""
    if number >= 1e15:
        return True
    whole = math.floor(number)
    half = number - whole - 0.5
    # So near to a half the 15th digit decides. A half of what is sent is one indeed, and counts.
    near = abs(half) <= number * 6e-15
    return near or math.floor(sent * (1 + 1e-15) + 0.5) != whole + (half > 0)


def _at_15(size: float) -> float:
    taken = float(at_15_digits(size))
    return taken if math.isfinite(taken) else size


def _series(ascending: Sequence[float]) -> Span | None:
    """The span of distinct numbers, of their middle half where that is less than a hundredth."""
    if not ascending:
        return None
    last = len(ascending) - 1
    low, high = ascending[last // 4], ascending[3 * last // 4]
    outer = (ascending[0], ascending[-1])
    return (low, high) if 0 < high - low < (outer[1] - outer[0]) / 100 else outer
