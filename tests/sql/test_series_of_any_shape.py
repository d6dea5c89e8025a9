"""A series in a database without materialized buckets: gaps and the running bucket."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from itertools import count

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from ksys_app.domain.indicators import Moving, lookback, moving
from ksys_app.domain.windows import WINDOWS, Window
from ksys_app.queries import indicators, metrics
from tests import plant, series
from tests.conftest import Plant

numbers = count()


@st.composite
def any_series(draw: st.DrawFn) -> tuple[Window, list[tuple[float, float]]]:
    """A window and samples, as buckets before now and value, with holes of every length."""
    window = draw(st.sampled_from(WINDOWS))
    pauses = draw(
        st.lists(st.sampled_from([0.3, 0.9, 1.0, 1.0, 1.0, 2.0, 15.0]), min_size=1, max_size=160)
    )
    chance = random.Random(draw(st.integers(0, 2**16)))
    samples, age = [], 0.0
    for pause in pauses:
        age += pause
        samples.append((age, chance.uniform(-1e3, 1e3)))
    return window, samples


@settings(max_examples=25)
@given(shape=any_series())
async def test_any_series_is_shown_as_it_was_and_the_rules_compute_the_same_indicators(
    plant_db: Plant, shape: tuple[Window, list[tuple[float, float]]]
) -> None:
    window, ages = shape
    tag, now = f"any-{next(numbers)}", await plant.clock(plant_db.conn)
    samples = [(now - age * window.width, tag, value) for age, value in ages]
    await plant.insert(plant_db.conn, samples)
    rows = (await metrics.buckets(tag, window)).rows
    now = await series.clock(rows, plant_db)
    series.agree(
        rows,
        plant.expected_buckets(samples, window, now, plant_db.zone, timedelta(0)),
        series.BUCKETS,
    )
    found = (await indicators.indicators(tag, window)).rows
    now = await series.clock(found, plant_db)
    series.agree(found, series.moving(samples, window, now, plant_db.zone), series.MOVING)

    for band in ("plant", "bollinger"):
        found = (await indicators.indicators(tag, window, band)).rows
        now = await series.clock(found, plant_db)
        before = lookback(window.width)
        buckets = plant.expected_buckets(samples, window, now, plant_db.zone, before)
        figures = moving(buckets["avg"].to_numpy(dtype=np.float64), band)
        wanted = pd.DataFrame(
            figures._asdict() | {name: buckets[name] for name in ("bucket", "avg")}
        )
        inside = wanted[wanted["bucket"] >= now - window.duration]
        series.agree(found, inside, Moving._fields, rel=1e-9)


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: window.label)
async def test_the_running_bucket_is_read_at_once(plant_db: Plant, window: Window) -> None:
    async def newest(now: datetime) -> tuple[series.Rows, series.Rows]:
        tag = f"new {window.label} {now}"
        await plant.insert(plant_db.conn, [(now, tag, 42.0)])
        rows = (await metrics.buckets(tag, window)).rows
        return rows, (await indicators.indicators(tag, window)).rows

    (row,), (moved,) = await plant.in_one_minute(plant_db.conn, newest)
    assert (row.n, row.avg, row.last, row.diff) == (1, 42.0, 42.0, 0.0)
    assert (moved.avg, moved.sma_60, moved.sd_20, moved.bb_top) == (42.0, 42.0, None, None)
