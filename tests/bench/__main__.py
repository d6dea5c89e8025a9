"""``make bench``: compares the product's answers with their bare SQL, on the same database.

Without ``--dsn`` it creates an embedded database with the demo's history. Times are in
milliseconds. The ratio is the product's median divided by the median of the bare statement on one
open connection.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import httpx
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from rich.console import Console
from rich.table import Column, Table

from ksys_app.api.app import create_api
from ksys_app.db import connect
from ksys_app.domain import comm as comm_rules
from ksys_app.domain.tiles import TileMaker
from ksys_app.domain.windows import WINDOWS
from ksys_app.ops.demo.plant import history
from ksys_app.ops.demo.plant.simulator import Plant
from ksys_app.ops.embedded import EmbeddedDatabase
from ksys_app.ops.masterdata import qc
from ksys_app.ops.masterdata.qc_table import EXPECTATIONS, RULES
from ksys_app.ops.schema import schema
from ksys_app.queries import comm, features, indicators, latest, metrics, realtime
from ksys_app.queries.pieces import shape
from ksys_app.services import pieces, runtime
from ksys_app.settings import load_settings
from ksys_app.utils.cache import TTL
from tests.bench import insert
from tests.unit import test_tiles

PASSWORD = "bench"


async def timed(work: Callable[[], Awaitable[Any]], times: int) -> list[float]:
    """Milliseconds of each run, after one run that warms up."""
    await work()
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        await work()
        taken.append((time.perf_counter() - started) * 1000)
    return taken


def p95(taken: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(taken, n=20)[-1]


@asynccontextmanager
async def database(dsn: str | None) -> AsyncIterator[tuple[str, str | None]]:
    """The app's DSN, and the owner's DSN if the database was created here."""
    if dsn is not None:
        yield dsn, None
        return
    with tempfile.TemporaryDirectory(prefix="ksys-bench-") as folder:
        server = EmbeddedDatabase(Path(folder))
        await server.start()
        try:
            passwords: dict[str, str | None] = {"eco_ro": PASSWORD}
            await schema.apply(server.dsn, zone="Asia/Seoul", passwords=passwords)
            await qc.sync(server.dsn, qc.RULES_CSV, RULES)
            await qc.sync(server.dsn, qc.EXPECTATIONS_CSV, EXPECTATIONS)
            loaded = await history.load(
                server.dsn, ZoneInfo("Asia/Seoul"), Plant(), datetime.now(UTC)
            )
            assert loaded is not None
            print(f"history: {loaded.rows} rows in {loaded.seconds:.1f} s")
            yield make_conninfo(server.dsn, user="eco_ro", password=PASSWORD), server.dsn
        finally:
            await server.stop()


async def measure(dsn: str, times: int, tag: str) -> Table:
    """Measure every endpoint and window, and its bare statement."""
    settings = load_settings().model_copy(update={"ts_dsn": dsn})
    endpoint = Column("endpoint", no_wrap=True)
    table = Table(endpoint, "bare p50", "bare p95", "product p50", "product p95", "ratio")
    bare = await connect(dsn)
    async with bare, runtime.opened(settings):
        transport = httpx.ASGITransport(create_api())
        async with httpx.AsyncClient(transport=transport, base_url="http://ksys") as client:
            tiles = await _tiles(settings.max_tags + 1)
            for path, statement, params, kept in tiles + _cases(tag, settings.zone):
                plain = await timed(lambda s=statement, p=params: _run(bare, s, p), times)
                with patch.dict(TTL, {} if kept else dict.fromkeys(TTL, 0.0)):
                    whole = await timed(lambda url=path: client.get(url), times)
                ratio = statistics.median(whole) / statistics.median(plain)
                figures = (
                    statistics.median(plain),
                    p95(plain),
                    statistics.median(whole),
                    p95(whole),
                )
                name = path.removesuffix("&format=columns") + (" cached" if kept else "")
                table.add_row(name, *(f"{figure:.1f}" for figure in figures), f"{ratio:.2f}")
    return table


Case = tuple[str, Any, dict[str, Any], bool]


async def _tiles(cap: int) -> list[Case]:
    """As :func:`_cases`, for the tiles of all tags and the pieces that their windows have now."""
    made: list[Case] = []
    for window in WINDOWS:
        plan = await pieces.plan(window)
        statement = realtime.tiles_statement(window.bucket, shape(plan))
        params = realtime.tile_params(window, plan, cap)
        made.append((f"/api/v1/kpi?window={window.label}", statement, params, True))
    return made


def _cases(tag: str, zone: ZoneInfo) -> list[Case]:
    """Path, bare statement, parameters, and whether the answer may come from the cache."""
    made: list[Case] = [("/api/v1/latest", latest.ALL, {"cap": 10_000}, False)]
    for kept in (False, True):
        for window in WINDOWS:
            asked = f"window={window.label}&tag={tag}&format=columns"
            given = {"tag": tag, "window": window.duration}
            moving = indicators.indicator_params(tag, window)
            newest = given | {"cap": features.MAX_ROWS}
            statements = (metrics.BUCKETS[window.bucket], indicators.INDICATORS[window.bucket])
            made += [
                (f"/api/v1/timeseries?{asked}", statements[0], given, kept),
                (f"/api/v1/indicators?{asked}", statements[1], moving, kept),
                (f"/api/v1/features?{asked}", features.ONE_TAG, newest, kept),
            ]
    days = comm_rules.calendar(comm_rules.recent_start(datetime.now(UTC), zone), zone)
    counted = comm.hour_params(tag, days.bounds[0], days.bounds[-1])
    for kept in (False, True):
        for name in ("heatmap", "outages"):
            made.append((f"/api/v1/comm/{name}?tag={tag}", comm.HOURS, counted, kept))
    return sorted(made, key=lambda case: (case[0].partition("?")[0], case[3]))


def badges(times: int) -> list[float]:
    """Milliseconds of processor time for the badges of 2,000 tags that all have a rule."""
    rows = [replace(test_tiles.ROW, tag_name=f"T{number}") for number in range(2000)]
    rules = {row.tag_name: test_tiles.RULE for row in rows}
    taken = []
    for _ in range(times):
        started = time.thread_time()
        TileMaker(test_tiles.SEOUL).judge(rows, rules)
        taken.append((time.thread_time() - started) * 1000)
    return taken


async def _run(conn: AsyncConnection, statement: Any, params: dict[str, Any]) -> None:
    await (await conn.execute(statement, params)).fetchall()


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dsn", help="an existing database, read only")
    parser.add_argument("--times", type=int, default=40, help="runs a figure is made of")
    parser.add_argument("--tag", default="D200", help="the tag whose series is asked for")
    given = parser.parse_args()
    console = Console(width=110)
    console.print(f"badges of 2,000 tags: p50 {statistics.median(badges(given.times)):.1f} ms")
    async with database(given.dsn) as (dsn, owner):
        console.print(await measure(dsn, given.times, given.tag))
        if owner is not None:
            console.print(await insert.measure(owner))


if __name__ == "__main__":
    asyncio.run(main())
