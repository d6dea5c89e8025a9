"""``kill -9`` at any moment: the same command again reaches the same state."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from psycopg import AsyncConnection

from ksys_app.ops.masterdata import qc
from ksys_app.ops.masterdata.qc_table import RULES
from ksys_app.ops.verify import verify
from tests.conftest import ZONE
from tests.database import TestDatabases
from tests.dr.conftest import MakeFile, lines
from tests.ksys import KSYS, ksys
from tests.plant import clock

TIMES = 2


async def killed(seconds: float, cwd: Path, *arguments: str, **settings: str) -> None:
    """Start a command, and kill it after a number of seconds if it still runs."""
    process = await asyncio.create_subprocess_exec(
        KSYS, *arguments, cwd=cwd, env=os.environ | settings,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await asyncio.wait_for(process.wait(), seconds)
    except TimeoutError:
        process.kill()
        await process.wait()


async def measured(work: Callable[[], Awaitable[object]]) -> float:
    started = time.perf_counter()
    await work()
    return time.perf_counter() - started


async def test_backfill(dsn: str, conn: AsyncConnection, csv: MakeFile, tmp_path: Path) -> None:
    now = await clock(conn)
    samples = [
        (now - timedelta(days=30) + n * timedelta(minutes=1), "KILL", n / 3) for n in range(40_000)
    ]
    path = str(csv(lines(samples)))
    owner = {"TS_ADMIN_DSN": dsn}
    seconds = await measured(lambda: ksys("db", "backfill", path, "--dry-run")) + 2
    for _ in range(TIMES):
        await conn.execute("DELETE FROM public.influx_hist WHERE tag_name = 'KILL'")
        await killed(random.uniform(0.3, seconds), tmp_path, "db", "backfill", path, **owner)
        code, out, err = await ksys("db", "backfill", path, **owner)
        assert (code, "error" in err) == (0, False), out + err
        for view in ("influx_agg_1m", "influx_agg_10m", "influx_agg_1h", "influx_agg_1d"):
            cursor = await conn.execute(
                f"SELECT sum(n)::bigint FROM public.{view} WHERE tag_name = 'KILL'"
            )
            assert await cursor.fetchone() == (len(samples),), view
        cursor = await conn.execute(
            "SELECT ts, value, first_ts FROM public.tag_latest WHERE tag_name = 'KILL'"
        )
        assert await cursor.fetchone() == (samples[-1][0], samples[-1][2], samples[0][0])


async def test_init(databases: TestDatabases, tmp_path: Path) -> None:
    for _ in range(TIMES):
        dsn = await databases.fresh(schema=False)
        try:
            owner = {"TS_ADMIN_DSN": dsn}
            await killed(random.uniform(0.4, 2.5), tmp_path, "db", "init", **owner)
            code, out, err = await ksys("db", "init", **owner)
            assert (code, err) == (0, ""), out
            checks = await verify.verify(dsn, zone=ZONE)
            assert [c for c in checks if not c.ok and not c.name.startswith("job ")] == []
        finally:
            await databases.drop(dsn)


async def test_sync(dsn: str, conn: AsyncConnection, tmp_path: Path) -> None:
    owner = {"TS_ADMIN_DSN": dsn}
    seconds = await measured(lambda: ksys("qc", "sync", **owner))
    for _ in range(TIMES):
        await conn.execute("TRUNCATE public.influx_qc_rule")
        await killed(random.uniform(0.3, seconds), tmp_path, "qc", "sync", **owner)
        cursor = await conn.execute("SELECT count(*) FROM public.influx_qc_rule")
        assert await cursor.fetchone() in ((0,), (9,)), "all rules or none"
        assert (await ksys("qc", "sync", **owner))[0] == 0
        assert await qc.verify(dsn, qc.RULES_CSV, RULES) == []
