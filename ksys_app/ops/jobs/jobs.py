"""The database's jobs: lists them with their last runs, and runs due jobs from this client.

Usually the server's own workers run the jobs. The procedure ``run_job`` records nothing when a
client calls it, so this module records its runs in ``ksys_job_run``.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import class_row

from ksys_app.domain import upkeep
from ksys_app.domain.jobs import Job
from ksys_app.errors import BadParameter
from ksys_app.queries.jobs import JOBS

ORDER: Final = {
    name: place
    for place, name in enumerate(
        [*(f"refresh {view}" for view in upkeep.REFRESH), upkeep.INDICATORS_JOB]
    )
}


@dataclass(frozen=True, slots=True)
class JobRun:
    """A run of a job by this client.

    Attributes:
        job: the job as it was before the run.
        seconds: duration of the run.
        error: why the run failed, None if it succeeded.
    """

    job: Job
    seconds: float
    error: str | None


async def list_jobs(conn: AsyncConnection) -> list[Job]:
    """The jobs of the database by id, without TimescaleDB's internal jobs."""
    async with conn.cursor(row_factory=class_row(Job)) as cursor:
        await cursor.execute(JOBS.encode())
        return await cursor.fetchall()


async def has_workers(conn: AsyncConnection) -> bool:
    """Whether the server has a scheduler for this database."""
    cursor = await conn.execute(
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name = 'TimescaleDB Background Worker Scheduler')"
    )
    return await cursor.fetchone() == (True,)


async def run_due(conn: AsyncConnection) -> list[JobRun]:
    """Run each due job, one after another: aggregates from fine to coarse, then the rest.

    Args:
        conn: an autocommit connection of the jobs' owner.
    """
    workers = await has_workers(conn)
    due = in_order([job for job in await list_jobs(conn) if job.is_due(workers)])
    runs = [await run_job(conn, job) for job in due]
    return [run for run in runs if run is not None]


async def run_procedures(conn: AsyncConnection, *procedures: str) -> None:
    """Run the jobs of these procedures now, in the order of :func:`run_due`."""
    for job in in_order([job for job in await list_jobs(conn) if job.proc_name in procedures]):
        await run_job(conn, job)


async def run_now(conn: AsyncConnection, wanted: str | None = None) -> AsyncIterator[JobRun]:
    """Run jobs now, even if not due, in the order of :func:`run_due`; yield each finished run.

    Args:
        conn: an autocommit connection of the jobs' owner.
        wanted: name or number of a job; None for every job that is switched on.

    Raises:
        BadParameter: no job has that name.
    """
    for job in select_jobs(await list_jobs(conn), wanted):
        run = await run_job(conn, job)
        yield run or JobRun(job, 0.0, "another client has just started it; see ksys db jobs")


def select_jobs(jobs: list[Job], wanted: str | None) -> list[Job]:
    """The jobs that ``wanted`` selects, in the order to run them. Raises as :func:`run_now`."""
    if wanted is None:
        return in_order([job for job in jobs if job.scheduled])
    found = [job for job in jobs if wanted in (job.name, str(job.job_id))]
    if not found:
        names = sorted({job.name for job in jobs})
        nearest = get_close_matches(wanted, names, n=1, cutoff=0)
        meant = f"did you mean {nearest[0]!r}?" if nearest else "the database has none"
        raise BadParameter(f"no job is called {wanted!r}; {meant}")
    return in_order(found)


def in_order(jobs: list[Job]) -> list[Job]:
    """The jobs in the order to run them: aggregates from fine to coarse, then the rest."""
    return sorted(jobs, key=lambda job: ORDER.get(job.name, len(ORDER)))


async def run_job(conn: AsyncConnection, job: Job) -> JobRun | None:
    """Run one job and record the run; None if another client has claimed the run."""
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
