"""Heatmap and outages over HTTP on a synthetic month, compared with pandas (PRD §28.2)."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pandas as pd
import pytest

from ksys_app.api import schemas
from ksys_app.models.comm import Cell
from ksys_app.queries import events
from ksys_app.services import runtime
from tests import alarms, plant
from tests.cached import forget_answers
from tests.comm import continue_month, expected_cells, expected_outages, messages, month
from tests.conftest import ZONE, Plant
from tests.database import TestDatabases

HEATMAP, OUTAGES = "/api/v1/comm/heatmap", "/api/v1/comm/outages"
LIMITS = {"HOLES": (0.95, 0.90)}
TAGS = ["HOLES", "BORN", "DEAD", "FREE", "RAISED", "GOOD"]


@pytest.fixture(autouse=True)
async def month_until_now(plant_db: Plant) -> None:
    """The tags have sent until now, and nothing is cached, so that nothing expires in a test."""
    await continue_month(plant_db.conn)
    forget_answers()


@pytest.fixture(scope="module")
async def plant_dsn(databases: TestDatabases) -> str:
    return await month(databases)


async def get(http: httpx.AsyncClient, path: str, **params: Any) -> Any:
    answer = await http.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("tag", TAGS)
async def test_every_cell_and_outage_equals_what_pandas_computes_from_the_raw_rows(
    http: httpx.AsyncClient, plant_db: Plant, tag: str
) -> None:
    answer = await get(http, HEATMAP, tag=tag)
    now = datetime.fromisoformat(answer["judged_to"])
    start = now.astimezone(ZoneInfo(ZONE)).date() - timedelta(days=29)
    assert (answer["tag_name"], answer["start"], answer["days"]) == (tag, str(start), 30)
    raw = await messages(plant_db.conn, tag)
    cells = expected_cells(raw, now, start, ZONE, 1, *LIMITS.get(tag, (0.98, 0.95)))
    assert len(answer["cells"]) == 720
    for cell, (hour, wanted) in zip(answer["cells"], cells.iterrows(), strict=True):
        assert list(cell) == list(schemas.CommCell.model_fields)
        assert datetime.fromisoformat(cell["bucket_utc"]) == hour
        assert cell["local"] == hour.tz_convert(ZONE).isoformat()
        assert cell["recv_msgs"] == wanted["recv"]
        assert (cell["exp_msgs"], cell["missing_msgs"]) == (wanted["exp"], wanted["missing"])
        assert cell["state"] == wanted["state"]
        assert (cell["success_rate"] is None) == pd.isna(wanted["rate"])
        assert cell["success_rate"] is None or cell["success_rate"] == wanted["rate"]
        newest = cell["last_seen_min"]
        assert (newest is None) == pd.isna(wanted["seen"])
        assert newest is None or datetime.fromisoformat(newest) == wanted["seen"]
    runs = [
        {
            "start": datetime.fromisoformat(run["start_ts_utc"]),
            "end": datetime.fromisoformat(run["end_ts_utc"]),
            "ongoing": run["ongoing"],
            "rate": pytest.approx(run["success_rate"]),
        }
        for run in await get(http, OUTAGES, tag=tag)
    ]
    assert runs == expected_outages(cells, now)


async def test_the_month_has_the_outages_that_were_written(http: httpx.AsyncClient) -> None:
    holes = await get(http, OUTAGES, tag="HOLES")
    assert [run["hours"] for run in holes] == [1.0, 3.0, 26.0, 1.0, 1.0, 1.0]
    states = [cell["state"] for cell in (await get(http, HEATMAP, tag="HOLES"))["cells"]]
    assert states.count("warn") == 1, "54 of 60 at a critical limit of 0.90"
    (dead,) = await get(http, OUTAGES, tag="DEAD")
    assert dead["ongoing"] is True
    assert 240 <= dead["hours"] < 242
    born = await get(http, HEATMAP, tag="BORN")
    first = next(cell for cell in born["cells"] if cell["state"] != "no_data")
    assert (first["exp_msgs"], first["recv_msgs"], first["state"]) == (40, 40, "ok")
    assert await get(http, OUTAGES, tag="GOOD") == []
    (free,) = await get(http, OUTAGES, tag="FREE")
    assert (free["hours"], free["ongoing"]) == (2.0, False)


async def test_a_changed_expectation_holds_for_the_past_as_well(
    http: httpx.AsyncClient, plant_db: Plant
) -> None:
    before = await get(http, HEATMAP, tag="RAISED")
    judged = [at for at, cell in enumerate(before["cells"]) if cell["exp_msgs"] == 60]
    assert {before["cells"][at]["state"] for at in judged} == {"ok"}
    await plant_db.conn.execute(
        "UPDATE public.ingest_expectation SET exp_per_min = 2 WHERE tag_name = 'RAISED'"
    )
    cells = (await get(http, HEATMAP, tag="RAISED"))["cells"]
    assert {(cells[at]["state"], cells[at]["exp_msgs"]) for at in judged} == {("crit", 120)}
    assert {cells[at]["success_rate"] for at in judged} == {0.5}


async def test_a_stored_grid_asks_the_database_only_for_the_version_of_the_expectations(
    http: httpx.AsyncClient,
) -> None:
    counters = runtime.current().database.counters
    counts = [counters.statements]
    for _ in range(5):
        await get(http, HEATMAP, tag="GOOD")
        counts.append(counters.statements)
    # A stored grid or list may have expired between two requests, but not between all of them.
    assert min(after - before for before, after in pairwise(counts)) == 1


async def test_an_ongoing_outage_grows_when_it_is_requested_again(plant_db: Plant) -> None:
    source = runtime.current().comm
    days, _now = await source.calendar(None)
    first = await source.report("DEAD", days, fresh=True)
    await plant_db.conn.execute("SELECT pg_sleep(0.01)")
    cached = await source.report("DEAD", days)
    assert cached.answer.cache_hit
    assert cached.row.now == first.row.now, "counts are judged at the time at which they were read"
    fresh = await source.report("DEAD", days, fresh=True)
    assert fresh.row.now > first.row.now
    assert fresh.outages[0].end >= first.outages[0].end


async def test_a_start_in_the_past_moves_the_grid(http: httpx.AsyncClient) -> None:
    answer = await get(http, HEATMAP, tag="GOOD", start="2024-02-29")
    assert answer["start"] == "2024-02-29"
    assert answer["cells"][0]["local"] == "2024-02-29T00:00:00+09:00"
    assert answer["cells"][-1]["local"] == "2024-03-29T23:00:00+09:00"
    assert {cell["state"] for cell in answer["cells"]} == {"no_data"}


async def test_after_now_nothing_is_expected(http: httpx.AsyncClient) -> None:
    answer = await get(http, HEATMAP, tag="GOOD", start="2099-12-31")
    assert len(answer["cells"]) == 720
    assert {cell["state"] for cell in answer["cells"]} == {"no_data"}
    assert await get(http, OUTAGES, tag="GOOD", start="2099-12-31") == []


async def test_one_tag_is_at_most_20_kb_on_the_wire(http: httpx.AsyncClient) -> None:
    request = http.build_request("GET", HEATMAP, params={"tag": "HOLES"})
    answer = await http.send(request, stream=True)
    wire = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == "gzip"
    assert len(wire) <= 20 * 1024
    condition = {"If-None-Match": answer.headers["etag"]}
    assert (await http.get(HEATMAP, params={"tag": "HOLES"}, headers=condition)).status_code == 304


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        (HEATMAP, 400, "tag"),
        (HEATMAP + "?tag=NOPE", 404, "NOPE"),
        (OUTAGES + "?tag=NOPE", 404, "NOPE"),
        (HEATMAP + "?tag=GOOD&start=2026-02-30", 400, "YYYY-MM-DD"),
        (HEATMAP + "?tag=GOOD&start=1", 400, "YYYY-MM-DD"),
        (HEATMAP + "?tag=GOOD&start=20260203", 400, "YYYY-MM-DD"),
        (HEATMAP + "?tag=GOOD&start=1999-12-31", 400, "of the years 2000 to 2099, not of 1999"),
        (HEATMAP + "?tag=GOOD&start=2100-01-01", 400, "of the years 2000 to 2099, not of 2100"),
        (HEATMAP + "?tag=GOOD&days=31", 400, "days"),
        ("/api/v1/comm/cells.csv?" + "&".join(f"tag=T{n}" for n in range(10)), 400, "9"),
        ("/api/v1/comm/outages.csv", 400, "tag"),
    ],
)
async def test_a_bad_request_is_explained_in_one_sentence(
    http: httpx.AsyncClient, path: str, status: int, says: str
) -> None:
    answer = await http.get(path)
    assert answer.status_code == status, answer.text
    assert says in answer.json()["error"]["message"]


async def test_csv_holds_the_same_cells_and_outages(http: httpx.AsyncClient) -> None:
    for name, path, rows in (("cells", HEATMAP, "cells"), ("outages", OUTAGES, None)):
        answer = await http.get(f"/api/v1/comm/{name}.csv", params={"tag": ["HOLES", "DEAD"]})
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert f"HOLES and 1 more {name} " in answer.headers["content-disposition"]
        assert answer.content.startswith(b"\xef\xbb\xbf")
        read = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        wanted = [
            {"tag_name": tag} | row
            for tag in ("HOLES", "DEAD")
            for body in [await get(http, path, tag=tag)]
            for row in (body[rows] if rows else body)
        ]
        assert read == [
            {key: "" if value is None else str(value) for key, value in row.items()}
            for row in wanted
        ]


async def test_the_overview_has_the_figures_of_the_grids(plant_db: Plant) -> None:
    source = runtime.current().comm
    days, _now = await source.calendar(None)
    overview = await source.overview(days, fresh=True)
    assert {row.tag_name for row in overview.rows} == set(TAGS)
    for row in overview.rows:
        report = await source.report(row.tag_name, days, fresh=True)
        if report.row.now.minute != row.now.minute:
            overview = await source.overview(days, fresh=True)
            row = next(one for one in overview.rows if one.tag_name == row.tag_name)
            report = await source.report(row.tag_name, days, fresh=True)
        summary = report.summary
        assert (row.success_24h, row.success_30d) == (summary.success_24h, summary.success_30d)
        assert (row.outages, row.longest_hours) == (summary.outages, summary.longest_hours)
        assert row.crit_hours == sum(cell.state == "crit" for cell in report.cells)
        by_day: dict[date, list[Any]] = {}
        for cell in report.cells:
            by_day.setdefault(cell.bucket.astimezone(ZoneInfo(ZONE)).date(), []).append(cell)
        for day, cells in zip(row.days, by_day.values(), strict=True):
            assert day.crit_hours == sum(cell.state == "crit" for cell in cells)
            expected = sum(cell.exp_msgs for cell in cells)
            missing = sum(cell.missing_msgs for cell in cells)
            assert day.success_rate == (None if expected == 0 else 1 - missing / expected)


async def test_late_samples_are_counted_and_soon_in_the_overview_too(plant_db: Plant) -> None:
    """They are counted whatever part of their hour is materialised already."""
    conn, source = plant_db.conn, runtime.current().comm
    hour = (await plant.clock(conn)).replace(minute=0, second=0, microsecond=0)
    late = hour - timedelta(hours=5)

    def minutes_of(start: datetime) -> list[plant.Sample]:
        return [(start + timedelta(minutes=m), "LATE", 1.0) for m in range(60)]

    async def refresh(view: str, end: str) -> None:
        await conn.execute(
            "CALL refresh_continuous_aggregate("
            "%s, now() - interval '2 days', now() - %s::interval)",
            (f"public.{view}", end),
        )

    async def counted() -> Cell:
        days, _now = await source.calendar(None)
        report = await source.report("LATE", days, fresh=True)
        return next(cell for cell in report.cells if cell.bucket == late)

    for hours in (6, 4):
        await plant.insert(conn, minutes_of(hour - timedelta(hours=hours)))
    await refresh("influx_agg_1m", "1 minute")
    await refresh("influx_agg_10m", "10 minutes")
    await refresh("comm_recv_1h", "1 hour")
    assert ((await counted()).recv_msgs, (await counted()).state) == (0, "crit")
    await plant.insert(conn, minutes_of(late))
    await refresh("influx_agg_1m", "1 minute")
    assert ((await counted()).recv_msgs, (await counted()).state) == (60, "ok")
    await refresh("influx_agg_10m", "10 minutes")
    days, _now = await source.calendar(None)
    overview = await source.overview(days, fresh=True)
    row = next(row for row in overview.rows if row.tag_name == "LATE")
    assert row.outages == 1, "only what is still missing"
    await conn.execute("DELETE FROM influx_hist WHERE tag_name = 'LATE'")
    await conn.execute("DELETE FROM tag_latest WHERE tag_name = 'LATE'")


EVENTS = "/api/v1/events"


async def test_the_outages_among_the_events_are_those_of_the_month(http: httpx.AsyncClient) -> None:
    """Nine tags over any hours are read by another statement than one tag over 30 days."""
    judged = datetime.fromisoformat((await get(http, HEATMAP, tag="HOLES"))["judged_to"])
    start = judged.astimezone(ZoneInfo(ZONE)).date() - timedelta(days=29)
    found = await get(http, EVENTS, **{"tag": TAGS, "kind": "outage", "from": f"{start}"})

    def at(text: str | None) -> datetime | None:
        return None if text is None else datetime.fromisoformat(text)

    def end(run: Any) -> str | None:
        return None if run["ongoing"] else run["end_ts_utc"]

    for tag in TAGS:
        spans = [one for one in found["events"] if one["tag_name"] == tag]
        runs = await get(http, OUTAGES, tag=tag)
        assert [(at(one["from"]), at(one["to"]), one["ongoing"]) for one in spans] == [
            (at(run["start_ts_utc"]), at(end(run)), run["ongoing"]) for run in runs
        ], tag
    assert len(found["events"]) > 3
    (kind,) = found["kinds"]
    assert kind == {**kind, "count": len(found["events"]), "merged": False, "since": None}
    (years,) = (await get(http, EVENTS, tag="GOOD", kind="outage", **{"from": "now-5y"}))["kinds"]
    length = judged - datetime.fromisoformat(years["since"])
    assert abs(length - timedelta(days=400)) < timedelta(hours=1), "every hour is judged"


async def test_what_happened_to_tags(http: httpx.AsyncClient, plant_db: Plant) -> None:
    conn, now = plant_db.conn, await plant.clock(plant_db.conn)
    hour = timedelta(hours=1)
    raised = now - 3 * hour
    await alarms.note(conn, raised, "GOOD", "RAISE")
    await alarms.note(conn, now - hour, "GOOD", "CLEAR", raised_at=raised)
    await alarms.note(conn, raised, "GOOD", "RAISE", condition="LOW", priority=4)
    await alarms.put(conn, "GOOD", "STEP", level="", raised_at=now - 2 * hour)
    await conn.execute("UPDATE influx_qc_rule SET warn_max = 9 WHERE tag_name = 'GOOD'")
    await conn.execute(
        "INSERT INTO anomalies (ts, tag_name, score, level) VALUES (%s, 'GOOD', 'NaN', 'high')",
        (now - hour,),
    )
    params = {"tag": ["GOOD", "HOLES"], "kind": ["alarm", "change", "anomaly", "shift"]}
    found = await get(http, EVENTS, window="24h", **params)
    spans = [
        (one["kind"], one["tag_name"], one["text"]["key"], one["ongoing"])
        for one in found["events"]
    ]
    assert spans[:3] == [
        ("alarm", "GOOD", "alarms.what_HH", False),
        ("alarm", "GOOD", "alarms.what_STEP", True),
        ("anomaly", "GOOD", "explore.lane_anomaly", False),
    ]
    assert {one[2] for one in spans[3:]} == {"explore.lane_change"}
    cells = found["events"][-1]["text"]["values"]["cells"]
    assert cells[-1] == {"column": "warn_max", "old": None, "new": "9"}
    assert (found["shifts"], found["window"]) == ([], "24h")
    middle = {"from": (now - 2.5 * hour).isoformat(), "to": (now - 2 * hour).isoformat()}
    (inside,) = (await get(http, EVENTS, **middle, **params))["events"]
    assert datetime.fromisoformat(inside["from"]) == raised, "the alarm is longer than the range"
    assert datetime.fromisoformat(inside["to"]) == now - hour


async def test_more_events_than_wanted_are_merged_and_counted(
    http: httpx.AsyncClient, plant_db: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    conn, now = plant_db.conn, await plant.clock(plant_db.conn)
    for n in range(60):
        await alarms.note(conn, now - timedelta(minutes=10 * n + 1), "DEAD", "RAISE", priority=2)
    ask = {"tag": "DEAD", "kind": "alarm", "window": "24h", "limit": 10}
    for most in (events.MOST_ROWS, 20):
        monkeypatch.setattr(events, "MOST_ROWS", most)
        found = await get(http, EVENTS, **ask)
        assert (found["kinds"][0]["count"], found["kinds"][0]["merged"]) == (60, True)
        assert len(found["events"]) <= 10
        assert sum(one["count"] for one in found["events"]) == 60
    monkeypatch.setattr(events, "MOST_ROWS", 0)
    everything = await get(http, EVENTS, tag=TAGS, window="30d")
    assert all(one["merged"] == (one["count"] > 0) for one in everything["kinds"][:1])


async def test_shifts_are_those_of_the_setting(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = runtime.current().settings.model_copy(update={"shifts": "주간 06:00-18:00"})
    monkeypatch.setattr(runtime, "_current", replace(runtime.current(), settings=given))
    ask = {"tag": "GOOD", "kind": "shift"}
    days = {"from": "2026-10-01", "to": "2026-10-03"}
    found = (await get(http, EVENTS, **ask, **days))["shifts"]
    assert [(one["name"], one["from"][:16], one["to"][:16]) for one in found] == [
        ("주간", "2026-10-01T06:00", "2026-10-01T18:00"),
        ("주간", "2026-10-02T06:00", "2026-10-02T18:00"),
    ]
    assert (await get(http, EVENTS, **ask, window="12m"))["shifts"] is None
