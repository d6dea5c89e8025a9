"""Health of the database's background jobs, for readiness."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ksys_app import db

HEALTH: Final = """
SELECT count(*) AS total,
       count(*) FILTER (WHERE run.error IS NOT NULL OR
                              (run.finished_at IS NULL AND stats.last_run_status = 'Failed'))
         AS failing,
       max(greatest(run.finished_at, nullif(stats.last_successful_finish, '-infinity')))
         AS last_finish
FROM timescaledb_information.jobs AS job
LEFT JOIN public.ksys_job_run AS run USING (job_id)
LEFT JOIN timescaledb_information.job_stats AS stats USING (job_id)
WHERE job_id >= 1000
LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class JobHealth:
    """How many jobs there are, how many failed last, and when one finished last."""

    total: int
    failing: int
    last_finish: datetime | None


async def job_health() -> JobHealth:
    """The jobs' health now, never from a cache."""
    rows = await db.current().fetch_all(JobHealth, HEALTH, {})
    return rows[0]
