"""``ksys db status`` as lines of text and as JSON; pure functions of the database's state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ksys_app.domain.timefmt import age_label, iso_local, local_offset
from ksys_app.ops.check import Check, headline
from ksys_app.ops.jobs.job_sentences import summary
from ksys_app.ops.verify.judgement import late_s
from ksys_app.ops.verify.status import Lag, Status, Storage, Tag


def lines(
    state: Status, wrong: Sequence[Check], warnings: Sequence[str], zone: ZoneInfo
) -> list[str]:
    """The problems first, then sections with a heading and one line for each fact.

    Args:
        state: the state of the database.
        wrong: the problems.
        warnings: sentences about less urgent problems.
        zone: the time zone of shown times.
    """
    return [*_verdict(wrong, warnings), *_facts(state, zone)]


def as_json(
    state: Status, wrong: Sequence[Check], warnings: Sequence[str], zone: ZoneInfo
) -> dict[str, Any]:
    """The content of :func:`lines` for programs, with the keys of PRD §27.6."""
    now, newest = state.server.now, state.newest
    return {
        "well": not wrong,
        "wrong": [
            {"name": check.name, "detail": check.detail, "runbook": check.runbook}
            for check in wrong
        ],
        "warnings": list(warnings),
        "database": {
            "name": state.server.name,
            "size_bytes": state.server.size,
            "postgres": state.server.postgres,
            "timescaledb": state.server.timescaledb,
            "toolkit": state.server.toolkit,
            "now": iso_local(now, zone),
        },
        "newest": newest
        and {
            "tag_name": newest.tag_name,
            "ts": iso_local(newest.ts, zone),
            "age_s": (now - newest.ts).total_seconds(),
        },
        "tags": len(state.tags),
        "storage": [
            {
                "name": row.name,
                "size_bytes": row.size,
                "chunks": row.chunks,
                "compressed_chunks": row.compressed_chunks,
                "before_bytes": row.before,
                "after_bytes": row.after,
            }
            for row in state.storage
        ],
        "aggregates": [
            {
                "name": lag.name,
                "stored_to": _iso(lag.stored_to, zone),
                "newest_bucket": _iso(lag.newest_bucket, zone),
                "late_s": late_s(lag),
            }
            for lag in state.lags
        ],
        "workers": state.workers,
        "jobs": [
            {
                "job_id": job.job_id,
                "name": job.name,
                "state": job.state,
                "detail": summary(job, zone),
                "every_s": job.every.total_seconds(),
                "last_run": _iso(job.last.started if job.last else None, zone),
                "last_success": _iso(job.succeeded, zone),
            }
            for job in state.jobs
        ],
    }


def _iso(ts: datetime | None, zone: ZoneInfo) -> str | None:
    return None if ts is None else iso_local(ts, zone)


def _verdict(wrong: Sequence[Check], warnings: Sequence[str]) -> Iterator[str]:
    few = f", {len(warnings)} warnings below" if len(warnings) > 1 else ", 1 warning below"
    yield headline(wrong) + (few if warnings and not wrong else "")
    if len(wrong) > 1:
        yield from (f"  FAIL  {check.name}  {check.detail}" for check in wrong)
    yield from (f"  what to do: {page}" for page in dict.fromkeys(each.runbook for each in wrong))
    if warnings:
        yield "\nwarnings"
        yield from (f"  {warning}" for warning in warnings)


def _facts(state: Status, zone: ZoneInfo) -> Iterator[str]:
    server = state.server
    toolkit = server.toolkit or "not installed"
    yield f"\ndatabase   {server.name}, {bytes_label(server.size)}"
    timescaledb = server.timescaledb or "missing"
    yield f"server     PostgreSQL {server.postgres}, TimescaleDB {timescaledb}, Toolkit {toolkit}"
    yield f"clock      {local_offset(server.now, zone)}"
    yield f"newest     {_newest(state.newest, server.now, zone)}"
    yield "\nstorage"
    yield from (f"  {row.name:<16} {_storage(row)}" for row in state.storage)
    yield "\naggregates"
    yield from (f"  {lag.name:<16} {_lag(lag, zone)}" for lag in state.lags)
    runs = "by the server's workers" if state.workers else "by a client: ksys db jobs --run --watch"
    yield f"\njobs, run {runs}"
    yield from (
        f"  {'ok  ' if job.state == 'ok' else 'FAIL'} {job.name:<32} {summary(job, zone)}"
        for job in state.jobs
    )


def _newest(newest: Tag | None, now: datetime, zone: ZoneInfo) -> str:
    if newest is None:
        return "no samples yet"
    age = (now - newest.ts).total_seconds()
    how = f"{age_label(age)} ago" if age >= 0 else f"{age_label(-age)} ahead of the clock"
    return f"{newest.tag_name} {local_offset(newest.ts, zone)}, {how}"


def bytes_label(size: int) -> str:
    """A size as text, ``9.0 GB``, in decimal units as for disks."""
    value = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def _storage(row: Storage) -> str:
    text = f"{bytes_label(row.size):>9}, {row.chunks} chunks, {row.compressed_chunks} compressed"
    if row.before and row.after:
        text += f" ({bytes_label(row.before)} to {bytes_label(row.after)})"
    return text


def _lag(lag: Lag, zone: ZoneInfo) -> str:
    stored = "nothing stored"
    if lag.stored_to is not None:
        stored = f"stored to {local_offset(lag.stored_to, zone)}"
    late = late_s(lag)
    if late != 0:
        stored += "" if late is None else f", {age_label(late)} late"
    if lag.newest_bucket is None:
        return f"{stored}, no buckets"
    behind = lag.behind or timedelta(0)
    hidden = f", {age_label(behind.total_seconds())} behind the samples" if behind else ""
    return f"{stored}, newest bucket {local_offset(lag.newest_bucket, zone)}{hidden}"
