"""Compares the rows of a series with the expected rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import pytest

from ksys_app.domain.indicators import lookback
from ksys_app.domain.windows import Window
from tests import plant
from tests.conftest import Plant

Rows = Sequence[Any]
BUCKETS = ("n", "avg", "sum", "min", "max", "last", "first", "diff")
MOVING = ("avg", "sma_10", "sma_20", "sma_60", "sd_20", "slope_60")


def agree(rows: Rows, expected: pd.DataFrame, names: Sequence[str], rel: float = 1e-6) -> None:
    """Check that the rows have the expected number, times and values."""
    assert [row.bucket for row in rows] == list(expected["bucket"])
    scale = expected["avg"].abs().max() if len(expected) else 1.0
    for name in names:
        for row, wanted in zip(rows, expected[name], strict=True):
            value = getattr(row, name)
            if value is None or math.isnan(wanted):
                assert (value is None) == math.isnan(wanted), f"{name} at {row.bucket}"
            else:
                # The rounding error of a difference is that of its two values, which may be larger.
                assert value == pytest.approx(wanted, rel=rel, abs=scale * 1e-12), name


async def clock(rows: Rows, plant_db: Plant) -> datetime:
    """The database's clock at the time of these rows; without rows, its clock now."""
    return rows[0].now if rows else await plant.clock(plant_db.conn)


def moving(samples: list[plant.Sample], window: Window, now: datetime, zone: str) -> pd.DataFrame:
    """Expected indicators of a window; they are computed with their lookback."""
    before = lookback(window.width)
    indicators = plant.expected_indicators(
        plant.expected_buckets(samples, window, now, zone, before)
    )
    return indicators[indicators["bucket"] >= now - window.duration].copy()
