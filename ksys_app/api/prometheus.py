"""``/metrics``: the metrics of the app and its database, as Prometheus text (PRD §8.7)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final, get_args

from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from ksys_app import __version__, meters
from ksys_app.api import responses
from ksys_app.domain.jobs import State
from ksys_app.domain.upkeep import may_lag
from ksys_app.errors import AWAY, KsysError, SchemaDrift
from ksys_app.events.refusals import refusals
from ksys_app.services import health, runtime
from ksys_app.services.runtime import Runtime
from ksys_app.services.tags import newest_samples

FAULT: Final = ("code", "kind", "name", "wrong")
STATES: Final[dict[State, str]] = {
    "missing": "Required jobs that do not exist",
    "off": "Jobs that are switched off",
    "failing": "Jobs whose last run failed",
    "overdue": "Jobs that have not run for twice their interval and ten minutes",
}

router = APIRouter()


@router.get(
    "/metrics",
    summary="Figures for a monitor",
    response_class=Response,
    responses=responses.METRICS,
)
async def metrics() -> Response:
    """Metrics of the process, its database, jobs, aggregates and tags; never an error."""
    figures = Figures()
    _process(figures, runtime.current())
    await _database(figures)
    # Thousands of tags give many lines, so a thread writes them while pages are served.
    text = await asyncio.to_thread(_text, figures)
    headers = {"Cache-Control": "no-store"}
    return Response(text, media_type=CONTENT_TYPE_LATEST, headers=headers)


class Figures(Collector):
    """The metrics of one scrape, in the order in which they were added."""

    def __init__(self) -> None:
        self._families: list[Metric] = []

    def collect(self) -> Iterable[Metric]:
        """All metrics."""
        return self._families

    def one(self, name: str, what: str, value: float | None) -> None:
        """Add a gauge without labels; without a sample where there is no value."""
        self._families.append(GaugeMetricFamily(name, what, value))

    def each(self, name: str, what: str, *labels: str) -> GaugeMetricFamily:
        """Add a gauge with labels; the caller adds its values."""
        family = GaugeMetricFamily(name, what, labels=labels)
        self._families.append(family)
        return family

    def counted(self, name: str, what: str, label: str, counts: Mapping[Any, int]) -> None:
        """Add a counter with one label."""
        family = CounterMetricFamily(name, what, labels=[label])
        for value, count in counts.items():
            family.add_metric([value], count)
        self._families.append(family)


def _text(figures: Figures) -> bytes:
    asked = CollectorRegistry(auto_describe=False)
    asked.register(figures)
    return generate_latest(meters.REGISTRY) + generate_latest(asked)


def _process(figures: Figures, now: Runtime) -> None:
    figures.each("ksys_info", "Version of the app", "version").add_metric([__version__], 1)
    pool = figures.each("ksys_pool_connections", "Database connections", "state")
    stats = now.database.pool_stats()
    for state, count in (stats | {"in_use": stats["size"] - stats["available"]}).items():
        pool.add_metric([state], count)
    cache = now.database.cache
    figures.one("ksys_cache_entries", "Answers in the cache", len(cache))
    figures.one("ksys_cache_bytes", "Estimated size of the answers in the cache", cache.size_bytes)
    figures.one("ksys_feed_subscribers", "Tabs that receive the live feed", now.feed.subscribers)
    what = "Messages of browsers that were refused"
    figures.counted("ksys_events_refused", what, "kind", refusals.counts)
    what = "Seconds since the last successful tick; only while a tab receives the feed"
    figures.one("ksys_feed_age_seconds", what, now.feed.age_s)
    figures.one("ksys_feed_interval_seconds", "Seconds between two ticks", now.feed.interval)


async def _database(figures: Figures) -> None:
    """Add whether the database answers and the app can serve, and then its other metrics."""
    wrong = figures.each("ksys_fault", "Faults that keep the app from serving", *FAULT)
    up = ready = True
    try:
        found = await health.find_faults()
    except KsysError as error:
        up, ready = not isinstance(error, AWAY), False
        wrong.add_metric([error.code, "", "", ""], 1)
    else:
        ready = not found
        for fault in found:
            wrong.add_metric([SchemaDrift.code, fault.kind, fault.name, fault.wrong], 1)
        off = sum(fault.kind == "trigger" for fault in found)
        figures.one("ksys_triggers_off", "Triggers of influx_hist that are off or missing", off)
    replica = runtime.current().database.standby.replica
    what = "1 while the read replica receives changes from its primary; only of a replica"
    figures.one("ksys_replica_connected", what, replica.connected if replica else None)
    what = "How far the read replica is behind its primary; only of a replica"
    figures.one("ksys_replica_lag_seconds", what, replica.lag_s if replica else None)
    figures.one("ksys_database_up", "1 while the database answers", up)
    figures.one("ksys_ready", "1 while /readyz is 200", ready)
    for part in (_jobs, _aggregates, _alarms, _messages, _size, _tags) if up else ():
        try:
            await part(figures)
        except KsysError:
            # The other metrics may still work; ksys_ready shows that something is wrong.
            continue


async def _jobs(figures: Figures) -> None:
    judged = await health.judge_jobs(fresh=True)
    figures.one("ksys_jobs", "Required jobs that exist", len(judged.found))
    figures.one("ksys_jobs_expected", "Required jobs", judged.expected)
    for state, what in STATES.items():
        figures.one(f"ksys_jobs_{state}", what, len(judged.named(state)))
    unexpected = len(judged.unexpected)
    figures.one("ksys_jobs_unexpected", "Jobs of the product that are not required", unexpected)
    states = figures.each("ksys_job_state", "1 for the current state of a job", "name", "state")
    for name, state in judged.states.items():
        for one in get_args(State):
            states.add_metric([name, one], one == state)
    success = figures.each(
        "ksys_job_last_success_timestamp_seconds",
        "Time of the last successful run of a job",
        "name",
    )
    for name, job in judged.found.items():
        if job.succeeded is not None:
            success.add_metric([name], job.succeeded.timestamp())


async def _aggregates(figures: Figures) -> None:
    marks = await health.stored_aggregates()
    stored = figures.each(
        "ksys_aggregate_stored_to_timestamp_seconds",
        "Watermark of an aggregate; newer buckets are computed when they are read",
        "aggregate",
    )
    lag = figures.each(
        "ksys_aggregate_allowed_lag_seconds",
        "How far the watermark may be behind the newest sample while its job runs",
        "aggregate",
    )
    for mark in marks:
        lag.add_metric([mark.view], may_lag(mark.view).total_seconds())
        if mark.stored_to is not None:
            stored.add_metric([mark.view], mark.stored_to.timestamp())


async def _alarms(figures: Figures) -> None:
    age_s = await health.alarm_evaluation_age_s()
    what = "Seconds since every tag was judged for alarms; nothing before the first time"
    figures.one("ksys_alarm_evaluator_age_seconds", what, age_s)


async def _messages(figures: Figures) -> None:
    found = await health.alarm_messages()
    what = "Messages about alarms that are not sent yet, and those that ended in the last 24 hours"
    counts = figures.each("ksys_alarm_messages", what, "route", "state")
    for one in found:
        counts.add_metric([one.route, one.state], one.messages)
    oldest_s = max((one.oldest_s for one in found), default=0.0)
    what = "How long ago the oldest message about an alarm that is not sent yet was to be sent"
    figures.one("ksys_alarm_message_oldest_age_seconds", what, oldest_s)


async def _size(figures: Figures) -> None:
    size = await health.database_bytes()
    figures.one("ksys_database_size_bytes", "Size of the database on its disk", size)


async def _tags(figures: Figures) -> None:
    # A monitor takes a figure as current, so a stale one is an error.
    rows = (await newest_samples()).fresh_rows()
    seen = figures.each(
        "ksys_tag_newest_sample_timestamp_seconds", "Time of a tag's newest sample", "tag_name"
    )
    value = figures.each("ksys_tag_value", "Newest value of a tag", "tag_name")
    for row in rows:
        seen.add_metric([row.tag_name], row.ts.timestamp())
        value.add_metric([row.tag_name], row.value)
