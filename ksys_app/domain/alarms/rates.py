"""How many alarms come at once: peaks, slots, floods and chatter. Times are in microseconds."""

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
"""A flood is over when fewer are left of the last ten minutes."""


def peak(times: Sequence[int], span: int = TEN_MINUTES) -> int:
    """Most of the ascending times in any span, whose end does not belong to it."""
    ts = np.asarray(times, dtype=np.int64)
    if not ts.size:
        return 0
    return int((np.searchsorted(ts, ts + span, "left") - np.arange(ts.size)).max())


def slots(times: Sequence[int], start: int, end: int) -> list[int]:
    """How many of the times are in each fixed slot of ten minutes from ``start`` on."""
    count = -(-(end - start) // TEN_MINUTES)
    places = (np.asarray(times, dtype=np.int64) - start) // TEN_MINUTES
    return [int(one) for one in np.bincount(places, minlength=count)]


def floods(times: Sequence[int], end: int) -> list[Flood]:
    """The floods among ascending times, up to ``end``.

    A flood starts with an alarm that is more than the tenth of its ten minutes, and ends when fewer
    than five are left of the last ten minutes.
    """
    found: list[Flood] = []
    place, over = 0, 0
    while place < len(times):
        start = times[place]
        first = bisect_right(times, start - TEN_MINUTES)
        last = bisect_right(times, start)
        if last - first <= MANY:
            place = last
            continue
        over = min(_over(times, place), end)
        since = found[-1].end_us if found else -1
        first = max(first, bisect_left(times, since))
        place = bisect_left(times, over)
        found.append(Flood(start, over, place - first))
    return found


def _over(times: Sequence[int], place: int) -> int:
    """When fewer than ``FEW`` times are left of the last ten minutes, after ``times[place]``."""
    # The number only falls when a time leaves the window: then it is ten minutes old.
    leaving = bisect_right(times, times[place] - TEN_MINUTES)
    while True:
        moment = times[leaving] + TEN_MINUTES
        gone = bisect_right(times, moment - TEN_MINUTES)
        if bisect_right(times, moment) - gone < FEW:
            return moment
        leaving = gone


def bursts(times: Sequence[int], least: int = 3, span: int = MINUTE) -> tuple[int, int]:
    """How many of the ascending times are among ``least`` within a span, and most in one span.

    The end of the span belongs to it.
    """
    inside: set[int] = set()
    most = 0
    for place, moment in enumerate(times):
        after = bisect_right(times, moment + span)
        if after - place >= least:
            inside.update(range(place, after))
            most = max(most, after - place)
    return len(inside), most
