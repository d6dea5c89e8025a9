"""Expected grid and outages of ``/comm``, computed by pandas from raw samples alone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pandas as pd
from psycopg import AsyncConnection

from ksys_app.db import connect
from ksys_app.domain.comm import HOUR, Calendar, life
from ksys_app.models.comm import CommDayRow, CommRow
from tests.database import TestDatabases
from tests.templates import Step

Cells = pd.DataFrame
MINUTE = pd.Timedelta(minutes=1)


def expected_cells(
    samples: Sequence[datetime],
    now: datetime,
    start: date,
    zone: str,
    exp_per_min: int = 1,
    slo_warn: float = 0.98,
    slo_crit: float = 0.95,
) -> Cells:
    """A row for each hour of 30 local days, with the columns of the grid of ``/comm``."""
    first_day = pd.Timestamp(start, tz=zone)
    last_day = pd.Timestamp(start + pd.Timedelta(days=30), tz=zone)
    hours = pd.date_range(first_day, last_day, freq="h", inclusive="left").tz_convert("UTC")
    times = pd.Series(pd.to_datetime(list(samples), utc=True))
    cells = pd.DataFrame(index=hours)
    cells["recv"] = times.dt.floor("h").value_counts().reindex(hours, fill_value=0)
    cells["seen"] = times.dt.floor("min").groupby(times.dt.floor("h")).max().reindex(hours)
    judged = pd.Series(dtype="datetime64[ns, UTC]")
    if len(times):
        until = pd.Timestamp(now).tz_convert("UTC").floor("min") - MINUTE
        minutes = pd.date_range(times.min().ceil("min"), until, freq="min", inclusive="left")
        judged = pd.Series(minutes).dt.floor("h")
    cells["exp"] = judged.value_counts().reindex(hours, fill_value=0) * exp_per_min
    cells["rate"] = (cells["recv"] / cells["exp"].where(cells["exp"] > 0)).clip(upper=1.0)
    cells["missing"] = (cells["exp"] - cells["recv"]).clip(lower=0)
    cells["state"] = "ok"
    cells.loc[cells["rate"] < slo_warn, "state"] = "warn"
    cells.loc[cells["rate"] < slo_crit, "state"] = "crit"
    cells.loc[cells["rate"].isna(), "state"] = "no_data"
    cells.attrs["judged_to"] = pd.Timestamp(now).tz_convert("UTC").floor("min") - MINUTE
    cells.attrs["newest"] = times.max() if len(times) else None
    return cells


def expected_outages(cells: Cells, now: datetime) -> list[dict[str, Any]]:
    """Runs of critical hours; a run without a better hour after it lasts until now.

    Such a run begins at the latest at the minute of the newest sample.
    """
    judged = cells[cells["state"] != "no_data"]
    critical = judged["state"] == "crit"
    runs = judged[critical].groupby((critical != critical.shift()).cumsum()[critical])
    end_of_grid = cells.index[-1] + pd.Timedelta(hours=1)
    found = []
    for _, run in runs:
        last = run.index[-1]
        ongoing = last == judged.index[-1] and now < end_of_grid
        end = pd.Timestamp(now).floor("min") if ongoing else last + pd.Timedelta(hours=1)
        start = min(run.index[0], cells.attrs["newest"].floor("min")) if ongoing else run.index[0]
        rate = 1 - run["missing"].sum() / run["exp"].sum()
        found.append({"start": start, "end": end, "ongoing": bool(ongoing), "rate": rate})
    return found


def row_of(
    samples: Sequence[datetime],
    now: datetime,
    exp_per_min: int = 1,
    slo_warn: float = 0.98,
    slo_crit: float = 0.95,
) -> CommRow:
    """The row that the database would return for these samples."""
    hours: dict[datetime, list[datetime]] = {}
    for ts in sorted(samples):
        hours.setdefault(ts.replace(minute=0, second=0, microsecond=0), []).append(ts)
    return CommRow(
        tag_name="T",
        now=now,
        first_ts=min(samples, default=None),
        last_ts=max(samples, default=None),
        exp_per_min=exp_per_min,
        slo_warn=slo_warn,
        slo_crit=slo_crit,
        buckets=list(hours),
        recv=[len(times) for times in hours.values()],
        seen=[times[-1].replace(second=0, microsecond=0) for times in hours.values()],
    )


def day_row_of(row: CommRow, days: Calendar) -> CommDayRow:
    """The row that the database would return for the overview, from the hours of a tag."""
    lived = life(row.first_ts, row.now)
    hours: dict[int, list[tuple[int, int, bool]]] = {}
    newest, delivered_24h = min(row.now, days.bounds[-1] - HOUR), 0
    for bucket, recv in zip(row.buckets, row.recv, strict=True):
        counted = min(bucket + HOUR, lived.ends) - max(bucket, lived.begins)
        expected = row.exp_per_min * max(0, counted // MINUTE)
        if expected == 0 or not days.bounds[0] <= bucket < days.bounds[-1]:
            continue
        day = bisect_right(days.bounds, bucket) - 1
        place = (bucket - days.bounds[day]) // HOUR
        sound = recv / expected >= row.slo_crit
        hours.setdefault(day, []).append((place, min(recv, expected), sound))
        if newest - 24 * HOUR < bucket <= newest:
            delivered_24h += min(recv, expected)
    return CommDayRow(
        tag_name=row.tag_name,
        now=row.now,
        first_ts=row.first_ts,
        last_ts=row.last_ts,
        exp_per_min=row.exp_per_min,
        days=list(hours),
        delivered=[sum(recv for _, recv, _ in day) for day in hours.values()],
        sound=[sum(1 << place for place, _, sound in day if sound) for day in hours.values()],
        delivered_24h=delivered_24h,
    )


async def month(databases: TestDatabases) -> str:
    """The owner's DSN of a new database with the synthetic month.

    Six tags have one message a minute over the last 31 days, with known gaps.

    HOLES: silent for 1, 3 and 26 hours; 57 and 54 of 60 messages, the limits of its expectation
    exactly; two outages one good hour apart. BORN: starts in the middle of the month. DEAD: stopped
    ten days ago. FREE: four days without an expectation. RAISED: three days; a test raises its
    expectation. GOOD: no gap.
    """
    # The gaps are so many hours before this one, also if the next hour begins meanwhile.
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    filled = Step(f"month-{hour:%d-%H}", partial(_fill, hour))
    dsn = await databases.fresh(filled=filled)
    async with await connect(dsn) as conn:
        await continue_month(conn)
    return dsn


async def continue_month(conn: AsyncConnection) -> None:
    """Write the messages of the minutes since the newest message.

    Without them, a tag that sends has an outage in the current hour if a test runs late.
    """
    cursor = await conn.execute(
        "SELECT date_trunc('hour', now()), max(ts) FROM public.influx_hist WHERE tag_name = 'GOOD'"
    )
    row = await cursor.fetchone()
    assert row is not None
    hour, newest = row
    await conn.execute(MONTH, {"hour": hour, "start": newest + timedelta(minutes=1)})


async def _fill(hour: datetime, dsn: str) -> None:
    async with await connect(dsn) as conn:
        await conn.execute(
            "INSERT INTO public.ingest_expectation (tag_name, exp_per_min, slo_warn, slo_crit)"
            " VALUES ('HOLES', 1, 0.95, 0.90), ('BORN', 1, 0.98, 0.95), ('DEAD', 1, 0.98, 0.95),"
            " ('RAISED', 1, 0.98, 0.95), ('GOOD', 1, 0.98, 0.95)"
        )
        await conn.execute(MONTH, {"hour": hour, "start": hour - timedelta(days=31)})
        for view in ("influx_agg_1m", "comm_recv_1h"):
            await conn.execute(
                "CALL refresh_continuous_aggregate(%s, now() - interval '34 days',"
                " now() - interval '2 hours')",
                (f"public.{view}",),
            )


# h: hours before %(hour)s; m: minute of the hour.
MONTH = """
INSERT INTO public.influx_hist (ts, tag_name, value)
SELECT ts, tag_name, 1.0
FROM (
  SELECT ts, extract(epoch FROM %(hour)s - date_trunc('hour', ts)) / 3600 AS h,
         extract(minute FROM ts) AS m
  FROM generate_series(%(start)s::timestamptz, now(), interval '1 minute') AS ts
) AS minute
CROSS JOIN unnest(ARRAY['HOLES', 'BORN', 'DEAD', 'FREE', 'RAISED', 'GOOD']) AS tag_name
WHERE CASE tag_name
  WHEN 'HOLES' THEN h NOT IN (500, 300, 301, 302, 50, 48) AND h NOT BETWEEN 100 AND 125
                    AND (h <> 40 OR m < 57) AND (h <> 30 OR m < 54) AND (h <> 20 OR m < 53)
  WHEN 'BORN' THEN h < 360 OR (h = 360 AND m >= 20)
  WHEN 'DEAD' THEN h > 240
  WHEN 'FREE' THEN h < 96 AND h NOT BETWEEN 5 AND 6
  WHEN 'RAISED' THEN h < 72
  ELSE true
END
"""


async def messages(conn: AsyncConnection, tag_name: str) -> list[datetime]:
    """The time of every message of a tag, from the raw rows."""
    cursor = await conn.execute(
        "SELECT ts FROM public.influx_hist WHERE tag_name = %s ORDER BY ts", (tag_name,)
    )
    return [ts for (ts,) in await cursor.fetchall()]
