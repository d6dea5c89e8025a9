"""The figures of a KPI tile (PRD decisions 1 and 2)."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings, strategies as st

from ksys_app.domain import kpi
from ksys_app.models.rows import QcRule
from ksys_app.models.series import Bucket

NOW = datetime(2025, 8, 15, 7, 26, tzinfo=UTC)
NAN, INF = math.nan, math.inf
ANY = st.floats()
PLANT = st.floats(-1e9, 1e9)
RULE = QcRule("D100", min_val=0, max_val=200, warn_min=20, warn_max=180, crit_min=10, crit_max=190)


@pytest.mark.parametrize("enabled", [False, None])
def test_a_rule_that_is_not_enabled_is_no_rule(enabled: bool | None) -> None:
    assert kpi.active(QcRule("D100", enabled=enabled)) is None
    assert kpi.active(None) is None
    assert kpi.active(RULE) is RULE


class TestChange:
    """The change on a page: in percent, or in the unit if the previous value is almost zero."""

    @pytest.mark.parametrize(
        ("last", "prev", "span", "text", "direction"),
        [
            (110, 100, (0, 200), "+10.0%", 1),
            (90, 100, (0, 200), "-10.0%", -1),
            (100.01, 100, (0, 200), "+0.0%", 0),
            # Less than a twentieth of the range.
            (11, 10, (0, 200), "+10.0%", 1),
            (10, 9.9, (0, 200), "+0.1 m3", 1),
            (0.02, 0.01, (0, 1), "+0.0 m3", 0),
            (-1, 1, (-50, 150), "-2.0 m3", -1),
            # Without a range only zero is next to nothing.
            (0.02, 0.01, None, "+100.0%", 1),
            (5, 0, None, "+5.0 m3", 1),
            (0, 0, None, "+0.0 m3", 0),
            (5, 5, (5, 5), "+0.0%", 0),
            (None, 5, None, "–", 0),
            (5, None, None, "–", 0),
            (NAN, 5, None, "–", 0),
            (1e308, -1e308, (-1.7e308, 1.7e308), "–", 0),
        ],
    )
    def test_the_change_in_words(
        self,
        last: float | None,
        prev: float | None,
        span: tuple[float, float] | None,
        text: str,
        direction: int,
    ) -> None:
        assert kpi.change(last, prev, span, 1, "m3") == kpi.Change(text, direction)

    def test_a_tag_without_a_unit_has_the_figure_alone(self) -> None:
        assert kpi.change(0.02, 0.01, (0, 1), 3, "").text == "+0.010"


class TestDelta:
    """The two newest buckets with data, ``(last - prev) / abs(prev) * 100``."""

    @pytest.mark.parametrize(
        ("last", "prev", "expected"),
        [
            pytest.param(110, 100, 10.0, id="a rise"),
            pytest.param(90, 100, -10.0, id="a fall"),
            pytest.param(100, 100, 0.0, id="no change"),
            pytest.param(0, 100, -100.0, id="a fall to zero"),
            pytest.param(-110, -100, -10.0, id="a fall of a negative quantity is negative"),
            pytest.param(-90, -100, 10.0, id="a rise of a negative quantity is positive"),
            pytest.param(50, -50, 200.0, id="a rise through zero"),
            pytest.param(0, 0, 0.0, id="from zero to zero"),
            pytest.param(100, 0, None, id="from zero"),
            pytest.param(100, -0.0, None, id="from negative zero"),
            pytest.param(100, None, None, id="nothing before"),
            pytest.param(None, 100, None, id="nothing now"),
            pytest.param(None, None, None, id="nothing at all"),
            pytest.param(NAN, 100, None, id="not a number now"),
            pytest.param(100, NAN, None, id="not a number before"),
            pytest.param(INF, 100, None, id="infinite now"),
            pytest.param(100, -INF, None, id="infinite before"),
            pytest.param(1e300, 1e-300, None, id="a change beyond floating point"),
        ],
    )
    def test_change_in_percent(
        self, last: float | None, prev: float | None, expected: float | None
    ) -> None:
        assert kpi.change_pct(last, prev) == pytest.approx(expected)

    @given(PLANT, PLANT.filter(bool))
    @settings(deadline=None)
    def test_its_sign_is_that_of_the_change(self, last: float, prev: float) -> None:
        change = kpi.change_pct(last, prev) or 0.0
        assert change == 0 or (change > 0) == (last > prev)

    @given(st.none() | ANY, st.none() | ANY)
    @settings(deadline=None)
    def test_it_is_a_finite_number_or_none(self, last: float | None, prev: float | None) -> None:
        assert math.isfinite(kpi.change_pct(last, prev) or 0.0)

    @pytest.mark.parametrize(
        ("pct", "expected"),
        [
            (0.0, "+0.0%"),
            (-0.0, "+0.0%"),
            (0.04, "+0.0%"),
            (-0.04, "+0.0%"),
            (0.06, "+0.1%"),
            (-0.06, "-0.1%"),
            (12.34, "+12.3%"),
            (-100.0, "-100.0%"),
            (1.234567e12, "+1.234567e12%"),
            (-1e300, "-1e300%"),
        ],
    )
    def test_its_label_is_signed_with_one_decimal(self, pct: float, expected: str) -> None:
        assert kpi.delta_label(pct) == expected

    @given(PLANT)
    @settings(deadline=None)
    def test_its_label_is_never_minus_zero(self, pct: float) -> None:
        label = kpi.delta_label(pct)
        assert label != "-0.0%"
        assert float(label[:-1]) == pytest.approx(pct, abs=0.0501)


class TestRange:
    """The hard limits of the rule, else smallest and largest value of the window."""

    def test_the_rule_comes_before_the_window(self) -> None:
        assert kpi.tile_range(RULE, 50, 60) == (0, 200)

    @pytest.mark.parametrize(
        "rule",
        [
            pytest.param(None, id="no rule"),
            pytest.param(QcRule("D100", min_val=0, max_val=200, enabled=False), id="disabled"),
            pytest.param(QcRule("D100", min_val=0), id="no upper limit"),
            pytest.param(QcRule("D100", max_val=200), id="no lower limit"),
        ],
    )
    def test_without_both_hard_limits_the_window_counts(self, rule: QcRule | None) -> None:
        assert kpi.tile_range(rule, 50, 60) == (50, 60)

    @pytest.mark.parametrize("low", [None, NAN, -INF])
    def test_an_empty_window_has_no_range(self, low: float | None) -> None:
        assert kpi.tile_range(None, low, 60) is None
        assert kpi.tile_range(None, 50, low) is None


class TestGauge:
    """Where a value stands in its range, 0 to 100."""

    @pytest.mark.parametrize(
        ("value", "span", "expected"),
        [
            pytest.param(190, (0, 200), 95.0, id="inside"),
            pytest.param(0, (0, 200), 0.0, id="lower end"),
            pytest.param(200, (0, 200), 100.0, id="upper end"),
            pytest.param(-5, (0, 200), 0.0, id="below"),
            pytest.param(205, (0, 200), 100.0, id="above"),
            pytest.param(10, (-20, 40), 50.0, id="range below zero"),
            pytest.param(5, (5, 5), 0.0, id="no width"),
            pytest.param(5, (9, 1), 0.0, id="upside down"),
            pytest.param(5, None, 0.0, id="no range"),
            pytest.param(None, (0, 200), 0.0, id="no value"),
            pytest.param(NAN, (0, 200), 0.0, id="not a number"),
            pytest.param(0, (-1.7e308, 1.7e308), 50.0, id="wider than numbers go"),
            pytest.param(5e-324, (0, 5e-324), 100.0, id="as narrow as they go"),
            pytest.param(INF, (0, 200), 0.0, id="infinite"),
        ],
    )
    def test_percent(
        self, value: float | None, span: tuple[float, float] | None, expected: float
    ) -> None:
        assert kpi.gauge_pct(value, span) == pytest.approx(expected)

    @given(st.none() | ANY, st.none() | st.tuples(ANY, ANY))
    @settings(deadline=None)
    def test_it_is_always_between_0_and_100(
        self, value: float | None, span: tuple[float, float] | None
    ) -> None:
        assert 0 <= kpi.gauge_pct(value, span) <= 100

    @given(PLANT, PLANT, st.tuples(PLANT, PLANT))
    @settings(deadline=None)
    def test_it_never_falls_while_the_value_rises(
        self, one: float, other: float, span: tuple[float, float]
    ) -> None:
        low, high = sorted((one, other))
        assert kpi.gauge_pct(low, span) <= kpi.gauge_pct(high, span)


class TestStatus:
    """Warning and critical limits inclusive, the hard range exclusive."""

    @pytest.mark.parametrize(
        ("value", "level"),
        [
            pytest.param(100, 0, id="in the middle"),
            pytest.param(20.001, 0, id="just above warn_min"),
            pytest.param(20, 1, id="on warn_min"),
            pytest.param(19.999, 1, id="just below warn_min"),
            pytest.param(10.001, 1, id="just above crit_min"),
            pytest.param(10, 2, id="on crit_min"),
            pytest.param(9.999, 2, id="just below crit_min"),
            pytest.param(179.999, 0, id="just below warn_max"),
            pytest.param(180, 1, id="on warn_max"),
            pytest.param(180.001, 1, id="just above warn_max"),
            pytest.param(189.999, 1, id="just below crit_max"),
            pytest.param(190, 2, id="on crit_max"),
            pytest.param(190.001, 2, id="just above crit_max"),
        ],
    )
    def test_at_and_beside_each_limit(self, value: float, level: int) -> None:
        assert kpi.status_level(value, RULE) == level

    @pytest.mark.parametrize(
        ("value", "level"), [(0, 0), (-0.001, 2), (200, 0), (200.001, 2)], ids=str
    )
    def test_the_end_of_the_hard_range_is_no_violation(self, value: float, level: int) -> None:
        assert kpi.status_level(value, QcRule("D100", min_val=0, max_val=200)) == level

    @pytest.mark.parametrize("value", [None, NAN, INF, -INF])
    def test_no_value_has_no_level(self, value: float | None) -> None:
        assert kpi.status_level(value, RULE) == 0

    @given(PLANT)
    @settings(deadline=None)
    @example(-1).via("below everything")
    def test_no_rule_and_a_disabled_one_give_0(self, value: float) -> None:
        disabled = QcRule("D100", min_val=0, max_val=200, crit_max=190, enabled=False)
        assert kpi.status_level(value, None) == 0
        assert kpi.status_level(value, disabled) == 0
        assert kpi.status_level(value, QcRule("D100")) == 0

    @given(PLANT, PLANT)
    @settings(deadline=None)
    def test_further_out_is_never_better(self, one: float, other: float) -> None:
        near, far = sorted((one, other), key=lambda value: abs(value - 100))
        assert kpi.status_level(near, RULE) <= kpi.status_level(far, RULE)


class TestDecimals:
    """The decimals of a tag: from its rule, else from its values."""

    @pytest.mark.parametrize(
        ("rule", "decimals"),
        [
            pytest.param(RULE, 1, id="the spec's D100"),
            pytest.param(QcRule("T", min_val=0, max_val=10), 2, id="bar"),
            pytest.param(QcRule("T", min_val=0, crit_max=0.5), 4, id="outermost upper limit"),
            pytest.param(QcRule("T", warn_min=10, warn_max=20), 2, id="warnings alone"),
            pytest.param(QcRule("T", max_val=10), 5, id="no lower limit: the data"),
            pytest.param(QcRule("T", min_val=0, max_val=10, enabled=False), 5, id="off: the data"),
            pytest.param(None, 5, id="no rule: the data"),
        ],
    )
    def test_by_the_rule_they_do_not_change_with_the_window(
        self, rule: QcRule | None, decimals: int
    ) -> None:
        assert kpi.decimals(rule, 7.77, 7.79) == decimals

    def test_a_series_has_the_decimals_of_its_tile(self) -> None:
        rows = [bucket(7.78, 7.77, 7.785), bucket(7.78, 7.775, 7.79)]
        assert kpi.series_decimals(None, rows) == kpi.decimals(None, 7.77, 7.79) == 5
        assert kpi.series_decimals(RULE, rows) == kpi.decimals(RULE, None, None) == 1
        assert kpi.series_decimals(None, []) == 1
        assert kpi.series_decimals(None, [bucket(NAN, NAN, NAN)]) == 1


def bucket(avg: float, low: float, high: float) -> Bucket:
    return Bucket(NOW, 2, avg, 2 * avg, low, high, high, low, high - low, NOW)
