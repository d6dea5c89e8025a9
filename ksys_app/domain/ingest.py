"""Judges whether samples are usable, with the same bounds for files, table and pages (PRD §4.9)."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

MAX_MAGNITUDE: Final = 1e100
"""Largest absolute value. No sensor measures more; sums and squares of it stay finite."""
MIN_MAGNITUDE: Final = 1e-100
"""Smallest absolute value except zero. A double with swapped bytes is usually smaller. If the
database divides such a value, an underflow error can stop a query that reads all tags."""
EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
"""Oldest time. A device whose clock was never set sends times near 1970 or in the year 1."""


class Unusable(StrEnum):
    """Why a sample is not usable; the names are stored and sent."""

    NOT_FINITE = "NOT_FINITE"
    MAGNITUDE = "MAGNITUDE"
    TOO_OLD = "TOO_OLD"
    AHEAD = "AHEAD"


def unusable(ts: datetime, value: float, latest: datetime) -> Unusable | None:
    """Why a sample is not usable, None if it is usable. The value is checked before the time.

    Args:
        ts: time of the sample, with a time zone.
        value: value of the sample.
        latest: the latest usable time: the database's clock plus ``KSYS_MAX_AHEAD_S``.
    """
    if not math.isfinite(value):
        return Unusable.NOT_FINITE
    if value != 0 and not MIN_MAGNITUDE <= abs(value) <= MAX_MAGNITUDE:
        return Unusable.MAGNITUDE
    if ts < EARLIEST:
        return Unusable.TOO_OLD
    return Unusable.AHEAD if ts > latest else None
