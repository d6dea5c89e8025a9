"""When an answer was read from the database, and what its period was then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ksys_app.domain.ranges import Period, Range
from ksys_app.utils.cache import Answer


def as_read(answer: Answer[Any], period: Period) -> Period:
    """The period of the rows: of stale rows, the range as it was when they were read."""
    read = answer.read_for
    if answer.stale and isinstance(period, Range) and isinstance(read, Range):
        return replace(period, start=read.start, end=read.end)
    return period


def clock(answer: Answer[Any]) -> datetime:
    """The database's time of an answer; the app's time if the answer has no row."""
    fetched = datetime.fromtimestamp(answer.fetched_ms / 1000, UTC)
    now: datetime = answer.rows[-1].now if answer.rows else fetched
    return now
