"""``python -m tests.bench.overview``: the overview of many tags on an embedded database.

Each tag gets one message an hour for 30 days, which gives as many rows of hours as any higher rate.
Times are in milliseconds, without the cache, next to the bare statements on one open connection.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
from pathlib import Path

from ksys_app.db import connect
from ksys_app.models.rows import Expectation
from ksys_app.ops.embedded import EmbeddedDatabase
from ksys_app.ops.schema import schema
from ksys_app.queries import comm
from ksys_app.services import runtime
from ksys_app.settings import load_settings
from tests.bench.__main__ import p95, timed

FILL = """
INSERT INTO public.influx_hist (ts, tag_name, value)
SELECT ts, 'T' || n, 1.0
FROM generate_series(date_trunc('hour', now()) - interval '30 days', now(), '1 hour') AS ts,
     generate_series(%s::integer, %s::integer) AS n
"""
AT_ONCE = 50


async def fill(dsn: str, tags: int) -> None:
    """Write the messages and refresh their counts."""
    async with await connect(dsn) as conn:
        for first in range(1, tags + 1, AT_ONCE):
            await conn.execute(FILL, [first, min(first + AT_ONCE - 1, tags)])
        for view in ("influx_agg_1m", "comm_recv_1h"):
            await conn.execute(
                "CALL refresh_continuous_aggregate(%s, now() - interval '32 days',"
                " now() - interval '2 hours')",
                [f"public.{view}"],
            )
        await conn.execute("ANALYZE")


async def measure(dsn: str, tags: int, times: int) -> None:
    """Print medians and 95th percentiles."""
    settings = load_settings().model_copy(update={"ts_dsn": dsn})
    bare = await connect(dsn)
    expected = [Expectation(f"T{n}") for n in range(1, tags + 1)]
    async with bare, runtime.opened(settings):
        source = runtime.current().comm
        days, _now = await source.calendar(None)

        async def statements() -> None:
            for at in range(0, tags, comm.MAX_TAGS):
                params = comm.day_params(expected[at : at + comm.MAX_TAGS], days.bounds)
                await (await bare.execute(comm.DAYS, params)).fetchall()

        plain = await timed(statements, times)
        whole = await timed(lambda: source.overview(days, fresh=True), times)
    for name, taken in (("bare", plain), ("overview", whole)):
        print(f"{tags} tags, {name}: p50 {statistics.median(taken):.0f} p95 {p95(taken):.0f}")


async def main() -> None:
    """Create a database, fill it and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tags", type=int, default=200)
    parser.add_argument("--times", type=int, default=10, help="runs a figure is made of")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ksys-bench-") as folder:
        server = EmbeddedDatabase(Path(folder))
        await server.start()
        try:
            await schema.apply(server.dsn, zone="Asia/Seoul", passwords={})
            await fill(server.dsn, given.tags)
            await measure(server.dsn, given.tags, given.times)
        finally:
            await server.stop()


if __name__ == "__main__":
    asyncio.run(main())
