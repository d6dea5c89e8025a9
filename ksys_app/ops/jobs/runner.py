"""Runs due jobs from a client until it is stopped: for a database without working workers.

Two runners do not run the same job, because a runner first claims a run in ``ksys_job_run``. If the
server's workers run the jobs in time, nothing is due for a runner.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import psycopg
from psycopg import AsyncConnection

from ksys_app import log
from ksys_app.db import connect
from ksys_app.domain.jobs import Job
from ksys_app.driver.failures import map_error
from ksys_app.errors import KsysError
from ksys_app.ops.jobs import jobs
from ksys_app.ops.jobs.jobs import JobRun
from ksys_app.ops.jobs.upkeep import EVERY, upkeep
from ksys_app.settings import safe_dsn

MIN_PAUSE_S: Final = 1.0
# Longest sleep, so that the runner soon sees new jobs.
MAX_PAUSE_S: Final = 60.0
RECONNECT_S: Final = 5.0
# If a job takes longer, the runner closes its connection.
RUN_LIMIT_S: Final = 3600.0

OnRun = Callable[[JobRun], None]


@dataclass(slots=True)
class RunnerState:
    """The state of the runner, for ``/readyz`` and the log.

    Attributes:
        started: when the runner was started.
        last_pass: when the runner last looked at all jobs.
        last_error: why the last pass failed, None if it succeeded.
        runs: number of jobs that the runner has run.
        failing: name of each job whose last run by this runner failed, to the reason.
    """

    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    last_pass: datetime | None = None
    last_error: str | None = None
    runs: int = 0
    failing: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the last pass succeeded and no job is failing."""
        return self.last_error is None and not self.failing


class Runner:
    """The loop of ``ksys db jobs --run --watch``.

    Args:
        dsn: DSN of the jobs' owner.
        on_run: called after each run.

    Attributes:
        state: the state of the runner.
        passed: set after the first pass over all jobs, even if the pass failed.
    """

    def __init__(self, dsn: str, on_run: OnRun | None = None) -> None:
        self.state = RunnerState()
        self.passed = asyncio.Event()
        self._dsn = dsn
        self._name = safe_dsn(dsn)
        self._on_run = on_run
        self._kept_up = datetime.min.replace(tzinfo=UTC)
        self._failed_at = 0.0

    async def watch(self, stop: asyncio.Event) -> None:
        """Run due jobs and sleep until the next job is due, until ``stop`` is set.

        A failing job or a lost database does not end the loop.
        """
        conn: AsyncConnection | None = None
        try:
            while not stop.is_set():
                try:
                    if conn is None or conn.closed:
                        conn = await connect(self._dsn)
                    async with asyncio.timeout(RUN_LIMIT_S):
                        pause = await self._one_pass(conn)
                    self._recovered()
                except (KsysError, psycopg.Error, OSError, TimeoutError) as error:
                    self._failed(error)
                    await _discard(conn)
                    conn = None
                    pause = RECONNECT_S
                self.passed.set()
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), pause)
        finally:
            await _discard(conn)

    async def _one_pass(self, conn: AsyncConnection) -> float:
        for run in await jobs.run_due(conn):
            self._note(run)
        workers = await jobs.has_workers(conn)
        if not workers and datetime.now(UTC) - self._kept_up >= EVERY:
            await upkeep(conn)
            self._kept_up = datetime.now(UTC)
        upcoming = await jobs.list_jobs(conn)
        self.state.last_pass = datetime.now(UTC)
        return _pause(upcoming, workers)

    def _note(self, run: JobRun) -> None:
        name = run.job.name
        self.state.runs += 1
        if run.error is not None and name not in self.state.failing:
            log.event("job_fail", job=name, error=run.error, dur_ms=run.seconds * 1000)
        if run.error is None and name in self.state.failing:
            log.event("job_recover", job=name, dur_ms=run.seconds * 1000)
        if run.error is None:
            self.state.failing.pop(name, None)
        else:
            self.state.failing[name] = run.error
        if self._on_run is not None:
            self._on_run(run)

    def _failed(self, error: Exception) -> None:
        mapped = map_error(error, self._name)
        message = mapped.message if mapped else str(error)
        if self.state.last_error is None:
            self._failed_at = time.monotonic()
            log.event("job_fail", job="all", error=message)
        self.state.last_error = message

    def _recovered(self) -> None:
        if self.state.last_error is not None:
            log.event("job_recover", job="all", dur_ms=(time.monotonic() - self._failed_at) * 1000)
        self.state.last_error = None


def _pause(upcoming: list[Job], workers: bool) -> float:
    waits = [(job.next_run(workers) - job.now).total_seconds() for job in upcoming if job.scheduled]
    return min(max(min(waits, default=MAX_PAUSE_S), MIN_PAUSE_S), MAX_PAUSE_S)


async def _discard(conn: AsyncConnection | None) -> None:
    if conn is not None:
        await conn.close()
