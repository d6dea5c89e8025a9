"""``/metrics``: what a monitor watches, as Prometheus text (PRD §8.7)."""

from __future__ import annotations

from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from ksys_app import __version__, runtime
from ksys_app.errors import KsysError
from ksys_app.queries.jobs import job_health
from ksys_app.queries.latest import latest_snapshot
from ksys_app.runtime import Runtime

router = APIRouter()


@router.get("/metrics", summary="Figures for a monitor", response_class=Response)
async def metrics() -> Response:
    """Gauges of the process, its database, its jobs and each tag; 200 also without a database."""
    registry = CollectorRegistry()
    _process(registry, runtime.current())
    up = Gauge("ksys_database_up", "1 while the database answers", registry=registry)
    try:
        await _database(registry)
    except KsysError:
        up.set(0)
    else:
        up.set(1)
    headers = {"Cache-Control": "no-store"}
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST, headers=headers)


def _process(registry: CollectorRegistry, now: Runtime) -> None:
    def gauge(name: str, what: str, value: float) -> None:
        Gauge(name, what, registry=registry).set(value)

    Gauge("ksys_info", "Version of the app", ["version"], registry=registry).labels(
        __version__
    ).set(1)
    pool = Gauge("ksys_pool_connections", "Database connections", ["state"], registry=registry)
    for state, count in now.database.pool_stats().items():
        pool.labels(state).set(count)
    gauge("ksys_cache_entries", "Answers kept", len(now.database.cache))
    gauge("ksys_cache_bytes", "Estimated size of the answers kept", now.database.cache.size_bytes)
    gauge("ksys_feed_subscribers", "Tabs that follow the live feed", now.feed.subscribers)
    if now.feed.age_s is not None:
        gauge("ksys_feed_age_seconds", "Since the last tick that succeeded", now.feed.age_s)


async def _database(registry: CollectorRegistry) -> None:
    jobs = await job_health()
    Gauge("ksys_jobs", "Jobs of the database", registry=registry).set(jobs.total)
    Gauge("ksys_jobs_failing", "Jobs whose last run failed", registry=registry).set(jobs.failing)
    answer = await latest_snapshot()
    if answer.error is not None:
        raise answer.error
    seen = Gauge(
        "ksys_tag_newest_sample_timestamp_seconds",
        "Time of a tag's newest sample",
        ["tag_name"],
        registry=registry,
    )
    value = Gauge("ksys_tag_value", "Newest value of a tag", ["tag_name"], registry=registry)
    for row in answer.rows:
        seen.labels(row.tag_name).set(row.ts.timestamp())
        value.labels(row.tag_name).set(row.value)
