"""The time that a range is compared with, and where its rows are drawn (PRD §33.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from ksys_app.domain.buckets import bucket_start
from ksys_app.domain.local_time import first_at, shown, stepped, wall_time
from ksys_app.domain.range_moves import moved
from ksys_app.domain.ranges import EARLIEST, Range, WrongRange, axis, parse_moment, settled
from ksys_app.models.message import Message

PREVIOUS: Final = "previous"
BACK: Final = {"yesterday": (1, "d"), "last_week": (1, "w"), "last_month": (1, "M")}
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The time that a range is compared with.

    Attributes:
        period: that time.
        later: how much later its rows are drawn.
        zone: the zone whose clocks ``later`` follows; None where it is elapsed time.
    """

    period: Range
    later: timedelta
    zone: ZoneInfo | None

    def place(self, moment: datetime) -> datetime | None:
        """Where a row of this time is drawn: at the same time of day, by the clocks of the zone.

        None where the clocks of the range do not show that time. An hour that comes twice in the
        compared time is its first one, and one that comes twice in the range has rows in its first.
        """
        if self.zone is None:
            return moment + self.later
        daily = self.period.bucket == "1d"
        wall = (wall_time if daily else shown)(moment, self.zone)
        target = wall + self.later
        place = first_at(target, self.zone)
        midnight = daily and target.time() == time()
        clear = first_at(wall, self.zone) == moment
        return place if clear and (midnight or shown(place, self.zone) == target) else None


def compared(span: Range, other: str, now: datetime, zone: ZoneInfo) -> Comparison:
    """The time that ``span`` is compared with.

    Args:
        span: the range.
        other: ``previous`` (the range before it), ``yesterday``, ``last_week``, ``last_month``, or
            the text of a start. Rows are compared at the same time of day by the local calendar;
            those of ``previous`` by elapsed time, unless the range is one of whole days.
        now: the database's clock.
        zone: the display zone.

    Raises:
        WrongRange: the text is not a time, or the time is before 2000 or after now.
    """
    first, last = axis(span, span.width, now, zone)
    wall, elapsed, latest = wall_time(first, zone), False, now
    if other == PREVIOUS:
        latest = first
        before = moved(span.start, span.start, span.end, -2, zone)
        later = wall_time(span.start, zone) - wall_time(before, zone)
        if before == span.start - span.duration:
            later = _whole(span.duration, span.width)
            elapsed = span.bucket != "1d"
    elif other in BACK:
        count, unit = BACK[other]
        later = wall - stepped(wall, -count, unit)
    else:
        start = parse_moment("compare", other, now, zone)
        if span.width:
            start = bucket_start(span.view, start, zone)
        later = wall - wall_time(start, zone)
    if elapsed:
        return _of(span, other, (first - later, last - later), later, None, now)
    ends = first_at(wall - later, zone), first_at(wall_time(last, zone) - later, zone)
    ends = ends[0], min(ends[1], latest)
    # Without a change of the clocks, elapsed time says the same.
    if _steady(zone, *ends, first, last):
        return _of(span, other, ends, later, None, now)
    return _of(span, other, ends, later, zone, now)


def _of(
    span: Range,
    other: str,
    ends: tuple[datetime, datetime],
    later: timedelta,
    zone: ZoneInfo | None,
    now: datetime,
) -> Comparison:
    start, end = ends
    if start < EARLIEST:
        values = {"name": "compare", "text": repr(other[:40]), "year": EARLIEST.year}
        raise WrongRange(Message("errors.range_early", values))
    if start >= now:
        raise WrongRange(Message("errors.compare_future", {"text": repr(other[:40])}))
    end = min(end, now)
    return Comparison(Range(start, end, False, span.bucket, settled(end, now)), later, zone)


def _whole(length: timedelta, width: timedelta) -> timedelta:
    """The length as whole buckets."""
    return -(-length // width) * width if width else length


def _steady(zone: ZoneInfo, *ends: datetime) -> bool:
    """Whether the clocks do not change between the first and the last of these times."""
    day, last = min(ends), max(ends)
    offset = day.astimezone(zone).utcoffset()
    while day < last:
        day = min(day + _DAY, last)
        if day.astimezone(zone).utcoffset() != offset:
            return False
    return True
