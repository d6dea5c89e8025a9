"""The aggregates equal the raw samples, with late samples and the running bucket."""

from __future__ import annotations

import math
import random
import statistics
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from psycopg import AsyncConnection

from ksys_app.ops.schema.refresh import refresh
from tests.conftest import ZONE
from tests.plant import Sample, clock, insert

WIDTHS = {"1m": "1min", "10m": "10min", "1h": "1h", "1d": "1D"}
COLUMNS = ("n", "avg", "sum", "min", "max", "last", "first", "diff")


def random_samples(now: datetime, tag: str, days: float, count: int, seed: int) -> list[Sample]:
    source = random.Random(seed)
    ages = {source.randrange(int(days * 86400)) for _ in range(count)}
    return [(now - timedelta(seconds=age), tag, source.gauss(1e4, 1e2)) for age in sorted(ages)]


def direct(samples: list[Sample], width: str) -> pd.DataFrame:
    """The specification's definition: every column straight from the raw samples."""
    newest = {(ts, tag): value for ts, tag, value in samples}
    frame = pd.DataFrame(
        [(ts, value) for (ts, _), value in newest.items()], columns=["ts", "value"]
    ).sort_values("ts")
    zone = ZoneInfo(ZONE) if width == "1D" else UTC
    frame["bucket"] = frame["ts"].dt.tz_convert(zone).dt.floor(width).dt.tz_convert("UTC")
    table = frame.groupby("bucket")["value"].agg(
        n="count", avg="mean", sum="sum", min="min", max="max", last="last", first="first"
    )
    table["diff"] = table["last"] - table["first"]
    return table


async def stored(conn: AsyncConnection, view: str, tag: str) -> pd.DataFrame:
    columns = ", ".join(COLUMNS)
    cursor = await conn.execute(
        f"SELECT bucket, {columns} FROM public.influx_agg_{view} WHERE tag_name = %s"
        " ORDER BY bucket",
        (tag,),
    )
    rows = await cursor.fetchall()
    return pd.DataFrame(rows, columns=["bucket", *COLUMNS]).set_index("bucket")


async def assert_equal(conn: AsyncConnection, tag: str, samples: list[Sample]) -> None:
    for view, width in WIDTHS.items():
        actual = await stored(conn, view, tag)
        wanted = direct(samples, width)
        assert [t.timestamp() for t in actual.index] == [t.timestamp() for t in wanted.index]
        for column in COLUMNS:
            for got, want in zip(actual[column], wanted[column], strict=True):
                assert math.isclose(got, want, rel_tol=1e-9, abs_tol=1e-6), (view, column)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_aggregates_equal_the_direct_definition_with_late_corrected_and_new_samples(
    dsn: str, conn: AsyncConnection, seed: int
) -> None:
    tag = f"AGG{seed}"
    now = await clock(conn)
    samples = random_samples(now, tag, days=4, count=3000, seed=seed)
    await insert(conn, samples)
    await refresh(dsn, ZoneInfo(ZONE))
    await assert_equal(conn, tag, samples)

    late = random_samples(now - timedelta(days=1), tag, days=3, count=300, seed=seed + 100)
    corrected = [(ts, tag, value + 1) for ts, tag, value in samples[::50]]
    await insert(conn, late)
    await insert(conn, corrected)
    await refresh(dsn, ZoneInfo(ZONE))
    await assert_equal(conn, tag, samples + late + corrected)

    now = await clock(conn)
    new = [(now + timedelta(seconds=n), tag, 1e4 + n) for n in range(5)]
    await insert(conn, new)
    await assert_equal(conn, tag, samples + late + corrected + new)


async def test_the_newest_sample_is_in_every_aggregate_at_once(
    dsn: str, conn: AsyncConnection
) -> None:
    now = await clock(conn)
    await insert(
        conn, random_samples(now - timedelta(minutes=1), "LIVE", days=2, count=500, seed=9)
    )
    await refresh(dsn, ZoneInfo(ZONE))
    await insert(conn, [(now, "LIVE", 4242.0)])
    for view in WIDTHS:
        table = await stored(conn, view, "LIVE")
        assert table["last"].iloc[-1] == 4242.0, view


async def test_days_begin_at_midnight_of_the_display_zone(dsn: str, conn: AsyncConnection) -> None:
    day = (await clock(conn)).astimezone(ZoneInfo(ZONE)).date() - timedelta(days=30)
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(ZONE))
    second = timedelta(seconds=1)
    await insert(
        conn,
        [
            (midnight - second, "DAY", 1.0),
            (midnight, "DAY", 2.0),
            (midnight + timedelta(hours=24) - second, "DAY", 3.0),
        ],
    )
    await refresh(dsn, ZoneInfo(ZONE))
    table = await stored(conn, "1d", "DAY")
    assert [t.astimezone(ZoneInfo(ZONE)).isoformat() for t in table.index] == [
        f"{day - timedelta(days=1)}T00:00:00+09:00",
        f"{day}T00:00:00+09:00",
    ]
    assert list(table["n"]) == [1, 2]


async def test_features_are_those_of_the_samples(dsn: str, conn: AsyncConnection) -> None:
    start = (await clock(conn)).replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    values = [float(n * n % 37) for n in range(60)]
    await insert(
        conn, [(start + timedelta(seconds=5 * n), "FEAT", value) for n, value in enumerate(values)]
    )
    await refresh(dsn, ZoneInfo(ZONE))
    row = await (
        await conn.execute(
            "SELECT bucket, mean_5m, std_5m, min_5m, max_5m, p10_5m, p90_5m, n_5m"
            " FROM public.features_5m WHERE tag_name = 'FEAT'"
        )
    ).fetchone()
    assert row is not None
    bucket, mean, std, least, most, p10, p90, n = row
    tenths = statistics.quantiles(values, n=10, method="inclusive")
    assert (bucket, least, most, n) == (start, min(values), max(values), 60)
    assert mean == pytest.approx(statistics.mean(values))
    assert std == pytest.approx(statistics.stdev(values))
    # Exact without the Toolkit; its sketch is off by a thousandth of the value and a rank.
    assert p10 == pytest.approx(tenths[0], rel=0.01, abs=1)
    assert p90 == pytest.approx(tenths[8], rel=0.01, abs=1)


async def test_messages_are_counted_by_the_hour_and_judged_by_the_expectation_in_force(
    dsn: str, conn: AsyncConnection
) -> None:
    hour = (await clock(conn)).replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)
    await insert(conn, [(hour + timedelta(seconds=60 * n), "COMM", 1.0) for n in range(45)])
    await refresh(dsn, ZoneInfo(ZONE))

    async def judged() -> tuple[object, ...] | None:
        cursor = await conn.execute(
            "SELECT bucket = %s, recv_msgs, exp_msgs, success_rate::float, missing_msgs,"
            " last_seen_min = %s FROM public.comm_success_1h WHERE tag_name = 'COMM'",
            (hour, hour + timedelta(minutes=44)),
        )
        return await cursor.fetchone()

    assert await judged() == (True, 45, 60, 0.75, 15, True)
    await conn.execute(
        "INSERT INTO public.ingest_expectation (tag_name, exp_per_min) VALUES ('COMM', 3)"
    )
    assert await judged() == (True, 45, 180, 0.25, 135, True)
    await conn.execute(
        "UPDATE public.ingest_expectation SET exp_per_min = 0 WHERE tag_name = 'COMM'"
    )
    assert await judged() == (True, 45, 0, 0.0, 0, True)


async def test_indicators_are_those_of_the_minutes(dsn: str, conn: AsyncConnection) -> None:
    now = (await clock(conn)).replace(second=0, microsecond=0)
    source = random.Random(5)
    samples = [
        (now - timedelta(minutes=m, seconds=30), "TECH", source.gauss(50, 5))
        for m in range(26 * 60)
    ]
    await insert(conn, samples)
    await refresh(dsn, ZoneInfo(ZONE))
    cursor = await conn.execute(
        "SELECT bucket, avg, sma_10, sma_60, bb_top, bb_bot, slope_60"
        " FROM public.tech_ind_1m_mv WHERE tag_name = 'TECH' ORDER BY bucket"
    )
    rows = await cursor.fetchall()
    avg = [row[1] for row in rows]
    assert 24 * 60 <= len(rows) <= 25 * 60
    for at in range(60, len(rows), 97):
        _, value, sma_10, sma_60, top, bottom, slope = rows[at]
        band = 2 * statistics.stdev(avg[at - 19 : at + 1])
        assert sma_10 == pytest.approx(statistics.mean(avg[at - 9 : at + 1]))
        assert sma_60 == pytest.approx(statistics.mean(avg[at - 59 : at + 1]))
        assert (top, bottom) == pytest.approx((value + band, value - band))
        assert slope == pytest.approx(value - avg[at - 60])
