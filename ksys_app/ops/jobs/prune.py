"""``ksys db init --prune-policies``: the jobs of ours that nobody expects, told and removed."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
from psycopg import AsyncConnection

from ksys_app.domain.jobs import Job, judge
from ksys_app.ops.jobs.job_words import does
from ksys_app.ops.jobs.jobs import list_jobs
from ksys_app.ops.owner import owner


async def unexpected(conn: AsyncConnection) -> Sequence[Job]:
    """The jobs that ``ksys db verify`` does not expect; none of a database without the schema."""
    try:
        async with conn.transaction():
            return judge(await list_jobs(conn)).unexpected
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        return ()


async def preview(dsn: str) -> str:
    """What :func:`prune` would run, as text for ``psql``; nothing is changed.

    Raises:
        DatabaseUnreachable: nothing answers at ``dsn``.
    """
    async with owner(dsn, read_only=True) as conn:
        found = await unexpected(conn)
    lines = [f"SELECT delete_job({job.job_id});  -- {_comment(job)}" for job in found]
    return "\n".join(lines or ["-- no job that is not expected"]) + "\n"


async def prune(dsn: str) -> Sequence[Job]:
    """Remove the jobs that are not expected; those of other people's tables stay.

    Returns:
        What was removed.

    Raises:
        DatabaseUnreachable: nothing answers at ``dsn``.
    """
    async with owner(dsn) as conn:
        found = await unexpected(conn)
        async with conn.transaction():
            for job in found:
                await conn.execute("SELECT delete_job(%s)", (job.job_id,))
                await conn.execute(
                    "DELETE FROM public.ksys_job_run WHERE job_id = %s", (job.job_id,)
                )
    return found


def _comment(job: Job) -> str:
    """One line, whatever the names of others hold."""
    return " ".join(f"{job.name}: {does(job)}".split())
