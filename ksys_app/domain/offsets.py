"""The offset from UTC of many moments at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Moments = NDArray[np.int64]
_QUARTER: Final = 15 * 60


def offsets(moments: Moments, local: Callable[[int], datetime]) -> Moments:
    """The offset from UTC at each moment, in seconds.

    Each quarter of an hour is looked up once, because clocks change only at whole quarters of an
    hour, in UTC and in local time.

    Args:
        moments: seconds since 1970.
        local: gives the local time of a moment.
    """
    quarters, places = np.unique(moments // _QUARTER, return_inverse=True)
    found = [local(at * _QUARTER).utcoffset() or timedelta() for at in quarters.tolist()]
    seconds = np.array([round(offset.total_seconds()) for offset in found], dtype=np.int64)
    answer: Moments = seconds[places]
    return answer


def local_seconds(moments: Moments, zone: ZoneInfo) -> Moments:
    """The local time of each moment in ``zone``, as if it were UTC in seconds since 1970."""
    return moments + offsets(moments, lambda at: datetime.fromtimestamp(at, zone))
