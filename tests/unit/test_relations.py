"""Relations between tags, against the same computed with pandas (PRD §33.8)."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from ksys_app.domain.ranges import Resolution
from ksys_app.domain.relations import correlation, density
from ksys_app.domain.relations.histogram import FEWEST_BINS, MOST_BINS, histogram
from ksys_app.domain.relations.placed import Placed, pairs, placed
from ksys_app.domain.relations.week import week
from ksys_app.domain.statistics import steps_of_buckets, steps_of_samples, widths
from ksys_app.domain.windows import BUCKET_WIDTH

STEP = {"1m": "1min", "10m": "10min", "1h": "1h"}
# Zone, bucket, and a range: ordinary days, days of 23 and of 25 hours, and a zone of half an hour.
RANGES: list[tuple[str, Resolution, str, str]] = [
    ("Asia/Seoul", "10m", "2026-11-03", "2026-11-05"),
    ("Europe/Berlin", "1h", "2026-03-27", "2026-04-02"),
    ("Europe/Berlin", "10m", "2026-10-24", "2026-10-27"),
    ("Europe/Berlin", "1h", "2026-10-20", "2026-10-30"),
    ("Asia/Kolkata", "1h", "2026-06-01", "2026-06-15"),
    ("America/New_York", "1d", "2026-02-20", "2026-04-01"),
    ("America/New_York", "1d", "2026-10-20", "2026-12-01"),
]
PLACES = range(len(RANGES))


def index(place: int) -> pd.DatetimeIndex:
    """The start of each bucket of a range, UTC."""
    name, bucket, start, end = RANGES[place]
    if bucket == "1d":
        days = pd.date_range(start, end, freq="D", inclusive="left")
        return days.tz_localize(name).tz_convert("UTC")
    first, last = (pd.Timestamp(one, tz=name).tz_convert("UTC") for one in (start, end))
    return pd.date_range(first.ceil("h"), last, freq=STEP[bucket], inclusive="left")


def series(place: int, seed: int, holes: float = 0.1) -> pd.Series:
    """A series with holes: a walk, a level, and now and then an outlier."""
    chance, at = random.Random(f"{place} {seed}"), index(place)
    level, value, values = chance.choice([0.5, -40.0, 1e6]), 0.0, []
    for _ in at:
        value = 0.9 * value + chance.gauss(0, 1)
        one = level + value + (30 if chance.random() < 0.01 else 0)
        values.append(math.nan if chance.random() < holes else one)
    return pd.Series(values, at)


def seconds(at: pd.DatetimeIndex) -> list[float]:
    return [one.timestamp() for one in at]


def in_buckets(place: int, values: pd.Series) -> Placed:
    """The values as the product has them: a bucket without data has no row."""
    zone, bucket, *_ = RANGES[place]
    rows = values.dropna()
    return placed(seconds(rows.index), rows.tolist(), bucket, ZoneInfo(zone))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("seed", range(5))
def test_pairs_their_line_and_r_equal_what_pandas_computes(place: int, seed: int) -> None:
    x = series(place, seed)
    y = 0.3 * x.shift(2) + series(place, seed + 100)
    for lag in (0, 2, -3):
        both = pd.DataFrame({"x": x, "y": y.shift(-lag)}).dropna()
        found = pairs(in_buckets(place, x), in_buckets(place, y), lag)
        assert found.at.tolist() == seconds(both.index)
        assert (found.x.tolist(), found.y.tolist()) == (both["x"].tolist(), both["y"].tolist())
        line = correlation.line(found.x, found.y)
        mean = both["x"].mean()
        slope, height = np.polyfit(both["x"] - mean, both["y"], 1)
        assert line.n == len(both)
        assert line.r == pytest.approx(both["x"].corr(both["y"]), abs=1e-9)
        assert line.slope == pytest.approx(slope, rel=1e-6, abs=1e-9)
        assert line.intercept is not None
        assert line.slope is not None
        assert line.intercept + line.slope * mean == pytest.approx(height, rel=1e-9)


@pytest.mark.parametrize("place", PLACES)
def test_each_lag_has_the_pairs_that_exist_there(place: int) -> None:
    x = series(place, 1)
    y = x.shift(4) + 0.01 * series(place, 2)
    found = correlation.lags(in_buckets(place, x), in_buckets(place, y))
    most = min(200, (x.index.get_loc(last(x, y)) + 1 - x.index.get_loc(first(x, y))) // 2)
    assert [one.lag for one in found] == list(range(-most, most + 1))
    for one in found:
        both = pd.DataFrame({"x": x, "y": y.shift(-one.lag)}).dropna()
        assert one.n == len(both)
        wanted = both["x"].corr(both["y"])
        assert (one.r is None) == (len(both) < 3)
        assert one.r is None or one.r == pytest.approx(wanted, abs=1e-9)
    best = correlation.best(found)
    assert best is not None
    assert best.lag == 4


def first(*both: pd.Series) -> pd.Timestamp:
    return min(one.first_valid_index() for one in both)


def last(*both: pd.Series) -> pd.Timestamp:
    return max(one.last_valid_index() for one in both)


def test_a_few_pairs_at_the_end_are_not_the_best_lag() -> None:
    chance = np.random.default_rng(3)
    place = np.arange(12, dtype=np.int64)
    x, y = (Placed(place, place * 60.0, chance.normal(size=12)) for _ in "xy")
    found = correlation.lags(x, y)
    best = correlation.best(found)
    assert best is not None
    assert best.n >= 6
    assert max(abs(one.r or 0) for one in found) >= abs(best.r or 0)
    assert correlation.best([]) is None


def test_of_what_repeats_itself_the_shortest_lag_is_the_best() -> None:
    at = np.arange(400, dtype=np.int64)
    x, y = (Placed(at, at * 60.0, np.sin((at - late) * 2 * np.pi / 40)) for late in (0, 6))
    best = correlation.best(correlation.lags(x, y))
    assert best is not None
    assert best.lag == 6


@pytest.mark.parametrize(
    ("x", "y"), [([], []), ([1, 2], [3, 4]), ([1, 2, 3], [0.1] * 3), ([0.1] * 5, [1, 2, 3, 4, 5])]
)
def test_too_few_pairs_or_a_side_that_never_changes_say_nothing(
    x: list[float], y: list[float]
) -> None:
    line = correlation.line(np.array(x, dtype=float), np.array(y, dtype=float))
    assert line == correlation.Line(len(x))


def test_pairs_on_a_line_have_r_of_one_whatever_their_size() -> None:
    x = np.array([1.0, 2.0, 4.0])
    for size in (1e-140, 1.0, 1e140):
        line = correlation.line(x * size, -3 * x * size)
        assert line.r == pytest.approx(-1)
        assert line.slope == pytest.approx(-3)


@pytest.mark.parametrize("place", [0, 3, 6])
def test_the_matrix_has_the_correlation_of_each_pair_of_tags(place: int) -> None:
    frame = pd.DataFrame({f"T{n}": series(place, n, 0.3) for n in range(4)})
    frame["T4"] = 7.5
    frame["T5"] = math.nan
    matrix = correlation.matrix([in_buckets(place, frame[name]) for name in frame])
    wanted = frame.corr(min_periods=3)
    for row, x in enumerate(frame):
        for column, y in enumerate(frame):
            one = matrix[row][column]
            assert one.n == int((frame[x].notna() & frame[y].notna()).sum())
            assert (one.r is None) == bool(np.isnan(wanted.loc[x, y]))
            assert one.r is None or one.r == pytest.approx(wanted.loc[x, y], abs=1e-9)


def test_samples_are_paired_by_the_second() -> None:
    at = [10.0, 10.4, 11.9, 13.0]
    found = placed(at, [1.0, 3.0, None, 5.0], "raw", ZoneInfo("UTC"))
    assert found.place.tolist() == [10, 13]
    assert found.value.tolist() == [2.0, 5.0]
    both = pairs(found, placed([10.9, 12.99], [7.0, 8.0], "raw", ZoneInfo("UTC")))
    assert (both.at.tolist(), both.y.tolist()) == ([10.0], [7.0])


def test_cells_count_every_pair_once() -> None:
    chance = np.random.default_rng(5)
    place = np.arange(9_000, dtype=np.int64)
    x = Placed(place, place * 60.0, chance.normal(size=9_000))
    y = Placed(place, place * 60.0, np.round(x.value + chance.normal(size=9_000), 1))
    both = pairs(x, y)
    cells = density.density(both)
    wanted = pd.DataFrame(
        {
            "column": pd.cut(pd.Series(both.x), cells.x, labels=False, right=False),
            "row": pd.cut(pd.Series(both.y), cells.y, labels=False, right=False),
        }
    ).fillna({"column": density.ACROSS - 1, "row": density.UP - 1})
    counted = wanted.value_counts().to_dict()
    found = zip(cells.column.tolist(), cells.row.tolist(), cells.n.tolist(), strict=True)
    assert {(column, row): n for column, row, n in found} == counted
    assert sum(counted.values()) == 9_000


@pytest.mark.parametrize("place", PLACES)
def test_a_histogram_counts_the_time_of_each_value(place: int) -> None:
    zone, bucket, *_ = RANGES[place]
    rows = series(place, 4).dropna()
    at, until = seconds(rows.index), rows.index[-1].timestamp() + 100
    lengths = widths(at, BUCKET_WIDTH[bucket], ZoneInfo(zone))  # type: ignore[index]
    found = histogram(steps_of_buckets(at, rows.tolist(), lengths, until))
    if bucket == "1d":
        local = rows.index.tz_convert(zone)
        lengths_s = ((local + pd.DateOffset(days=1)) - local).total_seconds()
    else:
        lengths_s = pd.Series(BUCKET_WIDTH[bucket].total_seconds(), rows.index)  # type: ignore[index]
    held = np.minimum(np.array(lengths_s), until - np.array(at))
    parts = pd.cut(rows, found.edges, labels=False, right=False)
    parts = parts.fillna(len(found.seconds) - 1).astype(int)
    wanted = pd.Series(held, rows.index).groupby(parts).sum()
    assert found.seconds == pytest.approx(
        wanted.reindex(range(len(found.seconds)), fill_value=0).to_numpy()
    )
    assert found.seconds.sum() == pytest.approx(held.sum())
    assert FEWEST_BINS <= len(found.seconds) <= MOST_BINS
    assert np.allclose(np.diff(found.edges), np.diff(found.edges)[0])


def test_bins_are_as_wide_as_freedman_and_diaconis_say() -> None:
    values = np.random.default_rng(2).normal(size=5_000)
    at = np.arange(5_000) * 60.0
    found = histogram(steps_of_buckets(at.tolist(), values.tolist(), [60.0], 1e9))
    quartiles = pd.Series(values).quantile([0.25, 0.75], interpolation="lower").tolist()
    width = 2 * (quartiles[1] - quartiles[0]) / 5_000 ** (1 / 3)
    assert len(found.seconds) == math.ceil((values.max() - values.min()) / width)


@pytest.mark.parametrize(
    ("values", "bins"),
    [([], 0), ([5.0], 1), ([0.1] * 9, 1), ([1.0] * 9 + [2.0], 10), ([*range(99), 1e6], 100)],
)
def test_a_histogram_has_few_bins_and_not_too_many(values: list[float], bins: int) -> None:
    at = [n * 60.0 for n in range(len(values))]
    assert len(histogram(steps_of_samples(at, values, 1e6, 60.0)).seconds) == bins


@pytest.mark.parametrize("place", [0, 1, 2, 3, 4])
def test_hours_of_the_week_equal_what_pandas_computes(place: int) -> None:
    zone, bucket, *_ = RANGES[place]
    rows = series(place, 6).dropna()
    until = rows.index[-1].timestamp() + 7
    width = BUCKET_WIDTH[bucket].total_seconds()  # type: ignore[index]
    found = week(
        steps_of_buckets(seconds(rows.index), rows.tolist(), [width], until), ZoneInfo(zone)
    )
    frame = pd.DataFrame({"value": rows, "held": width})
    frame.iloc[-1, 1] = 7.0
    local = rows.index.tz_convert(zone)
    frame["total"] = frame["value"] * frame["held"]
    cells = frame.groupby([local.day_of_week, local.hour])
    for (day, hour), n in cells.size().items():
        assert found.n[day, hour] == n
        mean = cells["total"].sum()[day, hour] / cells["held"].sum()[day, hour]
        assert found.mean[day, hour] == pytest.approx(mean)
    assert found.n.sum() == len(rows)
    assert np.isnan(found.mean[found.n == 0]).all()


@pytest.mark.parametrize(
    ("start", "end", "n"), [("2026-03-29", "2026-03-30", 0), ("2026-10-25", "2026-10-26", 2)]
)
def test_an_hour_that_is_missing_or_comes_twice(start: str, end: str, n: int) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    first, last = (datetime.fromisoformat(one).replace(tzinfo=berlin) for one in (start, end))
    at = [one.timestamp() for one in pd.date_range(first, last, freq="h", inclusive="left")]
    until = last.astimezone(UTC).timestamp()
    found = week(steps_of_buckets(at, list(map(float, range(len(at)))), [3600.0], until), berlin)
    assert found.n[6, 2] == n
    assert found.n[6].sum() == len(at)
    assert n == 0 or found.mean[6, 2] == 2.5
