"""``ksys db init --prune-policies``: lists and removes unexpected jobs of this product."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
from psycopg import AsyncConnection

from ksys_app.domain.jobs import Job, judge
from ksys_app.ops.jobs.job_sentences import does
from ksys_app.ops.jobs.jobs import list_jobs
from ksys_app.ops.owner import owner


async def unexpected(conn: AsyncConnection) -> Sequence[Job]:
    """The jobs that ``ksys db verify`` does not expect; none on a database without the schema."""
    try:
        async with conn.transaction():
            return judge(await list_jobs(conn)).unexpected
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        return ()


async def preview(dsn: str) -> str:
    """The statements of :func:`prune` as a script for ``psql``; the database is not changed.

    Raises:
        DatabaseUnreachable: no server answers at ``dsn``.
    """
    async with owner(dsn, read_only=True) as conn:
        found = await unexpected(conn)
    lines = [f"SELECT delete_job({job.job_id});  -- {_comment(job)}" for job in found]
    return "\n".join(lines or ["-- no unexpected job"]) + "\n"


async def prune(dsn: str) -> Sequence[Job]:
    """Remove the unexpected jobs; jobs on other people's tables stay.

    Returns:
        The removed jobs.

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
    """A comment in one line, even if a name has line breaks."""
    return " ".join(f"{job.name}: {does(job)}".split())
