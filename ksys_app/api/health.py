"""``/readyz``: whether this process can serve, and why not (PRD §8.3)."""

from __future__ import annotations

from fastapi import APIRouter, Response

from ksys_app import runtime
from ksys_app.api import render
from ksys_app.api.render import json_response
from ksys_app.errors import KsysError
from ksys_app.queries.jobs import job_health

router = APIRouter()


@router.get("/readyz", summary="Readiness")
async def readyz() -> Response:
    """200 while the database answers, else 503 and why; pool, feed and jobs beside it."""
    now = runtime.current()
    state: dict[str, object] = {
        "ready": True,
        "database": {"name": now.database.name, "state": "ok"},
        "pool": now.database.pool_stats(),
        "feed": {"subscribers": now.feed.subscribers, "age_s": now.feed.age_s},
    }
    try:
        jobs = await job_health()
    except KsysError as error:
        lost_for = now.database.lost_for_s
        state |= {
            "ready": False,
            "database": {
                "name": now.database.name,
                "state": "wrong" if lost_for is None else "lost",
                "lost_for_s": None if lost_for is None else round(lost_for, 1),
            },
            "error": {"code": error.code, "message": error.message},
        }
        return json_response(state, 503, {"Retry-After": "5"})
    return json_response(
        state
        | {
            "jobs": {
                "total": jobs.total,
                "failing": jobs.failing,
                "last_finish": render.time(jobs.last_finish, now.zone),
            }
        }
    )
