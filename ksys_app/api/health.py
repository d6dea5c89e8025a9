"""``/readyz``: whether this process can serve, and why not (PRD §8.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from fastapi import APIRouter, Request, Response

from ksys_app.api import render, responses
from ksys_app.api.render import json_response
from ksys_app.domain.jobs import Judgement
from ksys_app.errors import KsysError, SchemaDrift
from ksys_app.models.health import Fault, Kind, Wrong
from ksys_app.models.visitor import VISITOR
from ksys_app.services import health, runtime

router = APIRouter()

# Kind of fault to its sentence and its runbook. The response names the runbook of the first fault.
SENTENCES: Final[dict[tuple[Kind, Wrong], tuple[str, str]]] = {
    ("relation", "missing"): ("lacks {names}", "VERIFY_RELATION"),
    ("relation", "denied"): ("does not let this role read {names}", "VERIFY_PRIVILEGE"),
    ("trigger", "missing"): ("lacks the triggers {names}", "VERIFY_TRIGGER"),
    ("trigger", "off"): ("has the triggers {names} switched off", "VERIFY_TRIGGER"),
}


@router.get("/readyz", summary="Readiness", responses=responses.READINESS)
async def readyz(request: Request) -> Response:
    """200 while the database has all that pages need, else 503 and why; also pool and jobs.

    Who is not logged in gets only ``ready``.
    """
    logged_in = request.scope.get(VISITOR) is not None
    now = runtime.current()
    faults: list[Fault] = []
    state: dict[str, object] = {
        "ready": True,
        "database": {"name": now.database.name, "state": "ok"},
        "pool": now.database.pool_stats(),
        "feed": {"subscribers": now.feed.subscribers, "age_s": now.feed.age_s},
    }
    try:
        faults = await health.find_faults()
        if faults:
            raise SchemaDrift(f"{now.database.name} {sentence(faults)}; run ksys db verify")
        judgement = await health.judge_jobs()
    except KsysError as error:
        lost_for = now.database.lost_for_s
        root = request.scope.get("root_path", "")
        page = SENTENCES[faults[0].kind, faults[0].wrong][1] if faults else error.code
        state |= {
            "ready": False,
            "database": {
                "name": now.database.name,
                "state": "wrong" if lost_for is None else "lost",
                "lost_for_s": None if lost_for is None else round(lost_for, 1),
            },
            "error": {
                "code": error.code,
                "message": error.message,
                "names": [fault.name for fault in faults],
                "runbook": f"{root}/docs/runbooks/{page}.md",
            },
        }
        content = state if logged_in else {"ready": False}
        return json_response(content, 503, {"Retry-After": "5"})
    if not logged_in:
        return json_response({"ready": True})
    if now.database.standby.replica is not None:
        state["replica"] = asdict(now.database.standby.replica)
    return json_response(state | {"jobs": _jobs(judgement)})


def sentence(faults: Sequence[Fault]) -> str:
    """One sentence that names the faults of the database, grouped by kind."""
    by_kind: dict[tuple[Kind, Wrong], list[str]] = {}
    for fault in faults:
        by_kind.setdefault((fault.kind, fault.wrong), []).append(fault.name)
    return " and ".join(
        SENTENCES[kind][0].format(names=", ".join(names)) for kind, names in by_kind.items()
    )


def _jobs(judgement: Judgement) -> dict[str, object]:
    """The number of jobs, of expected jobs, and of jobs in each faulty state."""
    missing = len(judgement.named("missing"))
    return {
        "total": len(judgement.states) - missing,
        "expected": judgement.expected,
        "missing": missing,
        **{state: len(judgement.named(state)) for state in ("off", "failing", "overdue")},
        "last_finish": render.time(judgement.last_success, runtime.current().zone),
    }
