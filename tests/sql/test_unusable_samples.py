"""An unusable row affects only itself, whoever writes it (PRD §4.9)."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from psycopg import AsyncConnection

from ksys_app.db import connect
from ksys_app.domain import ingest
from ksys_app.domain.windows import WINDOWS
from ksys_app.models.samples import NewSample
from ksys_app.ops.jobs.jobs import list_jobs, run_job
from ksys_app.ops.schema import quarantine
from ksys_app.ops.schema.refresh import refresh
from ksys_app.ops.verify.status import status
from ksys_app.queries.metrics import buckets
from ksys_app.queries.realtime import tile_rows
from ksys_app.queries.sparklines import sparks
from ksys_app.queries.tags import find_tag, tag_list
from ksys_app.store.samples import Existing, Grid, write_grid, write_samples
from tests import plant
from tests.conftest import RW_PASSWORD, ZONE
from tests.database import TestDatabases
from tests.plant import clock

WRITE = "INSERT INTO public.influx_hist (ts, tag_name, value) VALUES (%s::timestamptz, %s, %s)"
END = datetime(2100, 1, 1, tzinfo=UTC)
LARGE, SMALL = [2e200, -1.0000001e100, 1.7e308], [3.16e-322, -9e-101]
BAD_VALUES = [math.nan, math.inf, -math.inf, *LARGE, *SMALL, None]
BAD_TIMES = [
    "0001-01-01T00:00:00Z",
    "4712-01-01 00:00:00 BC",
    "4714-11-24 00:00:00 BC",
    "1970-01-01T00:00:00Z",
    "1989-12-31T23:59:59.999999Z",
    "2100-01-01T00:00:00Z",
    "290000-12-31T23:59:59Z",
    "294246-12-31T00:00:00Z",
    "294247-01-01T00:00:00Z",
    "infinity",
]


@pytest.fixture(scope="module")
async def writer(databases: TestDatabases, dsn: str) -> AsyncIterator[AsyncConnection]:
    """A connection of the ingest's role."""
    async with await connect(databases.as_role(dsn, "eco_rw", RW_PASSWORD)) as conn:
        yield conn


async def count(conn: AsyncConnection, tag: str) -> int:
    cursor = await conn.execute(
        "SELECT count(*) FROM public.influx_hist WHERE tag_name = %s", [tag]
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def stored_rows(conn: AsyncConnection, tag: str) -> list[tuple[object, ...]]:
    cursor = await conn.execute(
        "SELECT ts, value, qc, meta FROM public.influx_hist WHERE tag_name = %s ORDER BY ts", [tag]
    )
    return await cursor.fetchall()


async def refused(conn: AsyncConnection, tag: str) -> list[str]:
    cursor = await conn.execute(
        "SELECT reason FROM public.ingest_reject WHERE tag_name = %s ORDER BY received_at", [tag]
    )
    return [reason for (reason,) in await cursor.fetchall()]


async def test_a_statement_keeps_its_good_rows(
    conn: AsyncConnection, writer: AsyncConnection
) -> None:
    now = await clock(conn)
    await writer.cursor().executemany(
        WRITE,
        [
            (now - timedelta(seconds=200), "PLC_SWAP", 20.5),
            (now - timedelta(seconds=199), "PLC_SWAP", 2e200),
            (now - timedelta(seconds=1), "PLC_SWAP", 20.6),
        ],
    )
    assert await count(conn, "PLC_SWAP") == 2
    assert await refused(conn, "PLC_SWAP") == ["MAGNITUDE"]
    latest = await conn.execute("SELECT value FROM influx_latest WHERE tag_name = 'PLC_SWAP'")
    assert await latest.fetchall() == [(20.6,)]


@pytest.mark.parametrize("value", BAD_VALUES, ids=str)
async def test_a_value_that_cannot_be_is_set_aside(
    conn: AsyncConnection, writer: AsyncConnection, value: float | None
) -> None:
    tag = f"VALUE {value}"
    await writer.execute(WRITE, (await clock(conn), tag, value))
    assert await count(conn, tag) == 0
    (reason,) = await refused(conn, tag)
    if value is None:
        assert reason == "NO_VALUE"
    else:
        assert reason == ingest.unusable(datetime.now(UTC), value, END)


@pytest.mark.parametrize("ts", BAD_TIMES)
async def test_a_time_that_cannot_be_is_set_aside_and_leaves_no_chunk(
    conn: AsyncConnection, writer: AsyncConnection, ts: str
) -> None:
    tag = f"TIME {ts}"
    await writer.execute(WRITE, (ts, tag, 1.5))
    assert await count(conn, tag) == 0
    assert await refused(conn, tag) == ["TOO_OLD" if ts < "1990" or "BC" in ts else "AHEAD"]
    await conn.execute("CALL public.settle_tags()")
    chunks = await conn.execute(
        "SELECT count(*) FROM timescaledb_information.chunks WHERE hypertable_name = 'influx_hist'"
        " AND (range_end <= '1990-01-01' OR range_start >= '2100-01-01')"
    )
    assert await chunks.fetchall() == [(0,)]


async def test_an_upsert_meets_the_same_rule(
    conn: AsyncConnection, writer: AsyncConnection
) -> None:
    now = await clock(conn)
    upsert = f"{WRITE} ON CONFLICT (ts, tag_name) DO UPDATE SET value = excluded.value"
    await writer.execute(upsert, (now, "UPSERT", 5.0))
    await writer.execute(upsert, (now, "UPSERT", math.nan))
    cursor = await conn.execute("SELECT value FROM influx_hist WHERE tag_name = 'UPSERT'")
    assert await cursor.fetchall() == [(5.0,)]
    assert await refused(conn, "UPSERT") == ["NOT_FINITE"]


@pytest.mark.parametrize(
    ("existing", "changed", "stored"),
    [(Existing.REPLACE, 2, [6.0, 7.0]), (Existing.KEEP, 1, [5.0, 7.0])],
)
async def test_the_store_keeps_or_replaces_an_existing_sample(
    conn: AsyncConnection,
    writer: AsyncConnection,
    existing: Existing,
    changed: int,
    stored: list[float],
) -> None:
    now, tag = await clock(conn), f"STORE {existing.name}"
    before = now - timedelta(seconds=5)
    assert (
        await write_samples(writer, [NewSample(before, tag, 5.0, 1, {"by": "hand"})], Existing.NONE)
        == 1
    )
    samples = [
        NewSample(before, tag, 6.0),
        NewSample(now, tag, 7.0),
        NewSample(now - timedelta(seconds=1), tag, math.nan),
    ]
    assert await write_samples(writer, samples, existing, ("ts", "tag_name", "value")) == changed
    assert await refused(conn, tag) == ["NOT_FINITE"]
    rows = await stored_rows(conn, tag)
    assert [value for _, value, _, _ in rows] == stored
    # The columns that the source does not have stay as they are.
    assert rows[0][2:] == (1, {"by": "hand"})
    assert await write_samples(writer, samples[:2], existing, ("ts", "tag_name", "value")) == 0
    with pytest.raises(psycopg.errors.UniqueViolation):
        await write_samples(writer, samples[:2], Existing.NONE)


async def test_a_grid_is_written_tick_by_tick_without_the_silent_tags(
    conn: AsyncConnection, writer: AsyncConnection
) -> None:
    start = int((await clock(conn)).timestamp()) - 60
    tags = ("GRID 1", "GRID 2")
    grid = Grid(start, 5, tags, [1.0, 2.0, None, 4.0, 5.0, None], {"thinned_s": 5})
    assert await write_grid(writer, grid, Existing.NONE) == 4
    assert await write_grid(writer, grid, Existing.KEEP) == 0
    at = [datetime.fromtimestamp(start + 5 * tick, UTC) for tick in range(3)]
    meta = {"thinned_s": 5}
    assert await stored_rows(conn, "GRID 1") == [(at[0], 1.0, 0, meta), (at[2], 5.0, 0, meta)]
    assert await stored_rows(conn, "GRID 2") == [(at[0], 2.0, 0, meta), (at[1], 4.0, 0, meta)]
    changed = replace(grid, values=[1.0, 2.5, None, 4.0, 5.0, None])
    assert await write_grid(writer, changed, Existing.REPLACE) == 1


async def test_a_notice_names_the_refused_row_to_the_writer(
    conn: AsyncConnection, writer: AsyncConnection
) -> None:
    messages: list[str] = []
    writer.add_notice_handler(lambda notice: messages.append(notice.message_primary or ""))
    await writer.execute("SET client_min_messages = notice")
    await writer.execute(WRITE, (await clock(conn), "TOLD", 3e300))
    (message,) = messages
    assert "MAGNITUDE" in message
    assert "tag TOLD" in message
    assert "3e+300" in message


async def test_an_update_is_refused_and_names_the_row(
    conn: AsyncConnection, writer: AsyncConnection
) -> None:
    await writer.execute(WRITE, (await clock(conn), "UPDATED", 5.0))
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        await writer.execute("UPDATE influx_hist SET value = 'NaN' WHERE tag_name = 'UPDATED'")
    assert caught.value.diag.constraint_name == quarantine.USABLE
    assert "UPDATED" in (caught.value.diag.message_detail or "")


async def test_the_constraint_holds_where_the_trigger_is_off(conn: AsyncConnection) -> None:
    now = await clock(conn)
    async with conn.transaction(force_rollback=True):
        await conn.execute("DROP TRIGGER refuse_unusable ON public.influx_hist")
        with pytest.raises(psycopg.errors.CheckViolation):
            await conn.execute(WRITE, (now, "PAST", math.nan))


async def test_a_bucket_counts_and_averages_its_usable_samples(
    dsn: str, conn: AsyncConnection, writer: AsyncConnection
) -> None:
    """The average of tens and one NaN is ten, at every level."""
    now = (await clock(conn)).replace(second=0, microsecond=0)
    rows = [(now - timedelta(minutes=m), "TEN", 10.0) for m in range(1, 701)]
    rows.append((now - timedelta(minutes=90, seconds=-30), "TEN", math.nan))
    await plant.insert(writer, rows)
    await refresh(dsn, ZoneInfo(ZONE))
    for view in ("influx_agg_1m", "influx_agg_10m", "influx_agg_1h", "influx_agg_1d"):
        cursor = await conn.execute(
            f"SELECT sum(n), min(avg), max(avg), min(min), max(max) FROM {view}"  # type: ignore[arg-type]
            " WHERE tag_name = 'TEN'"
        )
        assert await cursor.fetchall() == [(700, 10.0, 10.0, 10.0, 10.0)], view
    for statement in (
        "SELECT sum(n_5m), min(mean_5m), max(p90_5m) FROM features_5m WHERE tag_name = 'TEN'",
        "SELECT count(sma_10), min(sma_60), max(sma_60) FROM tech_ind_1m_mv WHERE tag_name = 'TEN'",
    ):
        cursor = await conn.execute(statement)  # type: ignore[arg-type]
        assert await cursor.fetchall() == [(700, 10.0, 10.0)], statement


async def test_a_number_whose_bytes_are_swapped_underflows_nowhere(
    dsn: str, conn: AsyncConnection, writer: AsyncConnection
) -> None:
    """2.0 swapped is 3.16e-322; an average of it among zeros is closer to zero than any number."""
    now = await clock(conn)
    rows = [(now - timedelta(seconds=10 * n), "SWAPPED", 0.0) for n in range(1, 200)]
    rows.append((now - timedelta(seconds=95), "SWAPPED", 3.16e-322))
    await plant.insert(writer, rows)
    await refresh(dsn, ZoneInfo(ZONE))
    assert await refused(conn, "SWAPPED") == ["MAGNITUDE"]
    for window in WINDOWS:
        for line in (await sparks(window, 2000, ["SWAPPED"])).rows:
            assert set(line.value) <= {0.0}
        assert {row.avg for row in (await buckets("SWAPPED", window)).rows} <= {0.0}


@pytest.mark.parametrize("ts", ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2090-01-01Z"])
@pytest.mark.parametrize("number", [math.nan, math.inf, 1e300])
async def test_unusable_rows_of_other_services_reach_nobody(
    dsn: str, conn: AsyncConnection, writer: AsyncConnection, ts: str, number: float
) -> None:
    """`predictions` and `anomalies` accept any row, and nothing fails because of one."""
    await writer.execute(
        "INSERT INTO predictions (ts, tag_name, horizon, yhat, pi_low, model_id, version)"
        " VALUES (%s::timestamptz, 'P', '1 h', %s, %s, 'm', '1') ON CONFLICT DO NOTHING",
        (ts, number, number),
    )
    await writer.execute(
        "INSERT INTO anomalies (ts, tag_name, score, level) VALUES (%s::timestamptz, 'P', %s, 'x')"
        " ON CONFLICT DO NOTHING",
        (ts, number),
    )
    assert {item.name for item in (await status(dsn, ZONE)).storage} >= {"predictions", "anomalies"}
    assert await find_tag("P") is None


async def test_a_refused_row_of_another_writer_reaches_nobody_else(
    dsn: str, conn: AsyncConnection, writer: AsyncConnection
) -> None:
    """The role of the ingest may write any row into `ingest_reject`."""
    now = await clock(conn)
    put = (
        "INSERT INTO ingest_reject (received_at, ts, tag_name, value, reason)"
        " VALUES (coalesce(%s::timestamptz, now()), %s::timestamptz, %s, %s, %s)"
    )
    times = ["infinity", "9999-12-31", "20000-01-01", "1970-01-01", "0001-01-01"]
    for received in times:
        await writer.execute(put, (received, now, f"RECEIVED {received}", 1.0, "AHEAD"))
    for ts, value in [("-infinity", 1.0), ("infinity", 1.0), (None, None), (now, math.nan)]:
        await writer.execute(put, (None, ts, f"ANY {ts}", value, "AHEAD"))
    await writer.execute(put, (None, now, None, 1.0, "AHEAD"))
    await writer.execute(put, (None, now, "LONG", 1.0, "reason " * 2000))
    await writer.execute(put, (None, now - timedelta(minutes=1), "DUE", 7.0, "AHEAD"))
    await conn.execute("CALL public.settle_tags()")
    assert await count(conn, "DUE") == 1
    tiles = {row.tag_name: row for row in (await tile_rows(WINDOWS[0], 2000)).rows}
    assert {tag for tag in tiles if tag.startswith(("ANY", "DUE", "LONG"))} == {
        *(f"ANY {ts}" for ts in ("-infinity", "infinity", None, now)), "DUE", "LONG",
    }  # fmt: skip
    assert len(tiles["LONG"].refused_reason) == 40
    names = {tag.tag_name for tag in (await tag_list()).rows}
    assert "LONG" in names
    # These samples are due and usable, so they were taken in.
    assert not {f"RECEIVED {received}" for received in times} - names
    messages = [line for line in (await status(dsn, ZONE)).warnings if line.startswith("LONG")]
    assert [len(line) < 200 for line in messages] == [True]


async def test_every_job_succeeds_with_every_bad_row(conn: AsyncConnection) -> None:
    """The database has every bad row of this module by now."""
    runs = [await run_job(conn, job) for job in await list_jobs(conn)]
    errors = [run.error for run in runs if run is not None and run.error]
    # A worker of the server may be running a job.
    assert [error for error in errors if "concurrent" not in error] == []


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    ts=st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(lambda t: t.replace(tzinfo=UTC)),
    value=st.floats(allow_nan=True, allow_infinity=True)
    | st.sampled_from([1e100, -1e100, math.nextafter(1e100, math.inf), 1e-100, -9e-101, 5e-324]),
)
async def test_database_and_product_have_one_rule(
    conn: AsyncConnection, ts: datetime, value: float
) -> None:
    cursor = await conn.execute(
        "SELECT public.unusable_reason(%(ts)s, 'X', %(v)s), public.usable(%(ts)s, 'X', %(v)s)",
        {"ts": ts, "v": value},
    )
    reason = ingest.unusable(ts, value, END - timedelta(microseconds=1))
    # The database asks for a reason only of a row that it refuses.
    assert await cursor.fetchall() == [(reason or "AHEAD", reason is None)]
