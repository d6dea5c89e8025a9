"""``ksys db status`` as lines of text, from what the database is like."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from ksys_app.domain.timefmt import age_label, local_offset
from ksys_app.ops.status import Lag, Status, Storage


def lines(state: Status, zone: ZoneInfo) -> Iterator[str]:
    """One line a fact, sections with a heading each; times in ``zone``."""
    server = state.server
    toolkit = server.toolkit or "not installed"
    yield f"database   {server.name}, {bytes_label(server.size)}"
    timescaledb = server.timescaledb or "missing"
    yield f"server     PostgreSQL {server.postgres}, TimescaleDB {timescaledb}, Toolkit {toolkit}"
    yield f"clock      {local_offset(server.now, zone)}"
    if state.newest is None:
        yield "newest     no samples yet"
    else:
        age = age_label((server.now - state.newest.ts).total_seconds())
        yield f"newest     {state.newest.tag_name} {local_offset(state.newest.ts, zone)}, {age} ago"
    yield "\nstorage"
    yield from (f"  {row.name:<16} {_storage(row)}" for row in state.storage)
    yield "\naggregates"
    yield from (f"  {lag.name:<16} {_lag(lag, zone)}" for lag in state.lags)
    runs = "by the server's workers" if state.workers else "by a client: ksys db jobs --run --watch"
    yield f"\njobs, run {runs}"
    yield from (
        f"  {'ok  ' if job.ok else 'FAIL'} {job.name:<32} {job.summary}" for job in state.jobs
    )
    if state.warnings:
        yield "\nwarnings"
        yield from (f"  {warning}" for warning in state.warnings)


def bytes_label(size: int) -> str:
    """``9.0 GB``: decimal units, as disks are sold."""
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
    if lag.materialized_to is not None:
        stored = f"stored to {local_offset(lag.materialized_to, zone)}"
    if lag.newest_bucket is None:
        return f"{stored}, no buckets"
    behind = lag.behind or timedelta(0)
    late = f", {age_label(behind.total_seconds())} behind" if behind else ", current"
    return f"{stored}, newest bucket {local_offset(lag.newest_bucket, zone)}{late}"
