"""Buckets, indicators and features of a tag, compared with pandas on the raw rows."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest

from ksys_app.domain.indicators import Band, lookback
from ksys_app.domain.ranges import Range, Resolution, parse_range, with_bucket
from ksys_app.domain.windows import VIEW, WINDOWS, BucketName, Window, parse_window
from ksys_app.ops.schema import refresh
from ksys_app.queries import features, indicators, metrics
from ksys_app.queries.comm import database_clock
from ksys_app.queries.export import bucket_slice, clock
from tests import plant, series
from tests.conftest import Plant

RANGES: list[tuple[str, str, Resolution | None]] = [
    ("now-90m", "now", "raw"),
    ("now-5h/h", "now-3h/h", "raw"),
    ("now-5h", "now", None),
    ("now-26h", "now-3h", None),
    ("now-6d", "now-1d", "1m"),
    ("now-9d/d", "now-2d/d", None),
    ("now-60d", "now-20d", None),
    ("now-300d/d", "now-5d/d", None),
    ("now-40d/d", "now", "1d"),
]
each_range = pytest.mark.parametrize(
    ("start", "end", "bucket"), RANGES, ids=[" ".join(map(str, one)) for one in RANGES]
)
each_window = pytest.mark.parametrize("window", WINDOWS, ids=lambda window: window.label)


@pytest.fixture(scope="module")
async def samples(plant_db: Plant) -> list[plant.Sample]:
    """All that retention keeps, with holes; everything but the newest minutes is materialized."""
    now = await plant.clock(plant_db.conn)
    oldest = now - timedelta(days=364)
    samples = [sample for sample in plant.thinning(now, "W", seed=11) if sample[0] > oldest]
    await plant.insert(plant_db.conn, samples)
    await refresh.refresh(plant_db.dsn, plant_db.settings.zone)
    return samples


@each_window
async def test_buckets_equal_an_independent_aggregation(
    samples: list[plant.Sample], plant_db: Plant, window: Window
) -> None:
    rows = (await metrics.buckets("W", window)).rows
    now = await series.clock(rows, plant_db)
    expected = plant.expected_buckets(samples, window, now, plant_db.zone, timedelta(0))
    series.agree(rows, expected, series.BUCKETS)


@each_window
@pytest.mark.parametrize("band", ["plant", "bollinger"])
async def test_indicators_equal_pandas_from_the_first_row_on(
    samples: list[plant.Sample], plant_db: Plant, window: Window, band: Band
) -> None:
    rows = (await indicators.indicators("W", window, band)).rows
    expected = series.moving(samples, window, await series.clock(rows, plant_db), plant_db.zone)
    series.agree(rows, expected, series.MOVING)
    centre = expected["sma_20" if band == "bollinger" else "avg"]
    expected["bb_top"] = centre + 2 * expected["sd_20"]
    expected["bb_bot"] = centre - 2 * expected["sd_20"]
    series.agree(rows, expected, ["bb_top", "bb_bot"])


async def ranged(plant_db: Plant, start: str, end: str, bucket: Resolution | None) -> Range:
    span = parse_range(start, end, await database_clock(), plant_db.settings.zone)
    return with_bucket(span, bucket or span.bucket)


def until(span: Range, rows: series.Rows) -> datetime:
    """The end of a range; one that ends now has the bucket that begins now."""
    return rows[0].now + timedelta(microseconds=1) if span.ends_now else span.end


@each_range
async def test_buckets_and_samples_of_a_range_equal_an_independent_aggregation(
    samples: list[plant.Sample],
    plant_db: Plant,
    start: str,
    end: str,
    bucket: Resolution | None,
) -> None:
    span = await ranged(plant_db, start, end, bucket)
    rows = (await metrics.buckets("W", span)).rows
    end_at = until(span, rows)
    if span.bucket != "raw":
        expected = plant.expected_between(samples, span.bucket, span.start, end_at, plant_db.zone)
        series.agree(rows, expected, series.BUCKETS)
        return
    first = span.bounds(timedelta())[0]
    inside = sorted(one for one in samples if first <= one[0] < end_at)
    assert inside
    assert [(row.bucket, row.avg) for row in rows] == [(ts, value) for ts, _, value in inside]
    for row in rows:
        same = {row.sum, row.min, row.max, row.last, row.first}
        assert (same, row.n, row.diff) == ({row.avg}, 1, 0)


@each_range
async def test_indicators_of_a_range_equal_pandas_from_the_first_row_on(
    samples: list[plant.Sample],
    plant_db: Plant,
    start: str,
    end: str,
    bucket: Resolution | None,
) -> None:
    span = await ranged(plant_db, start, end, None if bucket == "raw" else bucket)
    rows = (await indicators.indicators("W", span)).rows
    before, end_at = span.start - lookback(span.width), until(span, rows)
    expected = plant.expected_indicators(
        plant.expected_between(samples, span.bucket, before, end_at, plant_db.zone)
    )
    series.agree(rows, expected[expected["bucket"] >= span.start].copy(), series.MOVING)


async def test_features_of_a_range_are_those_of_the_window_between_its_ends(
    samples: list[plant.Sample], plant_db: Plant
) -> None:
    all_rows = (await features.history("W", parse_window("24h"))).rows
    span = await ranged(plant_db, "now-20h", "now-1h", None)
    inside = [row.bucket for row in all_rows if span.start <= row.bucket < span.end]
    assert [row.bucket for row in (await features.history("W", span)).rows] == inside
    newest = (await features.history("W", span, cap=2)).rows
    assert [row.bucket for row in newest] == inside[-2:]


async def test_the_view_for_other_readers_agrees_over_the_hours_both_cover(
    plant_db: Plant,
) -> None:
    now = await plant.clock(plant_db.conn)
    chance = random.Random(5)
    minutes = [i for i in range(25 * 60) if i > 23 * 60 or chance.random() > 0.1]
    rows = [(now - timedelta(minutes=i, seconds=1), "mv", chance.gauss(100, 5)) for i in minutes]
    await plant.insert(plant_db.conn, rows)
    await plant_db.conn.execute(
        "CALL refresh_continuous_aggregate('public.influx_agg_1m', NULL, NULL)"
    )
    await plant_db.conn.execute("CALL public.refresh_tech_ind_1m_mv()")
    cursor = await plant_db.conn.execute(
        "SELECT bucket, avg, sma_10, sma_60, bb_top, bb_bot, slope_60 FROM public.tech_ind_1m_mv"
        " WHERE tag_name = 'mv' ORDER BY bucket"
    )
    view = {row[0]: row[1:] for row in await cursor.fetchall()}
    found = (await indicators.indicators("mv", parse_window("24h"))).rows
    assert len(found) > 1200
    for row in found:
        shown = (row.avg, row.sma_10, row.sma_60, row.bb_top, row.bb_bot, row.slope_60)
        assert shown == pytest.approx(view[row.bucket], rel=1e-9, abs=1e-9)


async def test_features_are_ascending_and_a_cap_keeps_the_newest(
    samples: list[plant.Sample], plant_db: Plant
) -> None:
    window = parse_window("24h")
    all_rows = (await features.history("W", window)).rows
    newest = (await features.history("W", window, cap=3)).rows
    assert newest[-1].bucket == all_rows[-1].bucket
    assert [row.bucket for row in newest] == [row.bucket for row in all_rows[-3:]]
    frame = plant.bucketed(samples, "5m", plant_db.zone)
    values = frame[frame["bucket"] >= all_rows[0].now - window.duration].groupby("bucket")["value"]
    expected = values.agg(n_5m="count", mean_5m="mean", std_5m="std", min_5m="min", max_5m="max")
    expected["p10_5m"], expected["p90_5m"] = values.quantile(0.1), values.quantile(0.9)
    expected["avg"] = expected["mean_5m"]
    names = ("n_5m", "mean_5m", "std_5m", "min_5m", "max_5m", "p10_5m", "p90_5m")
    series.agree(all_rows, expected.reset_index(), names)


@pytest.mark.parametrize("bucket", list(VIEW))
async def test_stretches_of_a_file_hold_each_bucket_once(
    samples: list[plant.Sample], bucket: BucketName
) -> None:
    now = await clock()
    start, middle = now - timedelta(days=300), now - timedelta(days=9)
    older = await bucket_slice(bucket, "W", start, middle, 30)
    newer = await bucket_slice(bucket, "W", middle, None, 30)
    all_rows = await bucket_slice(bucket, "W", start, None, 30)
    assert [row.bucket for row in (*older, *newer)] == [row.bucket for row in all_rows]
    assert sum(row.n for row in all_rows) > 100
