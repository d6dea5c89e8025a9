"""Which samples are usable (PRD §4.9): the same bounds for files, for the table and for pages."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

MAX_MAGNITUDE: Final = 1e100
"""Largest value, either sign. No sensor measures more; sums and squares of it stay finite."""
MIN_MAGNITUDE: Final = 1e-100
"""Smallest value but zero, either sign. A double whose bytes are swapped is most often smaller, and
the database ends the query of every tag where it has to divide one of the smallest there are."""
EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
"""Oldest time. A device whose clock was never set sends times near 1970, or of the year 1."""


class Unusable(StrEnum):
    """Why a sample is not usable; the names are stored and sent."""

    NOT_FINITE = "NOT_FINITE"
    MAGNITUDE = "MAGNITUDE"
    TOO_OLD = "TOO_OLD"
    AHEAD = "AHEAD"


def unusable(ts: datetime, value: float, latest: datetime) -> Unusable | None:
    """Why a sample is not usable, None if it is. The value is judged before the time.

    Args:
        ts: time of the sample, with zone.
        value: its value.
        latest: the last usable time, ``KSYS_MAX_AHEAD_S`` ahead of the database's clock.
    """
    if not math.isfinite(value):
        return Unusable.NOT_FINITE
    if value != 0 and not MIN_MAGNITUDE <= abs(value) <= MAX_MAGNITUDE:
        return Unusable.MAGNITUDE
    if ts < EARLIEST:
        return Unusable.TOO_OLD
    return Unusable.AHEAD if ts > latest else None
