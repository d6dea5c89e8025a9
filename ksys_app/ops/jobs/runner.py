"""Runs due jobs from a client until it is stopped: for a database without working workers.

Two runners do not run the same job, because a runner first claims a run in ``ksys_job_run``. If the
server's workers run the jobs in time, nothing is due for a runner.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from psycopg import AsyncConnection

from ksys_app import log
from ksys_app.domain.jobs import Job
from ksys_app.driver.reconnecting import Reconnecting, pause
from ksys_app.ops.jobs import jobs
from ksys_app.ops.jobs.jobs import JobRun
from ksys_app.ops.jobs.upkeep import EVERY, upkeep

MIN_PAUSE_S: Final = 1.0
# Longest sleep, so that the runner soon sees new jobs.
MAX_PAUSE_S: Final = 60.0
RECONNECT_S: Final = 5.0
# If a job takes longer, the runner closes its connection.
RUN_LIMIT_S: Final = 3600.0

OnRun = Callable[[JobRun], None]


class Runner:
    """The loop of ``ksys db jobs --run --watch``.

    Args:
        dsn: DSN of the jobs' owner.
        on_run: called after each run.

    Attributes:
        database: whether the database works.
        failing: name of each job whose last run by this runner failed, to the reason.
    """

    def __init__(self, dsn: str, on_run: OnRun | None = None) -> None:
        self.database = Reconnecting(
            dsn,
            fails=lambda error: log.event("job_fail", job="all", error=error),
            recovers=lambda lasted_ms: log.event("job_recover", job="all", dur_ms=lasted_ms),
            patient=True,
        )
        self.failing: dict[str, str] = {}
        self._on_run = on_run
        self._upkeep_at = datetime.min.replace(tzinfo=UTC)

    @property
    def passed(self) -> asyncio.Event:
        """Set after the first pass over all jobs, even if the pass failed."""
        return self.database.tried

    async def watch(self, stop: asyncio.Event) -> None:
        """Run due jobs and sleep until the next job is due, until ``stop`` is set.

        A failing job or a lost database does not end the loop.
        """

        async def work(conn: AsyncConnection) -> None:
            while not stop.is_set():
                async with asyncio.timeout(RUN_LIMIT_S):
                    wait_s = await self._one_pass(conn)
                self.database.works()
                await pause(stop, wait_s)

        await self.database.serve(work, stop, RECONNECT_S)

    async def _one_pass(self, conn: AsyncConnection) -> float:
        for run in await jobs.run_due(conn):
            self._log_run(run)
        workers = await jobs.has_workers(conn)
        if not workers and datetime.now(UTC) - self._upkeep_at >= EVERY:
            await upkeep(conn)
            self._upkeep_at = datetime.now(UTC)
        upcoming = await jobs.list_jobs(conn)
        return _until_due(upcoming, workers)

    def _log_run(self, run: JobRun) -> None:
        name = run.job.name
        if run.error is not None and name not in self.failing:
            log.event("job_fail", job=name, error=run.error, dur_ms=run.seconds * 1000)
        if run.error is None and name in self.failing:
            log.event("job_recover", job=name, dur_ms=run.seconds * 1000)
        if run.error is None:
            self.failing.pop(name, None)
        else:
            self.failing[name] = run.error
        if self._on_run is not None:
            self._on_run(run)


def _until_due(upcoming: list[Job], workers: bool) -> float:
    waits = [(job.next_run(workers) - job.now).total_seconds() for job in upcoming if job.scheduled]
    return min(max(min(waits, default=MAX_PAUSE_S), MIN_PAUSE_S), MAX_PAUSE_S)
