"""The database's jobs: how their last runs went, which are due, and running those from here.

The server's own workers run the jobs where there are some and they work. ``run_job`` from a client
records nothing, so what is run here is noted in ``ksys_job_run``.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal, NamedTuple

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import class_row

from ksys_app.ops import expected

LIST_FILE: Final = Path(__file__).resolve().parents[2] / "db" / "verify" / "jobs.sql"
VERBS: Final = {
    "policy_refresh_continuous_aggregate": "refresh",
    "policy_compression": "compression",
    "policy_retention": "retention",
}
ORDER: Final = {
    name: place
    for place, name in enumerate(
        [*(f"refresh {view}" for view in expected.REFRESH), expected.INDICATORS_JOB]
    )
}
# What the server's workers may be late before a client steps in.
PATIENCE: Final = timedelta(minutes=1)
# What a job may be late, beyond twice its interval, before it counts as not running.
OVERDUE: Final = timedelta(minutes=10)


class Run(NamedTuple):
    """A job's run; ``ok`` is None while it is running."""

    started: datetime
    ok: bool | None
    error: str | None
    by: Literal["server", "client"]


@dataclass(frozen=True, slots=True)
class Job:
    """A row of ``db/verify/jobs.sql``: a job and its last run by either side."""

    job_id: int
    proc_name: str
    relation: str | None
    every: timedelta
    scheduled: bool
    start_offset: timedelta | None
    end_offset: timedelta | None
    batch: int | None
    compress_after: timedelta | None
    drop_after: timedelta | None
    running: bool
    server_started: datetime | None
    server_succeeded: datetime | None
    server_ok: bool | None
    server_next: datetime | None
    server_error: str | None
    known_since: datetime | None
    client_started: datetime | None
    client_finished: datetime | None
    client_error: str | None
    now: datetime

    @property
    def name(self) -> str:
        """What it does, e.g. ``refresh influx_agg_1m``."""
        verb = VERBS.get(self.proc_name)
        return f"{verb} {self.relation}" if verb and self.relation else self.proc_name

    @property
    def client_ok(self) -> bool | None:
        """How its last run from a client went."""
        return None if self.client_finished is None else self.client_error is None

    @property
    def last(self) -> Run | None:
        """Its newest run by either side."""
        runs = []
        if self.server_started is not None:
            error = None if self.server_ok else self.server_error
            runs.append(Run(self.server_started, self.server_ok, error, "server"))
        if self.client_started is not None:
            runs.append(Run(self.client_started, self.client_ok, self.client_error, "client"))
        return max(runs, key=lambda run: run.started, default=None)

    def next_run(self, workers: bool) -> datetime:
        """When it is due for a client: at once if nobody ever ran it and nobody else will.

        Args:
            workers: whether the database has background workers of its own.
        """
        if self.server_ok is False:
            done = _latest(self.client_started, self.server_succeeded)
            return self.now if done is None else done + self.every
        done = _latest(self.client_started, self.server_started)
        if not workers:
            return self.now if done is None else done + self.every
        late = min(self.every, timedelta(minutes=10)) + PATIENCE
        return (done or self.known_since or self.now) + self.every + late

    def is_due(self, workers: bool) -> bool:
        """Whether a client should run it now."""
        return self.scheduled and not self.running and self.next_run(workers) <= self.now

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong with it."""
        return self.trouble() is None

    @property
    def summary(self) -> str:
        """What is wrong with it, else its last run."""
        trouble = self.trouble()
        if trouble:
            return trouble
        last = self.last
        if last is None:
            return "new, not run yet"
        outcome = "running since" if last.ok is None else "last run"
        return f"{outcome} {last.started:%Y-%m-%d %H:%M:%S}Z by the {last.by}"

    def trouble(self) -> str | None:
        """What is wrong with it, None if nothing is.

        A failing server is no trouble while a client runs the job in time.
        """
        if not self.scheduled:
            return "is switched off"
        last = self.last
        since = last.started if last else self.known_since
        if since is None:
            return "has never run and is not known; run ksys db init"
        if last is not None and last.ok is False and not self._client_covers():
            return f"failed at {last.started:%Y-%m-%d %H:%M:%S}Z: {last.error or 'no message'}"
        if self.now - since > 2 * self.every + OVERDUE:
            what = "has not run since" if last else "has never run, and is known since"
            return f"{what} {since:%Y-%m-%d %H:%M:%S}Z; run ksys db jobs --run --watch"
        return None

    def _client_covers(self) -> bool:
        if not self.client_ok or self.client_started is None:
            return False
        return self.now - self.client_started <= self.every + PATIENCE


def _latest(*times: datetime | None) -> datetime | None:
    return max((t for t in times if t is not None), default=None)


@dataclass(frozen=True, slots=True)
class JobRun:
    """A job that was run from here.

    Attributes:
        job: the job as it was before.
        seconds: how long it took.
        error: why it failed, None if it did not.
    """

    job: Job
    seconds: float
    error: str | None


async def list_jobs(conn: AsyncConnection) -> list[Job]:
    """The jobs of the schema by id; those that TimescaleDB keeps for itself are not among them."""
    async with conn.cursor(row_factory=class_row(Job)) as cursor:
        await cursor.execute(LIST_FILE.read_bytes())
        return await cursor.fetchall()


async def has_workers(conn: AsyncConnection) -> bool:
    """Whether a scheduler of the server looks after this database."""
    cursor = await conn.execute(
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name = 'TimescaleDB Background Worker Scheduler')"
    )
    return await cursor.fetchone() == (True,)


async def run_due(conn: AsyncConnection) -> list[JobRun]:
    """Run each job that is due, one after another: aggregates fine to coarse, then the rest.

    Args:
        conn: an autocommit connection of the jobs' owner.
    """
    workers = await has_workers(conn)
    due = [job for job in await list_jobs(conn) if job.is_due(workers)]
    due.sort(key=lambda job: ORDER.get(job.name, len(ORDER)))
    runs = [await run_job(conn, job) for job in due]
    return [run for run in runs if run is not None]


async def run_job(conn: AsyncConnection, job: Job) -> JobRun | None:
    """Run one job and note how it went; None if another client was faster."""
    claim = await conn.execute(
        """
        INSERT INTO public.ksys_job_run AS r (job_id, started_at)
        VALUES (%(job_id)s, clock_timestamp())
        ON CONFLICT (job_id) DO UPDATE
          SET started_at = excluded.started_at, finished_at = NULL, error = NULL
          WHERE r.started_at IS NOT DISTINCT FROM %(seen)s
        """,
        {"job_id": job.job_id, "seen": job.client_started},
    )
    if claim.rowcount == 0:
        return None
    started = time.perf_counter()
    error: str | None = None
    try:
        await conn.execute("CALL run_job(%s::integer)", (job.job_id,))
    except psycopg.Error as failure:
        error = failure.diag.message_primary or str(failure).strip()
        if conn.closed:
            raise
    await conn.execute(
        "UPDATE public.ksys_job_run SET finished_at = clock_timestamp(), error = %s"
        " WHERE job_id = %s",
        (error, job.job_id),
    )
    return JobRun(job, time.perf_counter() - started, error)
