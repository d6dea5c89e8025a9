"""Moving averages, bands and slope of a series, computed a second time with pandas (PRD §22.1)."""

from __future__ import annotations

import random

import numpy as np
import pandas as pd
import pytest

from ksys_app.domain.indicators import Band, moving


def by_pandas(avg: pd.Series, band: Band) -> dict[str, pd.Series]:
    sma = {length: avg.rolling(length, min_periods=1).mean() for length in (10, 20, 60)}
    sd_20 = avg.rolling(20, min_periods=2).std(ddof=1)
    centre = sma[20] if band == "bollinger" else avg
    return {
        **{f"sma_{length}": column for length, column in sma.items()},
        "sd_20": sd_20,
        "bb_top": centre + 2 * sd_20,
        "bb_bot": centre - 2 * sd_20,
        "slope_60": avg - avg.shift(60),
    }


@pytest.mark.parametrize("band", ["plant", "bollinger"])
@pytest.mark.parametrize("seed", range(20))
def test_every_figure_equals_what_pandas_computes(seed: int, band: Band) -> None:
    chance = random.Random(seed)
    length = chance.choice([0, 1, 2, 19, 20, 21, 59, 60, 61, 400])
    level = chance.choice([0.0, 100.0, -5e4])
    avg = np.array([level + chance.gauss(0, 3) for _ in range(length)], dtype=np.float64)
    found = moving(avg, band)
    wanted = by_pandas(pd.Series(avg, dtype=np.float64), band)
    assert set(wanted) == set(found._fields)
    for name, column in wanted.items():
        np.testing.assert_allclose(
            getattr(found, name), column.to_numpy(), rtol=1e-9, atol=1e-9, err_msg=name
        )


def test_a_small_spread_beside_a_large_level_is_not_lost() -> None:
    avg = np.array([1e9 + n % 2 for n in range(40)])
    found = moving(avg, "plant")
    wanted = np.std([0.0, 1.0] * 10, ddof=1)
    assert found.sd_20[19:] == pytest.approx(wanted, rel=1e-12)


def test_a_series_that_never_changes_has_no_spread() -> None:
    found = moving(np.full(30, 4.0), "bollinger")
    assert np.isnan(found.sd_20[0])
    assert set(found.sd_20[1:]) == {0.0}
    assert found.bb_top[1:].tolist() == found.bb_bot[1:].tolist() == [4.0] * 29


def test_what_is_larger_than_a_number_can_be_is_missing_and_warns_nobody() -> None:
    found = moving(np.array([1e308, -1e308, 1e308]), "plant")
    assert not np.isfinite(found.sd_20).any()
