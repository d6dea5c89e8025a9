"""The database's jobs and the results of their runs."""

from __future__ import annotations

from typing import Final

from ksys_app import db, resources
from ksys_app.domain.jobs import Job
from ksys_app.utils.cache import Answer

FILE: Final = resources.VERIFY / "jobs.sql"
JOBS: Final = FILE.read_text("utf-8")
"""The file can be run with psql. Only the owner sees the errors of jobs; ``eco_ro`` sees none."""


async def jobs() -> Answer[Job]:
    """The jobs of the database by id, at most 10 s old."""
    return await db.current().fetch_cached("upkeep", Job, JOBS, {}, name="jobs")
