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
from ksys_app.services.latest import newest_samples
from ksys_app.services.runtime import Runtime

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
    # Thousands of tags give many lines. A thread writes them, so that requests do not wait.
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

    def gauge(self, name: str, help_text: str, value: float | None) -> None:
        """Add a gauge without labels; it has no sample if ``value`` is None."""
        self._families.append(GaugeMetricFamily(name, help_text, value))

    def labelled_gauge(self, name: str, help_text: str, *labels: str) -> GaugeMetricFamily:
        """Add a gauge with labels, and return it, so that the caller can add its samples."""
        family = GaugeMetricFamily(name, help_text, labels=labels)
        self._families.append(family)
        return family

    def counter(self, name: str, help_text: str, label: str, counts: Mapping[Any, int]) -> None:
        """Add a counter with one label."""
        family = CounterMetricFamily(name, help_text, labels=[label])
        for value, count in counts.items():
            family.add_metric([value], count)
        self._families.append(family)


def _text(figures: Figures) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(figures)
    return generate_latest(meters.REGISTRY) + generate_latest(registry)


def _process(figures: Figures, now: Runtime) -> None:
    figures.labelled_gauge("ksys_info", "Version of the app", "version").add_metric(
        [__version__], 1
    )
    pool = figures.labelled_gauge("ksys_pool_connections", "Database connections", "state")
    stats = now.database.pool_stats()
    for state, count in (stats | {"in_use": stats["size"] - stats["available"]}).items():
        pool.add_metric([state], count)
    cache = now.database.cache
    figures.gauge("ksys_cache_entries", "Answers in the cache", len(cache))
    figures.gauge(
        "ksys_cache_bytes", "Estimated size of the answers in the cache", cache.size_bytes
    )
    figures.gauge("ksys_feed_subscribers", "Tabs that receive the live feed", now.feed.subscribers)
    help_text = "Messages of browsers that were refused"
    figures.counter("ksys_events_refused", help_text, "kind", refusals.counts)
    help_text = "Seconds since the last successful tick; only while a tab receives the feed"
    figures.gauge("ksys_feed_age_seconds", help_text, now.feed.age_s)
    figures.gauge("ksys_feed_interval_seconds", "Seconds between two ticks", now.feed.interval)


async def _database(figures: Figures) -> None:
    """Add whether the database answers and the app is ready, and then the database's metrics."""
    fault_gauge = figures.labelled_gauge(
        "ksys_fault", "Faults that keep the app from serving", *FAULT
    )
    up = ready = True
    try:
        faults = await health.find_faults()
    except KsysError as error:
        up, ready = not isinstance(error, AWAY), False
        fault_gauge.add_metric([error.code, "", "", ""], 1)
    else:
        ready = not faults
        for fault in faults:
            fault_gauge.add_metric([SchemaDrift.code, fault.kind, fault.name, fault.wrong], 1)
        off = sum(fault.kind == "trigger" for fault in faults)
        figures.gauge("ksys_triggers_off", "Triggers of influx_hist that are off or missing", off)
    replica = runtime.current().database.standby.replica
    help_text = "1 while the read replica receives changes from its primary; only of a replica"
    figures.gauge("ksys_replica_connected", help_text, replica.connected if replica else None)
    help_text = "How far the read replica is behind its primary; only of a replica"
    figures.gauge("ksys_replica_lag_seconds", help_text, replica.lag_s if replica else None)
    figures.gauge("ksys_database_up", "1 while the database answers", up)
    figures.gauge("ksys_ready", "1 while /readyz is 200", ready)
    for add_metrics in (_jobs, _aggregates, _alarms, _messages, _size, _tags) if up else ():
        try:
            await add_metrics(figures)
        except KsysError:
            # The other metrics may still work. ksys_ready shows that something is wrong.
            continue


async def _jobs(figures: Figures) -> None:
    judged = await health.judge_jobs(fresh=True)
    figures.gauge("ksys_jobs", "Required jobs that exist", len(judged.found))
    figures.gauge("ksys_jobs_expected", "Required jobs", judged.expected)
    for state, help_text in STATES.items():
        figures.gauge(f"ksys_jobs_{state}", help_text, len(judged.named(state)))
    unexpected = len(judged.unexpected)
    figures.gauge("ksys_jobs_unexpected", "Jobs of the product that are not required", unexpected)
    states = figures.labelled_gauge(
        "ksys_job_state", "1 for the current state of a job", "name", "state"
    )
    for name, state in judged.states.items():
        for known_state in get_args(State):
            states.add_metric([name, known_state], known_state == state)
    success = figures.labelled_gauge(
        "ksys_job_last_success_timestamp_seconds",
        "Time of the last successful run of a job",
        "name",
    )
    for name, job in judged.found.items():
        if job.succeeded is not None:
            success.add_metric([name], job.succeeded.timestamp())


async def _aggregates(figures: Figures) -> None:
    marks = await health.stored_aggregates()
    stored = figures.labelled_gauge(
        "ksys_aggregate_stored_to_timestamp_seconds",
        "Watermark of an aggregate; newer buckets are computed when they are read",
        "aggregate",
    )
    lag = figures.labelled_gauge(
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
    help_text = "Seconds since every tag was judged for alarms; nothing before the first time"
    figures.gauge("ksys_alarm_evaluator_age_seconds", help_text, age_s)


async def _messages(figures: Figures) -> None:
    messages = await health.alarm_messages()
    help_text = (
        "Messages about alarms that are not sent yet, and those that ended in the last 24 hours"
    )
    counts = figures.labelled_gauge("ksys_alarm_messages", help_text, "route", "state")
    for route_messages in messages:
        counts.add_metric([route_messages.route, route_messages.state], route_messages.messages)
    oldest_s = max((route_messages.oldest_s for route_messages in messages), default=0.0)
    help_text = "How long ago the oldest message about an alarm that is not sent yet was to be sent"
    figures.gauge("ksys_alarm_message_oldest_age_seconds", help_text, oldest_s)


async def _size(figures: Figures) -> None:
    size = await health.database_bytes()
    figures.gauge("ksys_database_size_bytes", "Size of the database on its disk", size)


async def _tags(figures: Figures) -> None:
    # A monitor assumes that a figure is current, so a stale answer is an error here.
    rows = (await newest_samples()).fresh_rows()
    newest = figures.labelled_gauge(
        "ksys_tag_newest_sample_timestamp_seconds", "Time of a tag's newest sample", "tag_name"
    )
    value = figures.labelled_gauge("ksys_tag_value", "Newest value of a tag", "tag_name")
    for row in rows:
        newest.add_metric([row.tag_name], row.ts.timestamp())
        value.add_metric([row.tag_name], row.value)
