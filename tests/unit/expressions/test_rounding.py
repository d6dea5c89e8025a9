"""Rounding of expressions against Python's own, which is exact (PRD §33.4)."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st

from ksys_app.domain.expressions.rounding import rounded

DIGITS = st.integers(-12, 12)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
# Numbers as people write them, which often lie between two neighbours, and the numbers beside them.
WRITTEN = st.builds(
    lambda whole, places, beside: math.nextafter(whole / 10**places, beside),
    st.integers(-(10**16), 10**16),
    st.integers(0, 14),
    st.sampled_from([-math.inf, math.inf, 0.0]),
)
TIES = st.builds(
    lambda whole, power: math.ldexp(whole, power), st.integers(-(2**53), 2**53), st.integers(-60, 4)
)


def bits(value: float) -> tuple[float, float]:
    return value, math.copysign(1, value)


@settings(max_examples=1_500)
@given(st.lists(FINITE | WRITTEN | TIES, min_size=1, max_size=20), DIGITS)
@example([1e300, -1e300, 1.7976931348623157e308, 5e-324, -0.0, 2.675, 0.5, 1.5, 2.5], 12)
@example([2.0**40, 2.0**41, 2.0**42, 2.0**43, 2.0**52, 2.0**53], 12)
@example([0.285, 1.005, 2.675, 1.115, -1.115], 2)
@example([5e11, 1.5e12, 2.5e12, 1e300], -12)
def test_any_finite_value_is_rounded_as_python_rounds_it(values: list[float], digits: int) -> None:
    expected = [round(value, digits) for value in values]
    assert list(map(bits, rounded(np.array(values), digits).tolist())) == list(map(bits, expected))


@pytest.mark.parametrize("digits", [0, 2, 12, -12])
def test_a_hole_stays_a_hole(digits: int) -> None:
    assert np.isnan(rounded(np.array([math.nan, 1.0]), digits)).tolist() == [True, False]
