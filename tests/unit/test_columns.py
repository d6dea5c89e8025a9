"""Columns of a chart are rounded alike, all numbers at once or one after the other."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, strategies as st

from ksys_app.domain import columns
from ksys_app.domain.columns import LEAST_DIGITS
from ksys_app.domain.figures import DIGITS, LARGE, SMALL, at_15_digits, places
from tests.unit.test_figures import INF, NAN, NUMBERS

# Where the number of digits, the notation or the side of a half changes.
_EDGES = [10.0**power for power in (-324, -16, SMALL - 1, SMALL, 0, 3, LARGE, DIGITS, 22, 308)]
NEAR_EDGES = st.sampled_from(_EDGES).flatmap(
    lambda edge: st.sampled_from([edge, math.nextafter(edge, INF), math.nextafter(edge, 0)])
)
# Sums of eighths have exact halves.
EIGHTHS = st.integers(-(10**7), 10**7).map(lambda number: number / 8)
MISSING = st.sampled_from([None, NAN, INF, -INF])
ANY = NUMBERS | NEAR_EDGES | EIGHTHS | MISSING


@st.composite
def narrow(draw: st.DrawFn) -> list[float]:
    """Numbers that differ in their last digits only, like the values of a counter."""
    base, step = draw(NUMBERS.filter(bool)), 10.0 ** draw(st.integers(-15, -1))
    parts = draw(st.lists(st.integers(0, 9), max_size=20))
    return [base * (1 + step * part) for part in parts]


@given(st.lists(ANY, max_size=30) | narrow(), st.integers(-4, 16) | st.integers(-310, 330))
def test_a_column_has_the_numbers_of_one_after_the_other(
    values: list[float | None], decimals: int
) -> None:
    sent = columns.round_column(values, decimals)
    assert sent == one_by_one(values, decimals)
    assert all(number is None or type(number) is float for number in sent)


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_a_zero_has_no_sign(zero: float) -> None:
    (sent,) = columns.round_column([zero], 1)
    assert sent is not None
    assert math.copysign(1, sent) == 1


def one_by_one(values: list[float | None], decimals: int) -> list[float | None]:
    """The rule of ``columns.round_column`` without arrays, number by number."""
    finite = {value for value in values if value is not None and math.isfinite(value)}
    column = max(1, decimals, places(_span(sorted(finite))))
    return [
        _one(value, decimals, column) if value in finite else None  # NaN is in no set of numbers
        for value in values
    ]


def _span(ascending: list[float]) -> tuple[float, float] | None:
    if not ascending:
        return None
    last = len(ascending) - 1
    low, high = ascending[last // 4], ascending[3 * last // 4]
    outer = (ascending[0], ascending[-1])
    return (low, high) if 0 < high - low < (outer[1] - outer[0]) / 100 else outer


def _one(value: float, decimals: int, column: int) -> float:
    size = abs(value)
    if size == 0:
        return 0.0
    exponent = math.floor(math.log10(size))
    sent = max(column, LEAST_DIGITS - 1 - exponent)
    rounded = _at_15(size)
    # A double represents the powers of ten up to this one exactly.
    if exponent + 1 + sent < DIGITS and sent <= 22:
        short = math.floor(size * 10.0**sent + 0.5) / 10.0**sent
        unit = 10.0 ** min(308, max(0 if exponent >= LARGE else 1, decimals))
        edge = short in (10.0**SMALL, 10.0**LARGE, 10.0**DIGITS)
        if not edge and not _differs(size * unit, short * unit):
            rounded = short
    return rounded if value > 0 else -rounded


def _differs(number: float, sent: float) -> bool:
    if number >= 1e15:
        return True
    floor = math.floor(number)
    half = number - floor - 0.5
    near = abs(half) <= number * 6e-15
    return near or math.floor(sent * (1 + 1e-15) + 0.5) != floor + (half > 0)


def _at_15(size: float) -> float:
    rounded = float(at_15_digits(size))
    return rounded if math.isfinite(rounded) else size
