"""The SQL functions for other readers return what the page shows (PRD decision 44)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from ksys_app.db import connect
from ksys_app.domain.comm import calendar
from ksys_app.queries.tags import tag_list
from ksys_app.services import runtime
from ksys_app.services.comm_page import Report
from tests.comm import month
from tests.conftest import Plant
from tests.database import TestDatabases
from tests.waiting import until

# Rows that another writer may have stored; the defaults replace unusable values.
FAULTY = {
    "NAN": (1, "NaN", "NaN"),
    "OFTEN": (3, "0.5", "0.25"),
    "NEVER": (0, "0.5", "NaN"),
    "TURNED": (-4, "0.2", "0.9"),
    "BEYOND": (2, "1.5", "0.1"),
    "LOW": (1, "0.9", "-1"),
}
TAGS = ["HOLES", "BORN", "DEAD", "FREE", "GOOD", "NOBODY", *FAULTY]


@pytest.fixture(scope="module")
async def plant_dsn(databases: TestDatabases) -> str:
    return await month(databases)


@pytest.fixture(scope="module")
async def reader(plant_db: Plant) -> Any:
    for tag, expected in FAULTY.items():
        await plant_db.conn.execute(
            "INSERT INTO public.ingest_expectation (tag_name, exp_per_min, slo_warn, slo_crit)"
            " VALUES (%s, %s, %s, %s)",
            (tag, *expected),
        )
        await plant_db.conn.execute(
            "INSERT INTO public.influx_hist (ts, tag_name, value)"
            " SELECT now() - n * interval '1 minute', %s, 1 FROM generate_series(0, 1500) AS n"
            " WHERE n %% 7 <> 0 AND n NOT BETWEEN 500 AND 700",
            (tag,),
        )
    # A row without a name belongs to no tag.
    await plant_db.conn.execute("INSERT INTO public.influx_qc_rule (tag_name) VALUES ('')")
    async with await connect(plant_db.settings.app_dsn()) as conn:
        yield conn


async def query(conn: AsyncConnection, statement: str, *params: object) -> list[dict[str, Any]]:
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, params)  # type: ignore[call-overload]
        return list(await cursor.fetchall())


def minute(ts: datetime) -> datetime:
    return ts.replace(second=0, microsecond=0)


@pytest.mark.parametrize("tag", TAGS)
async def test_heatmap_and_outages_equal_the_page(
    reader: AsyncConnection, plant_db: Plant, tag: str
) -> None:
    found: list[tuple[Report, list[dict[str, Any]], list[dict[str, Any]]]] = []

    async def in_one_minute() -> bool:
        days, _ = await runtime.current().comm.calendar(None)
        report = await runtime.current().comm.report(tag, days, fresh=True)
        cells = await query(
            reader, "SELECT now(), * FROM eco_comm_heatmap(%s, %s)", days.start, tag
        )
        runs = await query(reader, "SELECT now(), * FROM eco_comm_outages(%s, %s)", days.start, tag)
        found[:] = [(report, cells, runs)]
        moments = {minute(row.pop("now")) for row in (*cells, *runs)}
        return moments == {minute(report.row.now)}

    await until(in_one_minute)
    ((report, cells, runs),) = found
    assert cells == [
        {
            "bucket_utc": cell.bucket,
            "tag_name": tag,
            "success_rate": cell.success_rate,
            "recv_msgs": cell.recv_msgs,
            "exp_msgs": cell.exp_msgs,
            "missing_msgs": cell.missing_msgs,
            "last_seen_min": cell.last_seen,
            "state": cell.state,
        }
        for cell in report.cells
    ]
    assert runs == [
        {
            "tag_name": tag,
            "start_ts_utc": run.start,
            "end_ts_utc": run.end,
            "hours": pytest.approx(run.hours),
            "ongoing": run.ongoing,
            "clipped": run.clipped,
        }
        for run in report.outages
    ]


async def test_the_tags_are_those_of_the_pages(reader: AsyncConnection) -> None:
    names = [row["tag_name"] for row in await query(reader, "SELECT * FROM eco_tags()")]
    assert names == [tag.tag_name for tag in (await tag_list()).rows]
    assert set(FAULTY) < set(names)


@pytest.mark.parametrize(
    "zone",
    [
        *("Asia/Seoul", "Europe/Berlin", "America/Havana", "Atlantic/Azores", "Asia/Kolkata"),
        *("Australia/Lord_Howe", "Asia/Beirut", "America/New_York", "UTC"),
    ],
)
async def test_days_begin_where_the_page_begins_them(reader: AsyncConnection, zone: str) -> None:
    first = date(2025, 1, 1)
    days = [first + timedelta(days=n) for n in range(2 * 365)]
    rows = await query(
        reader,
        "SELECT public.ksys_day_begins(d, %s) AS begins FROM unnest(%s::date[])"
        " WITH ORDINALITY AS day (d, n) ORDER BY n",
        zone, days,
    )  # fmt: skip
    wanted = [calendar(day, ZoneInfo(zone)).bounds[0] for day in days]
    assert [row["begins"] for row in rows] == wanted
