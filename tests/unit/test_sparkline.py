"""A window's series as an SVG path in a box of 100 x 24."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

import pytest
from hypothesis import given, settings, strategies as st

from ksys_app.domain.sparkline import HEIGHT, WIDTH, domain, height_of, path, visible

NUMBER = r"-?\d+(?:\.\d+)?"
POINT = re.compile(rf"(?:M({NUMBER}) ({NUMBER})h\.1|L({NUMBER}) ({NUMBER}))")
VALUES = st.floats(-1e12, 1e12)
ANY = VALUES | st.sampled_from([math.nan, math.inf, -math.inf])
SPAN = (0.0, 24.0)


class Point(NamedTuple):
    begins: bool
    x: float
    y: float


def points(series: str) -> list[Point]:
    """The points of a path; every character of it has to belong to one."""
    assert POINT.sub("", series) == ""
    return [
        Point(bool(m[1]), float(m[1] or m[3]), float(m[2] or m[4])) for m in POINT.finditer(series)
    ]


@st.composite
def any_series(draw: st.DrawFn) -> tuple[list[float], list[float]]:
    at = sorted(draw(st.lists(st.floats(0, 1), max_size=48, unique=True)))
    return at, draw(st.lists(ANY, min_size=len(at), max_size=len(at)))


def test_a_series_becomes_one_line_from_left_to_right() -> None:
    assert path([0, 0.5, 1], [0, 24, 12], SPAN, 0.5) == "M0 24h.1L50 0L100 12"


def test_positions_and_heights_have_at_most_one_decimal() -> None:
    assert path([1 / 3], [10 / 3], SPAN, 1) == "M33.3 20.7h.1"


def test_a_single_point_is_still_drawn() -> None:
    assert path([0.5], [12], SPAN, 0.1) == "M50 12h.1"


def test_nothing_draws_nothing() -> None:
    assert path([], [], SPAN, 0.1) == ""


def test_a_line_crosses_a_gap_as_wide_as_allowed() -> None:
    assert [p.begins for p in points(path([0, 0.25, 0.5], [1, 2, 3], SPAN, 0.25))] == [
        True,
        False,
        False,
    ]


def test_a_line_breaks_where_two_points_are_further_apart() -> None:
    broken = points(path([0, 0.25, 0.51, 0.76], [1, 2, 3, 4], SPAN, 0.25))
    assert [p.begins for p in broken] == [True, False, True, False]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_line_breaks_at_a_value_that_is_not_a_number(bad: float) -> None:
    broken = points(path([0, 0.1, 0.2, 0.3, 0.4], [1, 2, bad, 4, 5], SPAN, 1))
    assert [(p.begins, p.x) for p in broken] == [
        (True, 0),
        (False, 10),
        (True, 30),
        (False, 40),
    ]


def test_positions_and_values_that_do_not_pair_are_an_error() -> None:
    with pytest.raises(ValueError, match="zip"):
        path([0, 1], [1], SPAN, 1)


@given(any_series(), st.lists(VALUES, max_size=4), st.floats(0, 1))
@settings(deadline=None)
def test_it_stays_in_its_box_and_breaks_at_every_gap(
    series: tuple[list[float], list[float]], limits: list[float], max_gap: float
) -> None:
    at, values = series
    span = domain(values, limits)
    good = [(x, v) for x, v in zip(at, values, strict=True) if math.isfinite(v)]
    if span is None:
        assert not good
        return
    drawn = points(path(at, values, span, max_gap))
    assert len(drawn) == len(good)
    assert all(0 <= p.x <= WIDTH and 0 <= p.y <= HEIGHT for p in drawn)
    joined = sum(not p.begins for p in drawn)
    assert joined == sum(
        b - a <= max_gap and math.isfinite(v) and math.isfinite(w)
        for a, b, v, w in zip(at, at[1:], values, values[1:], strict=False)
    )
    assert all(0 <= y <= HEIGHT for y in visible(limits, span))


@given(st.lists(VALUES, min_size=2, max_size=20))
@settings(deadline=None)
def test_a_higher_value_is_never_drawn_lower(values: list[float]) -> None:
    span = domain(values, [])
    assert span is not None
    heights = [height_of(value, span) for value in sorted(values)]
    assert heights == sorted(heights, reverse=True)


class TestDomain:
    """The values from bottom to top."""

    def test_the_series_with_a_tenth_of_its_height_above_and_below(self) -> None:
        assert domain([10, 20, 15], []) == (9, 21)

    @pytest.mark.parametrize("values", [[], [math.nan], [math.inf, -math.inf]])
    def test_without_a_value_there_is_none(self, values: list[float]) -> None:
        assert domain(values, [1, 2]) is None

    def test_a_value_that_is_not_a_number_does_not_count(self) -> None:
        assert domain([10, math.nan, 20, math.inf], []) == (9, 21)

    @pytest.mark.parametrize("level", [190.0, 0.0, -5.0, 1e-300, 1e300])
    def test_a_steady_value_runs_through_the_middle(self, level: float) -> None:
        span = domain([level, level], [])
        assert span is not None
        assert height_of(level, span) == HEIGHT / 2

    @pytest.mark.parametrize(
        ("limit", "counts"),
        [(30, True), (30.001, False), (0, True), (-0.001, False), (15, True), (math.nan, False)],
    )
    def test_a_limit_counts_within_one_height_of_the_series(
        self, limit: float, counts: bool
    ) -> None:
        without, span = domain([10, 20], []), domain([10, 20], [limit])
        assert span is not None
        assert bool(visible([limit], span)) == counts
        assert (span == without) == (not counts or limit == 15)

    @pytest.mark.parametrize(
        ("level", "limit", "counts"),
        [(200, 210, True), (200, 210.1, False), (-200, -210, True), (0, 1, True), (0, 1.1, False)],
    )
    def test_for_a_steady_value_a_limit_counts_within_a_twentieth_of_it(
        self, level: float, limit: float, counts: bool
    ) -> None:
        span = domain([level], [limit])
        assert span is not None
        assert bool(visible([limit], span)) == counts

    def test_only_limits_inside_the_box_are_shown_and_missing_ones_are_not(self) -> None:
        assert visible([None, 0, 12, 24, 24.1, -0.1], SPAN) == (24.0, 12.0, 0.0)
