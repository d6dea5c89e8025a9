"""Rates of alarms: peaks, slots, floods and chatter. Times are in microseconds."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Final

import numpy as np

from ksys_app.models.alarm_kpi import Flood

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
TEN_MINUTES: Final = 10 * MINUTE
MANY: Final = 10
"""More alarms in ten minutes than an operator can follow."""
FEW: Final = 5
"""A flood is over when the last ten minutes have fewer alarms than this."""


def peak(times: Sequence[int], span: int = TEN_MINUTES) -> int:
    """The largest number of the ascending times in any span; the end of a span is exclusive."""
    ts = np.asarray(times, dtype=np.int64)
    if not ts.size:
        return 0
    return int((np.searchsorted(ts, ts + span, "left") - np.arange(ts.size)).max())


def slots(times: Sequence[int], start: int, end: int) -> list[int]:
    """How many of the times are in each fixed slot of ten minutes from ``start`` on."""
    count = -(-(end - start) // TEN_MINUTES)
    numbers = (np.asarray(times, dtype=np.int64) - start) // TEN_MINUTES
    return [int(number) for number in np.bincount(numbers, minlength=count)]


def floods(times: Sequence[int], end: int) -> list[Flood]:
    """The floods among ascending times, up to ``end``.

    A flood starts with the first alarm with which there are more than ten in ten minutes. It ends
    when there are fewer than five in the last ten minutes.
    """
    found: list[Flood] = []
    index, over = 0, 0
    while index < len(times):
        start = times[index]
        first = bisect_right(times, start - TEN_MINUTES)
        last = bisect_right(times, start)
        if last - first <= MANY:
            index = last
            continue
        over = min(_over(times, index), end)
        since = found[-1].end_us if found else -1
        first = max(first, bisect_left(times, since))
        index = bisect_left(times, over)
        found.append(Flood(start, over, index - first))
    return found


def _over(times: Sequence[int], index: int) -> int:
    """When fewer than ``FEW`` times are left in the last ten minutes, after ``times[index]``."""
    # The number falls only when a time leaves the window, i.e. when it is ten minutes old.
    leaving = bisect_right(times, times[index] - TEN_MINUTES)
    while True:
        moment = times[leaving] + TEN_MINUTES
        left_until = bisect_right(times, moment - TEN_MINUTES)
        if bisect_right(times, moment) - left_until < FEW:
            return moment
        leaving = left_until


def bursts(times: Sequence[int], least: int = 3, span: int = MINUTE) -> tuple[int, int]:
    """How many of the ascending times are in a burst, and the largest number in one span.

    A burst is at least ``least`` times within ``span``. The end of the span is inclusive.
    """
    inside: set[int] = set()
    most = 0
    for index, moment in enumerate(times):
        after = bisect_right(times, moment + span)
        if after - index >= least:
            inside.update(range(index, after))
            most = max(most, after - index)
    return len(inside), most
