"""The values of expressions, against the same computed with pandas (PRD §33.4)."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from ksys_app.domain.expressions.evaluate import evaluate, filled
from ksys_app.domain.expressions.grid import Grid, aligned, grid, reach
from ksys_app.domain.expressions.parse import names, parse
from ksys_app.domain.windows import BucketName
from tests.unit.expressions.reference import Reference, random_tree, written

TAGS = ["D100", "D200", "Pump 1 / 압력", 'a "quoted" one']
# Zone, bucket, and a range: ordinary days, a day of 23 hours, and one of 25.
RANGES: list[tuple[str, BucketName, datetime, datetime]] = [
    ("Asia/Seoul", "10m", datetime(2026, 11, 3, 15), datetime(2026, 11, 4, 15)),
    ("Europe/Berlin", "1h", datetime(2026, 3, 27, 23), datetime(2026, 3, 31, 22)),
    ("Europe/Berlin", "10m", datetime(2026, 10, 24, 22), datetime(2026, 10, 25, 23)),
    ("Europe/Berlin", "1h", datetime(2026, 10, 23, 22), datetime(2026, 10, 27, 23)),
    ("America/New_York", "1d", datetime(2026, 3, 1, 5), datetime(2026, 4, 1, 4)),
]


def on(place: int, text: str) -> Grid:
    """The buckets of a range for an expression; the clock stands in the middle of the last one."""
    name, bucket, start, end = RANGES[place]
    zone = ZoneInfo(name)
    start, end = start.replace(tzinfo=UTC), end.replace(tzinfo=UTC)
    return grid(start, end, end - timedelta(minutes=3), bucket, reach(parse(text)), zone, zone)


def column(chance: random.Random, length: int) -> list[float | None]:
    """A series with holes: steps, noise, zeros, negative and large values."""
    level = chance.choice([0.5, 20.0, 1e6, -40.0])
    result: list[float | None] = []
    for _ in range(length):
        value = chance.choice([level + chance.gauss(0, 1), float(chance.randint(-3, 3)), 0.0])
        result.append(None if chance.random() < 0.08 else value)
    return result


@pytest.mark.parametrize("part", range(10))
def test_fifty_random_expressions_equal_what_pandas_computes(part: int) -> None:
    chance = random.Random(part)
    different = []
    for number in range(50):
        place = chance.randrange(len(RANGES))
        tree = random_tree(chance, TAGS, chance.randint(1, 4))
        text = written(tree, chance)
        buckets = on(place, text)
        starts = buckets.starts.tolist()
        columns = {tag: column(chance, len(starts)) for tag in names(parse(text))}
        result = evaluate(
            parse(text),
            {tag: aligned(buckets, starts, values) for tag, values in columns.items()},
            buckets,
        )
        index = pd.DatetimeIndex(pd.to_datetime(starts, unit="s", utc=True))
        reference = Reference(
            {tag: pd.Series(values, index, dtype=float) for tag, values in columns.items()},
            index,
            _hours(place, index),
            buckets.first,
            RANGES[place][0],
        )
        wanted = reference.of(tree).to_numpy()[buckets.first :]
        if not np.array_equal(result, wanted, equal_nan=True):
            different.append(
                (number, text, result[result != wanted][:3], wanted[result != wanted][:3])
            )
    assert different == []


def _hours(place: int, index: pd.DatetimeIndex) -> list[float]:
    end = RANGES[place][3].replace(tzinfo=UTC)
    edges = [*index[1:], pd.Timestamp(end - timedelta(minutes=3))]
    return [(b - a).total_seconds() / 3600 for a, b in zip(index, edges, strict=True)]


def values(text: str, **series: list[float | None]) -> list[float]:
    """An expression over series of the first range; they begin at its first bucket."""
    buckets = on(0, text)
    starts = buckets.starts[buckets.first :].tolist()
    given = {tag: aligned(buckets, starts[: len(column)], column) for tag, column in series.items()}
    length = max((len(column) for column in series.values()), default=1)
    return [float(one) for one in evaluate(parse(text), given, buckets)[:length]]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1+2*3", 7),
        ("(1+2)*3", 9),
        ("-2^2", -4),
        ("(-2)^2", 4),
        ("2^3^2", 512),
        ("2^-1", 0.5),
        ("2^-1*4", 2),
        ("7-2-1", 4),
        ("8/4/2", 1),
        ("--3", 3),
        ("-7%3", 2),
        ("7%-3", -2),
        (".5+1.e1+1E-1", 10.6),
        ("min(3,1,2)+max(3,1,2)", 4),
        ("clamp(7,0,5)-clamp(-7,0,5)", 5),
        ("round(2.5)+round(3.14159,2)", 5.14),
        *(("round(1e300,12)", 1e300), ("round(-1e300)", -1e300), ("round(2.675,2)", 2.67)),
        ("if(1<2,3,4)+if(1>=2,3,4)+if(1==1,0,9)", 7),
        ("abs(-3)+sqrt(16)+exp(0)+log(1)", 8),
    ],
)
def test_operators_bind_as_in_mathematics(text: str, wanted: float) -> None:
    assert values(text) == [pytest.approx(wanted, rel=1e-15)]


@pytest.mark.parametrize(
    "text",
    [
        *("1/0", "0/0", "5%0", "sqrt(-1)", "log(0)", "log(-1)", "exp(1000)", "(-8)^(1/3)", "0^-1"),
        *("9^999", "if(1/0>1,2,3)", "min(1,1/0)", "max(1,0/0)", "1^(0/0)", "(0/0)^0"),
    ],
)
def test_what_is_no_finite_number_is_a_hole(text: str) -> None:
    assert math.isnan(values(text)[0])


def test_only_the_chosen_value_of_if_can_be_a_hole() -> None:
    assert values("if(A>0, log(A), 0)", A=[1.0, -1.0, None])[:2] == [0.0, 0.0]
    assert math.isnan(values("if(A>0, log(A), 0)", A=[1.0, -1.0, None])[2])


def test_a_mean_leaves_holes_out_and_a_difference_does_not() -> None:
    some: list[float | None] = [2.0, None, 4.0, 7.0]
    assert values("avg_30m(A)", A=some) == [2.0, 2.0, 3.0, 5.5]
    assert str(values("delta(A)", A=some)) == "[nan, nan, nan, 3.0]"
    assert str(values("rate(A)", A=some)) == "[nan, nan, nan, 18.0]"
    assert str(values("integral(A)", A=some)) == str([2 / 6, math.nan, 1.0, 13 / 6])


def test_a_large_value_leaves_no_trace_in_the_mean_after_it() -> None:
    assert values("avg_10m(A)", A=[1e100, 1.0, 3.0]) == [1e100, 1.0, 3.0]
    assert values("avg_20m(A)", A=[1e100, 1.0, 3.0])[2] == 2.0
    assert values("avg_1h(A)", A=[1e30, 1.0, -1e30])[2] == pytest.approx(1 / 3, rel=1e-15)


def test_a_time_shorter_than_a_bucket_is_the_bucket() -> None:
    assert values("max_1m(A)", A=[2.0, 1.0]) == [2.0, 1.0]


def test_a_day_back_is_the_same_local_time() -> None:
    """On a day of 23 hours, the hour that was skipped has no value one day later."""
    zone = ZoneInfo("Europe/Berlin")
    start, end = (datetime(2026, 3, day, tzinfo=zone).astimezone(UTC) for day in (30, 31))
    tree = parse("shift_1d(A)")
    buckets = grid(start, end, end, "1h", reach(tree), zone, zone)
    hours = [datetime.fromtimestamp(one, zone).hour + 0.0 for one in buckets.starts.tolist()]
    result = evaluate(tree, {"A": np.array(hours)}, buckets)
    assert [h for h, one in enumerate(result) if math.isnan(one)] == [2]
    assert [one for one in result.tolist() if not math.isnan(one)] == [
        float(h) for h in range(24) if h != 2
    ]


@pytest.mark.parametrize("bucket", ["1m", "1h", "1d"])
@pytest.mark.parametrize(
    "text", ["A", "avg_1h(A)", "min_2d(A)", "shift_1d(A)", "rate(integral(A))"]
)
def test_a_range_without_a_bucket_has_no_values(text: str, bucket: BucketName) -> None:
    moment, zone = datetime(2026, 11, 4, tzinfo=UTC), ZoneInfo("UTC")
    tree = parse(text)
    buckets = grid(moment, moment, moment + timedelta(hours=1), bucket, reach(tree), zone, zone)
    result = evaluate(tree, {"A": aligned(buckets, (), ())}, buckets)
    assert filled(buckets, result) == ([], [[]])


def test_a_series_that_is_not_of_the_grid_is_left_out() -> None:
    buckets = on(0, "A")
    moment = int(buckets.starts[0])
    result = aligned(buckets, [moment - 600, moment, moment + 30, moment + 10**9], [1.0, 2, 3, 4])
    assert result[0] == 2
    assert np.isnan(result[1:]).all()


def test_values_that_are_not_finite_are_holes() -> None:
    some: list[Any] = [math.inf, -math.inf, math.nan, None]
    assert all(map(math.isnan, values("A", A=some)))


@pytest.mark.parametrize("place", range(len(RANGES)))
@pytest.mark.parametrize("text", ["avg_1d(D100) - shift_1d(D100)", "delta(D100)", "integral(D100)"])
def test_buckets_before_a_range_change_nothing_in_it(place: int, text: str) -> None:
    name, bucket, start, end = RANGES[place]
    zone, tree = ZoneInfo(name), parse(text)
    start, end = start.replace(tzinfo=UTC), end.replace(tzinfo=UTC)
    buckets, wide = [
        grid(start, end, end, bucket, reach(tree), zone, zone, lead) for lead in (0, 7)
    ]
    starts = wide.starts.tolist()
    values = column(random.Random(place), len(starts))
    alone, before = [
        evaluate(tree, {"D100": aligned(one, starts, values)}, one) for one in (buckets, wide)
    ]
    assert len(before) == len(alone) + 7
    np.testing.assert_array_equal(before[7:], alone)
    # What adds up from the start of the range on has nothing before it.
    assert np.isnan(before[:7]).all() == (text == "integral(D100)")
    moments, _ = filled(wide, before)
    assert moments == (wide.starts[wide.first - 7 :][~np.isnan(before)] * 1000).tolist()
