"""The short form of ``make bench``: every figure is measured, and reports can be compared."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from ksys_app.db import connect
from ksys_app.ops.demo.screens.client import Client
from ksys_app.ops.demo.screens.report import report
from ksys_app.ops.demo.screens.screens import Screens
from ksys_app.ops.serving import frontend
from tests.bench.app import App, running
from tests.bench.changes import compared
from tests.bench.database import Source, writing
from tests.bench.measuring import SECTIONS, measure
from tests.bench.profiles import TINY
from tests.bench.report import from_json, to_json
from tests.bench.tables import grids, lines, markdown
from tests.conftest import RO_PASSWORD
from tests.database import TestDatabases
from tests.e2e.conftest import STATEMENT_MS, seed
from tests.waiting import until

ENDPOINTS = ("kpi 5m", "kpi?tag 24h", "kpi?since=0 5m", "kpi?since=last 5m", "sparklines 5m")
ENDPOINTS += ("timeseries 24h", "indicators 24h", "export.csv 24h", "heatmap")


@pytest.fixture(scope="module")
async def source(databases: TestDatabases) -> AsyncIterator[Source]:
    """The demo's nine tags with twenty minutes of samples."""
    dsn = await databases.fresh()
    await seed(dsn)
    yield Source(databases.as_role(dsn, "eco_ro", RO_PASSWORD), dsn, silent=True)
    await databases.drop(dsn)


@pytest.fixture(scope="module")
async def app(source: Source) -> AsyncIterator[App]:
    """The app as ``make bench`` runs it."""
    await asyncio.to_thread(frontend.ensure_built)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KSYS_STATEMENT_TIMEOUT_MS", str(STATEMENT_MS))
        async with running(source.dsn, TINY.tick_s) as served:
            yield served


async def test_every_figure_is_measured_and_the_report_can_be_read_and_compared(
    source: Source, app: App
) -> None:
    measured = await measure("tiny", TINY, source, app, SECTIONS.keys() - {"browser"})
    figures = {figure.key: figure for figure in measured.figures}
    for name in ENDPOINTS:
        for measure_ in ("bare", "cold", "cached", "cold / bare", "cached / bare"):
            assert figures["HTTP, one client", name, measure_].p50 > 0
        assert figures["HTTP, processor time and size", name, "on the wire"].p50 > 0
        assert figures["HTTP, 2 clients", name, "cached, answers"].better == "more"
        assert figures["HTTP, 2 clients", name, "cold, refused"].p50 == 0
    subjects = {(section, subject) for section, subject, _ in figures}
    assert {
        ("Tile statement", "24h"),
        ("Tile statement", "24h, 1 tag"),
        ("Overview of /comm", "9 tags"),
        ("Badges of a tick", "20 tags"),
        ("Insert into influx_hist", "9 rows"),
        ("Screens", "1 screen"),
        ("Screens", "2 screens"),
        ("Memory of the app", "2 screens closed"),
    } <= subjects
    assert figures["Screens, a tick of each", "2 screens", "websocket"].p50 > 0
    assert ("Screens, a tick of each", "2 screens", "ticks missed") in figures
    assert {cost.over for cost in measured.costs} == {"history, hours", "tags", "screens"}
    assert "failed" not in " ".join(measured.notes)
    assert from_json(to_json(measured), "file") == measured
    assert {change.verdict for change in compared(measured, measured).changes} == {"same"}
    assert all(subject in markdown("", lines(measured), grids(measured)) for _, subject in subjects)


async def test_the_bench_switches_the_cache_of_the_app_off_and_on(app: App) -> None:
    async with Client(app.url) as client:

        async def loads() -> float:
            text = (await client.get("/metrics", {})).body.decode()
            found = re.search(r'duration_seconds_count{statement="buckets"} (\S+)', text)
            return float(found[1]) if found else 0.0

        async def loaded(times: int) -> float:
            before = await loads()
            for _ in range(times):
                await client.get("/api/v1/timeseries?window=60m&tag=D100")
            return await loads() - before

        assert await loaded(3) == 1
        with app.cold():
            assert await loaded(3) == 3
        assert await loaded(3) == 0


async def test_screens_fetch_the_tiles_of_many_tags_as_browsers_do(
    source: Source, app: App
) -> None:
    async with writing(source), Screens(app.url) as screens:
        await screens.grow(2)

        async def fetched() -> bool:
            screens.check()
            return all(screen.ticks and screen.ticks[-1].fetched for screen in screens.all)

        async with await connect(source.owner or "") as conn:
            await conn.execute(
                "INSERT INTO influx_qc_rule (tag_name, enabled)"
                " SELECT 'SCREEN-' || n, true FROM generate_series(101, 200) AS n"
            )
        await until(fetched)
        assert [screen.failures for screen in screens.all] == [0, 0]


async def test_the_screens_of_a_demo_say_what_they_received_and_what_it_cost(app: App) -> None:
    output: list[str] = []
    reporting = asyncio.create_task(report(app.url, 2, output.append, every_s=0.5))

    def ticked() -> list[str]:
        return [line for line in output if re.search(r", [1-9]\d* ticks received", line)]

    async def received() -> bool:
        return reporting.done() or bool(ticked())

    await until(received)
    reporting.cancel()
    await asyncio.gather(reporting, return_exceptions=True)
    assert output[0] == "screens: 2 opened"
    delays = r" \d+ dropped, tick to receipt p50 [\d,]+ ms, p95 [\d,]+ ms; app "
    assert re.search(delays, ticked()[0])
    assert not output[-1].endswith(" 0 MiB")
