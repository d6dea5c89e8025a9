"""``ksys db init`` keeps every bucket of a database that the plant has built."""

from __future__ import annotations

import asyncio
import math
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
from psycopg import AsyncConnection, sql

from ksys_app.db import connect
from ksys_app.domain.ordering import Selection
from ksys_app.domain.windows import parse_window
from ksys_app.ops.jobs import jobs
from ksys_app.ops.schema import refresh
from ksys_app.ops.schema.bounds import bounds
from ksys_app.ops.verify import verify
from ksys_app.services import runtime
from ksys_app.settings import load_settings
from ksys_app.states.trend import TrendState
from ksys_app.texts import say
from tests import spec_database
from tests.conftest import RO_PASSWORD, ZONE
from tests.database import TestDatabases
from tests.ksys import KSYS, ksys
from tests.states.page_query import WithQuery, with_query
from tests.visiting import contract_api

DAY = timedelta(days=1)
FINE = ("influx_agg_1m", "influx_agg_10m", "influx_agg_1h")
DAYS = "influx_agg_1d"
# The command is killed when one of these steps is done, so in the middle of the next one.
KILLED_AFTER = ("060_lifecycle", "070_minutes", "071_ten_minutes", "072_hours", "quarantine")

Key = tuple[datetime, str]
Figures = tuple[float, ...]
Buckets = Mapping[Key, Figures]


@pytest.fixture
async def dsn(databases: TestDatabases) -> AsyncIterator[str]:
    fresh = await databases.fresh(schema=False)
    yield fresh
    await databases.drop(fresh)


async def buckets(conn: AsyncConnection, view: str) -> Buckets:
    """By bucket and tag: n, avg, sum, min, max, last, first, diff."""
    statement = sql.SQL(
        "SELECT bucket, tag_name, n, avg, sum, min, max, last, first, diff FROM {}"
    ).format(sql.Identifier("public", view))
    rows = await (await conn.execute(statement)).fetchall()
    return {(bucket.astimezone(UTC), tag): tuple(figures) for bucket, tag, *figures in rows}


def close(one: Figures, other: Figures) -> bool:
    return all(
        math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9) for a, b in zip(one, other, strict=True)
    )


def counts(found: Buckets) -> dict[str, float]:
    total: dict[str, float] = defaultdict(float)
    for (_, tag), (n, *_) in found.items():
        total[tag] += n
    return dict(total)


def midnight(day: date, zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def days_of(hours: Buckets, zone: str) -> Buckets:
    """The days of a zone, computed from hours."""
    parts: dict[Key, list[tuple[datetime, Figures]]] = defaultdict(list)
    for (bucket, tag), figures in hours.items():
        day = midnight(bucket.astimezone(ZoneInfo(zone)).date(), zone)
        parts[day, tag].append((bucket, figures))
    return {key: _added(figures for _, figures in sorted(rows)) for key, rows in parts.items()}


def _added(rows: Iterable[Figures]) -> Figures:
    n, _, total, least, most, last, first, _ = zip(*rows, strict=True)
    return (
        *(sum(n), sum(total) / sum(n), sum(total), min(least), max(most)),
        *(last[-1], first[0], last[-1] - first[0]),
    )


async def oldest_samples(conn: AsyncConnection) -> datetime:
    limits = await bounds(conn)
    assert limits.oldest is not None
    return limits.oldest


async def init(dsn: str, *options: str) -> str:
    settings = {"TS_ADMIN_DSN": dsn, "KSYS_RO_PASSWORD": RO_PASSWORD}
    code, out, err = await ksys("db", "init", *options, **settings)
    assert (code, "error" in err) == (0, False), out + err
    return out


async def killed_after(dsn: str, step: str, folder: Path) -> None:
    """Start ``ksys db init`` and kill it, without a chance to clean up, when it reports a step."""
    process = await asyncio.create_subprocess_exec(
        KSYS, "db", "init", cwd=folder, stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"TS_ADMIN_DSN": dsn, "PYTHONUNBUFFERED": "1"},
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    while line := await process.stdout.readline():
        if step in line.decode():
            break
    else:
        raise AssertionError(f"it ended before {step}")
    process.kill()
    await process.wait()


async def wrong(dsn: str) -> list[str]:
    """The failed checks, without those of jobs, which the server's own workers may be running."""
    checks = await verify.verify(dsn, zone=ZONE)
    return [f"{c.name}: {c.detail}" for c in checks if not c.ok and not c.name.startswith("job ")]


async def test_every_bucket_survives_a_kill_at_any_step(dsn: str, tmp_path: Path) -> None:
    async with await connect(dsn) as conn:
        await spec_database.build(conn)
        floor = await oldest_samples(conn)
        before = {view: await buckets(conn, view) for view in (*FINE, DAYS)}
    assert min(before[DAYS])[0] < min(before["influx_agg_1h"])[0] - 10 * DAY < floor - 20 * DAY

    output = await init(dsn, "--dry-run")
    for view in FINE[1:]:
        assert f"-- {view} rebuilt on the finer level: {len(before[view]):,} rows" in output
    assert f"-- {DAYS} rebuilt: {len(before[DAYS]):,} days of UTC become days of {ZONE}" in output
    assert "policy refresh influx_agg_1d replaced: start_offset 730 d becomes 90 d" in output
    assert "-- table predictions becomes a hypertable; its rows move into chunks" in output
    assert "\n-- time: about " in output
    assert "\n-- disk: " in output

    for step in KILLED_AFTER:
        await killed_after(dsn, step, tmp_path)
    await init(dsn)
    assert await wrong(dsn) == []

    async with await connect(dsn) as conn:
        after = {view: await buckets(conn, view) for view in (*FINE, DAYS)}
        for view in FINE:
            for key, figures in before[view].items():
                found = after[view][key]
                assert found == figures if key[0] < floor else close(found, figures), (view, key)
        # A day without hours stays a day of UTC; the other days are computed from the hours.
        in_utc = days_of(before["influx_agg_1h"], "UTC")
        alone = {
            key: figures
            for key, figures in before[DAYS].items()
            if key[0] < floor and figures[0] > in_utc.get(key, (0,))[0]
        }
        rest = {
            (bucket, tag): figures
            for (bucket, tag), figures in after["influx_agg_1h"].items()
            if (midnight(bucket.date(), "UTC"), tag) not in alone
        }
        wanted = alone | days_of(rest, ZONE)
        assert len(alone) > 14 * len(spec_database.TAGS)
        assert after[DAYS].keys() == wanted.keys()
        assert all(after[DAYS][key] == figures for key, figures in alone.items())
        assert all(close(after[DAYS][key], figures) for key, figures in wanted.items())
        assert counts(after[DAYS]) == counts(before[DAYS])

        cursor = await conn.execute("SELECT bucket, tag_name, recv_msgs FROM public.comm_recv_1h")
        received = {(at.astimezone(UTC), tag): n for at, tag, n in await cursor.fetchall()}
        assert received == {key: figures[0] for key, figures in after["influx_agg_1h"].items()}
    assert "rebuild" not in await init(dsn)
    assert "-- nothing would be replaced" in await init(dsn, "--dry-run")


class Trend(WithQuery, TrendState):
    """With the URL that a test sets."""


async def shown_days(dsn: str) -> tuple[str, str, datetime]:
    """For a year: the caption of `/trend`, the zone of the days on `/`, and the chart's start."""
    settings = {"ts_dsn": TestDatabases.as_role(dsn, "eco_ro", RO_PASSWORD)}
    async with runtime.opened(load_settings().model_copy(update=settings)) as opened:
        state = with_query(Trend, tag="D100", window="12m")
        async for _ in TrendState.event_handlers["load_trend_data"].fn(state):
            pass
        tiles = await opened.tiles.read(Selection(parse_window("12m")))
        transport = httpx.ASGITransport(contract_api())
        async with httpx.AsyncClient(transport=transport, base_url="http://ksys") as http:
            answer = await http.get("/api/v1/timeseries", params={"tag": "D100", "window": "12m"})
        begins = datetime.fromtimestamp(answer.json()["from_ms"] / 1000, UTC)
    return say(state.window_caption), tiles.days or "", begins


async def test_unchanged_objects_work_until_they_are_rebuilt(dsn: str) -> None:
    async with await connect(dsn) as conn:
        await spec_database.build(conn, every=timedelta(hours=6))
        before = await buckets(conn, DAYS)
        await conn.execute("CREATE VIEW public.report AS SELECT n FROM public.influx_agg_10m")
        code, _, err = await ksys("db", "init", TS_ADMIN_DSN=dsn)
        assert (code, "influx_agg_10m cannot be rebuilt while report reads it" in err) == (1, True)
        await conn.execute("DROP VIEW public.report")
        await conn.execute("GRANT SELECT ON public.influx_agg_1h TO PUBLIC")
        await conn.execute(
            "SELECT add_retention_policy('public.influx_agg_1h', interval '9 years')"
        )

        await init(dsn, "--keep", DAYS, "--keep", "tech_ind_1m_mv", "--keep-policies")
        await init(dsn)
        checks = {check.name: check for check in await verify.verify(dsn, zone=ZONE)}
        assert [name for name, c in checks.items() if not c.ok and not name.startswith("job ")] == [
            next(name for name in checks if "retention influx_agg_1h" in name)
        ]
        assert checks[f"definition {DAYS}"].detail == "as in the spec"
        assert "plant's own policy stays" in checks["policy refresh influx_agg_1h"].detail
        cursor = await conn.execute(
            "SELECT relacl::text ~ '[{,]=r/' FROM pg_class WHERE relname = 'influx_agg_1h'"
        )
        assert await cursor.fetchone() == (True,)
        assert {key: (await buckets(conn, DAYS))[key] for key in before} == before

        # Late samples just before and after midnight in UTC, which is 9 in the morning in Seoul.
        day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - 100 * DAY
        late = [
            (day - timedelta(minutes=1), "D100", 1.0),
            (day + timedelta(minutes=1), "D100", 2.0),
        ]
        for row in late:
            await conn.execute(
                "INSERT INTO public.influx_hist (ts, tag_name, value) VALUES (%s, %s, %s)", row
            )
            await refresh.refresh(dsn, ZoneInfo(ZONE), start=row[0], end=row[0])
        after = await buckets(conn, DAYS)
        for key in ((day - DAY, "D100"), (day, "D100")):
            assert after[key][0] == before[key][0] + 1

        caption, tiles, begins = await shown_days(dsn)
        assert (caption, tiles) == ("12 months, one point per day, days of UTC", "UTC")
        assert begins.hour == 0

        await init(dsn, "--rebuild", DAYS, "--rebuild", "tech_ind_1m_mv", "--replace-policies")
        rebuilt = await buckets(conn, DAYS)
        assert counts(rebuilt) == counts(after)
        assert (midnight(day.date(), ZONE), "D100") in rebuilt
        caption, tiles, begins = await shown_days(dsn)
        assert (caption, tiles) == ("12 months, one point per day", ZONE)
        assert begins.astimezone(ZoneInfo(ZONE)).hour == 0
    assert all("retention influx_agg_1h" in line for line in await wrong(dsn))


async def test_plain_tables_with_samples_are_enough(dsn: str) -> None:
    async with await connect(dsn) as conn:
        for statement in spec_database.TABLES:
            if statement.startswith("CREATE"):
                await conn.execute(statement.encode())
        params = {
            "history": 40 * DAY,
            "every": timedelta(hours=3),
            "tags": list(spec_database.TAGS),
        }
        await conn.execute(spec_database.SAMPLES, params)
        output = await init(dsn, "--dry-run")
        assert "-- table influx_hist becomes a hypertable; its rows move into chunks" in output
        await init(dsn)
        assert await wrong(dsn) == []
        assert set(counts(await buckets(conn, DAYS)).values()) == {40 * 8 + 1}


async def test_minutes_days_and_hours_of_communication_are_enough(dsn: str) -> None:
    """The database has minutes, days and a corrected `comm_success_1h`, and no other aggregate.

    It has raw samples of ten days only. No policy may delete older buckets.
    """
    async with await connect(dsn) as conn:
        await spec_database.build(conn, every=timedelta(hours=6), names=("1m", "1d"))
        await conn.execute(spec_database.COMM.format(group="e.exp_per_min").encode())
        await conn.execute(
            "SELECT drop_chunks('public.influx_hist', older_than => %s)", (10 * DAY,)
        )
        minutes = counts(await buckets(conn, "influx_agg_1m"))
        cursor = await conn.execute(
            "SELECT bucket, tag_name, recv_msgs, last_seen_min FROM public.comm_success_1h"
        )
        hours = set(await cursor.fetchall())
        await init(dsn)
        assert await wrong(dsn) == []
        async for run in jobs.run_now(conn, "refresh influx_agg_1m"):
            # A worker of the server may be running the job.
            assert run.error is None or "concurrent" in run.error
        for view in (*FINE, DAYS):
            assert counts(await buckets(conn, view)) == minutes, view
        cursor = await conn.execute(
            "SELECT bucket, tag_name, recv_msgs, last_seen_min FROM public.comm_success_1h"
        )
        assert set(await cursor.fetchall()) == hours
