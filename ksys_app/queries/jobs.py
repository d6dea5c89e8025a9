"""The database's jobs and the results of their runs."""

from __future__ import annotations

from typing import Final

from ksys_app import db, resources
from ksys_app.domain.jobs import Job
from ksys_app.utils.cache import Answer

FILE: Final = resources.VERIFY / "jobs.sql"
JOBS: Final = FILE.read_text("utf-8")
"""What a DBA can run as well. Errors of jobs are the owner's to read; ``eco_ro`` gets none."""


async def jobs() -> Answer[Job]:
    """The jobs of the schema by id, as of a few seconds ago."""
    return await db.current().fetch_cached("upkeep", Job, JOBS, {}, name="jobs")
