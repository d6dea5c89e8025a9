"""The comparison of a range with an earlier period, and where its rows are drawn (PRD §33.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from ksys_app.domain.buckets import bucket_start
from ksys_app.domain.local_time import first_at, shown, stepped, wall_time
from ksys_app.domain.range_moves import moved
from ksys_app.domain.ranges import (
    EARLIEST,
    Range,
    WrongRange,
    axis,
    moves,
    parse_moment,
    settled,
)
from ksys_app.models.message import Message

PREVIOUS: Final = "previous"
BACK: Final = {"yesterday": (1, "d"), "last_week": (1, "w"), "last_month": (1, "M")}
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The period that a range is compared with.

    Attributes:
        period: the compared period.
        later: how much later than their own times its rows are drawn.
        zone: the zone whose clocks ``later`` follows; None if ``later`` is elapsed time.
        other: the text that names the period.
    """

    period: Range
    later: timedelta
    zone: ZoneInfo | None
    other: str

    def place(self, moment: datetime) -> datetime | None:
        """The time at which a row of ``moment`` is drawn: the same time of day in ``zone``.

        None if that time does not exist in the range. If an hour occurs twice in the compared
        period, only its first occurrence is drawn. If an hour occurs twice in the range, rows are
        drawn in its first occurrence.
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
    """The period that ``span`` is compared with.

    Args:
        span: the range.
        other: ``previous`` (the range before it), ``yesterday``, ``last_week``, ``last_month``, or
            the text of a start. Rows are compared at the same local time of day. With ``previous``
            they are compared by elapsed time, unless the range consists of whole days.
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
            later = _whole_buckets(span.duration, span.width)
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
        return _comparison(span, other, (first - later, last - later), later, None, now)
    ends = first_at(wall - later, zone), first_at(wall_time(last, zone) - later, zone)
    ends = ends[0], min(ends[1], latest)
    # Without a clock change, elapsed time gives the same places.
    if _steady(zone, *ends, first, last):
        return _comparison(span, other, ends, later, None, now)
    return _comparison(span, other, ends, later, zone, now)


def _comparison(
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
    sliding = span.slides and (other == PREVIOUS or other in BACK or moves(other))
    slides = f"{span.slides} {other}" if sliding else ""
    period = Range(start, end, False, span.bucket, settled(end, now), slides)
    return Comparison(period, later, zone, other)


def _whole_buckets(length: timedelta, width: timedelta) -> timedelta:
    """The length rounded up to whole buckets."""
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
