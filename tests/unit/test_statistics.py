"""Statistics over time, beside pandas (PRD §33.3)."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from ksys_app.domain.rates import Rate, rate_of
from ksys_app.domain.statistics import (
    Statistics,
    StepSeries,
    statistics,
    steps_of_buckets,
    steps_of_samples,
)
from ksys_app.models.rows import QcRule

END = 10_000.0
values = st.floats(-1e6, 1e6).map(lambda one: round(one, 3))
sample_lists = st.lists(
    st.tuples(st.integers(0, 9_999), values), max_size=40, unique_by=lambda p: p[0]
)


def by_seconds(seconds: pd.Series) -> dict[str, float]:
    """The figures of a value for each second, NaN for none."""
    held = seconds.dropna().sort_values()
    if held.empty:
        return {}
    quantiles = {
        name: held.iloc[math.ceil(round(q * len(held), 9)) - 1]
        for name, q in (("p5", 0.05), ("p50", 0.5), ("p95", 0.95))
    }
    return {"mean": held.mean(), "std": held.std(ddof=0), "total": held.sum() / 60, **quantiles}


def agree(steps: StepSeries, seconds: pd.Series) -> None:
    """Check the statistics of steps, each of which lasts whole seconds."""
    found, wanted = statistics(steps, None, Rate("L", 60)), by_seconds(seconds)
    assert found.covered_s == seconds.notna().sum()
    if not wanted:
        assert found == Statistics()
        return
    scale = max(1.0, *(abs(one) for one in wanted.values()))
    for name, one in wanted.items():
        assert getattr(found, name) == pytest.approx(one, rel=1e-9, abs=1e-7 * scale), name
    drawn = steps.held > 0
    middle, weight = (steps.at + steps.held / 2)[drawn], np.sqrt(steps.held[drawn])
    if len(middle) > 1:
        line = np.polyfit(middle - middle[0], steps.value[drawn], 1, w=weight)
        assert found.slope_h == pytest.approx(line[0] * 3600, rel=1e-6, abs=1e-6 * scale)
    else:
        assert found.slope_h is None


@given(sample_lists, st.sampled_from([60.0, 700.0, 20_000.0]))
@settings(deadline=None, max_examples=60)
def test_samples_count_as_long_as_they_hold(samples: list[tuple[int, float]], hold: float) -> None:
    samples.sort()
    at, value = [float(one) for one, _ in samples], [one for _, one in samples]
    seconds = np.full(int(END), np.nan)
    for (begin, one), end in zip(samples, [*at[1:], END][: len(at)], strict=True):
        seconds[begin : int(min(end, begin + hold))] = one
    agree(steps_of_samples(at, value, END, hold), pd.Series(seconds))


@given(st.lists(st.one_of(st.none(), values), min_size=1, max_size=30), st.integers(1, 600))
@settings(deadline=None, max_examples=60)
def test_buckets_count_as_long_as_they_are(means: list[float | None], cut: int) -> None:
    rows = [(n * 600.0, one) for n, one in enumerate(means) if one is not None]
    until = 600 * (len(means) - 1) + cut
    steps = steps_of_buckets([at for at, _ in rows], [one for _, one in rows], [600.0], until)
    seconds = np.repeat([np.nan if one is None else one for one in means], 600)[:until]
    agree(steps, pd.Series(seconds))


def test_a_straight_line_has_its_slope() -> None:
    at = [float(one) for one in range(0, 7200, 60)]
    found = statistics(steps_of_samples(at, [one / 36 for one in at], 7200.0, 60.0), None, None)
    assert found.slope_h == pytest.approx(100)
    assert found.total is None


def test_nothing_says_nothing() -> None:
    assert statistics(steps_of_samples([], [], END, 60.0), None, None) == Statistics()
    assert statistics(steps_of_samples([END], [5.0], END, 60.0), None, None) == Statistics()


def test_a_mean_that_is_not_finite_does_not_count() -> None:
    found = statistics(steps_of_buckets([0.0, 60.0], [math.nan, 2.0], [60.0], 120.0), None, None)
    assert (found.covered_s, found.mean) == (60.0, 2.0)


def test_time_beyond_limits_counts_the_limit_itself_but_not_the_end_of_the_range() -> None:
    limits = QcRule("T", min_val=0.0, crit_min=10.0, warn_max=20.0, crit_max=30.0, max_val=40.0)
    steps = steps_of_buckets([0.0, 60.0, 120.0, 180.0], [0.0, 10.0, 20.0, 40.0], [60.0], 240.0)
    found = statistics(steps, limits, None)
    by_name = {one.name: (one.side, one.seconds) for one in found.limits}
    assert by_name == {
        "MIN": ("below", 0.0),
        "LL": ("below", 120.0),
        "H": ("above", 120.0),
        "HH": ("above", 60.0),
        "MAX": ("above", 0.0),
    }
    assert statistics(steps, replace(limits, enabled=False), None).limits == ()


@pytest.mark.parametrize(
    ("unit", "rate"),
    [
        ("m³/h", ("m³", 3600)),
        ("L/min", ("L", 60)),
        ("kg/s", ("kg", 1)),
        ("t / d", ("t", 86_400)),
        ("kW", ("kWh", 3600)),
        ("MVA", ("MVAh", 3600)),
        ("A", ("Ah", 3600)),
        ("lpm", ("L", 60)),
        ("°C", None),
        ("bar", None),
        ("W/m²", None),
        ("/h", None),
        ("", None),
        ("%", None),
    ],
)
def test_a_unit_that_is_a_rate_adds_up(unit: str, rate: tuple[str, int] | None) -> None:
    assert rate_of(unit) == rate
