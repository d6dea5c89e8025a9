"""5-minute features of samples, computed a second time with pandas (PRD §4.3)."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from ksys_app.domain.features import features
from tests import plant

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FIGURES = ("mean_5m", "std_5m", "min_5m", "max_5m", "p10_5m", "p90_5m", "n_5m")


def by_pandas(at: list[float], value: list[float]) -> pd.DataFrame:
    index = pd.to_datetime(pd.Series(at, dtype=np.float64), unit="s", utc=True)
    series = pd.Series(value, index=pd.DatetimeIndex(index), dtype=np.float64)
    groups = series.replace([np.inf, -np.inf], np.nan).dropna().groupby(lambda ts: ts.floor("5min"))
    return plant.expected_features(groups)


@pytest.mark.parametrize("seed", range(40))
def test_random_samples_with_holes_have_the_features_that_pandas_computes(seed: int) -> None:
    chance = random.Random(seed)
    at, time = list[float](), 1_772_000_000.0
    for _ in range(chance.choice([0, 1, 2, 50, 900])):
        time += chance.choice([0.25, 1, 1, 7, 60, 299.9999, 300, 5_000])
        at.append(time)
    level = chance.choice([0.0, 1e6, -3.0])
    value = [chance.choice([np.nan, np.inf, *[level + chance.gauss(0, 2)] * 12]) for _ in at]
    found = features(at, value, NOW)
    wanted = by_pandas(at, value)
    assert [row.bucket for row in found] == list(wanted.index)
    assert {row.now for row in found} <= {NOW}
    for name in FIGURES:
        column = [np.nan if (one := getattr(row, name)) is None else one for row in found]
        np.testing.assert_allclose(
            column, wanted[name].to_numpy(dtype=float), rtol=1e-9, atol=1e-9, err_msg=name
        )


def test_a_single_sample_has_no_spread_and_is_every_percentile() -> None:
    (row,) = features([600.5], [4.0], NOW)
    assert row.bucket == datetime(1970, 1, 1, 0, 10, tzinfo=UTC)
    assert row[1:8] == (4.0, None, 4.0, 4.0, 4.0, 4.0, 1)


def test_what_is_larger_than_a_number_can_be_is_missing() -> None:
    (row,) = features([1.0, 2.0], [1e308, 1.7e308], NOW)
    assert (row.mean_5m, row.std_5m, row.max_5m) == (None, None, 1.7e308)
