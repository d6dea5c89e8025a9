"""The metrics of this process, for ``/metrics`` (PRD §8.7)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

from ksys_app.errors import KsysError
from ksys_app.utils.cache import Answer

T = TypeVar("T")

# A label is a name from the code, never text from a request, so the number of series is bounded.
REGISTRY: Final = CollectorRegistry()
SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
# One of the bounds is the limit of PAYLOAD_BLOAT.
BYTES: Final = (1_000, 5_000, 10_000, 50_000, 100_000, 300_000, 1_000_000, 10_000_000, 100_000_000)

OTHER: Final = "other"
"""The name of a statement that has no name of its own."""

disable_created_metrics()  # type: ignore[no-untyped-call]
ProcessCollector(registry=REGISTRY)

HTTP_REQUESTS: Final = Counter(
    "ksys_http_requests",
    "Answered HTTP requests; endpoint as in the OpenAPI document, or pages, or other",
    ["endpoint", "status"],
    registry=REGISTRY,
)
HTTP_SECONDS: Final = Histogram(
    "ksys_http_request_duration_seconds",
    "Time from an HTTP request to the last byte of its answer",
    ["endpoint"],
    buckets=SECONDS,
    registry=REGISTRY,
)
HTTP_BYTES: Final = Histogram(
    "ksys_http_response_size_bytes",
    "Size of the body of an HTTP answer as sent",
    ["endpoint"],
    buckets=BYTES,
    registry=REGISTRY,
)
WEBSOCKET_BYTES: Final = Histogram(
    "ksys_websocket_message_size_bytes",
    "Size of a websocket message before compression; direction in or out",
    ["direction"],
    buckets=BYTES,
    registry=REGISTRY,
)
STATEMENT_SECONDS: Final = Histogram(
    "ksys_statement_duration_seconds",
    "Time from the request for a connection to the last row of a statement",
    ["statement"],
    buckets=SECONDS,
    registry=REGISTRY,
)
STATEMENT_ROWS: Final = Counter(
    "ksys_statement_rows", "Rows of a statement", ["statement"], registry=REGISTRY
)
STATEMENT_ERRORS: Final = Counter(
    "ksys_statement_errors",
    "Failed statements by error code",
    ["statement", "code"],
    registry=REGISTRY,
)
CACHE_ANSWERS: Final = Counter(
    "ksys_cache_answers",
    "Answers by source: hit: the cache; miss: the database; stale: the cache while the database is "
    "away",
    ["statement", "result"],
    registry=REGISTRY,
)
ERRORS: Final = Counter(
    "ksys_errors",
    "Errors by code; place http: answered by HTTP; page: shown by a page",
    ["place", "code"],
    registry=REGISTRY,
)
for _place in ("http", "page"):
    # A monitor sees an increase only of a series that it has seen before.
    ERRORS.labels(_place, KsysError.code)
LOOP_LAG: Final = Histogram(
    "ksys_event_loop_lag_seconds",
    "How late the event loop is, measured once a second",
    buckets=(0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
    registry=REGISTRY,
)
BADGE_SECONDS: Final = Histogram(
    "ksys_badge_evaluation_duration_seconds",
    "Time to compute the Comm and Alarm badges of all tags of a tick",
    # One of the bounds is the budget.
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0),
    registry=REGISTRY,
)


@contextmanager
def statement(name: str) -> Iterator[Callable[[int], None]]:
    """Count the time and the error of a statement; the block calls the function with its rows."""
    started = time.monotonic()
    try:
        yield STATEMENT_ROWS.labels(name).inc
    except KsysError as error:
        STATEMENT_ERRORS.labels(name, error.code).inc()
        raise
    finally:
        STATEMENT_SECONDS.labels(name).observe(time.monotonic() - started)


def count_answer(name: str, answer: Answer[T]) -> Answer[T]:
    """Count an answer by its source, and return it."""
    result = "stale" if answer.stale else "hit" if answer.cache_hit else "miss"
    CACHE_ANSWERS.labels(name, result).inc()
    return answer
