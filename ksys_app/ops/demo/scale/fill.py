"""Writes the history of the plant from the newest quarter of an hour back, then compresses it.

Each part is written, aggregated and compressed before the next one. After a killed run, the next
run continues, because the database records each second that is written.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, tzinfo
from typing import Final

from psycopg import AsyncConnection

from ksys_app.domain import upkeep
from ksys_app.ops.demo.plant.writer import write_until_stopped
from ksys_app.ops.demo.scale import store
from ksys_app.ops.demo.scale.parts import Span, blocks, newest_first, parts
from ksys_app.ops.demo.scale.sizing import Size
from ksys_app.ops.demo.session import Report
from ksys_app.ops.jobs import jobs
from ksys_app.ops.owner import owner
from ksys_app.ops.schema import refresh

STAGE: Final = "history"
STEP_LIMIT_S: Final = 3600.0
COMPRESS_EVERY_S: Final = 60.0
# Samples of a statement, so few that the pages do not wait for the embedded database.
EMBEDDED_BLOCK: Final = 20_000
SERVER_BLOCK: Final = 500_000


class History:
    """The history of a plant up to ``until``, where its live feed begins.

    Args:
        dsn: the owner's DSN.
        zone: the display zone.
        size: the plant.
        until: the end, epoch seconds.
        report: called with the number of written samples and of all samples.
    """

    def __init__(self, dsn: str, zone: tzinfo, size: Size, until: int, report: Report) -> None:
        self._dsn, self._zone, self._size = dsn, zone, size
        self._until, self._report = until, report
        self._resumed = False

    @property
    def block_s(self) -> int:
        """Seconds of the plant that one statement writes."""
        most = EMBEDDED_BLOCK if self._size.embedded else SERVER_BLOCK
        return self._size.seconds_of(most)

    async def write_newest(self) -> None:
        """Write the missing seconds of the newest part, and let the policies store its buckets."""
        async with owner(self._dsn) as conn:
            soon, _ = newest_first(await store.missing(conn, self._until), self._until)
            if not soon:
                return
            await self._write(conn, soon[::-1])
            # Without autovacuum the planner would have no statistics for the first refresh.
            await conn.execute("ANALYZE public.influx_hist")
            await jobs.run_procedures(conn, "policy_refresh_continuous_aggregate")

    async def run(self, stop: asyncio.Event) -> None:
        """Write the other parts, newest first, and compress complete chunks, until ``stop`` is set.

        While the database is away, it retries.
        """
        await write_until_stopped(self._dsn, self._step, stop, STAGE, limit_s=STEP_LIMIT_S)

    async def _step(self, conn: AsyncConnection) -> float:
        missing = await store.missing(conn, self._until)
        if missing and not self._resumed:
            # The previous run may have been killed after writing its last part, before refreshing.
            oldest = max(span.end for span in missing)
            await self._refresh(Span(oldest, min(self._until, oldest + self._size.part_s)))
            self._resumed = True
        await store.compress(conn)
        part = next(parts(missing, self._size.part_s), None)
        if part is None:
            return COMPRESS_EVERY_S
        await self._write(conn, [part], pausing=self._size.embedded)
        await self._refresh(part)
        return 0.0

    async def _write(
        self, conn: AsyncConnection, spans: list[Span], *, pausing: bool = False
    ) -> None:
        left = sum(span.seconds for span in await store.missing(conn, self._until))
        total = self._size.rows
        for block in (block for span in spans for block in blocks(span, self.block_s)):
            began = time.monotonic()
            await store.write(conn, block)
            if pausing:
                # The embedded database executes one statement at a time: leave half of the time to
                # the pages.
                await asyncio.sleep(time.monotonic() - began)
            left -= block.seconds
            self._report(STAGE, max(0, total - self._size.samples(left)), total)

    async def _refresh(self, part: Span) -> None:
        """Refresh the aggregates of a whole part, even if another run wrote its beginning."""
        first = part.start // self._size.part_s * self._size.part_s
        start, end = datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(part.end, UTC)
        # Refresh each aggregate separately: a refresh of all would compute 25 hours of indicators
        # again, which their own job does in parts.
        for view in upkeep.REFRESH:
            await refresh.refresh(self._dsn, self._zone, start=start, end=end, views=(view,))
