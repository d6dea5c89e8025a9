"""Sentences about jobs: what a job does, the result of its last run, and what is wrong."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from ksys_app.domain.jobs import Job
from ksys_app.domain.timefmt import local_offset
from ksys_app.ops.check import days


def summary(job: Job, zone: ZoneInfo) -> str:
    """The fault of the job, or its last run if it has none."""
    trouble = problem(job, zone)
    if trouble:
        return trouble
    last = job.last
    if last is None:
        return "new, not run yet"
    outcome = "running since" if last.ok is None else "last run"
    return f"{outcome} {local_offset(last.started, zone)} by the {last.by}"


def problem(job: Job, zone: ZoneInfo) -> str:
    """The fault of the job and the remedy, empty without a fault."""
    last = job.last
    at = local_offset(job.since, zone) if job.since else ""
    match job.state:
        case "off":
            statement = f"SELECT alter_job({job.job_id}, scheduled => true)"
            return f"is switched off; as the owner: {statement}"
        case "unknown":
            return "has never run and is not recorded; run ksys db init"
        case "failing":
            return f"failed at {at}: {last.error if last and last.error else 'no message'}"
        case "overdue":
            what = "has not run since" if last else "has never run, and is known since"
            return f"{what} {at}; run ksys db jobs --run --watch"
        case _:
            return ""


def unexpected(job: Job, zone: ZoneInfo) -> str:
    """The action of an unexpected job, its age, and how to remove it."""
    sentence = f"is not expected: {does(job)}, {_since(job, zone)}"
    return f"{sentence}; ksys db init --prune-policies removes it"


def does(job: Job) -> str:
    """The action and the schedule of the job, e.g. ``drops what is older than 5 d, every 1 d``."""
    if job.drop_after is not None:
        what = f"drops what is older than {days(job.drop_after)} from {job.relation}"
    elif job.relation is not None and job.end_offset is not None:
        start = days(job.start_offset) if job.start_offset else "all"
        what = f"refreshes {job.relation} from {start} to {days(job.end_offset)} ago"
    elif job.compress_after is not None:
        what = f"compresses what is older than {days(job.compress_after)} of {job.relation}"
    elif job.relation is not None:
        what = f"runs {job.proc_name} on {job.relation}"
    elif job.calls:
        what = f"runs {job.proc_schema}.{job.proc_name}, which calls {', '.join(job.calls)}"
    else:
        what = f"runs {job.proc_schema}.{job.proc_name} once more"
    off = "" if job.scheduled else ", switched off"
    return f"{what}, every {days(job.every)}{off}"


def _since(job: Job, zone: ZoneInfo) -> str:
    """Since when the job exists; the database does not record when a policy was created."""
    if job.initial_start is not None:
        return f"there since {local_offset(job.initial_start, zone)}"
    seen = min((at for at in (job.known_since, job.server_started) if at), default=None)
    if seen is None:
        return "has not run yet"
    times = "" if job.runs < 2 else f", {job.runs:,} runs"
    return f"there since {local_offset(seen, zone)} or before{times}"
