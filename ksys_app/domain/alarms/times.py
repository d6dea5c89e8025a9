"""Times of alarms: whole microseconds since 1970 in UTC, which compare exactly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

SECOND: Final = 1_000_000
"""Microseconds of a second."""
MINUTE: Final = 60 * SECOND
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def microseconds(ts: datetime) -> int:
    """Microseconds since 1970 of a time with a zone."""
    return (ts - _EPOCH) // _MICROSECOND


def moment(us: int) -> datetime:
    """The time that is ``us`` microseconds after 1970 began, UTC."""
    return _EPOCH + us * _MICROSECOND
