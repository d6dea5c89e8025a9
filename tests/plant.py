"""Samples for tests, and the expected buckets and tiles, computed from the raw samples alone."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pandas as pd
from psycopg import AsyncConnection

from ksys_app.domain.windows import Window

Sample = tuple[datetime, str, float]
T = TypeVar("T")
FREQUENCY = {"1m": "1min", "5m": "5min", "10m": "10min", "1h": "1h", "1d": "1D"}

INSERT = """
INSERT INTO public.influx_hist (ts, tag_name, value)
SELECT * FROM unnest(%s::timestamptz[], %s::text[], %s::float8[])
ON CONFLICT (ts, tag_name) DO UPDATE SET value = excluded.value
"""


async def insert(conn: AsyncConnection, samples: Sequence[Sample]) -> None:
    """Write samples the way the product does, without COPY."""
    await conn.execute(INSERT, [list(column) for column in zip(*samples, strict=True)])


async def refresh_minutes(conn: AsyncConnection) -> None:
    """Refresh the minutes of the last two hours; a job may have refreshed a part of them before.

    One hour more is refreshed, because samples from the start of a test are older by now.
    """
    await conn.execute(
        "CALL refresh_continuous_aggregate('public.influx_agg_1m', now() - interval '3 hours',"
        " now() - interval '1 minute')"
    )


async def clock(conn: AsyncConnection) -> datetime:
    """The database's clock."""
    row = await (await conn.execute("SELECT clock_timestamp()")).fetchone()
    assert row is not None
    return row[0]  # type: ignore[no-any-return]


def ago(now: datetime, **back: float) -> str:
    """The time that long before ``now``, as text for a request.

    Unlike ``now-2h``, it is the same time in every request of a test.

    Args:
        now: the database's clock.
        back: the difference, as for ``timedelta``.
    """
    return (now - timedelta(**back)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def in_one_minute(conn: AsyncConnection, work: Callable[[datetime], Awaitable[T]]) -> T:
    """The result of ``work`` at the database's clock, repeated until no minute ended meanwhile."""
    while True:
        now = await clock(conn)
        result = await work(now)
        if (await clock(conn)).replace(second=0, microsecond=0) <= now:
            return result


def thinning(now: datetime, tag: str, seed: int) -> list[Sample]:
    """Samples of 400 days, fewer the older they are, with gaps, as a random walk."""
    source = random.Random(f"{seed}{tag}")
    samples: list[Sample] = []
    value, age = 100.0, timedelta(0)
    while age < timedelta(days=400):
        step = 5 if age < timedelta(minutes=20) else 60 if age < timedelta(hours=2) else None
        pause = timedelta(seconds=step) if step else age * source.uniform(0.005, 0.02)
        age += pause * (20 if source.random() < 0.03 else 1)
        value += source.gauss(0, 1)
        samples.append((now - age, tag, value))
    return samples


def bucketed(samples: Sequence[Sample], bucket: str, zone: str) -> pd.DataFrame:
    """The samples by time, each with the start of its bucket."""
    frame = pd.DataFrame(samples, columns=["ts", "tag", "value"]).sort_values("ts")
    local = frame["ts"].dt.tz_convert(ZoneInfo(zone) if bucket == "1d" else "UTC")
    frame["bucket"] = local.dt.floor(FREQUENCY[bucket]).dt.tz_convert("UTC")
    return frame


def expected_buckets(
    samples: Sequence[Sample], window: Window, now: datetime, zone: str, before: timedelta
) -> pd.DataFrame:
    """The expected buckets of a window, ascending, beginning ``before`` the window's start."""
    return expected_between(samples, window.bucket, now - window.duration - before, now, zone)


def expected_between(
    samples: Sequence[Sample], bucket: str, start: datetime, end: datetime, zone: str
) -> pd.DataFrame:
    """The expected buckets that begin at ``start`` or later and before ``end``, ascending."""
    frame = bucketed(samples, bucket, zone)
    inside = frame[(frame["bucket"] >= start) & (frame["bucket"] < end)]
    values = inside.groupby("bucket")["value"]
    buckets = values.agg(n="count", avg="mean", sum="sum", min="min", max="max")
    buckets["last"], buckets["first"] = values.last(), values.first()
    buckets["diff"] = buckets["last"] - buckets["first"]
    return buckets.reset_index()


def expected_features(groups: Any) -> pd.DataFrame:
    """Expected 5-minute features of samples that are grouped by their five minutes, by pandas."""
    return pd.DataFrame(
        {
            "mean_5m": groups.mean(),
            "std_5m": groups.std(ddof=1),
            "min_5m": groups.min(),
            "max_5m": groups.max(),
            "p10_5m": groups.quantile(0.1),
            "p90_5m": groups.quantile(0.9),
            "n_5m": groups.size(),
        }
    )


def expected_indicators(buckets: pd.DataFrame) -> pd.DataFrame:
    """Expected moving averages, bands and slope over rows of buckets, by pandas."""
    avg = buckets["avg"]
    indicators = buckets[["bucket", "avg"]].copy()
    for length in (10, 20, 60):
        indicators[f"sma_{length}"] = avg.rolling(length, min_periods=1).mean()
    indicators["sd_20"] = avg.rolling(20, min_periods=2).std(ddof=1)
    indicators["slope_60"] = avg - avg.shift(60)
    return indicators


def expected_tile(
    samples: Sequence[Sample], window: Window, now: datetime, zone: str
) -> dict[str, float | int | None]:
    """Count, min, max, first, last and the ``last`` of the bucket before, by pandas."""
    frame = bucketed(samples, window.bucket, zone)
    rows = frame[frame["bucket"] >= now - window.duration - window.width]
    inside = rows[rows["bucket"] >= now - window.duration]["value"]
    lasts = rows.groupby("bucket")["value"].last()
    empty = inside.empty
    return {
        "count": len(inside),
        "min": None if empty else inside.min(),
        "max": None if empty else inside.max(),
        "first": None if empty else inside.iloc[0],
        "last": None if empty else inside.iloc[-1],
        "prev_last": None if empty or len(lasts) < 2 else lasts.iloc[-2],
    }
