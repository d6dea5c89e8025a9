"""What this process counts of itself, for ``/metrics`` (PRD §8.7)."""

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

# Labels are names that the code gives, never what somebody sends: their number is bounded.
REGISTRY: Final = CollectorRegistry()
SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
# The warning of PAYLOAD_BLOAT is one of them.
BYTES: Final = (1_000, 5_000, 10_000, 50_000, 100_000, 300_000, 1_000_000, 10_000_000, 100_000_000)

OTHER: Final = "other"
"""A statement without a name of its own."""

disable_created_metrics()  # type: ignore[no-untyped-call]
ProcessCollector(registry=REGISTRY)

HTTP_REQUESTS: Final = Counter(
    "ksys_http_requests",
    "HTTP requests that were answered; endpoint as in the OpenAPI document, or pages, or other",
    ["endpoint", "status"],
    registry=REGISTRY,
)
HTTP_SECONDS: Final = Histogram(
    "ksys_http_request_duration_seconds",
    "From an HTTP request to the last byte of its answer",
    ["endpoint"],
    buckets=SECONDS,
    registry=REGISTRY,
)
HTTP_BYTES: Final = Histogram(
    "ksys_http_response_size_bytes",
    "Body of an HTTP answer as sent, compressed where it is",
    ["endpoint"],
    buckets=BYTES,
    registry=REGISTRY,
)
WEBSOCKET_BYTES: Final = Histogram(
    "ksys_websocket_message_size_bytes",
    "A message over a websocket, before it is compressed; direction in or out",
    ["direction"],
    buckets=BYTES,
    registry=REGISTRY,
)
STATEMENT_SECONDS: Final = Histogram(
    "ksys_statement_duration_seconds",
    "From asking for a connection to the last row of a statement, by its name",
    ["statement"],
    buckets=SECONDS,
    registry=REGISTRY,
)
STATEMENT_ROWS: Final = Counter(
    "ksys_statement_rows", "Rows that a statement answered", ["statement"], registry=REGISTRY
)
STATEMENT_ERRORS: Final = Counter(
    "ksys_statement_errors",
    "Statements that failed, by the code of the error",
    ["statement", "code"],
    registry=REGISTRY,
)
CACHE_ANSWERS: Final = Counter(
    "ksys_cache_answers",
    "Answers by where they come from: hit, the cache; miss, the database; stale, the cache while "
    "the database is away",
    ["statement", "result"],
    registry=REGISTRY,
)
BADGE_SECONDS: Final = Histogram(
    "ksys_badge_evaluation_duration_seconds",
    "Judging the Comm and Alarm badges of all tags of a tick",
    # The budget is one of them.
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0),
    registry=REGISTRY,
)


@contextmanager
def statement(name: str) -> Iterator[Callable[[int], None]]:
    """Count a statement: its time, its error, and the rows that the function is told."""
    started = time.monotonic()
    try:
        yield STATEMENT_ROWS.labels(name).inc
    except KsysError as error:
        STATEMENT_ERRORS.labels(name, error.code).inc()
        raise
    finally:
        STATEMENT_SECONDS.labels(name).observe(time.monotonic() - started)


def answered(name: str, answer: Answer[T]) -> Answer[T]:
    """The same answer, counted by where it comes from."""
    result = "stale" if answer.stale else "hit" if answer.cache_hit else "miss"
    CACHE_ANSWERS.labels(name, result).inc()
    return answer
