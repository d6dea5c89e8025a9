"""When an answer was read from the database, and what its period was then."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ksys_app.domain.ranges import Period, Range
from ksys_app.utils.cache import Answer


def as_read(answer: Answer[Any], period: Period) -> Period:
    """The period of the rows: of stale rows, the range as it was when they were read."""
    if answer.stale and isinstance(period, Range):
        return period.as_of(clock(answer))
    return period


def clock(answer: Answer[Any]) -> datetime:
    """The database's time of an answer; the app's time if the answer has no row."""
    fetched = datetime.fromtimestamp(answer.fetched_ms / 1000, UTC)
    now: datetime = answer.rows[-1].now if answer.rows else fetched
    return now
